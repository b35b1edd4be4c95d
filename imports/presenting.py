"""What the screens of a run say, worked out of its rows: tabs, rows in words, progress.

Reads only. The number of queries does not depend on the number of rows.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from cms.models import Job

from . import leavers
from .forms import ColumnsForm
from .lookalikes import candidate_of
from .mapping import Mapping
from .models import ImportRun, PlanRow
from .reader import Table
from .records import Records
from .resources import RosterResource, in_words, rosters

Action = PlanRow.Action


@dataclass(frozen=True)
class Tab:
    key: str
    label: str
    count: int
    tone: str = ""


def tabs(run: ImportRun) -> list[Tab]:
    """The parts of a plan or receipt that hold anything, in the order of interest."""
    counts = {name: run.count(name) for name in (*ImportRun.COUNTS, "held")}
    trouble = run.plan_rows.filter(has_problems=True).exclude(outcome="ask").count()
    listed = [
        Tab("ask", _("Same person?"), counts["asked"], "critical"),
        Tab("problems", _("To look at"), trouble, "critical"),
        Tab("held", _("Held back"), counts["held"], "critical"),
        Tab("create", _("New"), counts["created"]),
        Tab("update", _("Changed"), counts["updated"]),
        Tab("leave", _("Left"), counts["left"]),
        Tab("remove", _("Removed"), counts["removed"]),
    ]
    return [tab for tab in listed if tab.count]


def shown_rows(run: ImportRun, tab: str, query: str, scope: str | None = None) -> "RowList":
    """The rows of one tab, as a list that a paginator cuts; `scope` is of those held back."""
    rows = run.plan_rows.order_by("pk")
    if tab == "problems":
        rows = rows.filter(has_problems=True).exclude(outcome="ask").order_by("line", "pk")
    elif tab == "ask":
        rows = rows.filter(outcome="ask")
    elif tab == "held":
        rows = rows.filter(outcome=PlanRow.Outcome.HELD)
        rows = rows if scope is None else leavers.rows_of(run, scope).order_by("pk")
    elif tab in Action.values:
        rows = rows.filter(action=tab, outcome="")
    else:
        rows = rows.none()
    if query:
        line = Q(line=int(query)) if query.isdecimal() and len(query) < 9 else Q()
        rows = rows.filter(Q(key__icontains=query) | line)
    return RowList(rows, rosters[run.roster])


class RowList:
    """A queryset of plan rows whose slices come back as ShownRow: only one page is ever made."""

    ordered = True

    def __init__(self, rows: QuerySet[PlanRow], roster: type[RosterResource]):
        self._rows, self._roster = rows, roster

    def __len__(self) -> int:
        return self._rows.count()

    def count(self) -> int:
        return self._rows.count()

    def __getitem__(self, which: slice) -> "list[ShownRow]":
        rows = list(self._rows[which])
        asked = {pk for row in rows if row.outcome == "ask" and (pk := candidate_of(row))}
        records = Records(self._roster)
        known = records.read(asked, records.columns) if asked else {}
        return [ShownRow(row, self._roster, known) for row in rows]


class ShownRow:
    """One row of a plan in words."""

    def __init__(self, row: PlanRow, roster: type[RosterResource], known: dict):
        self._known = known.get(candidate_of(row), {}) if row.outcome == "ask" else {}
        self.pk, self.line, self.key, self.action = row.pk, row.line, row.key, row.action
        self.label = row.get_action_display()
        self.outcome = row.get_outcome_display() if row.outcome else ""
        self.problems = row.problems
        self._row, self._columns = row, roster.fields
        self.can_mend = any(self._is_mendable(problem) for problem in row.problems)

    @staticmethod
    def _is_mendable(problem: dict) -> bool:
        return bool(problem["field"]) and problem["level"] in {"refused", "warning"}

    def findings(self) -> Iterator[tuple[dict, bool, bool]]:
        """(problem, whether its cell can be mended here, whether it is the row's last)."""
        seen: set[str] = set()
        for at, problem in enumerate(self.problems, 1):
            first = problem["field"] not in seen
            seen.add(problem["field"])
            yield problem, first and self._is_mendable(problem), at == len(self.problems)

    def changes(self) -> Iterator[tuple[str, str, str]]:
        """(column, old, new) of what changes, in words."""
        names = [name for name in self._columns if name in self._row.after | self._row.before]
        for name in names:
            column = self._columns[name]
            yield (
                column.heading,
                in_words(column, self._row.before.get(name)),
                in_words(column, self._row.after.get(name)),
            )
        if "left_at" in self._row.after and not self._row.after["left_at"]:
            yield _("Left"), _("Yes"), _("No: back again")

    def side_by_side(self) -> Iterator[tuple[str, str, str]]:
        """(column, the hub's record, the file's line) of a possible match."""
        for name, column in self._columns.items():
            here, there = self._known.get(name), self._row.after.get(name)
            if here or there:
                here = here if column.is_link else column.widget.to_json(here)
                yield column.heading, in_words(column, here), in_words(column, there)


class Receipt:
    """The figures at the top of a plan or receipt."""

    def __init__(self, run: ImportRun):
        is_done = run.state in {"applied", "cancelled", "failed"}
        words = [
            ("created", _("created") if is_done else _("new")),
            ("updated", _("updated") if is_done else _("changed")),
            ("unchanged", _("unchanged")),
            ("left", _("left")),
            ("removed", _("removed")),
            ("refused", _("refused")),
            ("duplicates", _("twice in the file")),
            ("repaired", _("repaired")),
            ("conflicts", _("overtaken, kept as they are")),
            ("held", _("held back")),
            ("asked", _("to decide")),
        ]
        always = {"created", "updated", "unchanged", "left"}
        self.figures = [
            (word, run.count(name), name)
            for name, word in words
            if run.count(name) or (name in always and not run.undoes_id)
        ]
        self.nothing_to_do = not is_done and not any(
            run.count(name) for name in ("created", "updated", "left", "removed", "held")
        )


def progress_of(run: ImportRun) -> dict[str, Any]:
    """How far the run has come, read from its job's row: {state, phase, done, total, rate, left}.

    `rate` is rows a second, `left` seconds to go; both None while nothing can be said.
    """
    job: Job | None = run.job
    answer: dict[str, Any] = {
        "state": run.state,
        "moving": run.is_moving,
        "phase": "",
        "done": 0,
        "total": None,
        "rate": None,
        "left": None,
        "resumed": False,
    }
    if job is None:
        return answer
    answer |= {"phase": job.phase, "done": job.done, "total": job.total}
    if job.started_at and job.done:
        seconds = max(0.5, (timezone.now() - job.started_at).total_seconds())
        answer["rate"] = round(job.done / seconds)
        if job.total and answer["rate"]:
            answer["left"] = round(max(0, job.total - job.done) / answer["rate"])
    return answer


@dataclass(frozen=True)
class Sample:
    """One column of the roster on the mapping page, with cells of the file as examples."""

    field: Any
    kind: str
    required: bool
    examples: list[str]
    proof: str = ""  # of the order of dates


def proof_of(mapping: Mapping, name: str) -> str:
    """How it was decided which way round this column writes its dates."""
    found = mapping.date_proofs.get(name)
    if not found:
        return ""
    order = mapping.date_orders[name]
    if not found[order]:
        return _("no date proves which comes first, read day first")
    words = {"dmy": _("day first, proved by %(n)s dates"), "mdy": _("month first, by %(n)s dates")}
    return words[order] % {"n": found[order]}


def samples(
    form: ColumnsForm, roster: type[RosterResource], table: Table, mapping: Mapping
) -> list[Sample]:
    """Each column of the roster with its choice and up to three cells of the chosen column."""
    rows = [cells for _line, cells in islice(table.rows(), 30)]
    index = {heading: at for at, heading in enumerate(table.header)}
    listed = []
    for name, column in roster.fields.items():
        chosen = form[f"column-{name}"].value() or ""
        examples: list[str] = []
        if chosen in index:
            for cells in rows:
                text = cells[index[chosen]].strip()[:40]
                if text and text not in examples:
                    examples.append(text)
        listed.append(
            Sample(
                form[f"column-{name}"],
                column.widget.kind,
                column.required,
                examples[:3],
                proof_of(mapping, name),
            )
        )
    return listed
