"""Rows that are mended where they are: in the page of their run, or in a workbook that comes back.

A mended cell is a Correction of the run: the sealed file stays as it was sent, and each later
reading of it takes the corrected cells instead. Only the mended lines are planned again; the rest
of the plan stands as it was seen.
"""

from typing import Any

from django.db import transaction

from cms import jobs
from cms.models import User

from . import plan, profiles, rows, runs, sealed
from .mapping import Mapping
from .models import Correction, ImportRun, PlanRow
from .planner import Planner
from .resources import rosters

AT_ONCE_BYTES = 4 * 1024 * 1024  # a larger file is read again by a worker
MAX_CELL = 2_000
Action, Outcome = PlanRow.Action, PlanRow.Outcome
COUNTED = {
    Action.CREATE: "created",
    Action.UPDATE: "updated",
    Action.UNCHANGED: "unchanged",
    Action.LEAVE: "left",
    Action.REFUSED: "refused",
    Action.DUPLICATE: "duplicates",
}


class NotMendableError(Exception):
    """This cell cannot be mended here. The message is a sentence for staff."""


def mend(
    run: ImportRun,
    row_id: int,
    cells: dict[str, str],
    *,
    by: User | None,
    always: bool = False,
) -> None:
    """Read these cells of one row differently: {field: text}. Plans the row again.

    With `always`, the same texts mean the same in every row, and in the next file of this source.
    Only cells that were found wanting can be mended. Raises NotMendableError, NotNowError,
    UnreadableFile, PlanRow.DoesNotExist.
    """
    row = run.plan_rows.get(pk=row_id, has_problems=True, line__isnull=False)
    named = {problem["field"]: problem["column"] for problem in row.problems if problem["field"]}
    if not cells or cells.keys() - named.keys():
        raise NotMendableError("Only the cells that were found wanting can be mended here.")
    joined = Mapping.from_json(run.mapping).columns
    for name in cells:
        if len(joined.get(name, [])) != 1:
            raise NotMendableError("This value is made of several cells; mend them in the file.")
    lines = {row.line}
    if always:
        rules = {
            problem["field"]: {problem["value"]: cells[problem["field"]]}
            for problem in row.problems
            if problem["field"] in cells and problem["value"]
        }
        profiles.add_rules(run, rules)
        lines |= _lines_that_say(run, rules)
        mended = {line: {} for line in lines}
    else:
        mended = {row.line: {named[name]: text for name, text in cells.items()}}
    correct(run, mended, by=by)


def _lines_that_say(run: ImportRun, rules: dict[str, dict[str, str]]) -> set[int]:
    """Lines that were found wanting for a text that now has a meaning."""
    found = run.plan_rows.filter(has_problems=True, line__isnull=False).exclude(outcome="ask")
    return {
        line
        for line, problems in found.values_list("line", "problems").iterator(chunk_size=1_000)
        if any(problem["value"] in rules.get(problem["field"], ()) for problem in problems)
    }


def correct(run: ImportRun, mended: dict[int, dict[str, str]], *, by: User | None) -> None:
    """Note corrected cells, {line: {heading: text}}, and plan those lines again."""
    if any(len(text) > MAX_CELL for cells in mended.values() for text in cells.values()):
        raise NotMendableError(f"A cell holds at most {MAX_CELL:,} characters.")
    with transaction.atomic():
        locked = ImportRun.objects.select_for_update().get(pk=run.pk)
        if locked.state != ImportRun.State.PLANNED:
            raise runs.NotNowError("Only a plan that waits for approval can be mended.")
        known = {found.line: found for found in locked.corrections.filter(line__in=mended)}
        for line, cells in mended.items():
            if not cells:
                continue
            correction = known.get(line) or Correction(run=locked, line=line)
            correction.cells |= cells
            correction.corrected_by = by
            correction.save()
    run.refresh_from_db()
    if run.size <= AT_ONCE_BYTES:
        with transaction.atomic():
            plan_again(ImportRun.objects.select_for_update().get(pk=run.pk), set(mended))
        run.refresh_from_db()
    else:
        runs.start_mending(run, sorted(mended))


def plan_again(run: ImportRun, lines: set[int]) -> None:
    """Replace the plan's rows of these lines, inside the caller's transaction."""
    table, close = plan.open_table(run)
    try:
        planner = Planner(run, table)
        _forget(run, planner, lines)
        wanted = []
        for batch in plan.batches(table.rows()):
            others = [numbered for numbered in batch if numbered[0] not in lines]
            planner.remember(others)
            wanted += [numbered for numbered in batch if numbered[0] in lines]
        rows.write(run, planner.plan(wanted))
        if run.is_full:
            _keep_those_named(run, planner)
        planner.met.close()
    finally:
        close()
    run.counts = {name: planner.counts[name] for name in (*ImportRun.COUNTS, "held")}
    run.save(update_fields=["counts"])


def _forget(run: ImportRun, planner: Planner, lines: set[int]) -> None:
    """Take these lines out of the plan and of its counts."""
    old = run.plan_rows.filter(line__in=lines)
    for row in old:
        asked = row.outcome == Outcome.ASK
        planner.counts["asked" if asked else COUNTED[row.action]] -= 1
        planner.counts["repaired"] -= any(p["level"] == "repaired" for p in row.problems)
    planner.counts["rows"] -= len(lines)
    old.delete()


def _keep_those_named(run: ImportRun, planner: Planner) -> None:
    """Whoever a mended line names does not leave by absence."""
    leavers = run.plan_rows.filter(action=Action.LEAVE, line=None).order_by()
    named = planner.met.named(leavers.values_list("record_id", flat=True))
    for row in leavers.filter(record_id__among=named):
        planner.counts["held" if row.outcome == Outcome.HELD else "left"] -= 1
        row.delete()


def let_file_decide(run: ImportRun, row_id: int, name: str) -> None:
    """Give a column that was edited here back to its source, and plan its row again.

    Raises NotMendableError, NotNowError, PlanRow.DoesNotExist.
    """
    if run.state != ImportRun.State.PLANNED:
        raise runs.NotNowError("Only a plan that waits for approval can be changed.")
    row = run.plan_rows.get(pk=row_id, record_id__isnull=False)
    if not any(p["field"] == name and p["level"] == "kept" for p in row.problems):
        raise NotMendableError("Nobody has edited that column here.")
    roster = rosters[run.roster]
    with transaction.atomic():
        records = roster._meta.model._default_manager.select_for_update()
        record = records.get(pk=row.record_id)
        record.edited_fields.pop(roster.fields[name].attribute, None)
        record.save(update_fields=["edited_fields"])
        plan_again(ImportRun.objects.select_for_update().get(pk=run.pk), {row.line})


def plan_conflicts_again(run: ImportRun, *, by: User | None) -> ImportRun:
    """A new run of only the rows that were overtaken when this one was applied.

    Raises NotNowError when there are none, or their file is gone.
    """
    lines = list(
        run.plan_rows.filter(outcome=Outcome.CONFLICT, line__isnull=False).values_list(
            "line", flat=True
        )
    )
    if run.undoes_id or not lines or not run.stored_name:
        raise runs.NotNowError("No row of this import's file waits to be looked at again.")
    source = sealed.unseal(run.stored_name)
    with source:
        again = runs.receive(
            run.roster, iter(lambda: source.read(sealed.CHUNK), b""), run.original_name,
            by=by, profile=run.profile,
        )  # fmt: skip
    again.sheet, again.mapping = run.sheet, run.mapping | {"only_lines": lines}
    again.notes = [f"Only the {len(lines)} rows of import {run.pk} that were overtaken."]
    with transaction.atomic():
        again.save()
        Correction.objects.bulk_create(
            Correction(run=again, line=found.line, cells=found.cells, corrected_by=by)
            for found in run.corrections.all()
        )
    runs.start_planning(again)
    return again


@jobs.handlers("imports.mend")
def mend_in_background(step: jobs.JobRun) -> None:
    run = ImportRun.objects.get(pk=step.payload["run"])
    step.describe(phase="Reading the mended rows")
    with step.finish():
        plan_again(run, set(step.payload["lines"]))
        ImportRun.objects.filter(pk=run.pk).update(state=ImportRun.State.PLANNED)


@jobs.endings("imports.mend")
def mending_ended(job: Any) -> None:
    """The corrections stand; the plan is as it was before them."""
    ImportRun.objects.filter(pk=job.payload["run"]).update(
        state=ImportRun.State.PLANNED, problem=job.problem
    )
