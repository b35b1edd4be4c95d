"""What offers and lists bring to rehearsals: answers of the family, their last minute, a place.

Within a rehearsal nobody else waits for anything and nothing is taken, so nobody real is written
to and a kept rehearsal goes the same way however full the hub is. Ends and reminders of offers are
jobs of their own minute, which are played; a list is asked when the rehearsal says that a place
comes free.
"""

from collections.abc import Iterator

from django.utils import timezone

from cms.models import Job
from workflows import offer_letters, offers, queues
from workflows.models import Case, ListEntry, Seat, WorkflowDefinition
from workflows.models import Offer as PlaceOffer
from workflows.plan import Plan

from .parts import (
    CannotRehearseError,
    Move,
    Offer,
    moves,
    play_jobs,
    preparations,
    tell_jobs,
)

play_jobs(offers.LAPSE)
play_jobs(offers.REMIND)

FAMILY = "The family"


@preparations("offers")
def empty(definition: WorkflowDefinition, plan: Plan) -> None:
    """Every group and section has all of its places; nobody is on a list."""
    now = timezone.now()
    waiting = ListEntry.objects.filter(state__in=ListEntry.ON_LIST, pool__course_date=None)
    waiting.update(state=ListEntry.State.LEFT, ended_at=now)
    live = PlaceOffer.objects.filter(state=PlaceOffer.State.LIVE, pool__course_date=None)
    live.update(state=PlaceOffer.State.WITHDRAWN, ended_at=now)
    Seat.objects.all().delete()


def _live(case: Case) -> list[PlaceOffer]:
    found = PlaceOffer.objects.filter(case=case, state=PlaceOffer.State.LIVE)
    return [one for one in found.select_related("pool").order_by("pk") if one.is_live()]


def _waiting(case: Case) -> list[ListEntry]:
    found = ListEntry.objects.filter(case=case, state=ListEntry.State.WAITING)
    return list(found.select_related("pool").order_by("pk"))


def _offered(case: Case) -> Iterator[Offer]:
    # Named by their order, not their keys: a rehearsal is played again with other keys.
    for number, one in enumerate(_live(case), start=1):
        what = f"{offer_letters.places_words(one.number)} for {one.pool}"
        yield Offer(f"{number}:accept", f"Accept {what}", FAMILY)
        yield Offer(f"{number}:decline", f"Decline {what}", FAMILY)
    for number, entry in enumerate(_waiting(case), start=1):
        yield Offer(f"{number}:free", f"A place comes free: {entry.pool}", "The hub")
        yield Offer(f"{number}:leave", f"Leave the list for {entry.pool}", FAMILY)


def _make(case: Case, key: str) -> None:
    number, _colon, what = key.partition(":")
    verbs = {
        "accept": (_live, lambda one: offers.accept(one.pk)),
        "decline": (_live, lambda one: offers.decline(one.pk)),
        "free": (_waiting, lambda one: queues.fill(one.pool_id)),
        "leave": (_waiting, lambda one: queues.leave(one.pk)),
    }
    rows, verb = verbs.get(what, (lambda case: [], None))
    found = rows(case)
    if not number.isdigit() or not 1 <= int(number) <= len(found):
        raise CannotRehearseError("There is nothing to answer now.")
    try:
        verb(found[int(number) - 1])
    except (offers.OfferOverError, queues.ListError) as problem:
        raise CannotRehearseError(str(problem)) from problem


moves("offer")(Move(_offered, _make))


@tell_jobs(offers.FILL)
def _fill(job: Job) -> str:
    return "Whoever is next on the list is asked as soon as a place is free"
