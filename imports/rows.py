"""Rows of a plan on their way into and out of the database, by the thousand.

A PlannedRow is a PlanRow without the ORM's weight: planning writes them, applying reads them.
"""

import json
from typing import Any

from . import bulk
from .models import Change, ImportRun, PlanRow

WRITTEN = (
    "run", "line", "action", "key", "record_id", "before", "after", "problems", "has_problems",
    "outcome",
)  # fmt: skip


class PlannedRow:
    """As PlanRow, whose columns these are. `after` may be given as the text of its JSON."""

    __slots__ = (
        "_after", "action", "before", "key", "line", "outcome", "pk", "problems", "record_id",
    )  # fmt: skip

    def __init__(  # noqa: PLR0917 - the columns of a plan's row
        self,
        action: str = "",
        line: int | None = None,
        key: str = "",
        record_id: int | None = None,
        before: dict[str, Any] | None = None,
        after: dict[str, Any] | str | None = None,
        problems: list[dict] | None = None,
        outcome: str = "",
        pk: int | None = None,
    ):
        self.action = action
        self.line = line
        self.key = key
        self.record_id = record_id
        self.before = before or {}
        self._after = after or {}
        self.problems = problems or []
        self.outcome = outcome
        self.pk = pk

    @property
    def after(self) -> dict[str, Any]:
        if isinstance(self._after, str):
            self._after = json.loads(self._after)
        return self._after

    @after.setter
    def after(self, values: dict[str, Any]) -> None:
        self._after = values

    @property
    def after_json(self) -> str:
        after = self._after
        return after if type(after) is str else bulk.as_json(after)


def write(run: ImportRun, rows: list[PlannedRow]) -> None:
    """Add these rows to the plan of a run."""
    pk, as_json = run.pk, bulk.as_json
    bulk.insert(
        PlanRow,
        WRITTEN,
        [
            (
                pk, row.line, row.action, row.key, row.record_id,
                as_json(row.before) if row.before else "{}", row.after_json,
                as_json(row.problems) if row.problems else "[]", bool(row.problems), row.outcome,
            )
            for row in rows
        ],
        is_ready=True,
    )  # fmt: skip


def to_carry_out(run: ImportRun, after: int, size: int) -> list[PlannedRow]:
    """The next rows to carry out, in the order of the plan: only their keys and actions."""
    rows = run.plan_rows.filter(pk__gt=after, action__in=PlanRow.WRITES, outcome="")
    found = rows.order_by("pk").values_list("action", "pk")[:size]
    return [PlannedRow(action, pk=pk) for action, pk in found]


def whole(run: ImportRun, rows: list[PlannedRow]) -> list[PlannedRow]:
    """These rows with all that they say, but without their problems."""
    if not rows:
        return []
    names = ("action", "line", "key", "record_id", "before", "after", "pk")
    found = run.plan_rows.filter(pk__among=[row.pk for row in rows]).order_by("pk")
    return [
        PlannedRow(action, line, key, record_id, before, after, pk=pk)
        for action, line, key, record_id, before, after, pk in found.values_list(*names)
    ]


def log(run: ImportRun, done: list[tuple[PlannedRow, int]]) -> None:
    """The change log: which rows were carried out, on which records."""
    bulk.insert(Change, ("run", "row", "record_id"), [(run.pk, row.pk, pk) for row, pk in done])
