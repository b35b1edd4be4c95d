"""A reminder when what was due has not come: the day after, a week later, two weeks after that.

Each once, and never for places that are still kept for somebody who is paying.
"""

from datetime import date, timedelta

from django.utils import timezone

from cms import clock, jobs
from cms.models import MoneyAccount

from . import letters

AFTER_DAYS = (1, 8, 22)
CHUNK = 100
JOB = "money.remind"


def which(due_on: date, today: date) -> int:
    """How many reminders should have gone by now."""
    return sum((today - due_on).days >= days for days in AFTER_DAYS)


@jobs.handlers(JOB)
def remind(run: jobs.JobRun) -> None:
    """Everybody whose next reminder has come due; each letter has its number, so goes once."""
    today = timezone.localdate()
    late = (
        MoneyAccount.objects.filter(due_on__lte=today - timedelta(days=AFTER_DAYS[0]), pay_by=None)
        .with_sums()
        .filter(owed__gt=0)
        .order_by("pk")
    )
    while batch := list(late.filter(pk__gt=run.cursor)[:CHUNK]):
        with run.chunk(to=batch[-1].pk, count=len(batch)):
            for account in batch:
                letters.reminder(account, account.owed, number=which(account.due_on, today))


clock.daily(JOB, at="10:30")
