"""What the clock does to offers and lists.

Each offer's reminder and end are jobs of their own minute; every few minutes everything is looked
at again, so that an outage catches up once and a lost job costs minutes, never a place. Each verb
looks at its row under the lock: run twice, or by two clocks, nothing happens twice.
"""

from django.db.models import Q
from django.db.models.signals import post_save
from django.utils import timezone

from cms import clock, jobs
from cms.models import CourseDate

from . import offers, queues
from .models import ListEntry, Offer, Pool

SWEEP = "workflows.offers"


@jobs.handlers(offers.LAPSE)
def lapse_one(run: jobs.JobRun) -> None:
    """An offer has run out, and the next is asked at once."""
    offers.lapse(run.payload["offer"])
    pool = Offer.objects.values_list("pool_id", flat=True).get(pk=run.payload["offer"])
    queues.fill(pool)


@jobs.handlers(offers.REMIND)
def remind_one(run: jobs.JobRun) -> None:
    offers.remind(run.payload["offer"])


@jobs.handlers(offers.FILL)
def fill_one(run: jobs.JobRun) -> None:
    queues.fill(run.payload["pool"])


@jobs.handlers(SWEEP)
def sweep(run: jobs.JobRun) -> None:
    """Everything that is due, and every list with somebody waiting."""
    catch_up()


def catch_up() -> None:
    """Ends first, then reminders of what is still open, then the lists."""
    now = timezone.now()
    live = Offer.objects.filter(state=Offer.State.LIVE)
    for pk in live.filter(answer_by__lte=now).order_by("answer_by").values_list("pk", flat=True):
        offers.lapse(pk)
    due = live.filter(remind_at__lte=now, answer_by__gt=now, reminded_at=None)
    for pk in due.order_by("remind_at").values_list("pk", flat=True):
        offers.remind(pk)
    waiting = ListEntry.objects.filter(state__in=[ListEntry.State.WAITING, ListEntry.State.PAUSED])
    flagged = Q(course_date__waiting_first=True) | Q(pk__in=waiting.order_by().values("pool"))
    for pk in Pool.objects.filter(flagged).order_by("pk").values_list("pk", flat=True):
        queues.fill(pk)
        queues.refresh(pk)


clock.every(SWEEP, minutes=5)
post_save.connect(queues.date_changed, sender=CourseDate, dispatch_uid="fill-pool")
