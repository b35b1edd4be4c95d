"""School years and ages on a reference date: the county's own test cases, and the edges."""

from datetime import date

import pytest

from cms.school_year import (
    academic_year,
    age_on,
    is_summer_born,
    school_year,
    year_label,
    year_note,
)


@pytest.mark.parametrize(
    ("born", "on", "expected"),
    [
        (date(2015, 9, 1), date(2026, 10, 26), 6),
        (date(2015, 8, 31), date(2026, 10, 26), 7),
        (date(2011, 9, 1), date(2017, 9, 4), 1),
        (date(2021, 9, 1), date(2026, 9, 1), 0),
        (date(2021, 9, 1), date(2026, 8, 31), -1),
        (date(2008, 9, 1), date(2027, 8, 31), 13),
        (date(2008, 8, 31), date(2027, 8, 31), 14),
        (date(2016, 2, 29), date(2027, 2, 28), 6),
    ],
)
def test_the_school_year_follows_from_the_cohort_and_the_reference_date(born, on, expected):
    assert school_year(born, on) == expected


@pytest.mark.parametrize(("on", "expected"), [(date(2026, 8, 31), 2025), (date(2026, 9, 1), 2026)])
def test_the_academic_year_turns_on_the_first_of_september(on, expected):
    assert academic_year(on) == expected


@pytest.mark.parametrize(
    ("born", "on", "expected"),
    [
        (date(2015, 3, 27), date(2026, 3, 26), 10),
        (date(2015, 3, 27), date(2026, 3, 27), 11),
        (date(2016, 2, 29), date(2027, 2, 28), 10),
        (date(2016, 2, 29), date(2027, 3, 1), 11),
        (date(2016, 2, 29), date(2028, 2, 29), 12),
        (date(2026, 1, 1), date(2026, 1, 1), 0),
    ],
)
def test_age_is_counted_on_the_day_and_never_today(born, on, expected):
    assert age_on(born, on) == expected


@pytest.mark.parametrize("function", [school_year, age_on])
def test_a_birth_after_the_reference_date_is_an_error(function):
    with pytest.raises(ValueError, match="after the reference date"):
        function(date(2026, 1, 2), date(2026, 1, 1))


def test_years_are_said_in_words():
    assert [year_label(year) for year in (-1, 0, 6, 13, 14)] == [
        "not yet at school",
        "Reception",
        "Year 6",
        "Year 13",
        "after school",
    ]


def test_only_april_to_august_is_summer_born():
    days = [date(2015, 3, 31), date(2015, 4, 1), date(2015, 8, 31), date(2015, 9, 1)]

    assert [is_summer_born(day) for day in days] == [False, True, True, False]


def test_a_different_year_is_a_warning_that_knows_the_summer_born():
    on = date(2026, 10, 26)

    assert year_note(date(2015, 9, 1), 6, on) == ""
    assert year_note(date(2015, 9, 1), 5, on) == (
        "Year 5 differs from what the date of birth suggests (Year 6)."
    )
    assert year_note(date(2015, 8, 31), 6, on) == (
        "Year 6 is a year below what the date of birth suggests (Year 7). "
        "That is usual for a summer-born child who started school a year later."
    )
