"""Opening day: what the start page says before booking opens, by the hub's own clock.

There is no queue to win: whoever waits on the page is shown the dates when it opens, and nothing
says otherwise. The page asks for itself again, gently, and needs no JavaScript for it; who does not
want that may switch it off.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from cms.models import CourseDate
from forms.field_types.offerings import say_offering
from forms.models import FormVersion

OFTEN, SELDOM = 10, 60
NEAR = timedelta(minutes=5)
KEPT_SECONDS = 30


@dataclass(frozen=True)
class Opening:
    """The next moment at which dates of a form open, and which."""

    at: datetime
    now: datetime
    dates: list[CourseDate]

    @property
    def minutes(self) -> int:
        """Whole minutes to go, rounded up; never 0 before it is open."""
        return max(1, -int((self.now - self.at).total_seconds() // 60))

    @property
    def has_draw(self) -> bool:
        return any(date.draw_minutes is not None for date in self.dates)

    @property
    def has_race(self) -> bool:
        return any(date.draw_minutes is None for date in self.dates)

    @property
    def again_in(self) -> int:
        """Seconds after which the page asks for itself: more often when it is near."""
        left = (self.at - self.now).total_seconds()
        return max(2, min(int(left) + 1, OFTEN if left <= NEAR.total_seconds() else SELDOM))

    def lines(self) -> list[dict]:
        return [
            {
                "words": say_offering(date),
                "price_pence": date.price_pence,
                "capacity": date.capacity,
                "draw_ends_at": date.draw_ends_at,
                "reference": date.reference,
            }
            for date in self.dates
        ]


def courses_of(version: FormVersion) -> list[str]:
    """Slugs of the courses whose places the form books."""
    found = {
        question["settings"].get("course")
        for step in version.compiled["steps"]
        for question in step["questions"]
        if question["type"] == "places"
    }
    return sorted(filter(None, found))


def next_opening(version: FormVersion) -> Opening | None:
    """What opens next of the courses that a form books; None when nothing is announced."""
    now = timezone.now()
    soon = (
        CourseDate.objects.select_related("course", "centre")
        .prefetch_related("sessions")
        .filter(
            course__slug__in=courses_of(version),
            status=CourseDate.Status.OPEN,
            booking_opens_at__gt=now,
        )
    )
    dates = list(soon.order_by("booking_opens_at", "starts_at"))
    if not dates:
        return None
    at = dates[0].booking_opens_at
    return Opening(at, now, [date for date in dates if date.booking_opens_at == at])


def kept_for(opening: Opening | None, dates: Iterable[CourseDate] = ()) -> int:
    """For how many seconds a start page may be kept: never beyond the minute that changes it."""
    now = timezone.now()
    turns = [opening.at] if opening else []
    for date in dates:
        turns += [date.booking_closes_at, *filter(None, [date.draw_ends_at])]
    ahead = [(turn - now).total_seconds() for turn in turns if turn > now]
    return max(0, int(min([KEPT_SECONDS, *ahead])))
