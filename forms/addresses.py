"""Where a family is and where it goes next: the addresses of a journey's pages.

What each page of a journey says about time stands here too: how long places are kept, and when the
form closes.
"""

from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from forms import doors, journeys, tasklist
from forms.models import FormVersion, Journey
from forms.translating import speak
from forms.window import check_open

BACK_TO = "return"


def address(journey: Journey, name: str, *, item: int | None = None, back_to: str = "") -> str:
    """Where a page of a journey is: a step's key, or "check", "submit", "done", "save"."""
    path = f"{_begun(journey.version.slug)}{journey.key}/{name}/{f'{item}/' if item else ''}"
    return f"{path}?{urlencode({BACK_TO: back_to})}" if back_to else path


@lru_cache(maxsize=500)
def _begun(slug: str) -> str:
    """Where a form begins. Its journeys lie below: a page says a dozen addresses of one."""
    return reverse("forms:start", kwargs={"form": slug})


def see_other(url: str) -> HttpResponse:
    """Go there with a GET, whatever this was."""
    return HttpResponse(status=303, headers={"Location": url})


def right_place(journey: Journey, *, back_to: str = "") -> str:
    """Where this family should be now: the first page with something to ask, an exit, or check."""
    if journey.submitted_at:
        return address(journey, "done")
    seen = journeys.walked(journey)
    missing = seen.first_incomplete
    if tasklist.is_wanted(journey.version.compiled) and not (back_to == "check" and not seen.exit):
        return address(journey, seen.exit.key if seen.exit else "tasks")
    if missing is not None:
        return address(journey, missing.key, back_to=back_to)
    if seen.exit is not None:
        return address(journey, seen.exit.key)
    return address(journey, "check")


def own_journey(request: HttpRequest, form: str, key: str) -> Journey:
    """The journey of this address for this browser; 404 for anybody else.

    Raises ClosedError when the form closed, which doors.private answers.
    """
    try:
        journey = journeys.find(form, key, owner=doors.owner_token(request))
    except journeys.NoSuchJourneyError:
        raise Http404("There is no such page.") from None
    speak(journey)
    journey.window = check_open(journey)
    return journey


def closing_of(journey: Journey) -> dict[str, Any] | None:
    """What forms/_closing.html needs, once the form is about to close."""
    now, window = timezone.now(), getattr(journey, "window", None)
    if window is None or journey.submitted_at or not window.closes_soon(now):
        return None
    return {"window": window, "is_late": window.is_late(now)}


def has_quick_exit(version: FormVersion) -> bool:
    """Whether its pages have a button that leaves them at once."""
    return bool((version.compiled.get("settings") or {}).get("quick_exit"))


def timer_of(journey: Journey) -> dict[str, Any] | None:
    """What components/timer.html needs, while places are held."""
    if journey.held_until is None:
        return None
    left = (journey.held_until - timezone.now()).total_seconds()
    return {"expires_at": journey.held_until, "minutes_left": int(left // 60) + (left > 0)}
