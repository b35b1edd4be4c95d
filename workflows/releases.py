"""Deciding quietly, and telling everybody at one moment.

A decision is a row that only the desk of decisions reads. A release collects those of a stage,
shows every letter as it will be read, and at its time presses for each case the button of its
outcome: one transaction each, in which the decision is marked, so a job that was killed goes on
where it was and nobody hears twice. A case that has moved meanwhile is left, and named.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from cms import jobs, mail
from cms.mailmarkup import MailMarkupError
from cms.models import Job, User
from cms.registry import Registry

from .actions import mail_context
from .engine import TransitionNotAllowedError, latest_version, perform
from .models import Case, CaseEvent, Decision, DecisionEvent, Release
from .offers import ReasonMissingError
from .plan import Button, Stage
from .reviews.ranking import Row, of_cases, score_of

KIND = "workflows.release"
State = Release.State

# Functions: given a release, a list of sentences on why it may not go yet.
checks: Registry = Registry("check before a release")


class ReleaseError(Exception):
    """It cannot be done as things stand. The message is a sentence for staff."""


def decide(
    case_id: int,
    outcome: str,
    *,
    by: User,
    feedback: str = "",
    group: str = "",
    rank: int | None = None,
    reason: str = "",
) -> Decision:
    """Enter a decision, or change it. Once it is out, a change needs a reason, for the record.

    `rank` is for a place given by hand: left out, scored cases stand in the order of their scores,
    and a hand that changes it says why. Raises Case.DoesNotExist, ReleaseError, ReasonMissingError.
    """
    if outcome not in Decision.Outcome.values:
        raise ReleaseError("Choose one of the outcomes.")
    with transaction.atomic():
        reachable = Case.objects.for_user(by, "change").filter(pk=case_id).order_by()
        case = Case.objects.select_for_update(of=("self",)).get(pk__in=reachable.values("pk"))
        decision = Decision.objects.filter(case=case).first() or Decision(case=case)
        was = (decision.outcome, decision.feedback, decision.group, decision.rank)
        if was == (outcome, feedback.strip(), group.strip(), rank) and decision.pk:
            return decision
        is_out = decision.pk is not None and not decision.is_pending
        if is_out and not reason.strip():
            raise ReasonMissingError("The family has been told. Say why the decision changes.")
        by_hand = rank is not None and rank != decision.rank and _is_scored(case)
        if by_hand and not reason.strip():
            raise ReasonMissingError(
                f"{case.reference} has a place by its scores. Say why it gets another, or leave "
                "the rank empty."
            )
        decision.outcome, decision.feedback = outcome, feedback.strip()
        decision.group, decision.rank = group.strip()[:60], rank
        decision.decided_at, decision.actor_name = timezone.now(), str(by)[:160]
        decision.save()
        words = decision.get_outcome_display() + (f", ranked {rank} by hand" if by_hand else "")
        DecisionEvent.objects.create(
            case=case, words=words, reason=reason, actor_id=by.pk, actor_name=str(by)[:160]
        )
        if is_out:
            CaseEvent.objects.create(
                case=case,
                kind=CaseEvent.Kind.NOTE,
                actor_id=by.pk,
                actor_name=str(by)[:160],
                summary=f"Decision changed after its release: {words}"[:250],
                comment=reason,
            )
    return decision


def _is_scored(case: Case) -> bool:
    row = score_of(case)
    return row is not None and row.score is not None


def by_scores(decisions: Iterable[Decision]) -> dict[int, Row]:
    """Where the scores put each case among these, group by group: its row by the case's key."""
    return of_cases({one.case_id: one.group for one in decisions})


def rank_of(decision: Decision) -> int | None:
    """Where a reserve stands: as a hand has put it, else by its scores among its release's."""
    if decision.rank is not None:
        return decision.rank
    alike = Decision.objects.filter(
        release=decision.release_id, outcome=decision.outcome, group=decision.group
    )
    row = by_scores(alike).get(decision.case_id)
    return row.place if row else None


def stage_of(release: Release) -> Stage:
    """The stage whose cases it releases, as new cases would meet it. Raises ReleaseError."""
    stage = latest_version(release.workflow).plan.by_key.get(release.stage_key)
    if stage is None:
        raise ReleaseError("This stage is not part of the process any more.")
    return stage


def cases_of(release: Release) -> QuerySet[Case]:
    """Every case that stands in the stage; of one group only, where decisions say so."""
    found = Case.objects.filter(
        version__definition__slug=release.workflow, stage_key=release.stage_key
    )
    return found.filter(decision__group=release.group) if release.group else found


def decisions_of(release: Release) -> QuerySet[Decision]:
    """The pending decisions of those cases, best rank first."""
    found = Decision.objects.filter(case__in=cases_of(release).order_by(), released_at=None)
    # The version is large and the same for most: read once, not with each row.
    return (
        found.select_related("case")
        .prefetch_related("case__version")
        .order_by(F("rank").asc(nulls_last=True), "case__opened_at", "pk")
    )


def problems(release: Release) -> list[str]:
    """What has to be put right before it can go, in sentences; none when all is well."""
    decided = list(decisions_of(release))
    undecided = cases_of(release).filter(decision=None).order_by("reference")
    found = [
        f"{reference} has no decision yet."
        for reference in undecided.values_list("reference", flat=True)[:20]
    ]
    if not decided:
        found.append("There is no decision to release.")
    for name in checks:
        found += checks[name](release)
    for decision in decided:
        reference = decision.case.reference
        if button_for(release, decision) is None:
            outcome = decision.get_outcome_display()
            found.append(f"{reference}: no button is chosen for “{outcome}”.")
        elif release.needs_feedback and not decision.feedback:
            found.append(f"{reference} has no feedback for the family.")
        else:
            found += [f"{reference}: {letter}" for letter in _unreadable(release, decision)]
    return found


def button_for(release: Release, decision: Decision) -> Button | None:
    """The button of its case's own version that the outcome presses."""
    stage = decision.case.version.plan.by_key.get(release.stage_key)
    return stage.button(release.buttons.get(decision.outcome, "")) if stage else None


def letters(release: Release, decision: Decision) -> list[mail.Letter]:
    """What its family will read, word for word. Raises MailMarkupError, UnknownTemplateError."""
    button = button_for(release, decision)
    if button is None:
        return []
    case = decision.case
    target = case.version.plan.by_key[button.to]
    context = {
        **mail_context(case),
        "status": target.public_name,
        "what_next": target.public_note,
        "comment": decision.feedback if button.takes_comment else "",
    }
    return [
        mail.render(mail.template_for(action["template"]), context)
        for action in button.actions
        if action["type"] == "send_email" and action.get("to", "family") == "family"
    ]


def _unreadable(release: Release, decision: Decision) -> list[str]:
    try:
        letters(release, decision)
    except (MailMarkupError, mail.UnknownTemplateError) as problem:
        return [str(problem)]
    return []


def plan(release_id: int, *, at: datetime | None, by: User) -> Release:
    """Promise to carry it out then, or at once. Raises ReleaseError."""
    with transaction.atomic():
        release = Release.objects.select_for_update().get(pk=release_id)
        if release.state != State.DRAFT:
            raise ReleaseError("It is planned already.")
        if found := problems(release):
            raise ReleaseError(" ".join(found[:5]))
        decided = list(decisions_of(release))
        taken = [d.case.reference for d in decided if d.release_id and d.release_id != release.pk]
        if taken:
            raise ReleaseError(
                f"{', '.join(taken[:5])} belongs to another release that is planned."
            )
        for turn, decision in enumerate(decided, start=1):
            decision.release, decision.turn = release, turn
        Decision.objects.bulk_update(decided, ["release", "turn"])
        release.state, release.at = State.PLANNED, at or timezone.now()
        release.attempt += 1
        release.actor_name = str(by)[:160]
        release.save()
        jobs.enqueue(
            KIND,
            key=release.job_key,
            payload={"release": release.pk},
            not_before=release.at,
            total=len(decided),
        )
    return release


def call_off(release_id: int) -> Release:
    """Take a planned release back, while it has not begun. Raises ReleaseError."""
    with transaction.atomic():
        release = Release.objects.select_for_update().get(pk=release_id)
        if release.state != State.PLANNED:
            raise ReleaseError(
                "Only a release that is planned and has not begun can be called off."
            )
        jobs.cancel(Job.objects.get(key=release.job_key).pk)
        release.decisions.filter(released_at=None).update(release=None, turn=0)
        release.state, release.at = State.DRAFT, None
        release.save(update_fields=["state", "at"])
    return release


@jobs.handlers(KIND)
def carry_out(run: jobs.JobRun) -> None:
    """Each decision in its turn; from where it came to, when it was stopped."""
    release = Release.objects.get(pk=run.payload["release"])
    turns = release.decisions.filter(turn__gt=run.cursor).order_by("turn")
    for decision_id, turn in turns.values_list("pk", "turn"):
        with run.chunk(to=turn, count=1):
            if release.state == State.PLANNED:
                _begin(release)
            _tell(release, decision_id)
    with run.finish():
        Release.objects.filter(pk=release.pk).update(state=State.DONE, finished_at=timezone.now())


def _begin(release: Release) -> None:
    """Nobody can call it off from now on."""
    locked = Release.objects.select_for_update().get(pk=release.pk)
    if locked.state == State.PLANNED:
        locked.state = State.RUNNING
        locked.save(update_fields=["state"])
    release.state = locked.state


def _tell(release: Release, decision_id: int) -> None:
    known = Decision.objects.only("case_id").get(pk=decision_id)
    Case.objects.select_for_update(of=("self",)).get(pk=known.case_id)
    decision = Decision.objects.select_related("case").get(pk=decision_id)
    if not decision.is_pending or decision.release_id != release.pk:
        return
    try:
        _press(release, decision)
    except TransitionNotAllowedError as problem:
        decision.problem, decision.release = str(problem)[:300], None
        decision.save(update_fields=["problem", "release"])
        return
    decision.released_at, decision.problem = timezone.now(), ""
    decision.save(update_fields=["released_at", "problem"])


def _press(release: Release, decision: Decision) -> None:
    button = button_for(release, decision)
    if button is None:
        raise TransitionNotAllowedError("Its stage has no such button.")
    perform(
        decision.case_id,
        button.key,
        by=None,
        actor_name=f"Release “{release.title}”, planned by {release.actor_name}",
        comment=decision.feedback or (release.title if button.needs_comment else ""),
        expected_stage=release.stage_key,
    )
