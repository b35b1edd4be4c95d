"""Terms and half-terms of any school year, by the rules of thumb that English counties follow."""

from dataclasses import dataclass
from datetime import date, timedelta

from dateutil.easter import easter

from cms.models import Term

MONDAY, WEDNESDAY, FRIDAY = 0, 2, 4


@dataclass(frozen=True)
class TermDates:
    season: Term.Season
    starts_on: date
    half_term_starts_on: date
    half_term_ends_on: date
    ends_on: date


def on_or_after(day: date, weekday: int) -> date:
    return day + timedelta(days=(weekday - day.weekday()) % 7)


def on_or_before(day: date, weekday: int) -> date:
    return day - timedelta(days=(day.weekday() - weekday) % 7)


def school_year_of(day: date) -> int:
    """The calendar year in which the school year of that day began."""
    return day.year if day.month >= 9 else day.year - 1


def terms_of(start_year: int) -> list[TermDates]:
    """The three terms of the school year that begins in September of `start_year`."""
    following = start_year + 1
    autumn_half = on_or_before(date(start_year, 10, 31), MONDAY)
    spring_half = on_or_after(date(following, 2, 12), MONDAY)
    summer_half = on_or_after(date(following, 5, 26), MONDAY)
    before_easter = min(
        easter(following) - timedelta(days=3), on_or_after(date(following, 4, 2), FRIDAY)
    )
    spring_end = before_easter - timedelta(days=1)
    return [
        TermDates(
            Term.Season.AUTUMN,
            on_or_after(date(start_year, 9, 1), WEDNESDAY),
            autumn_half,
            autumn_half + timedelta(days=4),
            on_or_before(date(start_year, 12, 19), FRIDAY),
        ),
        TermDates(
            Term.Season.SPRING,
            on_or_after(date(following, 1, 4), MONDAY),
            spring_half,
            spring_half + timedelta(days=4),
            spring_end,
        ),
        TermDates(
            Term.Season.SUMMER,
            on_or_after(spring_end + timedelta(days=16), MONDAY),
            summer_half,
            summer_half + timedelta(days=4),
            on_or_before(date(following, 7, 22), WEDNESDAY),
        ),
    ]
