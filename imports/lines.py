"""One line of a file -> the values of a record: the reading half of a plan.

Works on batches, so that cells which name other records cost one query for all of them. A blank
cell says nothing and never erases. Every finding carries the address of its cell.
"""

import hashlib
from collections.abc import Callable
from functools import partial
from itertools import repeat
from operator import itemgetter
from typing import Any

from django.db.models import Model

from . import bulk
from .errors import CellProblem
from .links import Lookup
from .mapping import Mapping
from .models import PlanRow
from .reader import Table
from .resources import Column, RosterResource, rosters
from .widgets import DateWidget, Repaired, TextWidget

REMEMBERED_CELLS = 20_000
STRICT_CELLS = 5
UNSEEN = object()


class Line:
    """`values` holds only what the line says; `key` is None when the line cannot be placed."""

    __slots__ = ("cells", "hash", "key", "number", "problems", "values")

    def __init__(self, number: int, cells: list[str], row_hash: str):
        self.number = number
        self.cells = cells
        self.hash = row_hash
        self.key: tuple | None = None
        self.values: dict[str, Any] = {}
        self.problems: list[dict] = []

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
        self, name: str, column: Column, places: list[int], mapping: Mapping, *, can_erase: bool
    ):
        self.name = name
        self.column = column
        self.places = places
        self.rules = mapping.value_rules.get(name, {})
        self.lookup = None
        if column.is_link:
            earlier = mapping.earlier_runs
            planned = partial(planned_keys, earlier, column.widget.model) if earlier else None
            self.lookup = Lookup(column.widget, planned)
        self.place = places[0]
        self.can_erase = can_erase
        self.is_plain = len(places) == 1 and not self.rules
        self.met: dict[str, Any] = {}  # what cells of this text mean
        self._json: dict[str, str | None] = {}  # the same as a member of a JSON object
        self._name = f"{bulk.dumps(name)}:"
        self._blank = ""
        if can_erase and mapping.blank_erases:
            self._blank = self._name + bulk.dumps(column.widget.to_json(column.blank))
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
            return self.met[text]
        except KeyError:
            value = self._parse(text)
            if len(self.met) < REMEMBERED_CELLS:
                self.met[text] = value
            return value

    def all_texts(self, rows: list[list[str]]) -> list[str]:
        """The texts of this column in these rows of cells."""
        if self.is_plain:
            return list(map(itemgetter(self.place), rows))
        return [self.text(cells) for cells in rows]

    def as_json(self, texts: list[str]) -> list[str | None]:
        """Each text as a member of a JSON object: `"name":value`.

        "" where it says nothing, None where it must be looked at by itself.
        """
        widget = self.column.widget
        if self.lookup is not None:
            self.lookup.learn(texts)
        elif widget.take_as_they_are(texts):
            name, blank, quoted = self._name, self._blank, bulk.quoted
            return [name + quoted(text) if text else blank for text in texts]
        found = list(map(self._json.get, texts, repeat(UNSEEN)))
        if UNSEEN in found:
            return [
                self._one_as_json(text) if known is UNSEEN else known
                for text, known in zip(texts, found, strict=True)
            ]
        return found

    def _one_as_json(self, text: str) -> str | None:
        if not text or text.isspace():
            member = self._blank
        else:
            try:
                value = self.value(text)
            except CellProblem:
                return None
            member = None
            if value == "":
                member = ""
            elif type(value) is not Repaired:
                # As imports.records encodes it: a link is its key already.
                known = value if self.lookup is not None else self.column.widget.to_json(value)
                member = self._name + bulk.dumps(known)
        if len(self._json) < REMEMBERED_CELLS:
            self._json[text] = member
        return member


class LineReader:
    """Reads the lines of one table by one mapping."""

    def __init__(self, roster: type[RosterResource], table: Table, mapping: Mapping):
        self.roster = roster()
        self.table = table
        self.width = len(table.header)
        index = {heading: at for at, heading in enumerate(table.header)}
        self.columns = [
            ColumnReader(
                name,
                column,
                [index[word] for word in headings],
                mapping,
                can_erase=roster.can_erase(name),
            )
            for name, column in roster.fields.items()
            if (headings := mapping.columns.get(name))
        ]
        by_name = {reader.name: reader for reader in self.columns}
        self.key_columns = [by_name[name] for name in roster.key]
        self._leaves = index.get(mapping.leaves) if mapping.leaves else None
        self.required = [c for c in roster.fields.items() if c[1].required]
        places = {place for reader in self.columns for place in reader.places}
        used = sorted(places | ({self._leaves} if self._leaves is not None else set()))
        self._ruled = [(reader.place, reader.rules) for reader in self.columns if reader.rules]
        self._blank_erases = mapping.blank_erases
        self._pick = itemgetter(*used) if len(used) > 1 else lambda cells: [cells[used[0]]]
        self._checks = type(self.roster).check is not RosterResource.check
        # What else decides how a line is read: under another mapping it is another line.
        salt = repr((sorted(mapping.columns.items()), mapping.date_orders, mapping.blank_erases))
        self._salt = hashlib.blake2b(salt.encode(), digest_size=16).digest()

    def begin(self, numbered: list[tuple[int, list[str]]]) -> list[Line]:
        """Lines with their hash and key, and nothing else read yet."""
        lines = [
            Line(number, cells, row_hash)
            for (number, cells), row_hash in zip(numbered, self._hashes(numbered), strict=True)
        ]
        self._read_keys(lines)
        return lines

    def _hashes(self, numbered: list[tuple[int, list[str]]]) -> list[str]:
        pick, salt, blake2b, join = self._pick, self._salt, hashlib.blake2b, "\x1f".join
        if not self._ruled:
            return [
                blake2b(join(pick(cells)).encode(), digest_size=16, salt=salt).hexdigest()
                for _number, cells in numbered
            ]
        hashes = []
        for _number, cells in numbered:
            text = join(pick(cells))
            for place, rules in self._ruled:  # under another rule it is another line
                text += rules.get(cells[place].strip(), "")
            hashes.append(blake2b(text.encode(), digest_size=16, salt=salt).hexdigest())
        return hashes

    def _read_keys(self, lines: list[Line]) -> None:
        columns = [reader.all_texts([line.cells for line in lines]) for reader in self.key_columns]
        plain = True
        for reader, texts in zip(self.key_columns, columns, strict=True):
            if reader.lookup is not None:
                reader.lookup.learn(texts)
                plain = False
            elif not all(texts) or not reader.column.widget.take_as_they_are(texts):
                plain = False
        if plain:
            for line, key in zip(lines, zip(*columns, strict=True), strict=True):
                line.key = key
        else:
            for line in lines:
                self._read_key(line)

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

    def as_json(self, lines: list[Line]) -> list[str | None]:
        """What each of these new lines says, as the members of a JSON object without its braces.

        None for a line that is not clean through and through: for that, `finish` says all.
        """
        mapped = {reader.name for reader in self.columns}
        if self._checks or any(name not in mapped for name, _column in self.required):
            return [None] * len(lines)
        rows = [line.cells for line in lines]
        members = []
        for reader in self.columns:
            column = reader.as_json(reader.all_texts(rows))
            if reader.column.required:
                column = [member or None for member in column]
            members.append(column)
        width = self.width
        return [
            None if None in row or len(cells) > width else ",".join(filter(None, row))
            for row, cells in zip(zip(*members, strict=True), rows, strict=True)
        ]

    def finish(self, lines: list[Line]) -> None:
        """Read every cell of these lines: their values and their problems."""
        for reader in self.columns:
            if reader.lookup is not None:
                reader.lookup.learn(reader.text(line.cells) for line in lines)
        for line in lines:
            values, cells = line.values, line.cells
            for reader in self.columns:
                text = cells[reader.place] if reader.is_plain else reader.text(cells)
                if not text or text.isspace():
                    if self._blank_erases and reader.can_erase:
                        values[reader.name] = reader.column.blank
                    continue
                value = reader.met.get(text)
                if value is None or type(value) is Repaired:
                    self._read_cell(line, reader, text)
                elif value != "":
                    values[reader.name] = value
            if len(line.cells) > self.width:
                self._overflow(line)
            for name, problem, hint in self.roster.check(values) if self._checks else ():
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
