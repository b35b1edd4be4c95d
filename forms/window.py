"""When a form is open: from one minute to another, by the clock on the wall in the county.

`form["settings"]` says it: `opens_at` and `closes_at` ("2026-11-30T17:00", Europe/London), the
last of them being the last minute in which a form can be begun. Who began before may still send it
for `grace_minutes` longer, and a file whose upload began within that time is taken: what counts is
when a request arrived, not when its last byte did.
The form's newest version decides for every journey, so that a day that was put off holds for all.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from django.db.models import OuterRef, Subquery
from django.utils import timezone

from cms.clock import LONDON
from forms.models import FormVersion, Journey

GRACE_MINUTES = 30
A_MINUTE = timedelta(minutes=1)


class ClosedError(Exception):
    """The form can no longer be sent, or not yet begun. `window` says when it can."""

    def __init__(self, window: "Window"):
        super().__init__("The form is closed.")
        self.window = window


@dataclass(frozen=True)
class Window:
    """The times of one form; None where there is no bound."""

    opens_at: datetime | None = None
    closes_at: datetime | None = None
    grace: timedelta = timedelta(minutes=GRACE_MINUTES)

    @property
    def last_moment(self) -> datetime | None:
        """Until when somebody who began before may still send."""
        return self.closes_at and self.closes_at + self.grace

    def is_early(self, now: datetime) -> bool:
        return self.opens_at is not None and now < self.opens_at

    def is_late(self, now: datetime) -> bool:
        """After the closing minute."""
        return self.closes_at is not None and now >= self.closes_at + A_MINUTE

    def is_over(self, now: datetime) -> bool:
        """After the grace of those who had begun, too."""
        return self.last_moment is not None and now >= self.last_moment + A_MINUTE

    def may_begin(self, now: datetime) -> bool:
        return not self.is_early(now) and not self.is_late(now)

    def closes_soon(self, now: datetime) -> bool:
        """Within a day, or already closed but within the grace: worth saying on every page."""
        return self.closes_at is not None and now >= self.closes_at - timedelta(days=1)


def moment(text: object) -> datetime | None:
    """A minute on the wall in London. A time that a clock change skips is an hour later, one that
    it repeats is the first."""
    try:
        return datetime.fromisoformat(str(text)).replace(tzinfo=LONDON) if text else None
    except ValueError:
        return None


def window_of(settings: Mapping | None) -> Window:
    """The window that a version's settings say."""
    said = settings or {}
    grace = said.get("grace_minutes")
    return Window(
        moment(said.get("opens_at")),
        moment(said.get("closes_at")),
        timedelta(minutes=GRACE_MINUTES if grace is None else grace),
    )


def newest_digest() -> Subquery:
    """Which version is the newest, to be read together with a journey: see `settings_of`."""
    newest = FormVersion.objects.filter(form=OuterRef("version__form")).order_by("-number")
    return Subquery(newest.values("sha256")[:1])


@lru_cache(maxsize=500)
def settings_of(digest: str) -> Mapping:
    """The settings of the version with that digest, read once by each process: it never changes."""
    found = FormVersion.objects.filter(sha256=digest).values_list("compiled__settings", flat=True)
    return found.first() or {}


def check_open(journey: Journey, arrived: datetime | None = None) -> Window:
    """The journey's window. Raises ClosedError when what arrived then came too late.

    A journey that was sent stays readable for ever."""
    digest = getattr(journey, "newest_digest", None)
    if digest is None:
        digest = Journey.objects.annotate(found=newest_digest()).get(pk=journey.pk).found
    window = window_of(settings_of(digest))
    if journey.submitted_at is None and window.is_over(arrived or timezone.now()):
        raise ClosedError(window)
    return window
