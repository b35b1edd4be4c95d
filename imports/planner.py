"""What each line of a file would do to the records: the rows of a plan, a batch at a time.

Compares what lines say with what the records hold. A clean new line, the usual one of a first
load, goes straight from its cells to the JSON of its row; every other is looked at by itself.
"""

from collections import Counter
from datetime import date
from typing import Any

from . import history
from .leavers import leaving_value
from .lines import Line, LineReader
from .lookalikes import consider
from .mapping import Mapping, require_key
from .met import Met
from .models import ImportRun, PlanRow
from .reader import Table
from .records import HASH, Records
from .resources import RosterResource, in_words, rosters
from .rows import PlannedRow

Action = PlanRow.Action


class Planner:
    """Compares batches of lines with the records and writes the rows of one plan."""

    def __init__(self, run: ImportRun, table: Table):
        self.run = run
        self.roster: type[RosterResource] = rosters[run.roster]
        mapping = Mapping.from_json(run.mapping)
        require_key(mapping, self.roster)
        self.reader = LineReader(self.roster, table, mapping)
        self.records = Records(self.roster)
        self.names = [reader.name for reader in self.reader.columns]
        self.counts: Counter[str] = Counter(run.counts)
        self.met = Met()
        self._renamed: dict[tuple, str] = {}  # former key -> what the record is called now
        # A bundle's enrolments speak only of the groups that it holds.
        self.groups: set[str] | None = set() if run.mapping.get("leavers_of_groups") else None

    def _note_groups(self, lines: list[Line]) -> None:
        if self.groups is not None:
            at = self.roster.key.index("group")
            self.groups.update(line.key[at] for line in lines if line.key is not None)

    def remember(self, batch: list[tuple[int, list[str]]]) -> None:
        """Know again which keys and records these lines, planned earlier, were about."""
        lines = self.reader.begin(batch)
        self._note_groups(lines)
        self.met.repeats((line.key, line.number) for line in lines if line.key is not None)
        if self.run.is_full:
            found = self.records.find(line.key for line in lines if line.key is not None)
            self.met.name(row[0] for row in found.values())

    def plan(self, batch: list[tuple[int, list[str]]]) -> list[PlannedRow]:
        """The rows of one batch, not yet saved; two or three queries, however many lines."""
        self.counts["rows"] += len(batch)
        lines = self.reader.begin(batch)
        self._note_groups(lines)
        planned = [self._refuse(line) for line in lines if line.key is None]
        fresh = [line for line in lines if line.key is not None]
        if repeats := self.met.repeats([(line.key, line.number) for line in fresh]):
            planned += [
                self._duplicate(line, repeats[line.number])
                for line in fresh
                if line.number in repeats
            ]
            fresh = [line for line in fresh if line.number not in repeats]
        known = self._find(fresh)
        to_read = []
        unchanged = 0
        for line in fresh:
            found = known.get(line.key)
            if self.reader.leaves(line):
                planned.append(self._leave(line, found))
                continue
            if found is not None and found[1] == line.hash and not self._has_left(found[2]):
                unchanged += 1
                continue
            to_read.append(line)
        self.counts["unchanged"] += unchanged
        if self.run.is_full:
            self.met.name(row[0] for row in known.values())
        self._read(to_read, known, planned)
        planned = [row for row in planned if row is not None]
        self._look_for_known_people(planned)
        return planned

    def _find(self, lines: list[Line]) -> dict[tuple, tuple]:
        """Key -> (pk, hash, left) of the records that these lines are about, by whatever key."""
        known = self.records.find([line.key for line in lines])
        missing = {line.key: line for line in lines if line.key not in known}
        former = history.find(self.records, self.run.roster, missing)
        if former:
            now = self.records.keys_of(former.values())
            for key, pk in former.items():
                if pk in now:
                    known[key] = (pk, "", now[pk][1])
                    self._renamed[key] = self.records.key_text(now[pk][0])
        return known

    def _read(self, lines: list[Line], known: dict[tuple, tuple], planned: list) -> None:
        """Plan the lines that are new or differ from what was last seen."""
        new = [line for line in lines if line.key not in known]
        if new:
            lines = [line for line in lines if line.key in known]
            lines += self._create_clean(new, planned)
        self.reader.finish(lines)
        pks = [known[line.key][0] for line in lines if line.key in known]
        now = self.records.read(pks, self.names) if pks else {}
        kept = self.records.kept(pks) if pks else {}
        for line in lines:
            if line.key in known:
                pk = known[line.key][0]
                planned.append(self._compare(line, pk, now[pk], kept.get(pk, {})))
            else:
                self.reader.require(line)
                planned.append(self._refuse(line) if line.is_refused else self._create(line))

    def _create_clean(self, new: list[Line], planned: list) -> list[Line]:
        """Plan new lines that are clean through and through; returns the others."""
        others = []
        text, has_hash = self.records.key_text, self.roster.has_hash
        for line, members in zip(new, self.reader.as_json(new), strict=True):
            if members is None:
                others.append(line)
                continue
            after = f'{{{members},"{HASH}":"{line.hash}"}}' if has_hash else f"{{{members}}}"
            planned.append(PlannedRow(Action.CREATE, line.number, text(line.key), after=after))
        self.counts["created"] += len(new) - len(others)
        return others

    def _look_for_known_people(self, planned: list[PlannedRow]) -> None:
        asked, known = consider(self.run, self.records, planned)
        self.counts["asked"] += asked
        self.counts["updated"] += known
        self.counts["created"] -= known + asked

    def _has_left(self, left: Any) -> bool:
        return left is False if self.records.left_field == "is_open" else left is not None

    def _row(self, line: Line, action: str, **values) -> PlannedRow:
        if line.problems and any(problem["level"] == "repaired" for problem in line.problems):
            self.counts["repaired"] += 1
        return PlannedRow(
            line=line.number,
            key=self.records.key_text(line.key) if line.key else "",
            action=action,
            problems=line.problems,
            **values,
        )

    def _refuse(self, line: Line) -> PlannedRow:
        self.counts["refused"] += 1
        return self._row(line, Action.REFUSED)

    def _duplicate(self, line: Line, first: int) -> PlannedRow:
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

    def _leave(self, line: Line, found: tuple | None) -> PlannedRow | None:
        """A line that says "left": for a record that is here, never a reason to make one."""
        if found is None or not self.records.left_field or self._has_left(found[2]):
            self.counts["unchanged"] += 1
            return None
        self.counts["left"] += 1
        left_field = self.records.left_field
        before = {left_field: self.records.encode(left_field, found[2])}
        after = {left_field: leaving_value(self.run, left_field)}
        if self.roster.has_hash:
            before[HASH], after[HASH] = found[1], ""
        return self._row(line, Action.LEAVE, record_id=found[0], before=before, after=after)

    def _create(self, line: Line) -> PlannedRow:
        self.counts["created"] += 1
        after = self.records.encoded(line.values)
        if self.roster.has_hash:
            after[HASH] = line.hash
        return self._row(line, Action.CREATE, after=after)

    def _compare(
        self, line: Line, pk: int, now: dict[str, Any], kept: dict[str, str]
    ) -> PlannedRow | None:
        if line.is_refused:
            return self._refuse(line)
        records = self.records
        before, after = {}, {}
        if line.key in self._renamed:
            self._report_former(line)
        for name, said in line.values.items():
            old = now[name]
            value = sorted({*old, *said}) if name in self.roster.keeps_links else said
            if value == old:
                continue
            if name in kept:
                self._report_kept(line, name, kept[name], old)
                continue
            before[name], after[name] = records.encode(name, old), records.encode(name, value)
        if self._has_left(now.get(records.left_field)):
            before[records.left_field] = records.encode(records.left_field, now[records.left_field])
            after[records.left_field] = True if records.left_field == "is_open" else None
        action = Action.UPDATE if after else Action.UNCHANGED
        self.counts["updated" if after else "unchanged"] += 1
        if self.roster.has_hash:
            before[HASH], after[HASH] = now[HASH], line.hash
        if not after and not line.problems:
            return None
        return self._row(line, action, record_id=pk, before=before, after=after)

    def _report_former(self, line: Line) -> None:
        """The record keeps the key it has now; the line is known by the one it had."""
        for name in self.roster.key:
            line.values.pop(name, None)
        reader = self.reader.key_columns[0]
        line.problems.append(
            {
                "column": self.reader.table.header[reader.places[0]],
                "field": reader.name,
                "cell": self.reader.table.address(reader.places[0], line.number),
                "value": reader.text(line.cells).strip()[:200],
                "problem": f"This is the former key of {self._renamed[line.key]}; read as that "
                f"{self.roster.one}.",
                "hint": "Ask the source to use the new one.",
                "level": "repaired",
            }
        )

    def _report_kept(self, line: Line, name: str, why: str, ours: Any) -> None:
        reader = next(reader for reader in self.reader.columns if reader.name == name)
        heading = reader.column.heading
        if why == "locked":
            problem = f"{heading} is locked here, so ours was kept."
            hint = "Unlock it on the record to let the file decide."
        else:
            said = in_words(reader.column, self.records.encode(name, ours)) or "blank"
            day = f"{date.fromisoformat(why):%d/%m/%Y}"
            problem = f"{heading} was changed here on {day} to “{said[:80]}”, so ours was kept."
            hint = "Let the file decide, or tell the source."
        line.problems.append(
            {
                "column": self.reader.table.header[reader.places[0]],
                "field": name,
                "cell": self.reader.table.address(reader.places[0], line.number),
                "value": reader.text(line.cells).strip()[:200],
                "problem": problem,
                "hint": hint,
                "level": "locked" if why == "locked" else "kept",
            }
        )
