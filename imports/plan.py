"""Working out what a file would do, row by row, and writing that down. Changes no record.

The plan is an object: what people look at, approve and see carried out is these PlanRows. Lines
that change nothing only count. Planning again replaces the plan.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from itertools import islice
from typing import Any, Protocol

from django.db import transaction

from . import sealed
from .errors import UnreadableFile
from .leavers import leaving_value, plan_leavers
from .lines import Line, LineReader
from .lookalikes import consider
from .mapping import Mapping, require_key
from .models import ImportRun, PlanRow
from .reader import Table, read
from .records import HASH, Records
from .resources import RosterResource, rosters

BATCH = 2_000
Action = PlanRow.Action


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
    return table, stream.close


class Step(Protocol):
    """How a long piece of work goes on: cms.jobs.JobRun, or Inline for the command line."""

    cursor: int

    def chunk(self, *, to: int, count: int = 0) -> AbstractContextManager[None]: ...


class Inline:
    """A step that nobody else can take over: each chunk is simply a transaction."""

    cursor = 0

    def chunk(self, *, to: int, count: int = 0) -> AbstractContextManager[None]:
        return transaction.atomic()


def build(run: ImportRun, step: Step) -> None:
    """Read the file and write the plan: PlanRows, counts, what a guard rail holds back.

    Goes on from `step.cursor`, the number of batches already planned, which are read again but
    not written again. Raises UnreadableFile; all else that is wrong is a row of the plan.
    """
    table, close = open_table(run)
    try:
        if step.cursor == 0:
            run.plan_rows.all().delete()
            run.counts = {}
        planner = Planner(run, table)
        for number, batch in enumerate(_batches(table.rows()), 1):
            if number <= step.cursor:
                planner.remember(batch)
                continue
            rows = planner.plan(batch)
            with step.chunk(to=number, count=len(batch)):
                PlanRow.objects.bulk_create(rows, batch_size=500)
                run.counts = dict(planner.counts)
                run.save(update_fields=["counts"])
        if run.is_full:
            plan_leavers(run, planner.records, planner.seen, planner.counts, planner.groups)
    finally:
        close()
    run.counts = {name: planner.counts[name] for name in (*ImportRun.COUNTS, "held")}


def _batches(rows: Iterator) -> Iterator[list]:
    while batch := list(islice(rows, BATCH)):
        yield batch


class Planner:
    """Compares batches of lines with the records and writes the rows of one plan."""

    def __init__(self, run: ImportRun, table: Table):
        self.run = run
        self.roster: type[RosterResource] = rosters[run.roster]
        mapping = Mapping.from_json(run.mapping)
        require_key(mapping, self.roster)
        self.reader = LineReader(self.roster, table, mapping, mapping.earlier_runs)
        self.records = Records(self.roster)
        self.names = [reader.name for reader in self.reader.columns]
        self.counts: Counter[str] = Counter(run.counts)
        self.seen: set[int] = set()
        # A bundle's enrolments speak only of the groups that it holds.
        self.groups: set[str] | None = set() if run.mapping.get("leavers_of_groups") else None
        self._lines: dict[tuple, int] = {}

    def _note_groups(self, lines: list[Line]) -> None:
        if self.groups is not None:
            at = self.roster.key.index("group")
            self.groups.update(line.key[at] for line in lines if line.key is not None)

    def remember(self, batch: list[tuple[int, list[str]]]) -> None:
        """Know again which keys and records these lines, planned earlier, were about."""
        keys = {}
        lines = self.reader.begin(batch)
        self._note_groups(lines)
        for line in lines:
            if line.key is not None:
                keys[line.key] = self._lines.setdefault(line.key, line.number)
        self.seen.update(found[0] for found in self.records.find(keys).values())

    def plan(self, batch: list[tuple[int, list[str]]]) -> list[PlanRow]:
        """The rows of one batch, not yet saved; two or three queries, however many lines."""
        self.counts["rows"] += len(batch)
        lines = self.reader.begin(batch)
        self._note_groups(lines)
        rows = [self._refuse(line) for line in lines if line.key is None]
        fresh = []
        for line in lines:
            if line.key is not None:
                first = self._lines.setdefault(line.key, line.number)
                if first != line.number:
                    rows.append(self._duplicate(line, first))
                else:
                    fresh.append(line)
        known = self.records.find(line.key for line in fresh)
        to_read = []
        for line in fresh:
            found = known.get(line.key)
            if self.reader.leaves(line):
                rows.append(self._leave(line, found))
                continue
            if found is not None:
                self.seen.add(found[0])
                if found[1] == line.hash and not self._has_left(found[2]):
                    self.counts["unchanged"] += 1
                    continue
            to_read.append(line)
        self.reader.finish(to_read)
        pks = [known[line.key][0] for line in to_read if line.key in known]
        now = self.records.read(pks, self.names) if pks else {}
        for line in to_read:
            if line.key in known:
                pk, _hash, _left, locked = known[line.key]
                rows.append(self._compare(line, pk, now[pk], locked or []))
            else:
                self.reader.require(line)
                rows.append(self._refuse(line) if line.is_refused else self._create(line))
        rows = [row for row in rows if row is not None]
        self._look_for_known_people(rows)
        return rows

    def _look_for_known_people(self, rows: list[PlanRow]) -> None:
        created = sum(row.action == Action.CREATE for row in rows)
        asked = consider(self.run, self.records, rows)
        left = sum(row.action == Action.CREATE for row in rows)
        self.counts["asked"] += asked
        self.counts["updated"] += created - left
        self.counts["created"] -= created - left + asked

    def _has_left(self, left: Any) -> bool:
        return left is False if self.records.left_field == "is_open" else left is not None

    def _row(self, line: Line, action: str, **values) -> PlanRow:
        if any(problem["level"] == "repaired" for problem in line.problems):
            self.counts["repaired"] += 1
        return PlanRow(
            run=self.run,
            line=line.number,
            key=self.records.key_text(line.key) if line.key else "",
            action=action,
            problems=line.problems,
            has_problems=bool(line.problems),
            **values,
        )

    def _refuse(self, line: Line) -> PlanRow:
        self.counts["refused"] += 1
        return self._row(line, Action.REFUSED)

    def _duplicate(self, line: Line, first: int) -> PlanRow:
        self.counts["duplicates"] += 1
        reader = self.reader.key_columns[0]
        line.problems.append(
            {
                "column": self.reader.table.header[reader.places[0]],
                "field": reader.name,
                "cell": self.reader.table.address(reader.places[0], line.number),
                "value": reader.text(line.cells).strip()[:200],
                "problem": f"Row {first} is about the same {self.roster.one} already.",
                "hint": "The first of them counts; take out the one that is wrong.",
                "level": "refused",
            }
        )
        return self._row(line, Action.DUPLICATE)

    def _leave(self, line: Line, found: tuple | None) -> PlanRow | None:
        """A line that says "left": for a record that is here, never a reason to make one."""
        if found is None or self._has_left(found[2]):
            self.counts["unchanged"] += 1
            return None
        self.counts["left"] += 1
        self.seen.add(found[0])
        left_field = self.records.left_field
        before = {left_field: self.records.encode(left_field, found[2])}
        after = {left_field: leaving_value(self.run, left_field)}
        if self.roster.has_hash:
            before[HASH], after[HASH] = found[1], ""
        return self._row(line, Action.LEAVE, record_id=found[0], before=before, after=after)

    def _create(self, line: Line) -> PlanRow:
        self.counts["created"] += 1
        after = {name: self.records.encode(name, value) for name, value in line.values.items()}
        if self.roster.has_hash:
            after[HASH] = line.hash
        return self._row(line, Action.CREATE, after=after)

    def _compare(
        self, line: Line, pk: int, now: dict[str, Any], locked: list[str]
    ) -> PlanRow | None:
        if line.is_refused:
            return self._refuse(line)
        records = self.records
        before, after = {}, {}
        for name, said in line.values.items():
            old = now[name]
            value = sorted({*old, *said}) if name in self.roster.keeps_links else said
            if value == old:
                continue
            if name in locked:
                self._kept(line, name)
                continue
            before[name], after[name] = records.encode(name, old), records.encode(name, value)
        if self._has_left(now[records.left_field]):
            before[records.left_field] = records.encode(records.left_field, now[records.left_field])
            after[records.left_field] = True if records.left_field == "is_open" else None
        action = Action.UPDATE if after else Action.UNCHANGED
        self.counts["updated" if after else "unchanged"] += 1
        if self.roster.has_hash:
            before[HASH], after[HASH] = now[HASH], line.hash
        if not after and not line.problems:
            return None
        return self._row(line, action, record_id=pk, before=before, after=after)

    def _kept(self, line: Line, name: str) -> None:
        reader = next(reader for reader in self.reader.columns if reader.name == name)
        line.problems.append(
            {
                "column": self.reader.table.header[reader.places[0]],
                "field": name,
                "cell": self.reader.table.address(reader.places[0], line.number),
                "value": reader.text(line.cells).strip()[:200],
                "problem": f"{reader.column.heading} is locked here, so ours was kept.",
                "hint": "Unlock it on the record to let the file decide.",
                "level": "warning",
            }
        )
