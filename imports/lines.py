"""One line of a file -> the values of a record: the reading half of a plan.

Works on batches, so that cells which name other records cost one query for all of them. A blank
cell says nothing and never erases. Every finding carries the address of its cell.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.db.models import Model

from .errors import CellProblem
from .links import Lookup
from .mapping import Mapping
from .models import PlanRow
from .reader import Table
from .resources import Column, RosterResource, rosters
from .widgets import DateWidget, Repaired, TextWidget

REMEMBERED_CELLS = 20_000
STRICT_CELLS = 5


@dataclass(slots=True)
class Line:
    """`values` holds only what the line says; `key` is None when the line cannot be placed."""

    number: int
    cells: list[str]
    hash: str = ""
    key: tuple | None = None
    values: dict[str, Any] = field(default_factory=dict)
    problems: list[dict] = field(default_factory=list)

    @property
    def is_refused(self) -> bool:
        return any(problem["level"] == "refused" for problem in self.problems)


def planned_keys(earlier: list[int], model: type[Model], words: set[str]) -> set[str]:
    """Which of these keys the plans of earlier runs would give to new records of this model."""
    kinds = [key for key, roster in rosters.items() if roster._meta.model is model]
    rows = PlanRow.objects.filter(
        run__in=earlier, run__roster__in=kinds, action=PlanRow.Action.CREATE, key__in=words
    )
    return set(rows.values_list("key", flat=True))


class ColumnReader:
    """Reads one column of one file: its cells' text, and their meaning, remembering repeats."""

    def __init__(
        self, name: str, column: Column, places: list[int], mapping: Mapping, earlier: list[int]
    ):
        self.name = name
        self.column = column
        self.places = places
        self.rules = mapping.value_rules.get(name, {})
        self.lookup = None
        if column.is_link:
            planned = partial(planned_keys, earlier, column.widget.model) if earlier else None
            self.lookup = Lookup(column.widget, planned)
        self._seen: dict[str, Any] = {}
        self._parse: Callable[[str], Any] = column.widget.parse
        if self.lookup is not None:
            self._parse = self.lookup.parse
        elif isinstance(column.widget, DateWidget):
            order, widget = mapping.date_orders.get(name, "dmy"), column.widget
            self._parse = lambda text: widget.parse(text, order)

    def text(self, cells: list[str]) -> str:
        if len(self.places) == 1:
            text = cells[self.places[0]]
        else:
            parts = [cells[place].strip() for place in self.places]
            text = "".join(parts) if all(parts) else ""
        return self.rules.get(text.strip(), text) if self.rules else text

    def value(self, text: str) -> Any:
        """The value, or Repaired. Raises CellProblem."""
        try:
            return self._seen[text]
        except KeyError:
            value = self._parse(text)
            if self.lookup is None and len(self._seen) < REMEMBERED_CELLS:
                self._seen[text] = value
            return value


class LineReader:
    """Reads the lines of one table by one mapping."""

    def __init__(
        self, roster: type[RosterResource], table: Table, mapping: Mapping, earlier: list[int]
    ):
        self.roster = roster()
        self.table = table
        self.width = len(table.header)
        index = {heading: at for at, heading in enumerate(table.header)}
        self.columns = [
            ColumnReader(name, column, [index[word] for word in headings], mapping, earlier)
            for name, column in roster.fields.items()
            if (headings := mapping.columns.get(name))
        ]
        by_name = {reader.name: reader for reader in self.columns}
        self.key_columns = [by_name[name] for name in roster.key]
        self._leaves = index.get(mapping.leaves) if mapping.leaves else None
        self.required = [c for c in roster.fields.items() if c[1].required]
        places = {place for reader in self.columns for place in reader.places}
        self._places = sorted(places | ({self._leaves} if self._leaves is not None else set()))
        # What else decides how a line is read: under another mapping it is another line.
        salt = repr((sorted(mapping.columns.items()), mapping.date_orders, mapping.value_rules))
        self._salt = hashlib.blake2b(salt.encode(), digest_size=16).digest()

    def begin(self, numbered: list[tuple[int, list[str]]]) -> list[Line]:
        """Lines with their hash and key, and nothing else read yet."""
        places, salt = self._places, self._salt
        lines = []
        for number, cells in numbered:
            text = "\x1f".join([cells[place] for place in places])
            digest = hashlib.blake2b(text.encode(), digest_size=16, salt=salt).hexdigest()
            lines.append(Line(number, cells, digest))
        for reader in self.key_columns:
            if reader.lookup is not None:
                reader.lookup.learn(reader.text(line.cells) for line in lines)
        for line in lines:
            self._read_key(line)
        return lines

    def _read_key(self, line: Line) -> None:
        parts = []
        for reader in self.key_columns:
            text = reader.text(line.cells)
            if not text.strip():
                self._report(
                    line, reader, "", f"{reader.column.heading} is blank.",
                    "Each row needs one, to know which record it is about.",
                )  # fmt: skip
                return
            try:
                value = reader.value(text)
            except CellProblem as error:
                self._report(line, reader, text, error.problem, error.hint)
                return
            parts.append(value.value if isinstance(value, Repaired) else value)
        line.key = tuple(parts)

    def leaves(self, line: Line) -> bool:
        """Whether the line itself says that its record has left."""
        return self._leaves is not None and line.cells[self._leaves].strip().casefold() == "yes"

    def finish(self, lines: list[Line]) -> None:
        """Read every cell of these lines: their values and their problems."""
        for reader in self.columns:
            if reader.lookup is not None:
                reader.lookup.learn(reader.text(line.cells) for line in lines)
        for line in lines:
            for reader in self.columns:
                text = reader.text(line.cells)
                if text and not text.isspace():
                    self._read_cell(line, reader, text)
            if len(line.cells) > self.width:
                self._overflow(line)
            for name, problem, hint in self.roster.check(line.values):
                reader = next((c for c in self.columns if c.name == name), None)
                text = reader.text(line.cells) if reader else ""
                self._report(line, reader, text, problem, hint)

    def _overflow(self, line: Line) -> None:
        """Cells beyond the last heading. Has the row slipped, by a comma without quotes?

        Not when enough cells of a strict kind (dates, postcodes, numbers) are where they belong.
        """
        strict = [
            reader
            for reader in self.columns
            if reader.name in line.values and type(reader.column.widget) is not TextWidget
        ]
        last = self.table.address(len(line.cells) - 1, line.number)
        told = {problem["level"] for problem in line.problems}
        is_sound = len(strict) >= STRICT_CELLS and told <= {"repaired"}
        self._report(
            line, None, "", "This row has more cells than there are headings.",
            f"It reaches to {last}; what stands beyond the headings was left out." if is_sound
            else f"It reaches to {last}: is there a comma in a cell without quotation marks?",
            "warning" if is_sound else "refused",
        )  # fmt: skip

    def _read_cell(self, line: Line, reader: ColumnReader, text: str) -> None:
        try:
            value = reader.value(text)
        except CellProblem as error:
            level = "warning" if reader.column.when_bad == "leave" else "refused"
            self._report(line, reader, text, error.problem, error.hint, level)
            return
        if isinstance(value, Repaired):
            self._report(line, reader, text, value.note, "", "repaired")
            value = value.value
        if value != "":
            line.values[reader.name] = value

    def require(self, line: Line) -> None:
        """Report the columns that a new record cannot do without."""
        for name, column in self.required:
            if name not in line.values and not line.is_refused:
                reader = next((c for c in self.columns if c.name == name), None)
                self._report(
                    line, reader, "", f"{column.heading} is blank.",
                    f"A new {self.roster.one} needs it.",
                )  # fmt: skip

    def _report(  # noqa: PLR0917 - a finding is these six things
        self, line: Line, reader: ColumnReader | None, text: str, problem: str, hint: str,
        level: str = "refused",
    ) -> None:  # fmt: skip
        place = reader.places[0] if reader else None
        line.problems.append(
            {
                "column": self.table.header[place] if reader else "",
                "field": reader.name if reader else "",
                "cell": self.table.address(place, line.number) if reader else f"row {line.number}",
                "value": text.strip()[:200],
                "problem": problem,
                "hint": hint,
                "level": level,
            }
        )
