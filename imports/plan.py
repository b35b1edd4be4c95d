"""Working out what a file would do and writing that down, batch by batch. Changes no record.

The plan is an object: what people look at, approve and see carried out is these PlanRows. Lines
that change nothing only count. Planning again replaces the plan. Row by row: imports.planner.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from itertools import islice
from typing import ClassVar, Protocol

from django.db import transaction

from . import bulk, rows, sealed
from .corrections import corrected
from .errors import UnreadableFile
from .leavers import plan_leavers
from .models import ImportRun
from .planner import Planner
from .reader import Table, read
from .resources import rosters

BATCH = 2_000


def open_table(run: ImportRun) -> tuple[Table, Callable[[], None]]:
    """The run's table, and the function that closes its file. Raises UnreadableFile."""
    roster = rosters[run.roster]
    try:
        stream = sealed.unseal(run.stored_name)
    except (sealed.BrokenSealError, FileNotFoundError):
        raise UnreadableFile(
            "The stored file is gone or was changed since the upload; send it again."
        ) from None
    try:
        tables = read(stream, run.size, list(roster.known_headings()))
    except BaseException:
        stream.close()
        raise
    table = next((table for table in tables if table.sheet == run.sheet), tables[0])
    return corrected(table, run), stream.close


class Step(Protocol):
    """How a long piece of work goes on: cms.jobs.JobRun, or Inline for the command line."""

    cursor: int

    def chunk(self, *, to: int, count: int = 0) -> AbstractContextManager[None]: ...

    def extend(self) -> None: ...


class Inline:
    """A step that nobody else can take over: each chunk is simply a transaction."""

    cursor = 0

    def chunk(self, *, to: int, count: int = 0) -> AbstractContextManager[None]:
        return transaction.atomic()

    def extend(self) -> None:
        """Nobody waits."""


def build(run: ImportRun, step: Step) -> None:
    """Read the file and write the plan: PlanRows, counts, what a guard rail holds back.

    Goes on from `step.cursor`, the number of batches already planned: with the reader of the turn
    before when it was in this process, otherwise by reading those batches again without writing
    them again. Raises UnreadableFile; all else that is wrong is a row of the plan.
    """
    reading = Reading.resumed(run, step) or Reading(run, step)
    try:
        with bulk.without_pauses():
            reading.go_on(step)
    except Exception:
        reading.close()
        raise
    except BaseException:  # the turn is over: the next one goes on from here
        reading.wait(run, step)
        raise
    reading.close()


class Reading:
    """A file on its way into a plan. One that waits for its next turn is kept, in memory alone."""

    waiting: ClassVar[dict[tuple[int, int], "Reading"]] = {}

    def __init__(self, run: ImportRun, step: Step):
        self.run = run
        table, self._close = open_table(run)
        try:
            if step.cursor == 0:
                run.plan_rows.all().delete()
                run.counts = {}
                run.held = []
            self.planner = Planner(run, table)
        except BaseException:
            self._close()
            raise
        self._lines = table.rows()
        self.batches = enumerate(batches(self._lines), 1)

    @classmethod
    def resumed(cls, run: ImportRun, step: Step) -> "Reading | None":
        """The reading that waits for exactly this place of this run; others are closed."""
        found = cls.waiting.pop((run.job_id, step.cursor), None)
        cls.forget()
        if found is not None:
            found.run = found.planner.run = run
        return found

    @classmethod
    def forget(cls) -> None:
        """Close what waits for a turn that this process will not get."""
        while cls.waiting:
            cls.waiting.popitem()[1].close()

    def wait(self, run: ImportRun, step: Step) -> None:
        self.waiting[run.job_id, step.cursor] = self

    def close(self) -> None:
        self._lines.close()  # lets go of the file before it is closed
        self._close()
        self.planner.met.close()

    def go_on(self, step: Step) -> None:
        run, planner = self.run, self.planner
        for number, batch in self.batches:
            if number <= step.cursor:
                planner.remember(batch)
                if number % 10 == 0:
                    step.extend()
                continue
            planned = planner.plan(batch)
            with step.chunk(to=number, count=len(batch)):
                rows.write(run, planned)
                run.counts = dict(planner.counts)
                run.save(update_fields=["counts"])
        if run.is_full:
            plan_leavers(run, step, planner.records, planner.met, planner.groups)
            planner.counts.update({name: run.counts[name] for name in ("left", "held")})
        run.counts = {name: planner.counts[name] for name in (*ImportRun.COUNTS, "held")}


def batches(rows: Iterator) -> Iterator[list]:
    while batch := list(islice(rows, BATCH)):
        yield batch
