"""Taking an import back: a plan that is the reverse of what was done, carried out like any other.

So an undo is shown, approved, fenced and logged as an import is, keeps what people changed since,
and can itself be undone.
"""

from itertools import islice

from django.db import transaction

from . import rows
from .models import ImportRun, PlanRow
from .records import Records
from .resources import rosters
from .rows import PlannedRow

BATCH = 1_000
Action = PlanRow.Action


class CannotUndoError(Exception):
    """This run cannot be taken back. The message is a sentence for staff."""


def plan_undo(run: ImportRun, *, by: object = None) -> ImportRun:
    """A planned run that would take `run` back. Raises CannotUndoError."""
    run.refresh_from_db()
    if run.state not in {ImportRun.State.APPLIED, ImportRun.State.CANCELLED}:
        raise CannotUndoError("Only an import that was applied can be undone.")
    if run.purged_at:
        raise CannotUndoError("The record of this import was erased, so it cannot be undone.")
    if run.undoings.filter(state__in=["applying", "applied"]).exists():
        raise CannotUndoError("This import was undone already.")
    records = Records(rosters[run.roster])
    with transaction.atomic():
        run.undoings.filter(state=ImportRun.State.PLANNED).update(state=ImportRun.State.DISCARDED)
        undo = ImportRun.objects.create(
            roster=run.roster,
            undoes=run,
            state=ImportRun.State.PLANNED,
            original_name=run.original_name,
            created_by=by,
        )
        changes = run.changes.select_related("row").order_by("-pk").iterator(chunk_size=BATCH)
        while batch := list(islice(changes, BATCH)):
            reverse = [_reverse(change.row, change.record_id, records) for change in batch]
            rows.write(undo, reverse)
        undo.counts = _counts(undo)
        undo.save(update_fields=["counts"])
    return undo


def _reverse(row: PlanRow, record_id: int, records: Records) -> PlannedRow:
    reverse = PlannedRow(line=row.line, key=row.key, record_id=record_id)
    if row.action == Action.CREATE:
        reverse.action = Action.REMOVE
        # All columns, not only those of the file: an edit of any of them is somebody's work.
        reverse.before = {name: records.fresh(name) for name in records.columns} | row.after
    elif row.action == Action.REMOVE:
        reverse.action = Action.CREATE
        reverse.after = row.before
    else:
        reverse.action = row.action if row.action == Action.UNCHANGED else Action.UPDATE
        reverse.before, reverse.after = row.after, row.before
    return reverse


def _counts(undo: ImportRun) -> dict[str, int]:
    counts = dict.fromkeys(ImportRun.COUNTS, 0)
    names = {
        Action.CREATE: "created",
        Action.UPDATE: "updated",
        Action.UNCHANGED: "unchanged",
        Action.REMOVE: "removed",
    }
    for action, name in names.items():
        counts[name] = undo.plan_rows.filter(action=action).count()
    counts["rows"] = undo.plan_rows.count()
    return counts
