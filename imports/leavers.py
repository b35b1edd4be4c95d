"""Who would leave: those whom a full roster no longer holds, and the guard rail before that.

Absence means leaving only when the file was declared to hold everybody. Leavers are counted for
each school or centre by itself, so that one school's half file is held while the others go on.
"""

from collections import Counter, defaultdict
from typing import Any

from django.utils import timezone

from .models import ImportRun, PlanRow
from .records import HASH, Records

LIMIT_PERCENT = 10
ALWAYS_ALLOWED = 2  # of a small school's pupils, two are soon ten per cent
BATCH = 2_000


def leaving_value(run: ImportRun, left_field: str) -> Any:
    """What a leaver's field becomes: fixed by the run, so that plan and result are the same."""
    return False if left_field == "is_open" else timezone.localtime(run.created_at).isoformat()


def plan_leavers(
    run: ImportRun,
    records: Records,
    seen: set[int],
    counts: Counter[str],
    groups: set[str] | None = None,
) -> None:
    """Write a row for each record that the file does not hold; hold back what looks like a slip.

    `seen` are the primary keys that the file named; with `groups`, only enrolments in these groups
    can leave. Sets `run.held` to a list of {scope, leaving,
    of, percent}, and counts "left" and "held".
    """
    left_field, roster = records.left_field, records.roster
    still_here = {left_field: True} if left_field == "is_open" else {f"{left_field}__isnull": True}
    names = [left_field, *([HASH] if roster.has_hash else [])]
    paths = [records.columns[name].path for name in roster.key]
    scope = [roster.scope] if roster.scope else []
    totals: Counter[str] = Counter()
    leaving: Counter[str] = Counter()
    pks: dict[str, list[int]] = defaultdict(list)
    after = leaving_value(run, left_field)
    rows = records.all.filter(**still_here).values_list("pk", *names, *paths, *scope)
    batch = []
    # Rows are written before the shares are known, then held: the county is never in memory.
    for pk, *values in rows.order_by("pk").iterator(chunk_size=BATCH):
        if groups is not None and values[len(names) + roster.key.index("group")] not in groups:
            continue
        where = str(values[-1] or "no school or centre") if scope else ""
        totals[where] += 1
        if pk in seen:
            continue
        leaving[where] += 1
        before = dict(zip(names, values, strict=False))
        key = tuple(values[len(names) : len(names) + len(paths)])
        encoded = {name: records.encode(name, value) for name, value in before.items()}
        future = {left_field: after} | ({HASH: ""} if HASH in encoded else {})
        batch.append(
            PlanRow(
                run=run, key=records.key_text(key), action=PlanRow.Action.LEAVE, record_id=pk,
                before=encoded, after=future,
            )
        )  # fmt: skip
        pks[where].append(pk)
        if len(batch) == BATCH:
            PlanRow.objects.bulk_create(batch, batch_size=500)
            batch.clear()
    PlanRow.objects.bulk_create(batch, batch_size=500)
    limit = run.profile.leaver_limit_percent if run.profile else LIMIT_PERCENT
    run.held = []
    for where, count in leaving.items():
        percent = 100 * count / totals[where]
        if count > ALWAYS_ALLOWED and percent > limit:
            run.held.append(
                {"scope": where, "leaving": count, "of": totals[where], "percent": round(percent)}
            )
            counts["held"] += count
            for start in range(0, count, BATCH):
                run.plan_rows.filter(
                    action=PlanRow.Action.LEAVE, record_id__in=pks[where][start : start + BATCH]
                ).update(outcome=PlanRow.Outcome.HELD)
        else:
            counts["left"] += count
