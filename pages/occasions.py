"""When an event takes place: each date of a recurring one, with what is different on it.

A rule repeats the hour on the wall: a rehearsal at seven stays at seven when the clocks change.
Lists, the month and term views, calendars and feeds are all made from the same occasions, and the
calendar file says the same rule in its own words (RRULE, EXDATE, RECURRENCE-ID), so that a diary
counts the same dates.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import models
from django.utils.formats import date_format
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

LONDON = ZoneInfo("Europe/London")
MOST = 200  # occasions of one event
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


class Repeats(models.TextChoices):
    ONCE = "", _("Once")
    WEEKLY = "weekly", _("Every week")
    FORTNIGHTLY = "fortnightly", _("Every two weeks")
    MONTHLY = "monthly", _("Every month, on the same weekday (such as the second Tuesday)")
    MONTHLY_LAST = "monthly_last", _("Every month, on the last such weekday")


class Change(models.TextChoices):
    CANCELLED = "cancelled", _("It is cancelled")
    MOVED = "moved", _("It is at another time")
    NOTE = "note", _("It takes place, with a note")


@dataclass(frozen=True)
class Occasion:
    """One date of an event page. `rule_starts_at` is when it would have been without a change."""

    page: Any
    starts_at: datetime
    ends_at: datetime
    rule_starts_at: datetime
    note: str = ""
    change: str = ""

    @property
    def is_cancelled(self) -> bool:
        return self.change == Change.CANCELLED

    @property
    def is_moved(self) -> bool:
        return self.change == Change.MOVED


def nth_weekday(day: date) -> int:
    """Which one of its weekday in its month: 2 for the second Tuesday."""
    return (day.day - 1) // 7 + 1


def is_last_weekday(day: date) -> bool:
    return (day + timedelta(days=7)).month != day.month


def days_of(rule: str, first: date, until: date | None) -> Iterator[date]:
    """The days of a rule that begins on `first`, `until` included; at most MOST of them."""
    if rule == Repeats.ONCE or until is None:
        yield first
        return
    number, day = 0, first
    while day <= until and number < MOST:
        if _fits(rule, day, first):
            yield day
            number += 1
        day += timedelta(days=14 if rule == Repeats.FORTNIGHTLY else 7)


def _fits(rule: str, day: date, first: date) -> bool:
    if rule == Repeats.MONTHLY_LAST or (rule == Repeats.MONTHLY and nth_weekday(first) == 5):
        return is_last_weekday(day)
    if rule == Repeats.MONTHLY:
        return nth_weekday(day) == nth_weekday(first)
    return True


def occasions_of(page: Any) -> Iterator[Occasion]:
    """Every occasion of an event page, changed ones as they now are. Reads its `changes`."""
    first, last = page.starts_at.astimezone(LONDON), page.ends_at.astimezone(LONDON)
    lasts_days = (last.date() - first.date()).days
    changes = {change.on: change for change in page.changes.all()}
    for day in days_of(page.repeats, first.date(), page.repeats_until):
        starts = _at(day, first.timetz())
        ends = _at(day + timedelta(days=lasts_days), last.timetz())
        change = changes.get(day)
        if change is None:
            yield Occasion(page, starts, ends, starts)
        elif change.what == Change.MOVED:
            yield Occasion(page, change.starts_at, change.ends_at, starts, change.note, change.what)
        else:
            yield Occasion(page, starts, ends, starts, change.note, change.what)


def _at(day: date, at: time) -> datetime:
    return datetime.combine(day, at.replace(tzinfo=None), tzinfo=LONDON)


def between(pages: Iterable[Any], start: datetime, end: datetime | None = None) -> list[Occasion]:
    """Occasions of these pages that are not over at `start` and begin before `end`, in order."""
    found = [
        occasion
        for page in pages
        for occasion in occasions_of(page)
        if occasion.ends_at > start and (end is None or occasion.starts_at < end)
    ]
    return sorted(found, key=lambda occasion: (occasion.starts_at, occasion.page.pk))


def rule_of(page: Any) -> dict[str, Any]:
    """The RRULE of a recurring event, as icalendar takes it."""
    day = page.starts_at.astimezone(LONDON).date()
    until = _at(page.repeats_until, time(23, 59, 59)).astimezone(UTC)
    if page.repeats in {Repeats.MONTHLY, Repeats.MONTHLY_LAST}:
        is_last = page.repeats == Repeats.MONTHLY_LAST or nth_weekday(day) == 5
        number = -1 if is_last else nth_weekday(day)
        return {"freq": "monthly", "byday": f"{number}{WEEKDAYS[day.weekday()]}", "until": until}
    interval = 2 if page.repeats == Repeats.FORTNIGHTLY else 1
    return {"freq": "weekly", "interval": interval, "until": until}


def in_words(page: Any) -> str:
    """How an event repeats: "Every Thursday until 3 July 2027"; "" when it does not."""
    day = page.starts_at.astimezone(LONDON).date()
    nth = [_now("first"), _now("second"), _now("third"), _now("fourth"), _now("last")]
    facts = {
        "weekday": date_format(day, "l"),
        "until": date_format(page.repeats_until, "j F Y") if page.repeats_until else "",
        "which": nth[-1 if page.repeats == Repeats.MONTHLY_LAST else nth_weekday(day) - 1],
    }
    said = {
        Repeats.WEEKLY: _now("Every %(weekday)s until %(until)s"),
        Repeats.FORTNIGHTLY: _now("Every second %(weekday)s until %(until)s"),
        Repeats.MONTHLY: _now("The %(which)s %(weekday)s of each month until %(until)s"),
        Repeats.MONTHLY_LAST: _now("The %(which)s %(weekday)s of each month until %(until)s"),
    }
    return said[page.repeats] % facts if page.repeats in said else ""
