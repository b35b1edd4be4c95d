"""The arithmetic of a day of appointments: slots, breaks, reminders, and the clock on the wall.

Slots are stepped in real time, so the night in which the clocks go back has an hour more of them
and none twice. Cut-offs and reminders count on the wall: 48 hours before Sunday 10:00 is Friday
10:00, also when the clocks change between.
"""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta

from cms.clock import LONDON

MOST_SLOTS = 200
Span = tuple[datetime, datetime]
BREAK = re.compile(r"^(\d{1,2})[:.](\d{2})\s*(?:-|–|to)\s*(\d{1,2})[:.](\d{2})$")
REMINDER = re.compile(r"^(\d{1,3})\s*(days?|hours?|d|h)$")


def wall(day: date, at: time) -> datetime:
    """That time on that day in London, as UTC; of two such times the first."""
    return datetime.combine(day, at, tzinfo=LONDON).astimezone(UTC)


def before(moment: datetime, hours: int) -> datetime:
    """So many hours earlier by the clock on the wall, whatever the clocks did between."""
    local = moment.astimezone(LONDON).replace(tzinfo=None) - timedelta(hours=hours)
    return local.replace(tzinfo=LONDON).astimezone(UTC)


def parse_breaks(text: str) -> list[tuple[time, time]]:
    """`11:00-11:15, 12:30-13:15` as times. Raises ValueError with a sentence."""
    found = []
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        match = BREAK.match(part)
        try:
            first, last = (time(int(match[i]), int(match[i + 1])) for i in (1, 3))
        except (TypeError, ValueError):
            raise ValueError(f"“{part}” is no break. Write one like 11:00-11:15.") from None
        if last <= first:
            raise ValueError(f"The break “{part}” ends before it begins.")
        found.append((first, last))
    return sorted(found)


def parse_reminders(text: str) -> list[int]:
    """`3 days, 2 hours` as hours, the earliest first. Raises ValueError with a sentence."""
    found = set()
    for part in filter(None, (piece.strip().lower() for piece in text.split(","))):
        match = REMINDER.match(part)
        if match is None or not int(match[1]):
            raise ValueError(f"“{part}” is no reminder. Write one like 3 days or 2 hours.")
        hours = int(match[1]) * (24 if match[2].startswith("d") else 1)
        if hours > 60 * 24:
            raise ValueError("A reminder can be at most 60 days before.")
        found.add(hours)
    return sorted(found, reverse=True)


def parse_groups(text: str) -> set[str]:
    """The groups of a session, compared without capitals."""
    return {part.strip().casefold() for part in text.split(",") if part.strip()}


def overlap(one: Span, other: Span) -> bool:
    """Whether two times have a moment in common; one ending as the other begins have none."""
    return one[0] < other[1] and other[0] < one[1]


def grid(
    day: date,
    span: Span,
    *,
    minutes: int,
    buffer_minutes: int = 0,
    breaks: Iterable[tuple[time, time]] = (),
    taken: Iterable[Span] = (),
) -> list[Span]:
    """The slots of a session in order, none in a break or across `taken`. At most MOST_SLOTS."""
    closed = [(wall(day, first), wall(day, last)) for first, last in breaks]
    closed = sorted([*closed, *taken])
    length, gap = timedelta(minutes=minutes), timedelta(minutes=buffer_minutes)
    found: list[Span] = []
    at = span[0].astimezone(UTC)
    while at + length <= span[1] and len(found) < MOST_SLOTS:
        slot = (at, at + length)
        hit = next((one for one in closed if overlap(slot, one)), None)
        if hit:
            at = hit[1]
            continue
        found.append(slot)
        at = slot[1] + gap
    return found
