"""The officer's side of reviews: which panels there are, who has done what, who is how busy.

Whoever owns a scored stage runs its panel, for the cases within reach. Somebody who also reviews
sees nothing of a case's scores before the own review is submitted, whatever the role.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Count, Max, Min, Q
from django.utils import timezone

from cms.models import User
from cms.roles import role_keys_of
from workflows.engine import roles_for
from workflows.models import Case, Review, ReviewRound, WorkflowVersion

from .ranking import Row, placed, ranking
from .rubrics import Reviewing, reviewing


@dataclass(frozen=True)
class Panel:
    """One scored stage of the newest version of a process."""

    version: WorkflowVersion
    how: Reviewing
    stage_name: str

    @property
    def slug(self) -> str:
        return self.version.plan.slug


def panels_of(user: User) -> list[Panel]:
    """The scored stages that one of this user's roles owns, in the newest versions."""
    held = role_keys_of(user)
    newest: dict[int, WorkflowVersion] = {}
    for version in WorkflowVersion.objects.order_by("number"):
        newest[version.definition_id] = version
    return [
        Panel(version, how, stage.staff_name)
        for version in newest.values()
        for stage in version.plan.stages
        if (how := reviewing(version.plan, stage.key))
        and (user.is_superuser or held & set(stage.roles))
    ]


def may_run(user: User, case: Case, stage_key: str) -> bool:
    """Whether the user runs the panel of this case: owns the stage and may change the case."""
    stage = case.version.plan.by_key.get(stage_key)
    if (
        stage is None
        or not stage.review
        or not Case.objects.for_user(user, "change").filter(pk=case.pk).exists()
    ):
        return False
    held = roles_for(case, user)
    return held is None or bool(held & set(stage.roles))


def rounds_of(case: Case, user: User) -> list[ReviewRound]:
    """The rounds of a case that this user runs, with their stage's `name` and how many `done`."""
    found = case.review_rounds.annotate(
        done=Count("reviews", Q(reviews__state=Review.State.SUBMITTED))
    )
    mine = [made for made in found if may_run(user, case, made.stage_key)]
    for made in mine:
        made.name = case.version.plan.by_key[made.stage_key].staff_name
    return mine


def must_wait(user: User, rounds: Iterable[ReviewRound]) -> set[int]:
    """Keys of the rounds whose scores this user may not see yet: the own review is still open."""
    keys = [one.pk for one in rounds]
    own = Review.objects.for_user(user).open().filter(round__in=keys)
    return set(own.values_list("round_id", flat=True))


def rows_for(user: User, panel: Panel) -> list[Row]:
    """The ranked rows of a panel that this user may see; own open reviews keep theirs unscored."""
    cases = Case.objects.for_user(user, "change")
    rows = ranking(panel.slug, panel.how.stage, group_by=panel.how.group_by, cases=cases)
    waiting = must_wait(user, [row.round for row in rows])
    return placed(
        replace(row, score=None, combined=None, spread=None, recommendations={}, criteria={})
        if row.round.pk in waiting
        else row
        for row in rows
    )


@dataclass(frozen=True)
class Load:
    """How much one reviewer has to do, and by when."""

    name: str
    open: int
    overdue: int
    done: int
    given_up: int
    next_due: datetime | None
    last_done: datetime | None


def loads(user: User, panels: Iterable[Panel]) -> list[Load]:
    """Each reviewer of these panels' cases within this user's reach, the busiest first."""
    within = Q(pk=None)
    for panel in panels:
        within |= Q(
            round__stage_key=panel.how.stage,
            round__case__version__definition=panel.version.definition_id,
        )
    reachable = Case.objects.for_user(user, "change").order_by().values("pk")
    is_open = Q(state=Review.State.OPEN)
    rows = (
        Review.objects.filter(within, round__case__in=reachable)
        .order_by()
        .values("reviewer", "reviewer_name")
        .annotate(
            open=Count("pk", is_open),
            overdue=Count("pk", is_open & Q(round__due_at__lt=timezone.now())),
            done=Count("pk", Q(state=Review.State.SUBMITTED)),
            given_up=Count("pk", Q(state=Review.State.RECUSED)),
            next_due=Min("round__due_at", filter=is_open),
            last_done=Max("submitted_at"),
        )
    )
    found = [
        Load(row["reviewer_name"], *(row[name] for name in list(Load.__dataclass_fields__)[1:]))
        for row in rows
    ]
    return sorted(found, key=lambda one: (-one.open, one.name))
