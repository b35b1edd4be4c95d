"""What happens at set times, by the clock on the wall in the county.

A slot is one moment at which a task is due, worked out in Europe/London: a daily 10:00 stays 10:00
in summer. A time that a clock change skips happens an hour later, one that it repeats happens the
first time only. Each slot is a ScheduledRun row, unique, written in the transaction that promises
the job, so two clocks do nothing twice, and a clock that stood still for hours catches up with the
latest slot of each task, once. A task met for the first time waits for its next slot.

    clock.daily("forms.remind", at="09:00")      # promises the job of that kind at each slot

The job's payload is {"slot": "2026-10-25T09:00:00+00:00"}; its handler must not assume that it
runs at that very minute.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.utils import timezone

from cms import jobs
from cms.models import Job, ScheduledRun
from cms.registry import Registry

LONDON = ZoneInfo("Europe/London")
UTC = ZoneInfo("UTC")
KEEP = timedelta(days=60)


@dataclass(frozen=True)
class Task:
    """A job kind, and when it is due: each day, on one weekday (Monday is 0), or each n minutes."""

    kind: str
    at: time | None = None
    weekday: int | None = None
    minutes: int | None = None

    def latest_slot(self, now: datetime) -> datetime:
        """The last moment, not after `now`, at which this was due. In UTC."""
        if self.minutes:
            step = self.minutes * 60
            return datetime.fromtimestamp(int(now.timestamp()) // step * step, tz=UTC)
        day = now.astimezone(LONDON).date()
        while True:
            if self.weekday is None or day.weekday() == self.weekday:
                slot = _moment(day, self.at or time())
                if slot <= now:
                    return slot
            day -= timedelta(days=1)


tasks: Registry[Task] = Registry("clock task")


def daily(kind: str, *, at: str) -> Task:
    """Promise a job of this kind each day at `at` ("09:00"), London time."""
    return tasks(kind)(Task(kind, at=time.fromisoformat(at)))


def weekly(kind: str, *, weekday: int, at: str) -> Task:
    """The same on one day of the week; Monday is 0."""
    return tasks(kind)(Task(kind, at=time.fromisoformat(at), weekday=weekday))


def every(kind: str, *, minutes: int) -> Task:
    """The same each `minutes`, counted from midnight UTC; a divisor of 1440."""
    if minutes < 1 or 1440 % minutes:
        raise ValueError("The minutes must divide a day.")
    return tasks(kind)(Task(kind, minutes=minutes))


def _moment(day: date, at: time) -> datetime:
    """That time on that day in London, as UTC. fold=0: the first of two, or the hour after none."""
    return datetime.combine(day, at, tzinfo=LONDON).astimezone(UTC)


def tick(now: datetime | None = None, known: Registry[Task] | None = None) -> list[ScheduledRun]:
    """Promise what has come due since the last tick; the slots that were taken up.

    Called each minute. A slot that another clock took, or takes at this moment, is left alone.
    """
    now = now or timezone.now()
    taken = []
    for kind, task in (known or tasks).items():
        slot = task.latest_slot(now)
        if ScheduledRun.objects.filter(task=kind, slot__gte=slot).exists():
            continue
        run = _take(task, slot)
        if run is not None:
            taken.append(run)
    return taken


def _take(task: Task, slot: datetime) -> ScheduledRun | None:
    try:
        with transaction.atomic():
            is_new = not ScheduledRun.objects.filter(task=task.kind).exists()
            run = ScheduledRun.objects.create(task=task.kind, slot=slot)
            if is_new:
                return None
            jobs.enqueue(
                task.kind,
                key=f"clock-{task.kind}-{slot:%Y%m%dT%H%MZ}",
                payload={"slot": slot.isoformat()},
            )
    except IntegrityError:
        return None  # another clock has it
    return run


@jobs.handlers("cms.forget_slots")
def forget_slots(run: jobs.JobRun) -> None:
    """Drop slots long past, and their jobs; the latest of each stays, or it would count as new."""
    latest = dict(ScheduledRun.objects.order_by("slot").values_list("task", "pk"))
    old = ScheduledRun.objects.filter(slot__lt=timezone.now() - KEEP)
    with run.finish():
        old.exclude(pk__in=latest.values()).delete()
        done = Job.objects.filter(key__startswith="clock-", state=Job.State.DONE)
        done.filter(finished_at__lt=timezone.now() - KEEP).delete()


daily("cms.forget_slots", at="03:40")
