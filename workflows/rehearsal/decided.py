"""What decisions bring to rehearsals: deciding quietly, and a release that carries it out.

Decision and release are of a group of their own, so that no real case is part of either.
"""

from collections.abc import Iterator
from datetime import timedelta

from django.utils import timezone

from cms.models import User
from workflows import releases
from workflows.models import Case, Decision, Release
from workflows.plan import DECISION, UNSUCCESSFUL, Button

from .parts import CannotRehearseError, Move, Offer, moves, officers, play_jobs

play_jobs(releases.KIND)

GROUP = "rehearsal"
TITLE = "Rehearsed release"
WHEN = {"now": ("Release the decision now", 0), "week": ("Release it in a week", 7)}


def _pending(case: Case) -> Decision | None:
    return Decision.objects.filter(case=case, group=GROUP, released_at=None).first()


def _offered(case: Case) -> Iterator[Offer]:
    if case.stage.kind != DECISION:
        return
    pending = _pending(case)
    if pending is None:
        for button in case.stage.buttons:
            if button.roles:
                yield Offer(f"decide:{button.key}", f"Decide quietly: {button.label}", _who(case))
    elif pending.release is None:
        for key, (words, _days) in WHEN.items():
            yield Offer(f"release:{key}", words, _who(case))


def _deciders(case: Case) -> list[User]:
    return [
        user
        for user in officers()
        if user.has_perm("workflows.decide_case")
        and Case.objects.for_user(user, "change").filter(pk=case.pk).exists()
    ]


def _who(case: Case) -> str:
    return str(next(iter(_deciders(case)), "Nobody in this process"))


def _outcome(case: Case, button: Button) -> str:
    kinds = {action["type"] for action in button.actions}
    if "make_offer" in kinds:
        return Decision.Outcome.ACCEPT
    if "join_list" in kinds:
        return Decision.Outcome.RESERVE
    target = case.version.plan.by_key[button.to]
    return Decision.Outcome.NO if target.outcome == UNSUCCESSFUL else Decision.Outcome.OTHER


def _make(case: Case, key: str) -> None:
    what, _colon, which = key.partition(":")
    deciders = _deciders(case)
    if not deciders:
        raise CannotRehearseError("Nobody in this process may decide here.")
    try:
        if what == "decide":
            _decide(case, which, deciders[0])
        elif what == "release" and which in WHEN:
            _release(case, WHEN[which][1], deciders[0])
        else:
            raise CannotRehearseError("This cannot be done any more.")
    except releases.ReleaseError as problem:
        raise CannotRehearseError(str(problem)) from problem


def _decide(case: Case, key: str, by: User) -> None:
    button = case.stage.button(key)
    if button is None:
        raise CannotRehearseError("This stage has no such button any more.")
    outcome = _outcome(case, button)
    releases.decide(case.pk, outcome, by=by, group=GROUP, feedback="Rehearsed.")
    Release.objects.create(
        title=TITLE,
        workflow=case.version.definition.slug,
        stage_key=case.stage_key,
        group=GROUP,
        buttons={outcome: button.key},
        actor_name=str(by),
    )


def _release(case: Case, days: int, by: User) -> None:
    release = Release.objects.filter(group=GROUP, stage_key=case.stage_key).first()
    if release is None or _pending(case) is None:
        raise CannotRehearseError("There is nothing to release.")
    at = timezone.now() + timedelta(days=days) if days else None
    releases.plan(release.pk, at=at, by=by)


moves("decision")(Move(_offered, _make))
