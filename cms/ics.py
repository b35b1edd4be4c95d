"""Calendar entries: one event as an .ics file that phones and diaries accept.

Times are written in UTC, so a calendar anywhere shows the right hour. An entry sent twice with the
same `uid` replaces the earlier one. Nothing about a family belongs in an entry: diaries are shared.
"""

from datetime import UTC, datetime

from icalendar import Calendar, Event

CONTENT_TYPE = "text/calendar; charset=utf-8; method=PUBLISH"


def entry(
    *,
    uid: str,
    title: str,
    starts_at: datetime,
    ends_at: datetime,
    where: str = "",
    about: str = "",
    changed_at: datetime,
) -> bytes:
    """One event. `uid` is unique for ever and stays the same when the event changes."""
    event = Event()
    event.add("uid", uid)
    event.add("dtstamp", changed_at.astimezone(UTC))
    event.add("dtstart", starts_at.astimezone(UTC))
    event.add("dtend", ends_at.astimezone(UTC))
    event.add("summary", title)
    if where:
        event.add("location", where)
    if about:
        event.add("description", about)
    calendar = Calendar()
    calendar.add("prodid", "-//Music hub//Bookings//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add_component(event)
    return calendar.to_ical()
