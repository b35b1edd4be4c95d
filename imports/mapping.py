"""Which column of a file is which column of a roster, and how its dates are written.

Columns are matched by name and by synonym, compared without case and punctuation; nothing is
matched by likeness alone. What is not matched is named, and its cells are never stored.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from itertools import islice

from .errors import UnreadableFile
from .reader import Table, tidy_heading
from .resources import RosterResource
from .widgets import DateWidget, tidy

EVIDENCE_ROWS = 5_000
PROOFS_NEEDED = 3
LEAVES = "Leaves the roster"


@dataclass
class Mapping:
    """`columns`: field -> headings of the file whose cells, joined, are its text.

    `date_orders`: field -> "dmy" or "mdy"; `value_rules`: field -> {text: text to read instead}.
    """

    columns: dict[str, list[str]]
    ignored: list[str] = field(default_factory=list)
    date_orders: dict[str, str] = field(default_factory=dict)
    date_proofs: dict[str, dict[str, int]] = field(default_factory=dict)  # cells that prove each
    blank_erases: bool = False
    alarms: list[str] = field(default_factory=list)
    value_rules: dict[str, dict[str, str]] = field(default_factory=dict)
    fingerprint: str = ""
    leaves: str = ""  # the heading whose "Yes" says that this row's record has left
    earlier_runs: list[int] = field(default_factory=list)  # of the same bundle
    leavers_of_groups: bool = False  # only of groups in the file can anybody leave by absence
    only_lines: list[int] = field(default_factory=list)  # read no others of the file
    notes: list[str] = field(default_factory=list)

    def to_json(self) -> dict:
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict) -> "Mapping":
        return cls(**data)


def propose(table: Table, roster: type[RosterResource]) -> Mapping:
    """The mapping that the headings themselves call for, with the proof of date orders."""
    headings: dict[str, str] = {}
    for heading in table.header:
        headings.setdefault(tidy_heading(heading), heading)
    taken: set[str] = set()
    columns: dict[str, list[str]] = {}

    def take(name: str, wanted: Iterable[str]) -> bool:
        found = [headings.get(tidy_heading(heading)) for heading in wanted]
        if not found or None in found or taken & set(found):
            return False
        columns[name] = [heading for heading in found if heading]
        taken.update(columns[name])
        return True

    # The hub's own headings first, for every column, so that no synonym takes one away; the
    # columns that make the key before the others, since without them there is no roster.
    order = sorted(roster.fields.items(), key=lambda item: item[0] not in roster.key)
    for name, column in order:
        take(name, [column.heading])
    for name, column in order:
        if name not in columns and not any(take(name, [word]) for word in column.synonyms):
            take(name, column.combines)
    mapping = Mapping(columns=columns, fingerprint=table.fingerprint)
    mapping.leaves = headings.get(tidy_heading(LEAVES), "")
    taken.add(mapping.leaves)
    mapping.ignored = [heading for heading in table.header if heading not in taken]
    prove_dates(mapping, table, roster)
    return mapping


def require_key(mapping: Mapping, roster: type[RosterResource]) -> None:
    """Raise UnreadableFile unless the columns that say which record a row is about are there."""
    missing = [roster.fields[name].heading for name in roster.key if name not in mapping.columns]
    if missing:
        raise UnreadableFile(
            f"No column of the file is the {' or the '.join(missing)}, so its rows cannot be "
            f"matched to {roster.title.lower()}. Name the column that is."
        )


def prove_dates(mapping: Mapping, table: Table, roster: type[RosterResource]) -> None:
    """Decide for each date column whether days or months come first, from its own cells.

    Day first, as here, unless several dates can only be month first and none only day first.
    """
    index = {heading: at for at, heading in enumerate(table.header)}
    columns = {
        name: index[headings[0]]
        for name, headings in mapping.columns.items()
        if isinstance(roster.fields[name].widget, DateWidget)
    }
    if not columns:
        return
    proofs: dict[str, Counter[str]] = {name: Counter() for name in columns}
    for _line, cells in islice(table.rows(), EVIDENCE_ROWS):
        for name, at in columns.items():
            found = re.match(r"(\d{1,2})[-/. ](\d{1,2})[-/. ]\d{4}", tidy(cells[at]))
            if found:
                first, second = int(found[1]), int(found[2])
                proofs[name]["dmy"] += first > 12 >= second
                proofs[name]["mdy"] += second > 12 >= first
    for name, proof in proofs.items():
        month_first = proof["mdy"] >= PROOFS_NEEDED and not proof["dmy"]
        mapping.date_orders[name] = "mdy" if month_first else "dmy"
        mapping.date_proofs[name] = {"dmy": proof["dmy"], "mdy": proof["mdy"]}
        if proof["mdy"] and proof["dmy"]:
            mapping.notes.append(
                f"Column {mapping.columns[name][0]!r} holds dates with the day first and dates "
                "with the month first; it is read day first."
            )
        if month_first:
            heading = mapping.columns[name][0]
            mapping.notes.append(
                f"Column {heading!r} writes the month first: {proof['mdy']} of its dates can be "
                "read no other way."
            )
