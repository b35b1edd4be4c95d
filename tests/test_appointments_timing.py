"""The arithmetic of a day: slots, breaks, buffers, and the night in which the clocks go back."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from cms.clock import LONDON
from workflows.appointments.timing import (
    before,
    grid,
    overlap,
    parse_breaks,
    parse_reminders,
    wall,
)

DAY = date(2026, 10, 24)


def walls(found):
    return [f"{first.astimezone(LONDON):%H:%M}" for first, _last in found]


def hours(day, first, last):
    return wall(day, time.fromisoformat(first)), wall(day, time.fromisoformat(last))


def test_slots_follow_from_length_buffer_and_breaks():
    found = grid(
        DAY,
        hours(DAY, "10:00", "11:30"),
        minutes=10,
        buffer_minutes=5,
        breaks=parse_breaks("10:40-11:00"),
    )
    # 10:30 to 10:40 fits before the break; the next begins when the break is over.
    assert walls(found) == ["10:00", "10:15", "10:30", "11:00", "11:15"]


def test_what_does_not_fit_whole_is_left_out_and_booked_times_are_gone_around():
    taken = [hours(DAY, "10:05", "10:15")]

    assert walls(grid(DAY, hours(DAY, "10:00", "10:35"), minutes=10, taken=taken)) == [
        "10:15",
        "10:25",
    ]


def test_the_night_with_an_hour_twice_has_an_hour_more_of_slots_and_none_twice():
    day = date(2026, 10, 25)
    found = grid(day, hours(day, "00:30", "03:00"), minutes=30)

    assert walls(found) == ["00:30", "01:00", "01:30", "01:00", "01:30", "02:00", "02:30"]
    assert all(last - first == timedelta(minutes=30) for first, last in found)
    assert len({first for first, _last in found}) == 7


@pytest.mark.parametrize(
    ("moment", "back", "expected"),
    [
        # 10:00 GMT on the day of the change; two days before on the wall is 10:00 BST.
        (datetime(2026, 10, 25, 10, tzinfo=UTC), 48, datetime(2026, 10, 23, 9, tzinfo=UTC)),
        (datetime(2026, 10, 24, 9, tzinfo=UTC), 48, datetime(2026, 10, 22, 9, tzinfo=UTC)),
        (datetime(2027, 3, 28, 9, tzinfo=UTC), 24, datetime(2027, 3, 27, 10, tzinfo=UTC)),
    ],
)
def test_so_many_hours_before_counts_on_the_wall(moment, back, expected):
    assert before(moment, back) == expected


def test_breaks_and_reminders_are_read_or_refused_in_words():
    assert parse_breaks("12:30-13:15, 11.00 to 11.15") == [
        (time(11), time(11, 15)),
        (time(12, 30), time(13, 15)),
    ]
    assert parse_reminders("2 hours, 3 days, 1d") == [72, 24, 2]
    assert parse_breaks("") == parse_reminders(" ") == []
    for text in ("lunch", "11:00", "25:00-26:00", "11:15-11:00"):
        with pytest.raises(ValueError, match="11"):
            parse_breaks(text + ", 11:00-11")
    for text in ("soon", "0 days", "90 days"):
        with pytest.raises(ValueError, match="reminder"):
            parse_reminders(text)


def test_times_that_only_touch_do_not_overlap():
    one, other = hours(DAY, "10:00", "10:10"), hours(DAY, "10:10", "10:20")

    assert not overlap(one, other)
    assert overlap(one, (one[0], other[1]))
