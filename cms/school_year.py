"""School years and ages, always on a reference date and never "today".

In England a child's school year follows from the cohort, the 1 September to 31 August in which
they were born. The year that a child is really in may differ, lawfully: a mismatch is a warning to
show, never an error. Rule and test cases: the county's admission arrangements.
"""

from datetime import date

from django.utils.translation import gettext as _

RECEPTION = 0
LAST_YEAR = 13
SEPTEMBER = 9


def academic_year(on: date) -> int:
    """The calendar year in which the academic year of that day starts: 2026 for 31 August 2027."""
    return on.year if on.month >= SEPTEMBER else on.year - 1


def school_year(date_of_birth: date, on: date) -> int:
    """The school year a child of that birth date is expected in on a day; 0 is Reception.

    Negative before Reception, above 13 after school. Raises ValueError when born after that day.
    """
    if date_of_birth > on:
        raise ValueError("The date of birth is after the reference date.")
    return academic_year(on) - academic_year(date_of_birth) - 5


def age_on(date_of_birth: date, on: date) -> int:
    """Whole years on a day. Someone born on 29 February turns a year older on 1 March.

    Raises ValueError when born after that day.
    """
    if date_of_birth > on:
        raise ValueError("The date of birth is after the reference date.")
    had_birthday = (on.month, on.day) >= (date_of_birth.month, date_of_birth.day)
    return on.year - date_of_birth.year - (not had_birthday)


def year_label(year: int) -> str:
    """The school year in words: "Reception", "Year 6", "not yet at school", "after school"."""
    if year < RECEPTION:
        return _("not yet at school")
    if year == RECEPTION:
        return _("Reception")
    if year > LAST_YEAR:
        return _("after school")
    return _("Year %(number)s") % {"number": year}


def is_summer_born(date_of_birth: date) -> bool:
    """Born from 1 April to 31 August: the family may have asked to start school a year later."""
    return 4 <= date_of_birth.month <= 8


def year_note(date_of_birth: date, stated_year: int, on: date) -> str:
    """What to tell people when the stated school year is not the expected one; "" when it is.

    A warning in a sentence. Nobody is refused for it.
    """
    expected = school_year(date_of_birth, on)
    if stated_year == expected:
        return ""
    words = {"stated": year_label(stated_year), "expected": year_label(expected)}
    if is_summer_born(date_of_birth) and stated_year == expected - 1:
        return (
            _(
                "%(stated)s is a year below what the date of birth suggests (%(expected)s). "
                "That is usual for a summer-born child who started school a year later."
            )
            % words
        )
    return _("%(stated)s differs from what the date of birth suggests (%(expected)s).") % words
