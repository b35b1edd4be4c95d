"""Who would leave: those whom a full roster no longer holds, and the guard rail before that.

Absence means leaving only when the file was declared to hold everybody. Leavers are counted for
each school or centre by itself, so that one school's half file is held while the others go on.
"""

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any, NamedTuple

from django.db.models import Q, QuerySet
from django.utils import timezone

from . import rows as planned
from .met import Met
from .models import ImportRun, PlanRow
from .records import HASH, Records
from .resources import rosters
from .rows import PlannedRow

LIMIT_PERCENT = 10
ALWAYS_ALLOWED = 2  # of a small school's pupils, two are soon ten per cent
BATCH = 2_000
NOWHERE = "no school or centre"
LEAVERS = 1_000_000_000  # a cursor beyond this counts records, below it batches of the file


def leaving_value(run: ImportRun, left_field: str) -> Any:
    """What a leaver's field becomes: fixed by the run, so that plan and result are the same."""
    return False if left_field == "is_open" else timezone.localtime(run.created_at).isoformat()


def plan_leavers(
    run: ImportRun, step: Any, records: Records, met: Met, groups: set[str] | None = None
) -> None:
    """Write a row for each record that the file does not hold; hold back what looks like a slip.

    `met` says which records the file named; with `groups`, only enrolments in these groups can
    leave. Sets `run.held` to a list of {scope, leaving, of, percent}, and counts "left" and
    "held". Goes on behind the record that `step.cursor` came to.
    """
    if not records.left_field:  # records of this kind only ever come
        run.counts |= {"left": run.count("left"), "held": 0}
        return
    leaving = Leaving(records, met, groups)
    after = leaving_value(run, records.left_field)
    done_to = step.cursor - LEAVERS
    # Rows are written before the shares are known, then held: the county is never in memory.
    for batch in leaving.batches():
        fresh = [row for row in batch if row.pk > done_to]
        if not fresh:
            continue
        with step.chunk(to=LEAVERS + fresh[-1].pk):
            planned.write(
                run,
                [
                    PlannedRow(
                        key=records.key_text(row.key), action=PlanRow.Action.LEAVE,
                        record_id=row.pk, before=row.before,
                        after={records.left_field: after} | ({HASH: ""} if row.has_hash else {}),
                    )
                    for row in fresh
                ],
            )  # fmt: skip
    _hold(run, leaving)


def rows_of(run: ImportRun, scope: str) -> QuerySet[PlanRow]:
    """The rows that are held back for one school or centre (a `scope` of `run.held`)."""
    held = run.plan_rows.filter(outcome=PlanRow.Outcome.HELD, action=PlanRow.Action.LEAVE)
    roster = rosters[run.roster]
    if not roster.scope:
        return held
    path = roster.scope
    where = Q(**{f"{path}__isnull": True}) if scope == NOWHERE else Q(**{path: scope})
    return held.filter(record_id__in=roster._meta.model._default_manager.filter(where).values("pk"))


def release(run: ImportRun, scope: str) -> int:
    """Let those leave who are held back for one school or centre. In the caller's transaction.

    Returns how many. What the guard rail counted stays noted on the run as released.
    """
    freed = rows_of(run, scope).update(outcome="")
    for hold in run.held:
        if hold["scope"] == scope:
            hold["released"] = True
    run.counts |= {"left": run.count("left") + freed, "held": run.count("held") - freed}
    run.save(update_fields=["held", "counts"])
    return freed


class Leaver(NamedTuple):
    pk: int
    key: tuple
    before: dict[str, Any]
    has_hash: bool


class Leaving:
    """Reads who is here and not in the file, and counts both for each school or centre."""

    def __init__(self, records: Records, met: Met, groups: set[str] | None):
        self.records, self.met, self.groups = records, met, groups
        self.totals: Counter[str] = Counter()
        self.leaving: Counter[str] = Counter()
        self.pks: dict[str, array] = defaultdict(lambda: array("q"))

    def batches(self) -> Iterator[list[Leaver]]:
        records, roster = self.records, self.records.roster
        left_field = records.left_field
        here = {left_field: True} if left_field == "is_open" else {f"{left_field}__isnull": True}
        names = [left_field, *([HASH] if roster.has_hash else [])]
        paths = [records.columns[name].path for name in roster.key]
        scope = [roster.scope] if roster.scope else []
        found = records.all.filter(**here).values_list("pk", *names, *paths, *scope).order_by("pk")
        at_group = roster.key.index("group") if self.groups is not None else 0
        last = 0
        while batch := list(found.filter(pk__gt=last)[:BATCH]):
            last = batch[-1][0]
            named = self.met.named(row[0] for row in batch)
            leavers = []
            for pk, *values in batch:
                key = tuple(values[len(names) : len(names) + len(paths)])
                if self.groups is not None and key[at_group] not in self.groups:
                    continue
                where = str(values[-1] or NOWHERE) if scope else ""
                self.totals[where] += 1
                if pk in named:
                    continue
                self.leaving[where] += 1
                self.pks[where].append(pk)
                before = {
                    name: records.encode(name, value)
                    for name, value in zip(names, values, strict=False)
                }
                leavers.append(Leaver(pk, key, before, roster.has_hash))
            yield leavers


def _hold(run: ImportRun, found: Leaving) -> None:
    limit = run.profile.leaver_limit_percent if run.profile else LIMIT_PERCENT
    run.held = []
    left = held = 0
    for where, count in found.leaving.items():
        percent = 100 * count / found.totals[where]
        if count > ALWAYS_ALLOWED and percent > limit:
            run.held.append(
                {
                    "scope": where,
                    "leaving": count,
                    "of": found.totals[where],
                    "percent": round(percent),
                }
            )
            held += count
            for start in range(0, count, BATCH):
                run.plan_rows.filter(
                    action=PlanRow.Action.LEAVE,
                    record_id__among=found.pks[where][start : start + BATCH].tolist(),
                ).update(outcome=PlanRow.Outcome.HELD)
        else:
            left += count
    run.counts |= {"left": run.count("left") + left, "held": held}
