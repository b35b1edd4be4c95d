"""What the clock does to cases: notes a passed due date, moves a case on, tells staff each morning.

Slots are worked out and recorded by cms.clock; everything here looks at the rows as they stand, so
an outage catches up once and a second run on the same day changes nothing. Letters to staff say
how many, never whose.
"""

from contextlib import suppress
from datetime import date, datetime, timedelta

from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_noop

from cms import clock, jobs, mail
from cms.clock import LONDON
from cms.mailmarkup import site_link
from cms.models import User
from cms.roles import ROLES

from .engine import TransitionNotAllowedError, perform
from .inbox import Inbox
from .models import Case, CaseEvent, WorkflowVersion
from .plan import Stage
from .querysets import CaseQuerySet

MOVES, MORNING = "workflows.deadlines", "workflows.morning"
BATCH = 100

mail.declare(
    "staff-overdue",
    name=gettext_noop("Staff: overdue cases"),
    subject="{{ number }} overdue in your inbox",
    body="Good morning {{ name }},\n\n{{ number }} of the cases that wait for you are past the day "
    "they were due.\n\nYour inbox: {{ inbox }}",
    placeholders={
        "name": "Ada",
        "number": "3",
        "inbox": "https://hub.example.org/admin/cases/?tab=overdue",
    },
)

mail.declare(
    "staff-escalated",
    name=gettext_noop("Staff: a case has waited too long"),
    subject="{{ reference }} has waited too long",
    body="Hello {{ name }},\n\n{{ reference }} has waited: {{ why }}.\n\nThe case: {{ case }}",
    placeholders={
        "name": "Ada",
        "reference": "SW26-4K7P",
        "why": "5 days in “New”",
        "case": "https://hub.example.org/admin/cases/1/",
    },
)


@jobs.handlers(MOVES)
def keep_deadlines(run: jobs.JobRun) -> None:
    """Write passed due dates into the histories, then make the automatic moves that are due."""
    now, everything = timezone.now(), Case.objects.all()
    while batch := list(_passed(everything, now)[:BATCH]):
        with run.chunk(to=run.cursor + 1, count=len(batch)):
            _note_passed(batch, now)
    for case_id, stage, reason in _due_escalations(now, everything):
        with run.chunk(to=run.cursor + 1, count=1):
            _escalate(case_id, stage, reason)
    for case_id, button, reason in _due_moves(now, everything):
        with run.chunk(to=run.cursor + 1, count=1):
            _move(case_id, button, reason)


def keep(among: CaseQuerySet) -> None:
    """The same at once for these few cases, in the caller's transaction: for rehearsals."""
    now = timezone.now()
    _note_passed(list(_passed(among, now)), now)
    for case_id, stage, reason in _due_escalations(now, among):
        _escalate(case_id, stage, reason)
    for case_id, button, reason in _due_moves(now, among):
        _move(case_id, button, reason)


def _passed(among: CaseQuerySet, now: datetime) -> CaseQuerySet:
    return among.overdue(now).exclude(noted_due_at=F("due_at")).order_by("pk")


def _versions(among: CaseQuerySet) -> QuerySet[WorkflowVersion]:
    """Every version, or only those of these cases."""
    found = WorkflowVersion.objects.defer("data").order_by("pk")
    return found.filter(pk__in=among.order_by().values("version")) if among.query.where else found


def _note_passed(cases: list[Case], now: datetime) -> None:
    # Each row only if it still is as it was read: an officer may have moved it meanwhile.
    for case in cases:
        if Case.objects.filter(pk=case.pk, due_at=case.due_at).update(noted_due_at=case.due_at):
            day = timezone.localtime(case.due_at)
            CaseEvent.objects.create(
                case=case,
                kind=CaseEvent.Kind.DEADLINE,
                at=now,
                actor_name="The clock",
                summary=f"The due date, {day:%d %B %Y}, has passed",
            )


def _due_moves(now: datetime, among: CaseQuerySet) -> list[tuple[int, str, str]]:
    """Case, button and reason of every automatic move that is due."""
    found = []
    for version in _versions(among):
        for stage in version.plan.stages:
            cases = among.filter(version=version, stage_key=stage.key)
            if stage.auto_on and date.fromisoformat(stage.auto_on) <= timezone.localdate(now):
                reason = f"The clock: {stage.auto_on} has come"
            elif stage.auto_after_days:
                reason = f"The clock: {stage.auto_after_days} days in “{stage.staff_name}”"
                cases = cases.filter(stage_since__lte=days_before(now, stage.auto_after_days))
            else:
                continue
            found += [(pk, stage.auto_button, reason) for pk in cases.values_list("pk", flat=True)]
    return found


def days_before(now: datetime, days: int) -> datetime:
    """The same time on the wall, so many London days ago, whatever the clocks did between."""
    local = timezone.localtime(now, LONDON)
    return (local.replace(tzinfo=None) - timedelta(days=days)).replace(tzinfo=LONDON)


def _due_escalations(now: datetime, among: CaseQuerySet) -> list[tuple[int, Stage, str]]:
    """Case, stage and reason of everything that has waited so long that others are to know."""
    found = []
    for version in _versions(among):
        for stage in version.plan.stages:
            if not stage.escalate_after_days or stage.is_final:
                continue
            cases = among.filter(
                version=version,
                stage_key=stage.key,
                escalated_at=None,
                stage_since__lte=days_before(now, stage.escalate_after_days),
            )
            reason = f"{stage.escalate_after_days} days in “{stage.staff_name}”"
            found += [(pk, stage, reason) for pk in cases.values_list("pk", flat=True)]
    return found


def _escalate(case_id: int, stage: Stage, reason: str) -> None:
    """Tell everybody of the role who may see the case, once for each stay in the stage."""
    case = Case.objects.select_for_update().get(pk=case_id)
    if case.stage_key != stage.key or case.escalated_at:
        return
    case.escalated_at = timezone.now()
    case.save(update_fields=["escalated_at"])
    role = ROLES[stage.escalate_to].label if stage.escalate_to in ROLES else stage.escalate_to
    held = User.objects.filter(is_active=True, memberships__role__name=role)
    people = [
        user
        for user in held.distinct().order_by("pk")
        if Case.objects.for_user(user).filter(pk=case.pk).exists()
    ]
    event = CaseEvent.objects.create(
        case=case,
        kind=CaseEvent.Kind.DEADLINE,
        actor_name="The clock",
        summary=(
            f"{role} was told: {reason}"
            if people
            else f"There is nobody in the role {role} any more to be told: {reason}"
        )[:250],
    )
    for user in people:
        if user.email:
            mail.queue(
                "staff-escalated",
                to=user.email,
                context={
                    "name": user.first_name or user.username,
                    "reference": case.reference,
                    "why": reason,
                    "case": site_link(f"/admin/cases/{case.pk}/"),
                },
                key=f"escalated-{event.pk}-{user.pk}",
                record=case,
            )


def _move(case_id: int, button: str, reason: str) -> None:
    # Somebody was quicker, or its condition does not hold: then it is not due.
    with suppress(TransitionNotAllowedError):
        perform(case_id, button, by=None, actor_name=reason)


@jobs.handlers(MORNING)
def tell_staff(run: jobs.JobRun) -> None:
    """One letter to each officer with overdue cases of their own or of nobody's, once a day."""
    officers = User.objects.filter(
        is_active=True,
        memberships__role__permissions__codename="view_case",
        pk__gt=run.cursor,
    )
    for user in officers.exclude(email="").distinct().order_by("pk"):
        with run.chunk(to=user.pk, count=1):
            tell_officer(user)


def tell_officer(user: User, *, among: CaseQuerySet | None = None) -> None:
    """The letter of this day to one officer, if there is anything to say; `among` these alone."""
    inbox = Inbox(user)
    theirs = Q(assignee=user) | (Q(assignee=None) & inbox.owned)
    overdue = inbox.reachable.filter(inbox.tabs["overdue"] & theirs)
    if among is not None:
        overdue = overdue.filter(pk__in=among.order_by().values("pk"))
    if number := overdue.count():
        mail.queue(
            "staff-overdue",
            to=user.email,
            context={
                "name": user.first_name or user.username,
                "number": number,
                "inbox": site_link("/admin/cases/?tab=overdue"),
            },
            key=f"overdue-{user.pk}-{timezone.localdate()}",
        )


clock.every(MOVES, minutes=15)
clock.daily(MORNING, at="07:30")
