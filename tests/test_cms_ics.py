"""Calendar entries: the hour that the wall shows, one entry for each date, gone when cancelled."""

from datetime import UTC, datetime

import pytest
from icalendar import Calendar

from cms import ics
from cms.models import CourseDate
from tests import crash

CHANGED = datetime(2026, 10, 1, 12, tzinfo=UTC)


def read(content):
    calendar = Calendar.from_ical(content)
    return calendar, calendar.walk("VEVENT")[0]


@pytest.mark.parametrize(
    ("starts_at", "wall", "offset"),
    [
        (datetime(2026, 10, 23, 9, tzinfo=UTC), "2026-10-23 10:00", 1),
        (datetime(2026, 10, 26, 10, tzinfo=UTC), "2026-10-26 10:00", 0),  # clocks went back
        (datetime(2027, 3, 29, 9, tzinfo=UTC), "2027-03-29 10:00", 1),
    ],
)
def test_ten_o_clock_is_ten_o_clock_on_either_side_of_a_clock_change(starts_at, wall, offset):
    content = ics.entry(
        uid="a@hub",
        title="Songwriter",
        starts_at=starts_at,
        ends_at=starts_at.replace(hour=16),
        changed_at=CHANGED,
    )

    calendar, event = read(content)
    start = event.decoded("dtstart")
    assert (f"{start:%Y-%m-%d %H:%M}", start.utcoffset().total_seconds() / 3600) == (wall, offset)
    assert event["dtstart"].params["TZID"] == "Europe/London"
    assert [str(zone["TZID"]) for zone in calendar.walk("VTIMEZONE")] == ["Europe/London"]
    assert {part.name for part in calendar.walk("VTIMEZONE")[0].subcomponents} == {
        "STANDARD",
        "DAYLIGHT",
    }


@pytest.mark.django_db
def test_a_course_date_keeps_its_entry_and_a_cancelled_one_takes_it_away(settings):
    settings.SITE_URL = "https://hub.example.org"
    date = CourseDate.objects.get(pk=crash.a_course_date())
    calendar, event = read(ics.course_date_entry(date, changed_at=CHANGED, about="Bring a pen, ok"))
    assert calendar["method"] == "PUBLISH"
    assert {name: str(event[name]) for name in ("uid", "summary", "location", "status")} == {
        "uid": "course-date-sw-1@hub.example.org",
        "summary": "Songwriter",
        "location": "Hill Centre, 1 Hill Road, AL1 1AA",
        "status": "CONFIRMED",
    }
    assert (event["sequence"], event["description"]) == (0, "Bring a pen, ok")

    date.status = CourseDate.Status.CANCELLED
    calendar, gone = read(ics.course_date_entry(date, changed_at=CHANGED, sequence=1))
    assert (calendar["method"], gone["status"], gone["sequence"]) == ("CANCEL", "CANCELLED", 1)
    assert gone["uid"] == event["uid"]
