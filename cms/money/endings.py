"""Claims for help with costs end with their school year: what nobody decided by 31 July.

The year is that of the course's first day, else of the day on which it was asked.
"""

from datetime import date

from django.db.models import F
from django.db.models.functions import Coalesce
from django.utils import timezone

from cms import clock, jobs
from cms.models import HelpClaim
from cms.school_year import academic_year

from . import help as helping

JOB = "money.end_claims"
CHUNK = 50


def last_day(claim: HelpClaim) -> date:
    """The 31 July of the year that a claim is for."""
    offering = claim.account.offering
    day = timezone.localtime(offering.starts_at if offering else claim.asked_at).date()
    return date(academic_year(day) + 1, 7, 31)


@jobs.handlers(JOB)
def end_claims(run: jobs.JobRun) -> None:
    """Each open claim whose year is over, once; decided in the meantime it is left alone."""
    today = timezone.localdate()
    still_open = (
        HelpClaim.objects.filter(state__in=(HelpClaim.State.CLAIMED, HelpClaim.State.WAITING))
        .annotate(day=Coalesce(F("account__offering__starts_at"), F("asked_at")))
        .filter(day__lt=timezone.now())
        .select_related("account__offering")
        .order_by("pk")
    )
    while batch := list(still_open.filter(pk__gt=run.cursor)[:CHUNK]):
        with run.chunk(to=batch[-1].pk, count=len(batch)):
            for claim in batch:
                if last_day(claim) < today:
                    helping.expire(claim.pk)


clock.daily(JOB, at="06:20")
