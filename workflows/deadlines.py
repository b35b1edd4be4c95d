"""What the clock does to cases: notes a passed due date, moves a case on, tells staff each morning.

Slots are worked out and recorded by cms.clock; everything here looks at the rows as they stand, so
an outage catches up once and a second run on the same day changes nothing. Letters to staff say
how many, never whose.
"""

from contextlib import suppress
from datetime import datetime, timedelta

from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_noop

from cms import clock, jobs, mail
from cms.mailmarkup import site_link
from cms.models import User

from .engine import TransitionNotAllowedError, perform
from .inbox import Inbox
from .models import Case, CaseEvent, WorkflowVersion

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


@jobs.handlers(MOVES)
def keep_deadlines(run: jobs.JobRun) -> None:
    """Write passed due dates into the histories, then make the automatic moves that are due."""
    now = timezone.now()
    passed = Case.objects.overdue(now).exclude(noted_due_at=F("due_at")).order_by("pk")
    while batch := list(passed[:BATCH]):
        with run.chunk(to=run.cursor + 1, count=len(batch)):
            _note_passed(batch, now)
    for case_id, button, reason in _due_moves(now):
        with run.chunk(to=run.cursor + 1, count=1):
            _move(case_id, button, reason)


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


def _due_moves(now: datetime) -> list[tuple[int, str, str]]:
    """Case, button and reason of every automatic move that is due."""
    found = []
    for version in WorkflowVersion.objects.defer("data").order_by("pk"):
        for stage in version.plan.stages:
            if not stage.auto_after_days:
                continue
            reason = f"The clock: {stage.auto_after_days} days in “{stage.staff_name}”"
            since = now - timedelta(days=stage.auto_after_days)
            cases = Case.objects.filter(
                version=version, stage_key=stage.key, stage_since__lte=since
            )
            found += [(pk, stage.auto_button, reason) for pk in cases.values_list("pk", flat=True)]
    return found


def _move(case_id: int, button: str, reason: str) -> None:
    # Somebody was quicker, or its condition does not hold: then it is not due.
    with suppress(TransitionNotAllowedError):
        perform(case_id, button, by=None, actor_name=reason)


@jobs.handlers(MORNING)
def tell_staff(run: jobs.JobRun) -> None:
    """One letter to each officer with overdue cases of their own or of nobody's, once a day."""
    today = timezone.localdate()
    officers = User.objects.filter(
        is_active=True,
        memberships__role__permissions__codename="view_case",
        pk__gt=run.cursor,
    )
    for user in officers.exclude(email="").distinct().order_by("pk"):
        inbox = Inbox(user)
        theirs = Q(assignee=user) | (Q(assignee=None) & inbox.owned)
        number = inbox.reachable.filter(inbox.tabs["overdue"] & theirs).count()
        with run.chunk(to=user.pk, count=1):
            if number:
                mail.queue(
                    "staff-overdue",
                    to=user.email,
                    context={
                        "name": user.first_name or user.username,
                        "number": number,
                        "inbox": site_link("/admin/cases/?tab=overdue"),
                    },
                    key=f"overdue-{user.pk}-{today}",
                )


clock.every(MOVES, minutes=15)
clock.daily(MORNING, at="07:30")
