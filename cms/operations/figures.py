"""Numbers about the hub at this moment, counted in the database when somebody asks."""

import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Count, Max, Min
from django.utils import timezone

from cms.backup import nightly
from cms.models import Job, OutboxMessage, Place, ScheduledRun
from cms.registry import Registry


@dataclass(frozen=True)
class Figure:
    """One number: `hub_jobs{state="failed"} 2`. Its name says the unit: seconds, bytes."""

    name: str
    about: str
    value: float
    labels: tuple[tuple[str, str], ...] = ()


Source = Callable[[], Iterable[Figure]]
sources: Registry[Source] = Registry("source of figures")


def all_figures() -> list[Figure]:
    """Every figure of every source; a handful of short queries."""
    return [figure for _name, source in sources.items() for figure in source()]


def age(moment: datetime | None) -> float:
    """Seconds since then; 0 for never."""
    return max(0.0, (timezone.now() - moment).total_seconds()) if moment else 0.0


def free_bytes() -> int:
    """Room left on the disk of DATA_DIR."""
    return shutil.disk_usage(settings.DATA_DIR).free


def clock_last() -> datetime | None:
    """When the clock last promised a job."""
    return ScheduledRun.objects.aggregate(at=Max("ran_at"))["at"]


@sources("jobs")
def of_jobs() -> Iterable[Figure]:
    counts = dict(
        Job.objects.filter(state__in=("ready", "running", "failed"))
        .values_list("state")
        .annotate(Count("pk"))
        .order_by()
    )
    for state in ("ready", "running", "failed"):
        about = "Background jobs that wait, run or were given up"
        yield Figure("hub_jobs", about, counts.get(state, 0), (("state", state),))
    due = Job.objects.filter(state="ready", not_before__lte=timezone.now())
    oldest = due.aggregate(at=Min("not_before"))["at"]
    yield Figure(
        "hub_job_oldest_due_seconds", "How long the oldest due job has waited", age(oldest)
    )
    about = "Since the clock last promised a job"
    yield Figure("hub_clock_last_seconds", about, age(clock_last()))


@sources("outbox")
def of_outbox() -> Iterable[Figure]:
    open_ = OutboxMessage.objects.filter(state__in=("ready", "sending"))
    waiting = open_.aggregate(number=Count("pk"), oldest=Min("created_at"))
    failed = OutboxMessage.objects.filter(state="failed").count()
    about = "E-mails that wait or were given up"
    yield Figure("hub_outbox", about, waiting["number"], (("state", "waiting"),))
    yield Figure("hub_outbox", about, failed, (("state", "failed"),))
    yield Figure(
        "hub_outbox_oldest_seconds", "How long the oldest e-mail has waited", age(waiting["oldest"])
    )


@sources("places")
def of_places() -> Iterable[Figure]:
    held = Place.objects.filter(state="held", expires_at__gt=timezone.now())
    yield Figure("hub_live_holds", "Places held while families fill in a form", held.count())


@sources("machine")
def of_machine() -> Iterable[Figure]:
    about = "Room left where the hub keeps its data"
    yield Figure("hub_disk_free_bytes", about, free_bytes())
    newest = nightly.newest_tried()
    if newest:
        about = "Since the newest backup that was tried was made"
        yield Figure("hub_backup_age_seconds", about, age(newest.made_at))
