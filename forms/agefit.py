"""Whether a child is of the age that a course date is for, on the day of the course.

Checked where a form's places question says so (`check_ages`), when a page with a date of birth is
saved. A child that is too young or too old is no mistake of the family's: it is told kindly, with
other dates that fit, and nothing of the page is kept. A school year may lawfully differ by one from
the expected one (cms.school_year), so it only counts beyond that.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.utils import timezone
from django.utils.translation import gettext as _

from cms.conditions import as_date
from cms.models import CourseDate
from cms.school_year import age_on, school_year
from forms.charges import places_in
from forms.models import Journey
from forms.walk import VisibleStep, Walk

MOST_OTHERS = 3
LOOKED_AT = 60


@dataclass(frozen=True)
class Misfit:
    """A child that a date is not for: whom it is for, the age on that day, what would do."""

    date: CourseDate
    whom: str
    age: int
    others: list[CourseDate]


def misfit(
    journey: Journey, seen: Walk, step: VisibleStep, number: int | None, answers: Mapping
) -> Misfit | None:
    """What is to be said about the child of this page; None when there is nothing."""
    compiled = journey.version.compiled
    if journey.offering is None or not _is_wanted(compiled):
        return None
    born = _birthday(step, answers)
    if born is None:
        return None
    booked = _date_of(journey, seen, number or 1)
    if fits(booked, born):
        return None
    return Misfit(booked, whom(booked), age_on(born, booked.first_day), _others(booked, born))


def fits(booked: CourseDate, born: date) -> bool:
    """Whether somebody born then may come, by age and by school year on the first day."""
    ages, day = booked.ages(), booked.first_day
    if born > day:
        return False
    age, year = age_on(born, day), school_year(born, day)
    return _within(age, ages.min_age, ages.max_age) and (
        _within(year, ages.min_year, ages.max_year)
        or _within(year - 1, ages.min_year, ages.max_year)
        or _within(year + 1, ages.min_year, ages.max_year)
    )


def _within(value: int, low: int | None, high: int | None) -> bool:
    return (low is None or value >= low) and (high is None or value <= high)


def whom(booked: CourseDate) -> str:
    """ "ages 8 to 18", "school years 3 to 6", with open ends said."""
    ages = booked.ages()
    low, high = ages.min_age, ages.max_age
    words = (_("ages %(low)s to %(high)s"), _("ages %(low)s and over"), _("ages up to %(high)s"))
    if low is None and high is None:
        low, high = ages.min_year, ages.max_year
        words = (
            _("school years %(low)s to %(high)s"),
            _("school years %(low)s and over"),
            _("school years up to %(high)s"),
        )
    kind = 0 if None not in (low, high) else 1 if high is None else 2
    return words[kind] % {"low": low, "high": high}


def _is_wanted(compiled: Mapping) -> bool:
    return any(
        question["type"] == "places" and question["settings"].get("check_ages")
        for step in compiled["steps"]
        for question in step["questions"]
    )


def _birthday(step: VisibleStep, answers: Mapping) -> date | None:
    return next(
        (
            as_date(answers.get(question["key"]))
            for question in step.questions
            if question["type"] == "date" and question["settings"].get("autocomplete") == "bday"
        ),
        None,
    )


def _date_of(journey: Journey, seen: Walk, number: int) -> CourseDate:
    """The date that this child of the journey goes to."""
    chosen = places_in(journey.version.compiled, seen.answers) or {}
    last = 0
    for part in chosen.get("dates") or []:
        last += part["children"]
        if number <= last:
            return CourseDate.objects.select_related("course").get(reference=part["reference"])
    return journey.offering


def _others(booked: CourseDate, born: date) -> list[CourseDate]:
    """The next dates with places, of any course, that the child is of the age for."""
    now = timezone.now()
    rows = (
        CourseDate.objects.upcoming()
        .with_places()
        .select_related("course", "centre")
        .prefetch_related("sessions")
        .filter(status=CourseDate.Status.OPEN, booking_closes_at__gt=now)
        .exclude(pk=booked.pk)
        .exclude(course__form_slug="")
    )
    return [row for row in rows[:LOOKED_AT] if row.places_left and fits(row, born)][:MOST_OTHERS]
