"""The clock: London time through both clock changes, one run for each slot, one catch-up."""

from datetime import UTC, datetime, timedelta

import pytest

from cms import clock, jobs
from cms.models import Job, ScheduledRun
from cms.registry import Registry


@pytest.fixture
def handler():
    jobs.handlers._entries["test.slot"] = lambda run: None
    yield
    del jobs.handlers._entries["test.slot"]


def known(task):
    registry = Registry("clock task")
    registry(task.kind)(task)
    return registry


def daily(hour, minute=0):
    return clock.Task("test.slot", at=datetime(2026, 1, 1, hour, minute).time())


def slots(task, start, hours):
    """The slots taken up when the clock ticks each minute for so many hours."""
    registry = known(task)
    clock.tick(start - timedelta(days=8), registry)
    ScheduledRun.objects.all().delete()
    ScheduledRun.objects.create(task=task.kind, slot=task.latest_slot(start))
    taken = []
    for minute in range(hours * 60):
        taken += clock.tick(start + timedelta(minutes=minute), registry)
    return [run.slot for run in taken]


@pytest.mark.django_db
@pytest.mark.usefixtures("handler")
@pytest.mark.parametrize(
    ("task", "start", "expected"),
    [
        (daily(10), datetime(2026, 1, 10, tzinfo=UTC), [datetime(2026, 1, 10, 10, tzinfo=UTC)]),
        (daily(10), datetime(2026, 7, 10, tzinfo=UTC), [datetime(2026, 7, 10, 9, tzinfo=UTC)]),
        # 29 March 2026: 01:30 does not exist. It happens once, an hour later by the wall.
        (daily(1, 30), datetime(2026, 3, 29, tzinfo=UTC), [datetime(2026, 3, 29, 1, 30, tzinfo=UTC)]),
        (daily(10), datetime(2026, 3, 29, tzinfo=UTC), [datetime(2026, 3, 29, 9, tzinfo=UTC)]),
        # 25 October 2026: 01:30 happens twice. The first time counts.
        (daily(1, 30), datetime(2026, 10, 25, tzinfo=UTC), [datetime(2026, 10, 25, 0, 30, tzinfo=UTC)]),
        (daily(10), datetime(2026, 10, 25, tzinfo=UTC), [datetime(2026, 10, 25, 10, tzinfo=UTC)]),
        (
            clock.Task("test.slot", at=datetime(2026, 1, 1, 9).time(), weekday=0),
            datetime(2026, 10, 26, tzinfo=UTC),
            [datetime(2026, 10, 26, 9, tzinfo=UTC)],
        ),
        (
            clock.Task("test.slot", at=datetime(2026, 1, 1, 9).time(), weekday=1),
            datetime(2026, 10, 26, tzinfo=UTC),
            [],
        ),
    ],
    ids=[
        "winter", "summer", "skipped hour", "day of the skipped hour", "repeated hour",
        "day of the repeated hour", "monday", "not monday",
    ],
)  # fmt: skip
def test_a_slot_is_by_the_clock_on_the_wall_in_london(task, start, expected):
    assert slots(task, start, 23) == expected


@pytest.mark.django_db
@pytest.mark.usefixtures("handler")
def test_an_outage_of_six_hours_catches_up_once():
    task = clock.Task("test.slot", minutes=30)
    registry = known(task)
    noon = datetime(2026, 11, 2, 12, tzinfo=UTC)
    clock.tick(noon, registry)
    clock.tick(noon + timedelta(minutes=30), registry)

    after = clock.tick(noon + timedelta(hours=6, minutes=47), registry)
    again = clock.tick(noon + timedelta(hours=6, minutes=48), registry)

    assert [run.slot for run in after] == [noon + timedelta(hours=6, minutes=30)]
    assert again == []
    assert list(Job.objects.values_list("key", flat=True)) == [
        "clock-test.slot-20261102T1230Z",
        "clock-test.slot-20261102T1830Z",
    ]


@pytest.mark.django_db
@pytest.mark.usefixtures("handler")
def test_two_clocks_do_nothing_twice():
    task = clock.Task("test.slot", minutes=1)
    slot = datetime(2026, 11, 2, 12, tzinfo=UTC)
    ScheduledRun.objects.create(task=task.kind, slot=slot - timedelta(minutes=1))

    first = clock._take(task, slot)
    second = clock._take(task, slot)  # it too had looked before the first one wrote

    assert first is not None
    assert second is None
    assert Job.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.usefixtures("handler")
def test_a_slot_and_its_job_are_promised_together(monkeypatch):
    task = clock.Task("test.slot", minutes=1)
    registry = known(task)
    now = datetime(2026, 11, 2, 12, tzinfo=UTC)
    clock.tick(now, registry)

    def broken(*args, **kwargs):
        raise RuntimeError("no room")

    with monkeypatch.context() as patched, pytest.raises(RuntimeError):
        patched.setattr(jobs, "enqueue", broken)
        clock.tick(now + timedelta(minutes=1), registry)

    assert len(clock.tick(now + timedelta(minutes=1), registry)) == 1


@pytest.mark.django_db
@pytest.mark.usefixtures("handler")
def test_a_task_met_for_the_first_time_waits_for_its_next_slot():
    registry = known(daily(10))

    assert clock.tick(datetime(2026, 11, 2, 12, tzinfo=UTC), registry) == []
    assert len(clock.tick(datetime(2026, 11, 3, 10, tzinfo=UTC), registry)) == 1


@pytest.mark.django_db
def test_old_slots_are_forgotten_but_never_a_tasks_latest():
    old = datetime(2026, 1, 1, tzinfo=UTC)
    ScheduledRun.objects.create(task="a", slot=old)
    ScheduledRun.objects.create(task="a", slot=old + timedelta(days=1))
    ScheduledRun.objects.create(task="b", slot=old)

    from django.db import transaction

    with transaction.atomic():
        job = jobs.enqueue("cms.forget_slots", key="forget", payload={})
    jobs.run_job.call_local(job.pk)

    assert list(ScheduledRun.objects.order_by("task").values_list("task", "slot")) == [
        ("a", old + timedelta(days=1)),
        ("b", old),
    ]


def test_minutes_must_divide_a_day():
    with pytest.raises(ValueError, match="divide a day"):
        clock.every("test.odd", minutes=7)
