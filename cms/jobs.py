"""Background work that a crash cannot lose or do twice.

A job is a row, written in the transaction that decides it; Huey is only rung afterwards. A worker
claims the row with a lease, and works in chunks. A chunk is one short transaction that does some
work and moves the row's cursor, on condition that the worker still holds the row (the fence). So
work and cursor are committed together or not at all, and a worker that was killed, stopped or
overtaken leaves nothing half done and can add nothing afterwards.

A handler is called with the run, from wherever the last committed chunk left off, perhaps many
times in the life of a job: it must find its place from `run.cursor` and keep nothing in memory
that it could not find again. A turn lasts about TURN seconds, then the job goes to the back of the
queue, so that a long import never keeps the mail waiting and a stop never waits long.

    @handlers("choirs.invite")                       # in a module that the app's ready() imports
    def invite(run: JobRun) -> None:
        schools = School.objects.filter(pk__gt=run.cursor, status="open").order_by("pk")
        run.describe(phase=_("Inviting"), total=School.objects.filter(status="open").count())
        while batch := list(schools.filter(pk__gt=run.cursor)[:200]):
            with run.chunk(to=batch[-1].pk, count=len(batch)):
                Invitation.objects.bulk_create(Invitation(school=school) for school in batch)
        with run.finish():                           # the last rows, and "done", together
            mail.queue("choirs.invited", to=..., context={...}, key=f"choirs-{run.payload['id']}")

    with transaction.atomic():
        round = InvitationRound.objects.create(...)
        jobs.enqueue("choirs.invite", key=f"invite-{round.pk}", payload={"id": round.pk})

Rules: at most about 200 rows and one second of work in a chunk; no mail server, no upload and no
parsing inside one; reading between chunks is free. `finish` is optional. An exception undoes the
chunk, and the job is tried again later; MAX_TRIES turns without getting any further make it
`failed`, which staff see and may restart. Raise GiveUpError("a sentence for staff") when trying
again cannot help. A function registered in `endings` runs in the very transaction that makes a job
failed or cancelled, so that the record the job is about can say so too. While a handler runs,
`except Exception` is safe: the signals that end a turn are not Exceptions.
"""

import logging
import os
import secrets
import socket
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone
from huey.contrib.djhuey import db_task

from cms import sandbox
from cms.doorbell import ring, ring_on_commit
from cms.models import Job
from cms.registry import Registry

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)
TURN = 15.0  # seconds; well below the consumer's shutdown timeout of 25
MAX_TRIES = 5
RETRY_SECONDS = (10, 60, 300, 900)
SWEEP_LIMIT = 200

State = Job.State
Handler = Callable[["JobRun"], None]

handlers: Registry[Handler] = Registry("job handler")
endings: Registry[Callable[[Job], None]] = Registry("job ending")


class GiveUpError(Exception):
    """The job can never succeed. The message is a sentence that staff will read."""


class JobIsRunningError(Exception):
    """Only a job that is over can be started again."""


class _TurnEnds(BaseException):
    """Leaves a handler between two chunks. Not an Exception: a handler must not catch it."""


class _TurnOver(_TurnEnds):
    """The turn is used up; others wait."""


class _LeaseLost(_TurnEnds):
    """Another worker has the job, or nobody may: whatever this one did since is undone."""


class _Cancelled(_TurnEnds):
    """Somebody asked for the job to stop."""


def enqueue(
    kind: str,
    *,
    key: str,
    payload: dict[str, Any],
    not_before: datetime | None = None,
    total: int | None = None,
) -> Job:
    """Promise a piece of work, in the caller's transaction; the same key again changes nothing.

    `payload` holds keys of rows, never personal data. `total` is for the progress bar. Raises
    UnknownKeyError for a kind without a handler, TransactionManagementError outside a transaction.
    """
    handlers[kind]
    due = not_before or timezone.now()
    job, created = Job.objects.get_or_create(
        key=key,
        defaults={"kind": kind, "payload": payload, "not_before": due, "total": total},
    )
    if created:
        wait = max(0.0, (due - timezone.now()).total_seconds())
        ring_on_commit(run_job, job.pk, delay=wait)
    return job


def cancel(job_id: int) -> Job:
    """Ask a job to stop: a waiting one at once, a running one after its present chunk."""
    with transaction.atomic():
        job = Job.objects.select_for_update().get(pk=job_id)
        if job.state == State.READY:
            _end(job, State.CANCELLED, "")
        elif job.state == State.RUNNING:
            job.cancel_requested = True
            job.save(update_fields=["cancel_requested"])
    return job


def restart(job_id: int) -> Job:
    """Try a failed or cancelled job again, from where it came to. Raises JobIsRunningError."""
    with transaction.atomic():
        job = Job.objects.select_for_update().get(pk=job_id)
        if job.state not in (State.FAILED, State.CANCELLED):
            raise JobIsRunningError("Only a job that failed or was cancelled can be restarted.")
        job.state, job.problem, job.tries = State.READY, "", 0
        job.cancel_requested, job.finished_at = False, None
        job.not_before = timezone.now()
        job.save()
        ring_on_commit(run_job, job.pk)
    return job


@db_task()
def run_job(job_id: int) -> None:
    """One turn of one job. Rung for a job that is not due, or is somebody else's, it does nothing.

    Never raises: what goes wrong is written on the row, without the words of a foreign error,
    which might hold somebody's data.
    """
    run = _claim(job_id)
    if run is None:
        return
    try:
        handlers[run.kind](run)
        if not run.is_finished:
            with run.finish():
                pass
    except _TurnOver:
        run._hand_back()
    except _LeaseLost:
        logger.info("Job %s was taken over.", job_id)
    except _Cancelled:
        run._end(State.CANCELLED, "")
    except GiveUpError as error:
        run._end(State.FAILED, str(error))
    except Exception as error:  # noqa: BLE001 - any failure of a handler becomes a visible row
        trace = "".join(traceback.format_tb(error.__traceback__)[-3:])
        # The frames without the message, which might quote a row.
        what = type(error).__name__
        logger.error("Job %s (%s): %s\n%s", job_id, run.kind, what, trace)  # noqa: TRY400
        run._put_off(f"It stopped unexpectedly ({type(error).__name__}).")


def sweep() -> int:
    """Ring for every job that is due or was left by a worker that died. Returns how many.

    Run each minute and at the start of a consumer: this, not the ring, is what makes work certain.
    """
    due = list(_due().order_by("not_before").values_list("pk", flat=True)[:SWEEP_LIMIT])
    for job_id in due:
        ring(run_job, job_id)
    return len(due)


def release_dead_owners() -> int:
    """At a consumer's start: let go of jobs whose worker process on this machine is gone.

    Only a short cut, so that they need not wait for the lease: the fence is what keeps them safe.
    """
    freed = 0
    for job in Job.objects.filter(state=State.RUNNING, owner__startswith=f"{_host()}:"):
        if not _is_alive(int(job.owner.split(":")[1])):
            freed += Job.objects.filter(
                pk=job.pk, state=State.RUNNING, attempt=job.attempt, owner=job.owner
            ).update(lease_until=timezone.now())
    return freed


def _host() -> str:
    return socket.gethostname()[:20].replace(":", "-")


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _due() -> QuerySet[Job]:
    now = timezone.now()
    return Job.objects.filter(
        Q(state=State.READY, not_before__lte=now) | Q(state=State.RUNNING, lease_until__lte=now)
    )


def _claim(job_id: int) -> "JobRun | None":
    """Take the job for one turn, or nothing when it is not to be had."""
    if not _due().filter(pk=job_id).exists():
        return None  # no write lock for a ring that came twice
    owner = f"{_host()}:{os.getpid()}:{secrets.token_hex(4)}"
    with transaction.atomic():
        taken = (
            _due()
            .filter(pk=job_id)
            .update(
                state=State.RUNNING,
                owner=owner,
                attempt=F("attempt") + 1,
                tries=F("tries") + 1,
                lease_until=timezone.now() + LEASE,
                started_at=Coalesce(F("started_at"), timezone.now()),
            )
        )
        if not taken:
            return None
        job = Job.objects.get(pk=job_id)
        if job.tries > MAX_TRIES:
            _end(job, State.FAILED, f"It stopped {MAX_TRIES} times without getting any further.")
            return None
    return JobRun(job)


def _end(job: Job, state: str, problem: str) -> None:
    """Close a job that did not succeed, and let its record know; inside a transaction."""
    job.state, job.problem = state, problem[:300]
    job.owner, job.lease_until, job.finished_at = "", None, timezone.now()
    job.save()
    if job.kind in endings:
        endings[job.kind](job)


class JobRun:
    """One turn of a job, as its handler sees it: where it is, and the only way to get further."""

    def __init__(self, job: Job):
        self.job_id: int = job.pk
        self.kind: str = job.kind
        self.payload: dict[str, Any] = job.payload
        self.cursor: int = job.cursor
        self.done: int = job.done
        self.total: int | None = job.total
        self.phase: str = job.phase
        self.is_finished = False
        self._attempt = job.attempt
        self._tries = job.tries
        self._ends_at = time.monotonic() + TURN

    @contextmanager
    def chunk(
        self, *, to: int, count: int = 0, phase: str | None = None, total: int | None = None
    ) -> Iterator[None]:
        """One transaction: the work inside, and the cursor moved to `to`, or neither.

        `count` is added to what the progress bar shows; `phase` and `total` change its words and
        length (a new phase starts the bar again). Leaves the handler when the job was cancelled or
        taken over, or when the turn is used up.
        """
        changes: dict[str, Any] = {"cursor": to, "done": self.done + count}
        if phase is not None and phase != self.phase:
            changes |= {"phase": phase[:80], "done": count}
        if total is not None:
            changes["total"] = total
        if to != self.cursor or "phase" in changes:
            changes["tries"] = 0
        with transaction.atomic(durable=not sandbox.is_on()):
            self._move(changes)  # first: it locks the row, so a rival waits instead of working
            yield
        self._remember(changes)
        if time.monotonic() > self._ends_at:
            raise _TurnOver

    @contextmanager
    def finish(self) -> Iterator[None]:
        """The last transaction: the work inside, and the job done, or neither."""
        with transaction.atomic(durable=not sandbox.is_on()):
            self._move(
                {
                    "state": State.DONE,
                    "problem": "",
                    "finished_at": timezone.now(),
                    "owner": "",
                }
            )
            yield
        self.is_finished = True

    def describe(self, *, phase: str | None = None, total: int | None = None) -> None:
        """Say what the progress bar shows; moves nothing."""
        changes: dict[str, Any] = {}
        if phase is not None and phase != self.phase:
            changes |= {"phase": phase[:80], "done": 0}
        if total is not None and total != self.total:
            changes["total"] = total
        if changes:
            self._move(changes)
            self._remember(changes)

    def extend(self) -> None:
        """Keep the lease while something slow goes on between two chunks, such as an upload."""
        self._move({})

    def _mine(self) -> QuerySet[Job]:
        return Job.objects.filter(pk=self.job_id, state=State.RUNNING, attempt=self._attempt)

    def _move(self, changes: dict[str, Any]) -> None:
        """The fence: change the row only while it is ours, where we left it, and still wanted."""
        moved = (
            self._mine()
            .filter(cursor=self.cursor, cancel_requested=False)
            .update(**changes, lease_until=timezone.now() + LEASE)
        )
        if not moved:
            if self._mine().filter(cancel_requested=True).exists():
                raise _Cancelled
            raise _LeaseLost

    def _remember(self, changes: dict[str, Any]) -> None:
        for name in ("cursor", "done", "total", "phase"):
            if name in changes:
                setattr(self, name, changes[name])
        if "tries" in changes:
            self._tries = 0

    def _hand_back(self) -> None:
        now = timezone.now()
        self._mine().update(state=State.READY, owner="", lease_until=None, not_before=now)
        ring(run_job, self.job_id)

    def _put_off(self, problem: str) -> None:
        """Try again later, longer each time; after MAX_TRIES without progress, give up."""
        if self._tries >= MAX_TRIES:
            self._end(State.FAILED, problem)
            return
        wait = RETRY_SECONDS[min(max(self._tries, 1), len(RETRY_SECONDS)) - 1]
        put_off = self._mine().update(
            state=State.READY,
            owner="",
            lease_until=None,
            problem=problem,
            not_before=timezone.now() + timedelta(seconds=wait),
        )
        if put_off:
            ring(run_job, self.job_id, delay=wait)

    def _end(self, state: str, problem: str) -> None:
        with transaction.atomic():
            job = self._mine().select_for_update().first()
            if job is not None:
                _end(job, state, problem)
