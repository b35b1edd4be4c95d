"""Carrying out a plan: exactly its rows, in chunks, each with its change log in one transaction.

A row is carried out only if its record still is what the plan saw; otherwise it becomes a
conflict, shown again and never overwritten. Written in bulk: no signals, no per-row index work.
Called by the job "imports.apply" (imports.jobs), which carries the cursor and the fence.
"""

from collections import defaultdict
from typing import Any

from django.db import IntegrityError, transaction

from . import bulk, history, rows, setwise
from .models import ImportRun, PlanRow
from .records import Records
from .resources import rosters
from .rows import PlannedRow

CHUNK = 2_000
Action = PlanRow.Action
CHANGING = (Action.UPDATE, Action.UNCHANGED, Action.LEAVE)


def next_rows(run: ImportRun, after: int, size: int = CHUNK) -> list[PlannedRow]:
    """The next rows of the plan that are to be carried out, in the order of the plan."""
    return rows.to_carry_out(run, after, size)


def carry_out(run: ImportRun, wanted: list[PlannedRow]) -> int:
    """Do these rows now, inside the caller's transaction. Returns how many were done.

    The others were overtaken: their outcome becomes `conflict`, with the reason as a problem.
    """
    with bulk.without_pauses():
        return _carry_out(run, wanted)


def _carry_out(run: ImportRun, wanted: list[PlannedRow]) -> int:
    records = Records(rosters[run.roster])
    count = _create_together(run, records, wanted)
    if count == len(wanted):
        return count
    wanted = rows.whole(run, wanted if not count else _not_done(run, wanted))
    records.learn([row.after for row in wanted] + [row.before for row in wanted])
    changing = [row for row in wanted if row.action in CHANGING]
    creating = [row for row in wanted if row.action == Action.CREATE]
    removing = [row for row in wanted if row.action == Action.REMOVE]
    done: list[tuple[PlannedRow, int]] = []
    conflicts: list[tuple[PlannedRow, str]] = []
    if changing:
        _change(run, records, changing, done, conflicts)
    if creating:
        _create(records, creating, done, conflicts)
    if removing:
        _remove(records, removing, done, conflicts)
    rows.log(run, done)
    for row, problem in conflicts:
        PlanRow.objects.filter(pk=row.pk).update(
            outcome=PlanRow.Outcome.CONFLICT,
            has_problems=True,
            problems=[{"column": "", "field": "", "cell": f"row {row.line}" if row.line else "",
                       "value": "", "problem": problem, "hint": "Plan the file again to see it.",
                       "level": "warning"}],
        )  # fmt: skip
    return count + len(done)


def _create_together(run: ImportRun, records: Records, wanted: list[PlannedRow]) -> int:
    """Carry out new rows in one statement; how many. Those in its way are left for later."""
    new = [row.pk for row in wanted if row.action == Action.CREATE]
    return setwise.create(run, records, new[0], new[-1]) if new else 0


def _not_done(run: ImportRun, wanted: list[PlannedRow]) -> list[PlannedRow]:
    keys = run.changes.filter(row_id__gte=wanted[0].pk, row_id__lte=wanted[-1].pk)
    done = set(keys.values_list("row_id", flat=True))
    return [row for row in wanted if row.pk not in done]


def _same(records: Records, wanted: dict[str, Any], now: dict[str, Any]) -> bool:
    return all(
        records.encode(name, now[name]) == value for name, value in wanted.items() if name in now
    )


def _columns_of(records: Records, wanted: list[PlannedRow]) -> list[str]:
    return sorted({name for row in wanted for name in row.before} & records.columns.keys())


def _change(
    run: ImportRun,
    records: Records,
    wanted: list[PlannedRow],
    done: list[tuple[PlannedRow, int]],
    conflicts: list[tuple[PlannedRow, str]],
) -> None:
    names = _columns_of(records, wanted)
    now = records.read([row.record_id for row in wanted], names, lock=True)
    changes: list[tuple[int, dict[str, Any]]] = []
    lists: dict[str, dict[int, tuple[set, set]]] = defaultdict(dict)
    for row in wanted:
        if row.record_id not in now:
            conflicts.append((row, "The record was removed since the plan was made."))
        elif not _same(records, row.before, now[row.record_id]):
            conflicts.append((row, "Somebody changed the record since the plan was made."))
        elif not records.has_links(row.after):
            conflicts.append((row, "A record that this row names is gone."))
        else:
            changes.append((row.record_id, row.after))
            for name in records.many.keys() & row.after.keys():
                old, new = set(row.before[name]), set(row.after[name])
                lists[name][row.record_id] = (old - new, new - old)
            done.append((row, row.record_id))
    records.update(changes)
    history.note(records, run, [row for row, _pk in done])
    for name, changed in lists.items():
        records.write_lists(name, changed)


def _create(
    records: Records,
    wanted: list[PlannedRow],
    done: list[tuple[PlannedRow, int]],
    conflicts: list[tuple[PlannedRow, str]],
) -> None:
    """New records; undoing a removal, they come back under the key they had in the database."""
    names = records.roster.key  # texts and links, which are in JSON what they are
    by_key = {tuple([row.after.get(name) for name in names]): row for row in wanted}
    taken = records.find(by_key)
    ready: list[tuple[PlannedRow, int]] = []
    fresh = iter(bulk.new_keys(records.model, sum(row.record_id is None for row in wanted)))
    for key, row in by_key.items():
        if key in taken:
            conflicts.append((row, f"This {records.roster.one} was added since the plan was made."))
        elif not records.has_links(row.after):
            conflicts.append((row, "A record that this row names is gone."))
        else:
            ready.append((row, row.record_id or next(fresh)))
    try:
        with transaction.atomic():
            records.insert([(pk, row.after) for row, pk in ready])
    except IntegrityError:
        # One of them breaks a rule of the database that no column knows, such as a name that must
        # be unique: find it, so that the others are not lost with it.
        ready = [pair for pair in ready if _saved_alone(records, pair, conflicts)]
    for name in records.many:
        records.write_lists(
            name,
            {pk: (set(), set(row.after[name])) for row, pk in ready if row.after.get(name)},
        )
    done += ready


def _saved_alone(
    records: Records, pair: tuple[PlannedRow, int], conflicts: list[tuple[PlannedRow, str]]
) -> bool:
    row, pk = pair
    try:
        with transaction.atomic():
            records.insert([(pk, row.after)])
    except IntegrityError:
        conflicts.append((row, "Another record already has a value that must be its own."))
        return False
    return True


def _remove(
    records: Records,
    wanted: list[PlannedRow],
    done: list[tuple[PlannedRow, int]],
    conflicts: list[tuple[PlannedRow, str]],
) -> None:
    """Take back what an import created, unless it was edited or others hang on it by now."""
    now = records.read([row.record_id for row in wanted], records.columns, lock=True)
    used = _in_use(records, list(now))
    gone = []
    for row in wanted:
        if row.record_id not in now:
            conflicts.append((row, "The record was removed already."))
        elif not _same(records, row.before, now[row.record_id]):
            conflicts.append((row, "Somebody changed the record since; it was kept."))
        elif row.record_id in used:
            conflicts.append((row, "Other records hang on it by now; it was kept."))
        else:
            gone.append(row.record_id)
            done.append((row, row.record_id))
    for name in records.many:
        records.write_lists(
            name,
            {
                row.record_id: (set(row.before.get(name, [])), set())
                for row in wanted
                if row.record_id in gone
            },
        )
    queryset = records.model._base_manager.filter(pk__in=gone)
    queryset._raw_delete(queryset.db)  # what hangs on them was looked at above: nothing cascades


def _in_use(records: Records, pks: list[int]) -> set[int]:
    """Those of the records that other rows point to, apart from the roster's own lists."""
    own = {getattr(records.model, column.attribute).through for column in records.many.values()}
    used: set[int] = set()
    for relation in records.model._meta.related_objects:
        if relation.related_model in own:
            continue
        path = relation.field.name
        rows = relation.related_model._base_manager.filter(**{f"{path}__in": pks})
        used.update(rows.order_by().values_list(path, flat=True))
    return used


def result_counts(run: ImportRun) -> dict[str, int]:
    """What was really done, counted from the change log: the receipt."""
    counts = dict(run.counts)
    names = {
        Action.CREATE: "created",
        Action.UPDATE: "updated",
        Action.LEAVE: "left",
        Action.REMOVE: "removed",
    }
    for action, name in names.items():
        counts[name] = run.changes.filter(row__action=action).count()
    counts["conflicts"] = run.plan_rows.filter(outcome=PlanRow.Outcome.CONFLICT).count()
    return counts
