"""Places on course dates: hold, extend, confirm, release. The only writer of Place rows.

Every verb is one short transaction that locks the course dates it touches, in the order of their
keys, and counts from the rows: confirmed, plus holds and offers that have not run out. There is no
counter to drift. A family's children get all their places or none; nothing is ever split.

A hold is trusted until it runs out: confirming it needs no count. A hold that ran out is worth
nothing by itself, whether or not anybody has marked it yet: confirming it counts again.

Some places of a date may be kept for families who ask for help with costs (`claims_help`); what is
left for everybody else is less by so many. A place may have add-ons, which are counted under the
same lock, and taken and given back with it (cms.addons).

`holder` is the journey or case that the places belong to, at most 64 characters.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cms import addons, audit, placesql
from cms.models import AddOn, CourseDate, Overbooking, Place, User
from cms.registry import Registry

HOLD_MINUTES = 15
HOLD_MINUTES_EACH = 2
MAX_HOLD_MINUTES = 120

State = Place.State

# Told, in the transaction, the keys of the dates on which places have come free.
freed: Registry[Callable[[Iterable[int]], None]] = Registry("listener for places that came free")


class PlacesError(Exception):
    """Something stands between a family and its places. The message is a sentence for them."""


class FullError(PlacesError):
    """Fewer places are left than were asked for. `left` is how many there are, 0 or more."""

    def __init__(self, course_date: CourseDate, left: int):
        self.course_date_id, self.left = course_date.pk, left
        super().__init__(
            _("There are no places left on %(date)s.") % {"date": course_date}
            if not left
            else ngettext(
                "There is only %(left)s place left on %(date)s.",
                "There are only %(left)s places left on %(date)s.",
                left,
            )
            % {"left": left, "date": course_date}
        )


class HoldExpiredError(FullError):
    """The hold had run out, and the places have gone to others meanwhile."""


class KeptForHelpError(FullError):
    """The places left are kept for families who ask for help with costs, and this one does not."""

    def __init__(self, course_date: CourseDate):
        super().__init__(course_date, 0)
        self.args = (
            _("The places left on %(date)s are kept for families who ask for help with costs.")
            % {"date": course_date},
        )


class AddOnFullError(PlacesError):
    """Fewer of an add-on are left than were asked for. Nothing was changed."""

    def __init__(self, add_on: AddOn, left: int):
        self.add_on_id, self.left = add_on.pk, left
        words = {"what": add_on.name, "left": left}
        super().__init__(
            _("There is no more room for this: %(what)s.") % words
            if not left
            else ngettext(
                "There is room for only %(left)s child: %(what)s.",
                "There is room for only %(left)s children: %(what)s.",
                left,
            )
            % words
        )


class NotAllowedError(PlacesError):
    """Only a named officer may go beyond the number of places, and only with a reason."""


class NotBookableError(PlacesError):
    """`reason` is "unknown", "cancelled", "not_open_yet", "draw", "closed" or "started"."""

    def __init__(self, reason: str):
        self.reason = reason
        super().__init__(
            {
                "unknown": _("There is no such date."),
                "cancelled": _("We have had to cancel this date."),
                "not_open_yet": _("Booking for this date has not opened yet."),
                "draw": _(
                    "Requests for this date are still being collected for the draw. Being fast "
                    "makes no difference."
                ),
                "closed": _("Booking for this date has closed."),
                "started": _("This date has begun."),
            }[reason]
        )


class NothingHeldError(PlacesError):
    """The holder has no places, and never had any, or gave them back."""

    def __init__(self) -> None:
        super().__init__(_("There is no place kept for you. Please choose a date again."))


@dataclass(frozen=True)
class Standing:
    """How a course date stands within a lock: places left in all, and what its seats are.

    `kept_back` of those left are only for families who ask for help with costs.
    """

    left: int
    top_seat: int
    seated: int
    with_help: int = 0
    kept_back: int = 0

    @property
    def left_for_all(self) -> int:
        return self.left - self.kept_back


@dataclass(frozen=True)
class Beyond:
    """An officer's decision to let children in beyond the number of places, and why."""

    by: User
    reason: str


def hold_minutes(children: int) -> int:
    """How long a family has to fill in the form: longer with more children."""
    return min(HOLD_MINUTES + HOLD_MINUTES_EACH * children, MAX_HOLD_MINUTES)


def hold(
    course_date_id: int,
    *,
    holder: str,
    children: int,
    minutes: int | None = None,
    claims_help: bool | None = None,
) -> list[Place]:
    """Keep `children` places for a holder for a while: all of them, or FullError and none.

    Asked again by the same holder it changes the number and starts the time again, and gives back
    what the holder held on another date; places that are confirmed already are simply returned.
    `minutes` is `hold_minutes(children)` unless given; `claims_help` says whether the family asks
    for help with costs, None that nobody has said anything new.
    Raises FullError(left), NotBookableError(reason), ValueError for a number below 1.
    """
    return hold_all(
        {course_date_id: children}, holder=holder, minutes=minutes, claims_help=claims_help
    )


def hold_all(
    wanted: Mapping[int, int | Collection[int]],
    *,
    holder: str,
    minutes: int | None = None,
    claims_help: bool | None = None,
    by_staff: bool = False,
) -> list[Place]:
    """The same for several course dates at once, `{course date id: children}`: all or nothing.

    `wanted` is all that the holder wants from now on: how many children on each date, or which,
    by their numbers, where they go on different dates. `by_staff` holds them also while families
    cannot book by themselves, until the course begins; never beyond its capacity.
    """
    number = sum(map(_how_many, wanted.values()))
    if not wanted or min(map(_how_many, wanted.values())) < 1:
        raise ValueError("At least one place must be asked for.")
    if not holder:
        raise ValueError("A hold needs a holder.")
    check = _check_offerable if by_staff else _check_bookable
    with _locked_for(holder, also=wanted) as (dates, places):
        now = timezone.now()
        until = now + timedelta(minutes=minutes or hold_minutes(number))
        settled_on = {place.course_date_id for place in places if place.is_settled}
        mine = [place for place in places if not place.is_settled]
        for pk in wanted:
            if pk not in settled_on:
                check(dates.get(pk), now)
        gone = [p for p in mine if p.course_date_id not in wanted or not _is_live(p, now)]
        _give_back(gone, State.RELEASED)
        result = [p for p in places if p.is_settled and p.course_date_id in wanted]
        for pk in sorted(wanted.keys() - settled_on):
            kept = [p for p in mine if p.course_date_id == pk and p not in gone]
            result += _hold_one(
                dates[pk], holder, wanted[pk], kept, until=until, claims_help=claims_help
            )
        return sorted(result, key=lambda place: (place.course_date_id, place.child_number))


def _how_many(children: int | Collection[int]) -> int:
    return children if isinstance(children, int) else len(set(children))


def extend(holder: str, *, minutes: int | None = None) -> datetime:
    """Give a holder more time: until when. Raises HoldExpiredError or NothingHeldError.

    A hold that ran out is taken up again when there is still room.
    """
    with _locked_for(holder) as (dates, places):
        now = timezone.now()
        timed = [place for place in places if not place.is_settled]
        if not timed:
            raise NothingHeldError
        until = now + timedelta(minutes=minutes or hold_minutes(len(timed)))
        _revive(dates, timed, now)
        _set([place for place in timed if place.expires_at < until], expires_at=until)
        return min(place.expires_at for place in timed)


def confirm(holder: str) -> list[Place]:
    """Make a holder's places theirs: all or none. Asked twice it changes nothing.

    A live hold is trusted. One that ran out is counted again: HoldExpiredError(left) when others
    have the places now. Raises NothingHeldError when there is nothing to confirm, and
    NotBookableError("cancelled") when the date was called off meanwhile.
    """
    with _locked_for(holder) as (dates, places):
        if not places:
            raise NothingHeldError
        now = timezone.now()
        open_places = [place for place in places if not place.is_settled]
        for place in open_places:
            if dates[place.course_date_id].status == CourseDate.Status.CANCELLED:
                raise NotBookableError("cancelled")
        _revive(dates, open_places, now)
        _set(open_places, state=State.CONFIRMED, expires_at=None)
        return places


def say_claim(holder: str, claims_help: bool) -> None:
    """Whether a holder asks for help with costs, for what it holds and has not confirmed.

    Raises KeptForHelpError when it holds places that are kept for those who do; then nothing has
    changed.
    """
    with _locked_for(holder) as (dates, places):
        now = timezone.now()
        mine = [p for p in places if _is_live(p, now) and p.claims_help != claims_help]
        for pk, date in sorted(dates.items()):
            here = [place for place in mine if place.course_date_id == pk]
            if not here:
                continue
            standing = _standing(date, now)
            fewer = standing.with_help - len(here)
            if not claims_help and standing.left < date.kept_back(fewer, now):
                raise KeptForHelpError(date)
            _set(here, claims_help=claims_help)


def choose_add_ons(holder: str, wanted: Mapping[int, Collection[int]]) -> None:
    """A holder's add-ons from now on, `{child number: keys of add-ons}`: all of them or none.

    Children who are not named have none. Add-ons of other dates are left out. Raises
    AddOnFullError(add_on, left), NothingHeldError; then nothing has changed.
    """
    with _locked_for(holder) as (dates, places):
        now = timezone.now()
        mine = [place for place in places if place.is_settled or _is_live(place, now)]
        if not mine:
            raise NothingHeldError
        for date in dates.values():
            _standing(date, now)
        if short := addons.choose(mine, wanted):
            raise AddOnFullError(*short)


def release(holder: str, reason: str = "released") -> list[Place]:
    """Give back all that a holder has; returns what was given back, [] when there was nothing.

    `reason` is "released" (given back or withdrawn) or "cancelled" (called off by the hub).
    """
    if reason not in (State.RELEASED, State.CANCELLED):
        raise ValueError('The reason is "released" or "cancelled".')
    with _locked_for(holder) as (_dates, places):
        attended = (State.ATTENDED, State.NO_SHOW)
        given_back = [place for place in places if place.state not in attended]
        _give_back(given_back, reason)
        _say_freed(place.course_date_id for place in given_back)
        return given_back


def offer(
    course_date_id: int,
    *,
    holder: str,
    children: Iterable[int],
    until: datetime,
    beyond: Beyond | None = None,
) -> list[Place]:
    """Keep places of these children (their numbers) for an offer until then: all, or FullError.

    Whether booking is open, or people wait, does not matter: who is offered a place, others decide.
    With `beyond`, an officer's decision, more than are left may be offered, which is written down.
    Raises NotBookableError for a date that is unknown, cancelled or has begun, NotAllowedError.
    """
    numbers = sorted(set(children))
    if not numbers:
        raise ValueError("At least one place must be offered.")
    with _locked([course_date_id]) as dates:
        now, date = timezone.now(), dates.get(course_date_id)
        _check_offerable(date, now)
        standing = _standing(date, now)
        over = None
        if len(numbers) > standing.left_for_all:
            if beyond is None:
                raise FullError(date, max(0, standing.left_for_all))
            over = _go_beyond(date, holder, len(numbers) - max(0, standing.left_for_all), beyond)
        seats = _free_seats(date, standing, len(numbers))
        return Place.objects.bulk_create(
            Place(
                course_date=date,
                holder=holder,
                child_number=number,
                state=State.OFFERED,
                seat=seat,
                expires_at=until,
                price_pence=date.price_pence,
                overbooking=over,
            )
            for number, seat in zip(numbers, seats, strict=True)
        )


def _go_beyond(date: CourseDate, holder: str, number: int, beyond: Beyond) -> Overbooking:
    """Write down who lets so many in beyond the number, and why."""
    if not beyond.by.has_perm("cms.overbook_coursedate"):
        raise NotAllowedError(_("You may not let children in beyond the number of places."))
    if not beyond.reason.strip():
        raise NotAllowedError(_("Say why children are let in beyond the number of places."))
    row = Overbooking.objects.create(
        course_date=date,
        holder=holder,
        number=number,
        by=beyond.by,
        by_name=str(beyond.by)[:150],
        reason=beyond.reason.strip(),
    )
    audit.record(beyond.by, "overbook", date, {"number": number, "reason": row.reason})
    return row


def take_offer(holder: str, *, to: str, until: datetime | None = None) -> list[Place]:
    """An offer's places become `to`'s: confirmed, or held until then.

    Unlike a hold, an offer that ran out is never counted again: others have been promised those
    places. Raises HoldExpiredError, NothingHeldError, NotBookableError.
    """
    with _locked_for(holder) as (dates, places):
        now = timezone.now()
        if not places:
            raise NothingHeldError
        for place in places:
            date = dates[place.course_date_id]
            _check_offerable(date, now)
            if place.state != State.OFFERED or not _is_live(place, now):
                raise HoldExpiredError(date, 0)
        _set(
            places,
            holder=to,
            state=State.HELD if until else State.CONFIRMED,
            expires_at=until,
        )
        return places


def give_up(
    holder: str,
    *,
    course_date_id: int,
    children: Iterable[int] | None = None,
    reason: str = "released",
) -> list[Place]:
    """Give back a holder's places on one date alone, or those of these children (their numbers).

    Returns what was given back, [] when there was nothing. `reason` as for `release`.
    """
    if reason not in (State.RELEASED, State.CANCELLED):
        raise ValueError('The reason is "released" or "cancelled".')
    wanted = None if children is None else set(children)
    with _locked_for(holder) as (_dates, places):
        given_back = [
            place
            for place in places
            if place.course_date_id == course_date_id
            and place.state not in (State.ATTENDED, State.NO_SHOW)
            and (wanted is None or place.child_number in wanted)
        ]
        _give_back(given_back, reason)
        _say_freed(place.course_date_id for place in given_back)
        return given_back


def exchange(
    holder: str,
    *,
    given_up: int,
    wanted: int,
    add_ons: Mapping[int, Collection[int]] | None = None,
) -> list[Place]:
    """A holder's confirmed places on one date for as many on another: all of them, or none.

    Both dates are locked; the old places are given up when the new ones are certain. `add_ons` are
    the new date's, as for `choose_add_ons`. Raises FullError(left), AddOnFullError(add_on, left),
    NotBookableError(reason), NothingHeldError; then nothing has changed.
    """
    with _locked_for(holder, also=[wanted]) as (dates, places):
        now, date = timezone.now(), dates.get(wanted)
        _check_bookable(date, now)
        old = [
            place
            for place in places
            if place.course_date_id == given_up and place.state == State.CONFIRMED
        ]
        if not old or given_up == wanted:
            raise NothingHeldError
        standing, claims = _standing(date, now), any(place.claims_help for place in old)
        _check_room(date, standing, [], len(old), claims)
        seats = _free_seats(date, standing, len(old))
        new = Place.objects.bulk_create(
            Place(
                course_date=date,
                pupil=place.pupil,
                holder=holder,
                child_number=place.child_number,
                state=State.CONFIRMED,
                seat=seat,
                price_pence=date.price_pence,
                claims_help=claims,
            )
            for place, seat in zip(old, seats, strict=True)
        )
        if add_ons and (short := addons.choose(new, add_ons)):
            raise AddOnFullError(*short)
        _give_back(old, State.RELEASED)
        _say_freed([given_up])
        return new


def note_attendance(place_ids: Iterable[int], state: str) -> int:
    """Note whether children came, on places that count and go on counting; how many changed."""
    if state not in Place.SETTLED:
        raise ValueError("A place is confirmed, attended or not come to.")
    rows = Place.objects.filter(pk__in=list(place_ids), state__in=Place.SETTLED)
    return rows.exclude(state=state).update(state=state, changed_at=timezone.now())


def left_on(course_date_id: int) -> int:
    """Places left for anybody now, for showing: by the time somebody asks one may be gone."""
    date = CourseDate.objects.with_places().get(pk=course_date_id)
    return max(0, date.capacity - date.taken - date.kept_back(date.taken_with_help))


def lapse_expired(limit: int = 500) -> int:
    """Mark holds that have run out, so that lists read well. Nothing depends on its having run."""
    run_out = Q(state__in=Place.TIMED, expires_at__lte=timezone.now())
    if not Place.objects.filter(run_out).exists():
        return 0
    dates = Place.objects.filter(run_out).order_by().values_list("course_date_id", flat=True)
    lapsed = 0
    for pk in sorted(set(dates[:limit])):
        with _locked([pk]):
            lapsed += _lapse(pk, timezone.now())
            _say_freed([pk])
    return lapsed


def lock_course_dates(course_date_ids: list[int]) -> dict[int, CourseDate]:
    """The course dates by key, locked until the end of the transaction, lowest key first.

    SQLite has no row locks: there BEGIN IMMEDIATE has taken the one write lock already.
    """
    rows = CourseDate.objects.raw(placesql.lock_dates(len(course_date_ids)), course_date_ids)
    return {row.pk: row for row in rows} if course_date_ids else {}


@contextmanager
def _locked(course_date_ids: Iterable[int]) -> Iterator[dict[int, CourseDate]]:
    with transaction.atomic():
        yield lock_course_dates(sorted(course_date_ids))


@contextmanager
def _locked_for(
    holder: str, also: Iterable[int] = ()
) -> Iterator[tuple[dict[int, CourseDate], list[Place]]]:
    """A holder's course dates and `also` locked, with the holder's places that still stand.

    Those are the active ones, and holds that ran out and were neither renewed nor given up.
    """
    known = placesql.dates_of(holder)
    with _locked({*known, *also}) as dates:
        # Looked at again: what was read before the lock may have changed while we waited for it.
        if not known and not placesql.dates_of(holder):
            yield dates, []
            return
        rows = Place.objects.raw(placesql.places_of(), [holder, *placesql.STANDING])
        yield dates, [place for place in rows if place.course_date_id in dates]


def _check_bookable(date: CourseDate | None, now: datetime) -> None:
    if date is None or date.status == CourseDate.Status.DRAFT:
        raise NotBookableError("unknown")
    if date.status == CourseDate.Status.CANCELLED:
        raise NotBookableError("cancelled")
    if now < date.booking_opens_at:
        raise NotBookableError("not_open_yet")
    if now >= date.booking_closes_at:
        raise NotBookableError("closed")
    if now >= date.starts_at:
        raise NotBookableError("started")
    if date.is_collecting(now):
        raise NotBookableError("draw")


def _check_offerable(date: CourseDate | None, now: datetime) -> None:
    if date is None or date.status == CourseDate.Status.DRAFT:
        raise NotBookableError("unknown")
    if date.status == CourseDate.Status.CANCELLED:
        raise NotBookableError("cancelled")
    if now >= date.starts_at:
        raise NotBookableError("started")


def free_places(date: CourseDate) -> int:
    """Places that anybody may be offered on a date that the caller has locked, below 0 when there
    are too many."""
    return _standing(date, timezone.now()).left_for_all


def _say_freed(course_date_ids: Iterable[int]) -> None:
    if ids := sorted(set(course_date_ids)):
        for _name, listener in sorted(freed.items()):
            listener(ids)


def _lapse(course_date_id: int, now: datetime) -> int:
    run_out = Place.objects.filter(
        course_date_id=course_date_id, state__in=Place.TIMED, expires_at__lte=now
    )
    addons.give_back(run_out)
    return run_out.update(state=State.LAPSED, seat=None, changed_at=now)


def _standing(date: CourseDate, now: datetime) -> Standing:
    """Count one locked date; holds that have run out lose their seats first."""
    number, top_seat, run_out, with_help = placesql.count(date.pk, now)
    if run_out:
        _lapse(date.pk, now)
        number, top_seat, run_out, with_help = placesql.count(date.pk, now)
    left, kept_back = date.capacity - number, date.kept_back(with_help, now)
    return Standing(left, top_seat or 0, number, with_help, kept_back)


def _free_seats(date: CourseDate, standing: Standing, number: int) -> list[int]:
    """The lowest free seat numbers. No query in the usual case, where there are no gaps."""
    if standing.top_seat == standing.seated:
        return list(range(standing.top_seat + 1, standing.top_seat + 1 + number))
    used = set(
        Place.objects.filter(course_date_id=date.pk, seat__isnull=False).values_list(
            "seat", flat=True
        )
    )
    free = (seat for seat in range(1, len(used) + number + 1) if seat not in used)
    return [next(free) for _number in range(number)]


def _hold_one(
    date: CourseDate,
    holder: str,
    children: int | Collection[int],
    held: list[Place],
    *,
    until: datetime,
    claims_help: bool | None,
) -> list[Place]:
    """Bring a holder's live holds on one locked date to `children`."""
    now = timezone.now()
    standing = _standing(date, now)
    held = sorted(held, key=lambda place: place.child_number)
    claims = claims_help if claims_help is not None else any(p.claims_help for p in held)
    if isinstance(children, int):
        kept = held[:children]
        taken = {place.child_number for place in kept}
        number = children - len(kept)
        new = [n for n in range(1, children + len(kept) + 1) if n not in taken][:number]
    else:
        kept = [place for place in held if place.child_number in children]
        new = sorted(set(children) - {place.child_number for place in kept})
    _check_room(date, standing, held, len(kept) + len(new), claims)
    _give_back([place for place in held if place not in kept], State.RELEASED)
    # Never sooner than was promised: an offer that was accepted has longer than a hold.
    _set([place for place in kept if place.expires_at < until], expires_at=until)
    _set([place for place in kept if place.claims_help != claims], claims_help=claims)
    if not new:
        return kept
    made = placesql.insert(
        Place(
            course_date=date,
            holder=holder,
            child_number=child_number,
            state=State.HELD,
            seat=seat,
            expires_at=until,
            price_pence=date.price_pence,
            claims_help=claims,
        )
        for child_number, seat in zip(new, _free_seats(date, standing, len(new)), strict=True)
    )
    return [*kept, *made]


def _check_room(
    date: CourseDate, standing: Standing, held: list[Place], wanted: int, claims_help: bool
) -> None:
    """Whether one holder may have so many on a locked date, instead of what it holds there.

    What is held is trusted: fewer, or as many as before, need no count unless the claim goes.
    """
    had_help = sum(place.claims_help for place in held)
    if wanted <= len(held) and (claims_help or not had_help):
        return
    room = standing.left + len(held)
    if not claims_help:
        kept_back = date.kept_back(standing.with_help - had_help)
        if room >= wanted > room - kept_back and wanted <= len(held):
            raise KeptForHelpError(date)
        room -= kept_back
    if wanted > room:
        raise FullError(date, max(0, room))
    if wanted > len(held) and date.waiting_first:
        raise FullError(date, len(held))


def _give_back(places: list[Place], state: str) -> None:
    if places:
        addons.give_back(Place.objects.filter(pk__in=[place.pk for place in places]))
        _set(places, state=state, seat=None, expires_at=None)


def _set(places: list[Place], **values: Any) -> None:
    """Write the same onto all of these places, which are locked with their date; one statement."""
    if not places:
        return
    values["changed_at"] = timezone.now()
    Place.objects.filter(pk__in=[place.pk for place in places]).update(**values)
    for place in places:
        for name, value in values.items():
            setattr(place, name, value)


def _revive(dates: dict[int, CourseDate], places: list[Place], now: datetime) -> None:
    """Give seats again to holds that ran out, counting once for each date; all or none."""
    for pk, date in sorted(dates.items()):
        late = [
            place for place in places if place.course_date_id == pk and not _is_live(place, now)
        ]
        if not late:
            continue
        standing = _standing(date, now)
        if date.waiting_first:
            raise HoldExpiredError(date, 0)
        with_help = sum(place.claims_help for place in late)
        for_all = standing.left - date.kept_back(standing.with_help + with_help, now)
        if len(late) > (standing.left if with_help == len(late) else for_all):
            raise HoldExpiredError(date, max(0, for_all))
        for place, seat in zip(late, _free_seats(date, standing, len(late)), strict=True):
            _set([place], state=State.HELD, seat=seat, expires_at=now)
        if short := addons.take_again(late):
            raise AddOnFullError(*short)


def _is_live(place: Place, now: datetime) -> bool:
    return place.state in Place.TIMED and place.expires_at > now
