"""The rosters as a whole, in figures: how fresh, how they grew, how good; and the board of sources.

Reads only; counts and days, never a person. A number of queries that does not grow with the rows.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Max, OuterRef, Q, Subquery
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .arrivals import is_overdue
from .models import ImportRun, SourceProfile
from .resources import rosters

MONTHS = 12
LAST_FILES = 20
# What a record should say before it is of use: roster -> {field of the record: in words}
WANTED = {
    "pupils": {"date_of_birth": _("date of birth"), "school": _("school"),
        "postcode": _("postcode")},
    "guardians": {"email": _("e-mail address"), "phone": _("telephone"), "pupils": _("child")},
    "teachers": {"email": _("e-mail address"), "centres": _("music centre")},
    "schools": {"postcode": _("postcode"), "phone": _("telephone"), "area": _("area")},
    "groups": {"teachers": _("teacher"), "weekday": _("day")},
}  # fmt: skip


def freshness() -> list[dict[str, Any]]:
    """Each roster with how many records it holds and when a file last changed it."""
    applied = ImportRun.objects.filter(state=ImportRun.State.APPLIED, undoes=None)
    dates = applied.order_by().values("roster").annotate(at=Max("finished_at"))
    last = dict(dates.values_list("roster", "at"))
    return [
        {
            "key": key,
            "title": roster.title,
            "count": roster.present().count(),
            "last": last.get(key),
        }
        for key, roster in rosters.items()
    ]


def source_board() -> list[dict[str, Any]]:
    """Every source with its last good file, what waits, and whether the next is overdue."""
    newest = ImportRun.objects.filter(profile=OuterRef("pk"), undoes=None).order_by("-pk")
    good = newest.filter(state=ImportRun.State.APPLIED)
    waits = newest.filter(state__in=[ImportRun.State.UPLOADED, ImportRun.State.PLANNED])
    sources = SourceProfile.objects.annotate(
        last_at=Subquery(good.values("finished_at")[:1]),
        last_sent=Subquery(good.values("created_at")[:1]),
        last_counts=Subquery(good.values("counts")[:1]),
        waiting=Subquery(waits.values("pk")[:1]),
    )
    return [
        {
            "source": source,
            "roster": rosters[source.roster].title if source.roster in rosters else source.roster,
            "last_at": source.last_at,
            "rows": (source.last_counts or {}).get("rows", 0),
            "refused": (source.last_counts or {}).get("refused", 0),
            "waiting": source.waiting,
            "is_overdue": is_overdue(source, source.last_sent),
        }
        for source in sources
    ]


@dataclass(frozen=True)
class Bar:
    """One row of a chart and of its table. `share` is the length of the bar, 0 to 100."""

    label: str
    number: str
    share: float
    note: str = ""


def growth(roster: str, today: date) -> list[Bar]:
    """Month by month, oldest first: who came and who left, by the receipts of the imports."""
    first = _month(today, -(MONTHS - 1))
    came: Counter[date] = Counter()
    left: Counter[date] = Counter()
    done = ImportRun.objects.filter(roster=roster, finished_at__date__gte=first).exclude(
        state=ImportRun.State.DISCARDED
    )
    for at, counts in done.values_list("finished_at", "counts"):
        month = timezone.localtime(at).date().replace(day=1)
        came[month] += counts.get("created", 0) - counts.get("removed", 0)
        left[month] += counts.get("left", 0)
    months = [_month(today, back) for back in range(-(MONTHS - 1), 1)]
    most = max([1, *came.values()])
    return [
        Bar(
            f"{month:%B %Y}", f"{came[month]:,}", 100 * max(0, came[month]) / most,
            f"{left[month]:,}",
        )
        for month in months
    ]  # fmt: skip


def _month(today: date, by: int) -> date:
    count = today.year * 12 + today.month - 1 + by
    return date(count // 12, count % 12 + 1, 1)


def ages(now: Any) -> list[Bar]:
    """Each roster by the days since a file last changed it; the longest bar is the oldest."""
    days = [
        (row["title"], (now - row["last"]).days if row["last"] else None) for row in freshness()
    ]
    most = max([1, *(number for _title, number in days if number is not None)])
    return [
        Bar(title, "–" if number is None else f"{number:,}", 100 * (number or 0) / most)
        for title, number in days
    ]


def file_quality() -> list[Bar]:
    """Of the last files: how many of their rows could be read, newest first."""
    done = ImportRun.objects.filter(undoes=None, counts__rows__gt=0).exclude(stored_name="")
    found = done.order_by("-pk").values_list("pk", "roster", "counts")[:LAST_FILES]
    bars = []
    for pk, roster, counts in found:
        bad = counts.get("refused", 0) + counts.get("duplicates", 0)
        good = 100 * (counts["rows"] - bad) / counts["rows"]
        title = rosters[roster].title if roster in rosters else roster
        bars.append(Bar(f"{title} {pk}", f"{good:.1f} %", good, f"{bad:,} / {counts['rows']:,}"))
    return bars


def record_quality() -> list[Bar]:
    """Of the records that are here: how many say what they should."""
    bars = []
    for name, wanted in WANTED.items():
        roster = rosters[name]
        total = roster.present().count()
        for field, words in wanted.items():
            column = roster._meta.model._meta.get_field(field)
            missing = Q(**{f"{field}__isnull": True})
            if not column.is_relation and column.get_internal_type() == "CharField":
                missing |= Q(**{field: ""})
            said = total - roster.present().filter(missing).distinct().count()
            share = 100 * said / total if total else 0
            number = f"{share:.1f} %" if total else "–"
            bars.append(Bar(f"{roster.title}: {words}", number, share, f"{said:,} / {total:,}"))
    return bars
