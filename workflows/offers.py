"""Offers: made, accepted, declined, run out, taken back. The only writer of Offer rows.

Every verb is one short transaction that locks the case and then the pool, the lock that public
sale takes too. An offer counts against the places from the moment it is made until it ends, and
one that has run out is worth nothing, whether or not the clock has marked it yet.
"""

from collections.abc import Callable, Iterable
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cms import jobs, places
from cms.models import User
from cms.registry import Registry

from . import offer_letters, offertimes
from .engine import TransitionNotAllowedError, perform
from .models import Case, CaseEvent, ListEntry, Offer, Pool, Seat
from .pools import NoPlaceError, What, free, is_over, locked, mark_waited_for, note, take_seats

LAPSE, REMIND, FILL = "workflows.offer_lapse", "workflows.offer_remind", "workflows.pool_fill"
State = Offer.State
LEAST_TIME = timedelta(minutes=5)


class OfferOverError(Exception):
    """The offer can no longer be answered. The message is a sentence for the family."""


class ReasonMissingError(ValueError):
    """Staff must say why."""


# Apps above say whose an accepted place becomes: given the offer, (holder, until or None), or None.
Taker = Callable[[Offer], tuple[str, datetime | None] | None]
takers: Registry[Taker] = Registry("taker of accepted places")
# Why a place of the pool cannot be offered to the case, or "": asked once both are locked.
bars: Registry[Callable[[Pool, Case], str]] = Registry("bar to an offer")
# Told of an offer in the transaction that makes it; may refuse it with NoPlaceError.
listeners: Registry[Callable[[Offer], None]] = Registry("listener to offers")


@contextmanager
def _locked(offer_id: int):
    with transaction.atomic():
        known = Offer.objects.only("case_id", "pool_id").get(pk=offer_id)
        Case.objects.select_for_update(of=("self",)).get(pk=known.case_id)
        with locked(known.pool_id) as pool:
            offer = (
                Offer.objects.select_related("case__version", "entry")
                .defer("case__version__data")
                .get(pk=offer_id)
            )
            offer.pool = pool
            yield offer


def make(
    pool_id: int,
    case: Case,
    *,
    children: Iterable[int] = (1,),
    by: User | None = None,
    actor_name: str = "The hub",
    hours: int | None = None,
    until: datetime | None = None,
    buttons: dict | None = None,
    entry: ListEntry | None = None,
    reason: str = "",
    beyond: places.Beyond | None = None,
) -> Offer:
    """Keep places for a case and write to its family. Asked again while one is open: that one.

    `children` are their numbers on the case. Until `until`, or so many hours by the pool's rule.
    Raises NoPlaceError with a sentence for staff; then nothing has changed.
    """
    numbers = sorted(set(children))
    if not numbers:
        raise ValueError("At least one place must be offered.")
    with transaction.atomic():
        Case.objects.select_for_update(of=("self",)).get(pk=case.pk)
        with locked(pool_id) as pool:
            now = timezone.now()
            already = Offer.objects.filter(pool=pool, case=case, state=State.LIVE).first()
            if already and already.is_live(now):
                return already
            if already:
                already.pool = pool
                _lapse(already)
            for name in bars:
                if words := bars[name](pool, case):
                    raise NoPlaceError(words)
            ends = _ends(pool, now, hours, until)
            offer = Offer.objects.create(
                pool=pool,
                case=case,
                entry=entry,
                children=numbers,
                buttons=buttons or {},
                made_at=now,
                answer_by=ends,
                remind_at=offertimes.half_time(now, ends),
                actor_name=(str(by) if by else actor_name)[:160],
                reason=reason,
            )
            _keep(pool, offer, beyond)
            words = f"{offer_letters.places_words(offer.number)} offered to {case.reference}"
            note(
                pool, What.OFFERED, words, entry=entry, by=by, actor_name=actor_name, reason=reason
            )
            _tell(offer, f"Offered {_what(offer)} until {offer_letters.say_until(offer)}", by=by)
            for name in listeners:
                listeners[name](offer)
            offer_letters.write(offer, "offer-made")
            _press(offer, "offered")
            _promise(offer)
    return offer


def _ends(pool: Pool, now: datetime, hours: int | None, until: datetime | None) -> datetime:
    if is_over(pool, now):
        raise NoPlaceError("This date is over or cancelled, so nothing can be offered.")
    ends = until or offertimes.answer_by(pool, now, hours)
    if pool.course_date_id:
        ends = min(ends, pool.course_date.starts_at)
    if ends < now + LEAST_TIME:
        raise NoPlaceError("There is no time left to answer an offer.")
    return ends


def _keep(pool: Pool, offer: Offer, beyond: places.Beyond | None) -> None:
    try:
        if pool.course_date_id:
            places.offer(
                pool.course_date_id,
                holder=offer.holder,
                children=offer.children,
                until=offer.answer_by,
                beyond=beyond,
            )
        else:
            take_seats(pool, offer)
    except places.PlacesError as problem:
        raise NoPlaceError(str(problem)) from problem


def accept(offer_id: int, *, actor_name: str = "The family") -> Offer:
    """The places are the family's. Pressed twice it is one. Raises OfferOverError."""
    with _locked(offer_id) as offer:
        if offer.state == State.ACCEPTED:
            return offer
        if not offer.is_live():
            raise OfferOverError(over_words(offer))
        until = _hand_over(offer)
        _end(offer, State.ACCEPTED)
        _entry_accepted(offer)
        words = f"{offer_letters.places_words(offer.number)} accepted by {offer.case.reference}"
        note(offer.pool, What.ACCEPTED, words, entry=offer.entry, actor_name=actor_name)
        _tell(offer, f"Accepted {_what(offer)}", actor_name=actor_name)
        _press(offer, "accepted")
        offer_letters.write(offer, "offer-accepted", reason=_finish_by(until))
        mark_waited_for(offer.pool)
        ring_fill(offer.pool_id)
    return offer


def _hand_over(offer: Offer) -> datetime | None:
    if not offer.pool.course_date_id:
        return None
    found = (taker(offer) for _name, taker in takers.items())
    to, until = next((one for one in found if one), (f"case-{offer.case_id}", None))
    try:
        places.take_offer(offer.holder, to=to, until=until)
    except places.PlacesError as problem:
        raise OfferOverError(str(problem)) from problem
    offer.taken_by = to
    return until


def _finish_by(until: datetime | None) -> str:
    if until is None:
        return ""
    ends = timezone.localtime(until)
    day = f"{ends:%A} {ends.day} {ends:%B %Y at %H:%M}"
    return _("Please finish the booking form by %(day)s: until then your places are kept.") % {
        "day": day
    }


def decline(offer_id: int, *, actor_name: str = "The family") -> Offer:
    """The family does not want it: it leaves the list, and the next is asked."""
    with _locked(offer_id) as offer:
        if offer.state == State.DECLINED:
            return offer
        if not offer.is_live():
            raise OfferOverError(over_words(offer))
        _free(offer, State.DECLINED)
        _leave(offer, ListEntry.State.LEFT)
        note(
            offer.pool,
            What.DECLINED,
            f"Declined by {offer.case.reference}",
            entry=offer.entry,
            actor_name=actor_name,
        )
        _tell(offer, f"Declined {_what(offer)}", actor_name=actor_name)
        _press(offer, "declined")
    return offer


def withdraw(offer_id: int, *, by: User | None, reason: str, actor_name: str = "The hub") -> Offer:
    """Take an open offer back. Raises ReasonMissingError, OfferOverError."""
    reason = reason.strip()
    if not reason:
        raise ReasonMissingError("Say why: the family reads it, and so may whoever asks later.")
    with _locked(offer_id) as offer:
        if not offer.is_live():
            raise OfferOverError("This offer is not open any more. Nothing was changed.")
        offer.reason = reason
        _free(offer, State.WITHDRAWN)
        _leave(offer, ListEntry.State.LEFT)
        words = f"Taken back from {offer.case.reference}"
        note(
            offer.pool,
            What.WITHDRAWN,
            words,
            entry=offer.entry,
            by=by,
            actor_name=actor_name,
            reason=reason,
        )
        _tell(offer, f"Took back {_what(offer)}", by=by, comment=reason)
        offer_letters.write(offer, "offer-withdrawn", reason=reason)
        _press(offer, "declined")
    return offer


def give_up(offer_id: int, *, by: User | None, reason: str) -> Offer:
    """A seat that was accepted comes free again: somebody left. Raises ReasonMissingError."""
    if not reason.strip():
        raise ReasonMissingError("Say why the place comes free.")
    with _locked(offer_id) as offer:
        if offer.state != State.ACCEPTED or offer.pool.course_date_id:
            raise OfferOverError("Only an accepted place of a group can be given up here.")
        offer.reason = reason.strip()
        _free(offer, State.GIVEN_UP)
        words = f"{offer.case.reference} gave its place up"
        note(offer.pool, What.LEFT, words, entry=offer.entry, by=by, reason=reason)
        _tell(offer, f"Gave up {_what(offer)}", by=by, comment=reason)
    return offer


def lapse(offer_id: int) -> bool:
    """Mark an offer that has run out, and ask the next. Whether this call did it."""
    with _locked(offer_id) as offer:
        if offer.state != State.LIVE or offer.is_live():
            return False
        _lapse(offer)
        return True


def _lapse(offer: Offer) -> None:
    _free(offer, State.LAPSED)
    entry, words = offer.entry, ""
    if entry:
        entry.lapses += 1
        if entry.lapses == 1:
            last = offer.pool.entries.order_by("-position").values_list("position", flat=True)[0]
            entry.position, entry.state = last + 1, ListEntry.State.WAITING
            entry.save(update_fields=["lapses", "position", "state"])
            words = (
                "You are still on the list, now at its end. If you no longer wait, please leave."
            )
            note(
                offer.pool,
                What.MOVED,
                f"{offer.case.reference} goes to the end of the list",
                entry=entry,
                reason="Its first offer ran out without an answer.",
            )
        else:
            entry.save(update_fields=["lapses"])
            _leave(offer, ListEntry.State.LEFT)
            words = "It was our second offer, so you are no longer on the list."
    mark_waited_for(offer.pool)
    note(offer.pool, What.LAPSED, f"Ran out for {offer.case.reference}", entry=entry)
    _tell(offer, f"Offer of {_what(offer)} ran out", actor_name="The clock")
    offer_letters.write(offer, "offer-lapsed", reason=words)
    if not entry or entry.state == ListEntry.State.LEFT:
        _press(offer, "lapsed")
    else:
        _press(offer, "waiting")


def remind(offer_id: int) -> bool:
    """Write to a family that has not answered at half time, once."""
    with _locked(offer_id) as offer:
        now = timezone.now()
        if not offer.is_live(now) or offer.reminded_at or now < offer.remind_at:
            return False
        offer.reminded_at = now
        offer.save(update_fields=["reminded_at"])
        offer_letters.write(offer, "offer-reminder")
        note(offer.pool, What.REMINDED, f"Reminded {offer.case.reference}", entry=offer.entry)
    return True


def over_words(offer: Offer) -> str:
    """Why an offer cannot be answered any more, for the family."""
    return {
        State.ACCEPTED: _("You have accepted this offer already."),
        State.DECLINED: _("You have declined this offer."),
        State.WITHDRAWN: _("We had to take this offer back. Nothing was changed."),
        State.GIVEN_UP: _("This place was given up later."),
    }.get(offer.state, _("The time to answer this offer is over. Nothing was changed."))


def _free(offer: Offer, state: str) -> None:
    """End an offer and let others have what it kept."""
    if offer.pool.course_date_id:
        places.release(offer.holder)
    else:
        Seat.objects.filter(offer=offer).delete()
        ring_fill(offer.pool_id)
    _end(offer, state)


def _end(offer: Offer, state: str) -> None:
    offer.state, offer.ended_at = state, timezone.now()
    offer.save(update_fields=["state", "ended_at", "reason", "taken_by"])


def _leave(offer: Offer, state: str) -> None:
    entry = offer.entry
    if entry:
        entry.state, entry.ended_at = state, timezone.now()
        entry.save(update_fields=["state", "ended_at"])
        mark_waited_for(offer.pool)


def _entry_accepted(offer: Offer) -> None:
    """Children without a place wait on, where the family said that apart is fine."""
    entry = offer.entry
    if entry is None:
        return
    rest = [number for number in entry.children if number not in offer.children]
    if not rest:
        _leave(offer, ListEntry.State.PLACED)
        return
    entry.children, entry.together, entry.rule = rest, [], ListEntry.Rule.ANY
    entry.state = ListEntry.State.WAITING
    entry.save(update_fields=["children", "together", "rule", "state"])


def _what(offer: Offer) -> str:
    return f"{offer_letters.places_words(offer.number)} for {offer.pool}"


def _tell(
    offer: Offer, words: str, *, by: User | None = None, actor_name: str = "", comment: str = ""
) -> None:
    """Into the history of the case."""
    CaseEvent.objects.create(
        case=offer.case,
        kind=CaseEvent.Kind.NOTE,
        actor_id=by.pk if by else None,
        actor_name=(str(by) if by else actor_name or offer.actor_name)[:160],
        summary=words[:250],
        comment=comment,
    )


def _press(offer: Offer, when: str) -> None:
    """Press the case's button for that, if it has one now; else the history says why not."""
    key = offer.buttons.get(when)
    stages = offer.case.version.plan.stages
    if not key or not any(stage.button(key) for stage in stages):
        return
    try:
        perform(offer.case_id, key, by=None, actor_name=f"The hub: the offer was {when}")
    except TransitionNotAllowedError as problem:
        _tell(offer, "Nothing was moved", actor_name="The hub", comment=str(problem))


def _promise(offer: Offer) -> None:
    """Lapse and reminder, each at its minute, each once."""
    payload = {"offer": offer.pk}
    jobs.enqueue(
        REMIND, key=f"remind-offer-{offer.pk}", payload=payload, not_before=offer.remind_at
    )
    jobs.enqueue(LAPSE, key=f"lapse-offer-{offer.pk}", payload=payload, not_before=offer.answer_by)


def ring_fill(pool_id: int) -> None:
    """Ask the next on the list soon; the clock asks too, should this be lost."""
    waiting = ListEntry.objects.filter(pool=pool_id, state=ListEntry.State.WAITING)
    if waiting.exists():
        key = f"fill-{pool_id}-{timezone.now():%Y%m%d%H%M%S%f}"
        jobs.enqueue(FILL, key=key, payload={"pool": pool_id})


def seats_free(pool_id: int) -> int:
    """Places that could be offered now."""
    with locked(pool_id) as pool:
        return free(pool)
