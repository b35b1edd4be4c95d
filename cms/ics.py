"""Calendar entries: one event as an .ics file that phones and diaries accept.

Times are London times, with London's rules for summer time in the file, so that a diary anywhere
shows the right hour, also for a date beyond the next clock change. An entry sent again with the
same `uid` and a higher `sequence` replaces the earlier one; a cancelled one takes it away.
Nothing about a family belongs in an entry: diaries are shared.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.conf import settings
from icalendar import Calendar, Event

from cms.models import CourseDate

LONDON = ZoneInfo("Europe/London")
CONTENT_TYPE = "text/calendar; charset=utf-8; method=PUBLISH"
CANCEL_CONTENT_TYPE = "text/calendar; charset=utf-8; method=CANCEL"
REQUEST_CONTENT_TYPE = "text/calendar; charset=utf-8; method=REQUEST"


@dataclass(frozen=True)
class When:
    """One event of an entry that has several."""

    starts_at: datetime
    ends_at: datetime
    note: str = ""
    is_cancelled: bool = False


def entry(
    *,
    uid: str,
    title: str,
    starts_at: datetime,
    ends_at: datetime,
    where: str = "",
    about: str = "",
    url: str = "",
    changed_at: datetime,
    sequence: int = 0,
    is_cancelled: bool = False,
    organizer: str = "",
    attendee: str = "",
    times: Sequence[When] = (),
) -> bytes:
    """One event. `uid` is unique for ever and stays the same when the event changes.

    `sequence` grows with each change that is sent out. With `organizer` and `attendee`, two e-mail
    addresses, it is an invitation, which diaries change and take away by themselves: send it as
    REQUEST_CONTENT_TYPE. Send a cancelled one as CANCEL_CONTENT_TYPE. `times`, where there are
    several, are events of their own: the first under `uid`, the others under it and their number.
    """
    calendar = Calendar()
    calendar.add("prodid", "-//Music hub//Bookings//EN")
    calendar.add("version", "2.0")
    method = "REQUEST" if organizer and attendee else "PUBLISH"
    calendar.add("method", "CANCEL" if is_cancelled else method)
    for number, when in enumerate(times or [When(starts_at, ends_at)], start=1):
        event = Event()
        event.add("uid", uid if number == 1 else _numbered(uid, number))
        event.add("sequence", sequence)
        event.add("dtstamp", changed_at.astimezone(UTC))
        event.add("dtstart", when.starts_at.astimezone(LONDON))
        event.add("dtend", when.ends_at.astimezone(LONDON))
        event.add("summary", f"{title}: {when.note}" if when.note else title)
        is_off = is_cancelled or when.is_cancelled
        event.add("status", "CANCELLED" if is_off else "CONFIRMED")
        for name, value in (("location", where), ("description", about), ("url", url)):
            if value:
                event.add(name, value)
        if organizer and attendee:
            event.add("organizer", f"mailto:{organizer}")
            event.add("attendee", f"mailto:{attendee}")
            event["attendee"].params["PARTSTAT"] = "ACCEPTED"
        calendar.add_component(event)
    calendar.add_missing_timezones()
    return calendar.to_ical()


def _numbered(uid: str, number: int) -> str:
    name, at, host = uid.rpartition("@")
    return f"{name}-{number}{at}{host}" if at else f"{uid}-{number}"


def times_of(date: CourseDate) -> list[When]:
    """The sessions of a course date."""
    return [When(*one) for one in date.times()]


def place_of(date: CourseDate) -> str:
    """Where a course date is, room and all."""
    room = f"{date.room}, " if date.room else ""
    return f"{room}{date.centre}, {date.centre.address}, {date.centre.postcode}"


def course_date_entry(
    date: CourseDate, *, changed_at: datetime, about: str = "", url: str = "", sequence: int = 0
) -> bytes:
    """A course date as anybody may have it in a diary; cancelled when the date is.

    Its uid is that of the date, so a page's file and a letter's file are one entry.
    """
    return entry(
        uid=f"course-date-{date.reference}@{urlsplit(settings.SITE_URL).hostname}",
        title=str(date.course),
        starts_at=date.starts_at,
        ends_at=date.ends_at,
        where=place_of(date),
        times=times_of(date),
        about=about,
        url=url,
        changed_at=changed_at,
        sequence=sequence,
        is_cancelled=date.status == CourseDate.Status.CANCELLED,
    )
