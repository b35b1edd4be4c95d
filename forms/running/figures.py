"""The figures of course dates: places, who waits, money, help with costs, schools, years, curve.

Counts only; no name leaves here. All dates of a board are read together, so a board of thirty
dates asks as often as one of three. Money is the price that families agreed to; what was paid is
the ledger's, where there is one.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext as _

from cms.models import CourseDate, Place
from cms.school_year import school_year, year_label
from forms import agefit
from forms.models import CourseRun, Submission
from forms.running.roll import Child, bookings_of, child_of
from workflows.models import ListEntry

MINUTES, FIRST = 5, 120  # the curve: every five minutes of the first two hours
UNKNOWN = "–"


@dataclass(frozen=True)
class Bar:
    """One row of a table that is drawn too. `share` is 0 to 100 of the longest."""

    label: str
    number: int
    share: float
    note: str = ""


@dataclass
class Figures:
    """One date, or several together."""

    date: CourseDate | None
    run: CourseRun | None
    capacity: int = 0
    minimum: int = 0
    sold: int = 0
    held: int = 0
    offered: int = 0
    waiting: int = 0
    pence: int = 0
    bookings: int = 0
    helped: int = 0  # children whose booking asks for help with costs
    schools: Counter = field(default_factory=Counter)
    years: Counter = field(default_factory=Counter)
    minutes: list[int] = field(default_factory=list)  # after opening, of each place
    misfits: set[str] = field(default_factory=set)  # bookings of a child whom it is not for

    @property
    def left(self) -> int:
        return max(0, self.capacity - self.sold - self.held - self.offered)

    @property
    def is_enough(self) -> bool:
        return self.sold >= self.minimum

    @property
    def helped_percent(self) -> int:
        return round(100 * self.helped / self.sold) if self.sold else 0

    @property
    def is_undecided(self) -> bool:
        """Below its minimum, still to come, and nobody has said that it goes ahead."""
        return (
            self.date is not None
            and self.date.status == CourseDate.Status.OPEN
            and self.date.starts_at > timezone.now()
            and not self.is_enough
            and not self.run.decision
        )

    @property
    def is_late(self) -> bool:
        """The day to decide by is today or over."""
        return self.is_undecided and self.date.decision_day <= timezone.localdate()


def of_dates(dates: Iterable[CourseDate]) -> list[Figures]:
    """The figures of each date, in the order given. A fixed number of queries."""
    rows = {date.pk: Figures(date, None, date.capacity, date.minimum_number) for date in dates}
    runs = {run.course_date_id: run for run in CourseRun.objects.filter(course_date__in=rows)}
    for pk, row in rows.items():
        row.run = runs.get(pk) or CourseRun(course_date=row.date)
        row.run.course_date = row.date
    _count_places(rows)
    waits = ListEntry.objects.filter(
        pool__course_date__in=rows, state__in=ListEntry.ON_LIST
    ).select_related("pool")
    for entry in waits:
        rows[entry.pool.course_date_id].waiting += len(entry.children)
    _read_bookings(rows)
    return list(rows.values())


def together(rows: Sequence[Figures]) -> Figures:
    """Several dates as one."""
    total = Figures(None, None)
    for row in rows:
        for name in ("capacity", "minimum", "sold", "held", "offered", "waiting", "pence"):
            setattr(total, name, getattr(total, name) + getattr(row, name))
        total.bookings += row.bookings
        total.helped += row.helped
        total.schools += row.schools
        total.years += row.years
        total.minutes += row.minutes
    return total


def _count_places(rows: dict[int, Figures]) -> None:
    counted = (
        Place.objects.occupying()
        .filter(course_date__in=rows)
        .order_by()
        .values_list("course_date", "state")
        .annotate(number=Count("pk"))
    )
    names = {Place.State.HELD: "held", Place.State.OFFERED: "offered"}
    for pk, state, number in counted:
        name = names.get(state, "sold")
        setattr(rows[pk], name, getattr(rows[pk], name) + number)


def _read_bookings(rows: dict[int, Figures]) -> None:
    places = list(
        Place.objects.filter(course_date__in=rows, state__in=Place.SETTLED)
        .select_related("pupil")
        .order_by("pk")
    )
    found = bookings_of(places)
    numbers, seen = defaultdict(set), set()
    for place in places:
        numbers[place.course_date_id, place.holder].add(place.child_number)
    for place in places:
        row, booking = rows[place.course_date_id], found.get(place.holder)
        child = child_of(place, booking, sorted(numbers[place.course_date_id, place.holder]))
        opened = row.date.booking_opens_at
        row.minutes.append(int((place.created_at - opened).total_seconds() // 60))
        row.years[_year(child, row.date)] += 1
        row.schools[_school(child)] += 1
        row.helped += bool(booking and asks_for_help(booking))
        if booking and child.born and not agefit.fits(row.date, child.born):
            row.misfits.add(booking.reference)
        if booking and (place.course_date_id, place.holder) not in seen:
            seen.add((place.course_date_id, place.holder))
            row.bookings += 1
            row.pence += (booking.price or {}).get("pence", 0)


def asks_for_help(booking: Submission) -> bool:
    """Whether it answers a question that only those who judge help with costs may read."""
    return any(
        question["settings"].get("restricted") == "evidence"
        and booking.answers.get(question["key"]) not in (None, "", [])
        for step in booking.version.compiled["steps"]
        for question in step["questions"]
    )


def _year(child: Child, date: CourseDate) -> str:
    """The school year on the day of the course; the key sorts by age."""
    day = timezone.localtime(date.starts_at).date()
    if child.born is None or child.born > day:
        return UNKNOWN
    return f"{max(-1, min(14, school_year(child.born, day))):+03d}"


def _school(child: Child) -> str:
    for key, question in child.questions.items():
        if question["type"] == "school" and child.lines(key):
            return child.lines(key)[0]
    return UNKNOWN


def school_bars(figures: Figures, most: int = 12) -> list[Bar]:
    """The schools that send most, and the others together."""
    ranked = sorted(figures.schools.items(), key=lambda item: (-item[1], item[0]))
    pairs = [(_("Not said") if label == UNKNOWN else label, n) for label, n in ranked[:most]]
    if rest := sum(number for _label, number in ranked[most:]):
        pairs.append((_("Other schools"), rest))
    return bars(pairs)


def year_bars(figures: Figures) -> list[Bar]:
    """School years from the youngest; those without a date of birth last."""
    known = sorted((int(key), n) for key, n in figures.years.items() if key != UNKNOWN)
    pairs = [(year_label(year), number) for year, number in known]
    if figures.years.get(UNKNOWN):
        pairs.append((_("Not said"), figures.years[UNKNOWN]))
    return bars(pairs)


def bars(pairs: Iterable[tuple[str, int]]) -> list[Bar]:
    pairs = list(pairs)
    top = max((number for _label, number in pairs), default=0) or 1
    return [Bar(label, number, 100 * number / top) for label, number in pairs]


def curve(figures: Figures) -> list[Bar]:
    """Places taken by so many minutes after booking opened: `(minutes, taken)` as bars.

    Holds and offers that came to nothing are not in it: it is when what was sold was taken.
    """
    top = len(figures.minutes) or 1
    found = []
    for end in range(MINUTES, FIRST + 1, MINUTES):
        taken = sum(minute < end for minute in figures.minutes)
        found.append(Bar(str(end), taken, 100 * taken / top))
    return found


def when_full(figures: Figures) -> datetime | None:
    """When the last place that is sold was taken, for a date that is full."""
    if figures.date is None or figures.sold < figures.capacity or not figures.minutes:
        return None
    return figures.date.booking_opens_at + timedelta(minutes=max(figures.minutes))
