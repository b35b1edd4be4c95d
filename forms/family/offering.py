"""Offers and lists of one case, as its family sees and answers them.

An accepted place on a course date becomes the family's at once where the booking was sent already,
and is held for a booking form that is begun for them where they only waited (forms.waiting).
"""

from dataclasses import dataclass

from django.utils import timezone

from forms import journeys
from forms.models import Journey
from forms.wizard import right_place
from workflows import offer_letters, offers, queues
from workflows.models import Case, ListEntry, Offer

SHOWN = 3


def offers_of(case: Case) -> list[Offer]:
    """Its newest offers, each with `is_open`, `words`, `until` and `over`, for a page."""
    found = list(case.offers.select_related("pool__course_date").order_by("-pk")[:SHOWN])
    return [described(offer) for offer in found]


def described(offer: Offer) -> Offer:
    """An offer with what its page says of it."""
    offer.is_open = offer.is_live()
    offer.words = offer_letters.places_words(offer.number)
    offer.until = offer_letters.say_until(offer)
    offer.over = "" if offer.is_open else offers.over_words(offer)
    offer.booking = booking_of(offer)
    return offer


def lists_of(case: Case) -> list[ListEntry]:
    """The lists that it is on, each with `words` on where it stands."""
    waits = case.entries.filter(state__in=ListEntry.ON_LIST)
    found = list(waits.select_related("pool__course_date").order_by("pk"))
    for entry in found:
        entry.words = queues.standing_words(entry)
    return found


def booking_of(offer: Offer) -> Journey | None:
    """The booking form that was begun when it was accepted, while it can still be sent."""
    kind, _dash, key = offer.taken_by.partition("-")
    if offer.state != Offer.State.ACCEPTED or kind != "journey" or not key.isdigit():
        return None
    open_ones = Journey.objects.filter(submitted_at=None, expires_at__gt=timezone.now())
    return open_ones.select_related("version__form").filter(pk=int(key)).first()


@dataclass(frozen=True)
class Answer:
    """What became of an answer: the offer as it stands now, and a sentence."""

    offer: Offer
    words: str
    is_done: bool


def give_answer(offer: Offer, wanted: str, *, actor_name: str) -> Answer:
    """Accept or decline, as the family pressed. Never raises: what is over says so."""
    verbs = {"accept": offers.accept, "decline": offers.decline}
    try:
        verbs[wanted](offer.pk, actor_name=actor_name)
    except offers.OfferOverError as problem:
        return Answer(offer, str(problem), is_done=False)
    return Answer(offer, "", is_done=True)


def adopt(journey: Journey, owner: str) -> str:
    """Give a booking form to the browser with this token: the address to go on at."""
    journeys.give_to(journey, owner)
    return right_place(journey)
