"""Jobs: promised once, done in fenced chunks, tried again, given up visibly, restartable."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from cms import jobs
from cms.models import Instrument, Job
from cms.registry import UnknownKeyError

State = Job.State


@pytest.fixture
def handler(monkeypatch):
    """Registers a function as the handler of "test.work" for one test."""
    registry = dict(jobs.handlers._entries)

    def register(function, ending=None):
        jobs.handlers._entries["test.work"] = function
        if ending:
            jobs.endings._entries["test.work"] = ending
        return function

    yield register
    jobs.handlers._entries.clear()
    jobs.handlers._entries.update(registry)
    jobs.endings._entries.pop("test.work", None)


def promise(key="one", **more):
    with transaction.atomic():
        return jobs.enqueue("test.work", key=key, payload={"id": 7}, **more)


def work(job):
    """One turn, now, whatever the row says about when."""
    Job.objects.filter(pk=job.pk, state=State.READY).update(not_before=timezone.now())
    jobs.run_job.call_local(job.pk)
    job.refresh_from_db()
    return job


def add_instruments(run):
    """Ten rows in chunks of four."""
    while run.cursor < 10:
        to = min(run.cursor + 4, 10)
        with run.chunk(to=to, count=to - run.cursor, phase="Adding", total=10):
            Instrument.objects.bulk_create(
                Instrument(name=f"I{n}", slug=f"i{n}", family="world")
                for n in range(run.cursor, to)
            )


@pytest.mark.django_db(transaction=True)
def test_a_job_is_rung_after_commit_and_done(handler):
    handler(add_instruments)

    job = promise()

    job.refresh_from_db()
    assert (job.state, job.cursor, job.done, job.total, job.percent) == (
        State.DONE,
        10,
        10,
        10,
        100,
    )
    assert (job.phase, job.attempt, job.owner, job.problem) == ("Adding", 1, "", "")
    assert Instrument.objects.count() == 10


@pytest.mark.django_db(transaction=True)
def test_a_promise_that_is_rolled_back_never_was(handler):
    handler(add_instruments)

    with pytest.raises(ZeroDivisionError), transaction.atomic():
        jobs.enqueue("test.work", key="one", payload={})
        raise ZeroDivisionError

    assert (Job.objects.count(), Instrument.objects.count()) == (0, 0)


@pytest.mark.django_db(transaction=True)
def test_a_promise_outside_a_transaction_is_refused(handler):
    handler(add_instruments)

    with pytest.raises(transaction.TransactionManagementError, match=r"transaction.atomic\(\)"):
        jobs.enqueue("test.work", key="one", payload={})


@pytest.mark.django_db
def test_the_same_key_is_one_promise(handler):
    handler(add_instruments)

    assert promise().pk == promise().pk
    assert Job.objects.count() == 1


@pytest.mark.django_db
def test_an_unknown_kind_is_refused_when_it_is_promised():
    with pytest.raises(UnknownKeyError, match=r"No job handler is called 'test.typo'"):
        jobs.enqueue("test.typo", key="one", payload={})


@pytest.mark.django_db
def test_an_error_undoes_its_chunk_and_the_next_turn_goes_on_from_there(handler):
    stumbles = [True]

    def stumble(run):
        with run.chunk(to=1, count=1):
            Instrument.objects.create(name=f"A{run.cursor}", slug=f"a{run.cursor}", family="world")
        with run.chunk(to=2, count=1):
            Instrument.objects.create(name=f"B{run.cursor}", slug=f"b{run.cursor}", family="world")
            if stumbles:
                raise RuntimeError(f"Row of {stumbles.pop()} child")

    def from_cursor(run):
        if run.cursor == 0:
            stumble(run)
        else:
            with run.chunk(to=2, count=1):
                Instrument.objects.create(name="B1", slug="b1", family="world")

    handler(from_cursor)
    job = work(promise())
    assert (job.state, job.cursor, job.done) == (State.READY, 1, 1)
    assert job.problem == "It stopped unexpectedly (RuntimeError)."
    assert job.not_before > timezone.now() + timedelta(seconds=5)

    job = work(job)
    assert (job.state, job.cursor, job.done, job.problem) == (State.DONE, 2, 2, "")
    assert sorted(Instrument.objects.values_list("name", flat=True)) == ["A0", "B1"]


@pytest.mark.django_db
def test_a_job_that_gets_no_further_is_given_up_and_can_be_restarted(handler):
    told = []

    def broken(run):
        raise RuntimeError("secret of a family")

    handler(broken, ending=lambda job: told.append((job.payload["id"], job.state)))
    job = promise()
    for _turn in range(jobs.MAX_TRIES):
        assert job.state == State.READY
        job = work(job)

    assert job.state == State.FAILED
    assert job.problem == "It stopped unexpectedly (RuntimeError)."
    assert told == [(7, State.FAILED)]

    jobs.handlers._entries["test.work"] = add_instruments
    jobs.restart(job.pk)
    job = work(job)
    assert (job.state, Instrument.objects.count()) == (State.DONE, 10)


@pytest.mark.django_db
def test_a_worker_that_dies_again_and_again_is_given_up_too(handler):
    handler(add_instruments)
    job = promise()
    for _turn in range(jobs.MAX_TRIES):
        assert jobs._claim(job.pk) is not None  # and then it is killed
        Job.objects.update(lease_until=timezone.now() - timedelta(seconds=1))

    assert jobs._claim(job.pk) is None
    job.refresh_from_db()
    assert job.state == State.FAILED
    assert job.problem == "It stopped 5 times without getting any further."


@pytest.mark.django_db
def test_progress_forgives_earlier_tries(handler):
    handler(add_instruments)
    job = promise()
    for _turn in range(jobs.MAX_TRIES * 2):
        run = jobs._claim(job.pk)
        with run.chunk(to=run.cursor + 1, count=1):
            pass
        Job.objects.update(lease_until=timezone.now() - timedelta(seconds=1))

    job.refresh_from_db()
    assert (job.cursor, job.attempt, job.tries) == (10, 10, 0)


@pytest.mark.django_db
def test_giving_up_with_a_sentence_fails_at_once(handler):
    def refuse(run):
        raise jobs.GiveUpError("The file is no longer there.")

    handler(refuse)
    job = work(promise())

    assert (job.state, job.problem, job.attempt) == (
        State.FAILED,
        "The file is no longer there.",
        1,
    )


def overtaken(fence):
    """A worker stops between chunks for longer than its lease; another works; the first wakes."""
    job = promise()
    slow = jobs._claim(job.pk)
    with slow.chunk(to=4):
        Instrument.objects.create(name="first", slug="first", family="world")
    Job.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    fast = jobs._claim(job.pk)
    with fast.chunk(to=8):
        Instrument.objects.create(name="rival", slug="rival", family="world")
    try:
        with slow.chunk(to=8):
            Instrument.objects.create(name="late", slug="late", family="world")
    except jobs._LeaseLost:
        pass
    return sorted(Instrument.objects.values_list("name", flat=True))


@pytest.mark.django_db
def test_an_overtaken_worker_can_add_nothing(handler):
    handler(add_instruments)

    assert overtaken(fence=True) == ["first", "rival"]


@pytest.mark.django_db
def test_twin_without_the_fence_an_overtaken_worker_does_its_work_twice(handler, monkeypatch):
    handler(add_instruments)
    monkeypatch.setattr(
        jobs.JobRun,
        "_move",
        lambda self, changes: Job.objects.filter(pk=self.job_id).update(**changes),
    )

    assert overtaken(fence=False) == ["first", "late", "rival"]


@pytest.mark.django_db
def test_only_one_of_two_claims_has_the_job(handler):
    handler(add_instruments)
    job = promise()

    assert jobs._claim(job.pk) is not None
    assert jobs._claim(job.pk) is None


@pytest.mark.django_db
def test_a_waiting_job_is_cancelled_at_once_and_a_running_one_after_its_chunk(handler):
    told = []
    handler(add_instruments, ending=lambda job: told.append(job.state))

    waiting = jobs.cancel(promise().pk)
    assert waiting.state == State.CANCELLED

    job = promise("two")

    def cancelled_meanwhile(run):
        with run.chunk(to=1):
            pass
        jobs.cancel(job.pk)
        with run.chunk(to=2):
            raise AssertionError("must not be reached")

    jobs.handlers._entries["test.work"] = cancelled_meanwhile
    job = work(job)
    assert (job.state, job.cursor) == (State.CANCELLED, 1)
    assert told == [State.CANCELLED, State.CANCELLED]


@pytest.mark.django_db
def test_a_long_job_gives_way_and_goes_on_later(handler, monkeypatch):
    handler(add_instruments)
    monkeypatch.setattr(jobs, "TURN", -1.0)
    monkeypatch.setattr(jobs, "ring", lambda *args, **kwargs: True)
    job = promise()

    turns = []
    while not job.is_over:
        job = work(job)
        turns.append((job.state, job.cursor))

    assert turns == [
        (State.READY, 4),
        (State.READY, 8),
        (State.READY, 10),
        (State.DONE, 10),
    ]
    assert Instrument.objects.count() == 10


@pytest.mark.django_db
def test_finish_commits_the_last_work_and_the_end_together(handler):
    def stops_short(run):
        with run.finish():
            Instrument.objects.create(name="last", slug="last", family="world")
            raise RuntimeError

    handler(stops_short)
    job = work(promise())

    assert (job.state, Instrument.objects.count()) == (State.READY, 0)


@pytest.mark.django_db
def test_the_sweep_finds_what_is_due_and_what_was_left_by_the_dead(handler, monkeypatch):
    handler(add_instruments)
    rung = []
    monkeypatch.setattr(jobs, "ring", lambda task, job_id: rung.append(job_id))
    now = timezone.now()
    due = promise("due")
    promise("later", not_before=now + timedelta(hours=1))
    left, working, done = promise("left"), promise("working"), promise("done")
    Job.objects.filter(pk=left.pk).update(state=State.RUNNING, lease_until=now)
    Job.objects.filter(pk=working.pk).update(
        state=State.RUNNING, lease_until=now + timedelta(minutes=1)
    )
    Job.objects.filter(pk=done.pk).update(state=State.DONE)

    assert jobs.sweep() == 2
    assert sorted(rung) == [due.pk, left.pk]


@pytest.mark.django_db
def test_a_starting_consumer_lets_go_of_jobs_of_dead_processes_only(handler):
    import os
    import subprocess
    import sys

    handler(add_instruments)
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    dead, alive, elsewhere = promise("dead"), promise("alive"), promise("elsewhere")
    until = timezone.now() + timedelta(minutes=1)
    for job, owner in (
        (dead, f"{jobs._host()}:{gone.pid}:x"),
        (alive, f"{jobs._host()}:{os.getpid()}:x"),
        (elsewhere, f"another-host:{gone.pid}:x"),
    ):
        Job.objects.filter(pk=job.pk).update(state=State.RUNNING, owner=owner, lease_until=until)

    assert jobs.release_dead_owners() == 1
    assert [job.pk for job in jobs._due()] == [dead.pk]
