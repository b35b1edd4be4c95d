"""The places that a journey holds, brought into line with its answers, and until when it is kept.

Called with the journey's row locked; a course date is locked after it, never before.
"""

from collections.abc import Collection
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from cms import places
from cms.models import CourseDate
from forms import extras, journeys
from forms.models import Journey
from forms.pricing import places_in
from forms.walk import Walk

KEPT_AFTER_EXIT = timedelta(days=1)


def settle(journey: Journey, new: Collection[str] | None = None) -> None:
    """Bring the held places and the time it is kept into line with the answers, and save.

    `new` are the questions that were answered just now; None: items came or went.
    """
    seen = journeys.walked(journey)
    compiled = journey.version.compiled
    chosen = places_in(compiled, seen.answers) if seen.exit is None else None
    if chosen is None:
        # At an exit the choice stays: who changes the answer is held the same places again.
        _give_places_back(journey, forget=seen.exit is None)
    else:
        if journey.held_until is None or not journeys.places_keys(compiled).isdisjoint(new or ()):
            _hold(journey, chosen)
        elif journey.held_until <= timezone.now():
            _take_up_again(journey)
        if journey.hold_problem is None:
            extras.bring_into_line(journey, seen, new)
    set_expiry(journey, seen)
    journey.save(update_fields=["answers", "rev", "offering", "held_until", "expires_at"])


def set_expiry(journey: Journey, seen: Walk) -> None:
    """How long it is kept from now on, without another word of the family."""
    journey.expires_at = (
        timezone.now() + KEPT_AFTER_EXIT if seen.exit else journeys.kept_until(journey.version)
    )


def _hold(journey: Journey, chosen: dict) -> None:
    """Hold what was chosen: all children or none, together or as the family parted them."""
    parts = chosen.get("dates") or [
        {"reference": chosen["offering"], "children": chosen["children"]}
    ]
    known = CourseDate.objects.in_bulk([one["reference"] for one in parts], field_name="reference")
    wanted, first = {}, 1
    for one in parts:
        if one["reference"] not in known:
            raise places.NotBookableError("unknown")
        numbers = range(first, first + one["children"])
        wanted[known[one["reference"]].pk] = list(numbers) if len(parts) > 1 else len(numbers)
        first = numbers.stop
    held = places.hold_all(wanted, holder=journey.holder, claims_help=chosen.get("help"))
    journey.offering = known[chosen["offering"]]
    journey.held_until = min(place.expires_at for place in held)


def _take_up_again(journey: Journey) -> None:
    """Places that were held too long ago are taken again where they are still free.

    Where they are not, what was typed is kept all the same: `hold_problem` says what to tell.
    """
    try:
        with transaction.atomic():
            journey.held_until = places.extend(journey.holder)
    except places.PlacesError as problem:
        journey.hold_problem = problem


def _give_places_back(journey: Journey, *, forget: bool) -> None:
    """Nothing is held for a choice that is no longer part of the journey: it is asked again."""
    if journey.held_until is None:
        return
    places.release(journey.holder)
    journey.held_until = None
    if not forget:
        return
    asked = journeys.places_keys(journey.version.compiled)
    journey.answers = {key: v for key, v in journey.answers.items() if key not in asked}
