"""Calendar entries: one event as an .ics file that phones and diaries accept.

Times are London times, with London's rules for summer time in the file, so that a diary anywhere
shows the right hour, also for a date beyond the next clock change. An entry sent again with the
same `uid` and a higher `sequence` replaces the earlier one; a cancelled one takes it away.
Nothing about a family belongs in an entry: diaries are shared.
"""

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
) -> bytes:
    """One event. `uid` is unique for ever and stays the same when the event changes.

    `sequence` grows with each change that is sent out. With `organizer` and `attendee`, two e-mail
    addresses, it is an invitation, which diaries change and take away by themselves: send it as
    REQUEST_CONTENT_TYPE. Send a cancelled one as CANCEL_CONTENT_TYPE.
    """
    event = Event()
    event.add("uid", uid)
    event.add("sequence", sequence)
    event.add("dtstamp", changed_at.astimezone(UTC))
    event.add("dtstart", starts_at.astimezone(LONDON))
    event.add("dtend", ends_at.astimezone(LONDON))
    event.add("summary", title)
    event.add("status", "CANCELLED" if is_cancelled else "CONFIRMED")
    for name, value in (("location", where), ("description", about), ("url", url)):
        if value:
            event.add(name, value)
    if organizer and attendee:
        event.add("organizer", f"mailto:{organizer}")
        event.add("attendee", f"mailto:{attendee}")
        event["attendee"].params["PARTSTAT"] = "ACCEPTED"
    method = "REQUEST" if organizer and attendee else "PUBLISH"
    calendar = Calendar()
    calendar.add("prodid", "-//Music hub//Bookings//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "CANCEL" if is_cancelled else method)
    calendar.add_component(event)
    calendar.add_missing_timezones()
    return calendar.to_ical()


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
        where=f"{date.centre}, {date.centre.address}, {date.centre.postcode}",
        about=about,
        url=url,
        changed_at=changed_at,
        sequence=sequence,
        is_cancelled=date.status == CourseDate.Status.CANCELLED,
    )
