"""Carrying out a plan: exactly its rows, in chunks, each with its change log in one transaction.

A row is carried out only if its record still is what the plan saw; otherwise it becomes a
conflict, shown again and never overwritten. Written in bulk: no signals, no per-row index work.
Called by the job "imports.apply" (imports.jobs), which carries the cursor and the fence.
"""

from collections import defaultdict
from typing import Any

from django.db import IntegrityError, transaction

from .models import Change, ImportRun, PlanRow
from .records import Records
from .resources import rosters

CHUNK = 500
Action = PlanRow.Action
CHANGING = (Action.UPDATE, Action.UNCHANGED, Action.LEAVE)


def next_rows(run: ImportRun, after: int, size: int = CHUNK) -> list[PlanRow]:
    """The next rows of the plan that are to be carried out, in the order of the plan."""
    rows = run.plan_rows.filter(pk__gt=after, action__in=PlanRow.WRITES, outcome="")
    return list(rows.order_by("pk").defer("problems")[:size])


def carry_out(run: ImportRun, rows: list[PlanRow]) -> int:
    """Do these rows now, inside the caller's transaction. Returns how many were done.

    The others were overtaken: their outcome becomes `conflict`, with the reason as a problem.
    """
    records = Records(rosters[run.roster])
    records.learn([row.after for row in rows] + [row.before for row in rows])
    changing = [row for row in rows if row.action in CHANGING]
    creating = [row for row in rows if row.action == Action.CREATE]
    removing = [row for row in rows if row.action == Action.REMOVE]
    done: list[tuple[PlanRow, int]] = []
    conflicts: list[tuple[PlanRow, str]] = []
    if changing:
        _change(records, changing, done, conflicts)
    if creating:
        _create(records, creating, done, conflicts)
    if removing:
        _remove(records, removing, done, conflicts)
    Change.objects.bulk_create(
        [Change(run=run, row=row, record_id=pk) for row, pk in done], batch_size=CHUNK
    )
    for row, problem in conflicts:
        PlanRow.objects.filter(pk=row.pk).update(
            outcome=PlanRow.Outcome.CONFLICT,
            has_problems=True,
            problems=[{"column": "", "field": "", "cell": f"row {row.line}" if row.line else "",
                       "value": "", "problem": problem, "hint": "Plan the file again to see it.",
                       "level": "warning"}],
        )  # fmt: skip
    return len(done)


def _same(records: Records, wanted: dict[str, Any], now: dict[str, Any]) -> bool:
    return all(
        records.encode(name, now[name]) == value for name, value in wanted.items() if name in now
    )


def _columns_of(records: Records, rows: list[PlanRow]) -> list[str]:
    return sorted({name for row in rows for name in row.before} & records.columns.keys())


def _change(
    records: Records,
    rows: list[PlanRow],
    done: list[tuple[PlanRow, int]],
    conflicts: list[tuple[PlanRow, str]],
) -> None:
    now = records.read([row.record_id for row in rows], _columns_of(records, rows), lock=True)
    same_fields: dict[tuple[str, ...], list] = defaultdict(list)
    lists: dict[str, dict[int, tuple[set, set]]] = defaultdict(dict)
    for row in rows:
        if row.record_id not in now:
            conflicts.append((row, "The record was removed since the plan was made."))
            continue
        if not _same(records, row.before, now[row.record_id]):
            conflicts.append((row, "Somebody changed the record since the plan was made."))
            continue
        try:
            instance = records.instance(row.after, row.record_id)
        except KeyError:
            conflicts.append((row, "A record that this row names is gone."))
            continue
        same_fields[tuple(sorted(records.attributes(row.after)))].append(instance)
        for name in records.many.keys() & row.after.keys():
            old, new = set(row.before[name]), set(row.after[name])
            lists[name][row.record_id] = (old - new, new - old)
        done.append((row, row.record_id))
    for names, instances in same_fields.items():
        if names:
            records.model._default_manager.bulk_update(instances, names, batch_size=200)
    for name, changes in lists.items():
        records.write_lists(name, changes)


def _create(
    records: Records,
    rows: list[PlanRow],
    done: list[tuple[PlanRow, int]],
    conflicts: list[tuple[PlanRow, str]],
) -> None:
    """New records; undoing a removal, they come back under the key they had in the database."""
    by_key = {
        tuple(records.decode(name, row.after.get(name)) for name in records.roster.key): row
        for row in rows
    }
    taken = records.find(by_key)
    ready: list[tuple[PlanRow, Any]] = []
    for key, row in by_key.items():
        if key in taken:
            conflicts.append((row, f"This {records.roster.one} was added since the plan was made."))
            continue
        try:
            ready.append((row, records.instance(row.after, row.record_id)))
        except KeyError:
            conflicts.append((row, "A record that this row names is gone."))
    manager = records.model._default_manager
    try:
        with transaction.atomic():
            manager.bulk_create([instance for _row, instance in ready], batch_size=CHUNK)
    except IntegrityError:
        # One of them breaks a rule of the database that no column knows, such as a name that must
        # be unique: find it, so that the others are not lost with it.
        ready = [pair for pair in ready if _saved_alone(pair, conflicts)]
    for name in records.many:
        records.write_lists(
            name,
            {
                instance.pk: (set(), set(row.after[name]))
                for row, instance in ready
                if row.after.get(name)
            },
        )
    done += [(row, instance.pk) for row, instance in ready]


def _saved_alone(pair: tuple[PlanRow, Any], conflicts: list[tuple[PlanRow, str]]) -> bool:
    row, instance = pair
    instance.pk = row.record_id
    try:
        with transaction.atomic():
            type(instance)._default_manager.bulk_create([instance])
    except IntegrityError:
        conflicts.append((row, "Another record already has a value that must be its own."))
        return False
    return True


def _remove(
    records: Records,
    rows: list[PlanRow],
    done: list[tuple[PlanRow, int]],
    conflicts: list[tuple[PlanRow, str]],
) -> None:
    """Take back what an import created, unless it was edited or others hang on it by now."""
    now = records.read([row.record_id for row in rows], records.columns, lock=True)
    used = _in_use(records, list(now))
    gone = []
    for row in rows:
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
                for row in rows
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
