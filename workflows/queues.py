"""Lists that run themselves: the waiting list of a date, the reserves of a section.

Joined, left, paused, moved with a reason; whoever is next is offered what comes free. A family
that needs more places than are free is passed over, which is written down, and no more often than
the pool says: after that places are kept together for it. The order changes only in `move`, `rank`
and where an offer ran out, each time with a reason.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cms import places
from cms.models import CourseDate, User

from . import offer_letters
from .engine import perform
from .models import Case, CaseEvent, ListEntry, Offer, Pool
from .offers import ReasonMissingError, make, ring_fill
from .pools import (
    NoPlaceError,
    What,
    capacity,
    free,
    is_over,
    locked,
    mark_waited_for,
    note,
    note_once,
    order_is_open,
    queue,
)

State = ListEntry.State
MOST_AT_ONCE = 200


class ListError(Exception):
    """The list does not allow that. The message is a sentence for whoever asked."""


@dataclass
class Next:
    """Who is to be offered what: `entry` is None when nobody is; `skipped` were passed over."""

    entry: ListEntry | None = None
    children: list[int] = field(default_factory=list)
    skipped: list[ListEntry] = field(default_factory=list)
    kept_for: ListEntry | None = None
    free: int = 0


def join(
    pool_id: int,
    case: Case,
    *,
    children: Sequence[int] = (1,),
    rule: str = ListEntry.Rule.ALL,
    together: Iterable[int] = (),
    buttons: dict | None = None,
    score: str = "",
    rank: int | None = None,
    by: User | None = None,
    actor_name: str = "The family",
    letter: bool = True,
) -> ListEntry:
    """Put a case at the end of a list, or where its rank or score (a percentage) puts it among
    those that have one. Twice is once.

    Raises ListError.
    """
    numbers = sorted(set(children))
    apart = set(together) - set(numbers)
    if not numbers or apart or rule not in ListEntry.Rule.values:
        raise ListError(_("Say for which children it is."))
    with transaction.atomic(), locked(pool_id) as pool:
        already = queue(pool).filter(case=case).first()
        if already:
            return already
        if not pool.is_open:
            raise ListError(_("This list is closed."))
        if is_over(pool, timezone.now()):
            raise ListError(_("This date is over or cancelled, so nobody can wait for it."))
        if len(numbers) > _most(pool):
            raise ListError(_("There will never be so many places. Please choose fewer children."))
        last = pool.entries.order_by("-position").values_list("position", flat=True).first()
        entry = ListEntry.objects.create(
            pool=pool,
            case=case,
            position=(last or 0) + 1,
            rule=rule,
            children=numbers,
            together=sorted(set(together)),
            buttons=buttons or {},
            score=score,
            rank=rank,
        )
        _stand_by_rank(pool, entry)
        note(
            pool, What.JOINED, f"{case.reference} joined", entry=entry, by=by, actor_name=actor_name
        )
        mark_waited_for(pool)
        if letter:
            offer_letters.write_joined(entry)
        ring_fill(pool.pk)
    return entry


def _stand_by_rank(pool: Pool, entry: ListEntry) -> None:
    """A reserve comes before those who joined earlier with a lower rank, else a lower score."""
    if entry.rank is None and not entry.score:
        return
    order = [one for one in queue(pool) if one.pk != entry.pk]
    behind = (n for n, one in enumerate(order) if _is_better(entry, one))
    order.insert(next(behind, len(order)), entry)
    put_in_order(order)


def _is_better(entry: ListEntry, other: ListEntry) -> bool:
    if entry.rank is not None or other.rank is not None:
        return None not in (entry.rank, other.rank) and entry.rank < other.rank
    return bool(other.score) and Decimal(entry.score) > Decimal(other.score)


def _most(pool: Pool) -> int:
    return max(capacity(pool), 1) if pool.course_date_id else 99


def leave(
    entry_id: int, *, by: User | None = None, actor_name: str = "The family", reason: str = ""
) -> None:
    """Take an entry off its list. One with an open offer declines that first."""
    _change(entry_id, State.LEFT, What.LEFT, by=by, actor_name=actor_name, reason=reason)


def pause(entry_id: int, *, actor_name: str = "The family") -> None:
    """Keep the position, and be offered nothing until it waits again."""
    _change(entry_id, State.PAUSED, What.PAUSED, actor_name=actor_name)


def resume(entry_id: int, *, actor_name: str = "The family") -> None:
    """Wait again, where it was."""
    _change(entry_id, State.WAITING, What.RESUMED, actor_name=actor_name)


_FROM = {
    State.LEFT: (State.WAITING, State.PAUSED),
    State.PAUSED: (State.WAITING,),
    State.WAITING: (State.PAUSED,),
}
_WORDS = {State.LEFT: "left the list", State.PAUSED: "pauses", State.WAITING: "waits again"}


def _change(
    entry_id: int,
    to: str,
    what: str,
    *,
    actor_name: str,
    by: User | None = None,
    reason: str = "",
) -> None:
    words = _WORDS[to]
    known = ListEntry.objects.only("pool_id", "case_id").get(pk=entry_id)
    with transaction.atomic():
        # The case before the pool, as everybody does: two must not wait for each other.
        Case.objects.select_for_update(of=("self",)).get(pk=known.case_id)
        with locked(known.pool_id) as pool:
            entry = (
                ListEntry.objects.select_related("case__version")
                .defer("case__version__data")
                .get(pk=entry_id)
            )
            if entry.state == to:
                return
            if entry.state not in _FROM[to]:
                raise ListError(_("There is an offer to answer, or it has left the list already."))
            entry.state = to
            entry.ended_at = timezone.now() if to == State.LEFT else None
            entry.save(update_fields=["state", "ended_at"])
            says = f"{entry.case.reference} {words}"
            note(pool, what, says, entry=entry, by=by, actor_name=actor_name, reason=reason)
            mark_waited_for(pool)
            ring_fill(pool.pk)
        if to == State.LEFT:
            press_for(entry, "left")
        CaseEvent.objects.create(
            case=entry.case,
            kind=CaseEvent.Kind.NOTE,
            actor_id=by.pk if by else None,
            actor_name=str(by) if by else actor_name,
            summary=f"{pool}: {words}"[:250],
            comment=reason,
        )


def press_for(entry: ListEntry, when: str) -> None:
    """Press the case's button for that, where its stage has it."""
    key = entry.buttons.get(when)
    if key and entry.case.stage.button(key):
        perform(entry.case_id, key, by=None, actor_name=f"The hub: {_WORDS[entry.state]}")


def move(entry_id: int, to: int, *, by: User, reason: str) -> None:
    """Move an entry to the place `to` of its list, from 1. Raises ReasonMissingError, ListError."""
    if not reason.strip():
        raise ReasonMissingError("Say why it is moved: families may ask.")
    pool_id = ListEntry.objects.values_list("pool_id", flat=True).get(pk=entry_id)
    with locked(pool_id) as pool:
        order = list(queue(pool).select_related("case"))
        entry = next((one for one in order if one.pk == entry_id), None)
        if entry is None:
            raise ListError("It is not on the list any more.")
        was = order.index(entry) + 1
        order.remove(entry)
        to = min(max(to, 1), len(order) + 1)
        order.insert(to - 1, entry)
        put_in_order(order)
        words = f"{entry.case.reference} moved from {was} to {to}"
        note(pool, What.MOVED, words, entry=entry, by=by, reason=reason.strip())
        ring_fill(pool.pk)


def rank(pool_id: int, references: Sequence[str], *, by: User | None, reason: str) -> None:
    """Put a whole list into this order of case references; others stay behind, as they were."""
    if not reason.strip():
        raise ReasonMissingError("Say why the order changes: families may ask.")
    with locked(pool_id) as pool:
        places_ = {reference: number for number, reference in enumerate(references)}
        order = list(queue(pool).select_related("case"))
        wanted = sorted(order, key=lambda one: places_.get(one.case.reference, len(places_)))
        if wanted != order:
            put_in_order(wanted)
            note(pool, What.MOVED, "Put into a new order", by=by, reason=reason.strip())


def put_in_order(order: list[ListEntry]) -> None:
    """Give the entries of a locked list these positions. The caller writes down why."""
    for number, entry in enumerate(order, start=1):
        entry.position = number
    ListEntry.objects.bulk_update(order, ["position"])


def open_the_rest(pool_id: int, *, is_open: bool, by: User, reason: str) -> None:
    """Let others book although people wait, or no longer. Raises ReasonMissingError."""
    if not reason.strip():
        raise ReasonMissingError("Say why: people are waiting.")
    with locked(pool_id) as pool:
        pool.rest_is_open = is_open
        pool.save(update_fields=["rest_is_open"])
        mark_waited_for(pool)
        words = "Others may book although people wait" if is_open else "Waiting families come first"
        note(pool, What.RULES, words, by=by, reason=reason.strip())


def next_up(pool: Pool, free_now: int) -> Next:
    """Who is next on a list with so many free places. Pure but for reading the list."""
    found = Next(free=free_now)
    if free_now < 1:
        return found
    for entry in queue(pool).filter(state=State.WAITING).select_related("case"):
        if entry.need <= free_now:
            found.entry, found.children = entry, entry.to_offer(free_now)
            return found
        if entry.skips >= pool.max_skips:
            found.kept_for = entry
            return found
        found.skipped.append(entry)
    return found


def fill(pool_id: int) -> list[Offer]:
    """Offer what is free to whoever is next, until nobody fits. Safe to run twice at once."""
    made: list[Offer] = []
    for _turn in range(MOST_AT_ONCE):
        case_id = _peek(pool_id)
        if case_id is None:
            break
        # The case before the pool, as everybody else does; then look again under the lock.
        with transaction.atomic():
            case = Case.objects.select_for_update(of=("self",)).get(pk=case_id)
            with locked(pool_id) as pool:
                found = next_up(pool, free(pool))
                if found.entry is None or order_is_open(pool):
                    break
                if found.entry.case_id != case.pk:
                    continue
                offer = _offer_next(pool, case, found)
                if offer:
                    made.append(offer)
    return made


def _peek(pool_id: int) -> int | None:
    """The case that is next; who is passed over without anybody behind them is written down."""
    with locked(pool_id) as pool:
        if is_over(pool, timezone.now()):
            _close(pool)
            return None
        if order_is_open(pool):
            return None
        found = next_up(pool, free(pool))
        if found.entry:
            return found.entry.case_id
        if found.kept_for:
            words = _needs(found.kept_for, found.free) + "; kept until there are enough"
            note_once(pool, What.KEPT, words, entry=found.kept_for)
        elif found.skipped:
            words = _needs(found.skipped[0], found.free) + "; nobody behind it fits"
            note_once(pool, What.KEPT, words, entry=found.skipped[0])
    return None


def _offer_next(pool: Pool, case: Case, found: Next) -> Offer | None:
    entry = found.entry
    for passed in found.skipped:
        passed.skips += 1
        passed.save(update_fields=["skips"])
        words = (
            f"{_needs(passed, found.free)}; passed over {passed.skips} of {pool.max_skips} times"
        )
        note(pool, What.SKIPPED, words, entry=passed)
    entry.state = State.OFFERED
    entry.save(update_fields=["state"])
    mark_waited_for(pool)
    try:
        with transaction.atomic():
            return make(
                pool.pk,
                case,
                children=found.children,
                buttons=entry.buttons,
                entry=entry,
                reason=f"Next on the list with {found.free} free",
            )
    except NoPlaceError as problem:
        _not_now(pool, entry, str(problem))
    return None


def _not_now(pool: Pool, entry: ListEntry, why: str) -> None:
    """An offer that cannot be made, such as one without time to answer: staff may do it by hand."""
    entry.state = State.PAUSED
    entry.save(update_fields=["state"])
    mark_waited_for(pool)
    note(pool, What.PAUSED, f"{entry.case.reference} could not be offered", entry=entry, reason=why)


def _needs(entry: ListEntry, free_now: int) -> str:
    return f"{entry.case.reference} needs {entry.need}, {free_now} free"


def _close(pool: Pool) -> None:
    """Nobody waits for what is over."""
    for entry in queue(pool).filter(state__in=(State.WAITING, State.PAUSED)).select_related("case"):
        entry.state, entry.ended_at = State.LEFT, timezone.now()
        entry.save(update_fields=["state", "ended_at"])
        note(pool, What.LEFT, f"{entry.case.reference}: the date is over or cancelled", entry=entry)
    mark_waited_for(pool)


def refresh(pool_id: int) -> None:
    """Tell public sale again whether people wait; a form that was open may have said otherwise."""
    with locked(pool_id) as pool:
        mark_waited_for(pool)


def offer_now(entry_id: int, *, by: User, reason: str, beyond: bool = False) -> Offer:
    """Offer to somebody out of turn; `beyond` the number of places too, which few may.

    Raises ReasonMissingError, NoPlaceError, ListError, cms.places.NotAllowedError."""
    if not reason.strip():
        raise ReasonMissingError("Say why it does not go by the list.")
    entry = ListEntry.objects.select_related("case", "pool").get(pk=entry_id)
    with transaction.atomic():
        case = Case.objects.select_for_update(of=("self",)).get(pk=entry.case_id)
        with locked(entry.pool_id) as pool:
            entry = ListEntry.objects.get(pk=entry_id)
            if entry.state not in (State.WAITING, State.PAUSED):
                raise ListError("It is not waiting any more.")
            if order_is_open(pool):
                raise ListError("The order of this list is still to be drawn.")
            left = free(pool)
            if left < entry.need and not beyond:
                raise NoPlaceError(f"It needs {entry.need}, and {left} are free.")
            entry.state = State.OFFERED
            entry.save(update_fields=["state"])
            mark_waited_for(pool)
            return make(
                pool.pk,
                case,
                children=entry.to_offer(max(left, entry.need)),
                buttons=entry.buttons,
                entry=entry,
                by=by,
                reason=reason.strip(),
                beyond=places.Beyond(by, reason) if left < entry.need else None,
            )


def standing_words(entry: ListEntry) -> list[str]:
    """Where a family stands on a list and what that means, in honest sentences."""
    if entry.state == State.OFFERED:
        return [_("We have offered you a place. Please answer below.")]
    if entry.state not in (State.WAITING, State.PAUSED):
        return [_("You are not on this list any more.")]
    if order_is_open(entry.pool):
        return [
            _(
                "Your request is in the draw for %(what)s. The order is drawn when the time for "
                "requests is over; when you asked within that time makes no difference."
            )
            % {"what": entry.pool}
        ]
    ahead = queue(entry.pool).filter(position__lt=entry.position).count()
    total = queue(entry.pool).count()
    words = [
        _("You are number %(place)s of %(total)s on the list for %(what)s.")
        % {"place": ahead + 1, "total": total, "what": entry.pool}
    ]
    if entry.state == State.PAUSED:
        words.append(
            _("You have paused: you keep your number, and we offer you nothing meanwhile.")
        )
    if entry.need > 1:
        words.append(
            _(
                "You need %(n)s places together, which come free more seldom than one. If a family "
                "behind you needs fewer, we may ask it first, but at most %(most)s times."
            )
            % {"n": entry.need, "most": entry.pool.max_skips}
        )
    return [*words, _so_far(entry.pool)]


def _so_far(pool: Pool) -> str:
    """What usually becomes of those who wait, from what has happened."""
    placed = ListEntry.objects.filter(state=State.PLACED)
    if pool.course_date_id:
        placed = placed.filter(pool__course_date__course=pool.course_date.course_id)
        if number := placed.count():
            return ngettext(
                "On all dates of this course so far, %(n)s family got a place from the list.",
                "On all dates of this course so far, %(n)s families got a place from the list.",
                number,
            ) % {"n": number}
    elif number := placed.filter(pool=pool).count():
        return _("So far %(n)s from this list got a place.") % {"n": number}
    return _(
        "We cannot say how likely it is: nobody has got a place from such a list so far. "
        "Please do not count on it."
    )


@places.freed("workflows")
def fill_soon(course_date_ids: Iterable[int]) -> None:
    """Places came free on these dates: ask whoever waits for them."""
    for pk in Pool.objects.filter(course_date__in=list(course_date_ids)).values_list(
        "pk", flat=True
    ):
        ring_fill(pk)


def date_changed(sender: object, instance: CourseDate, **_more: object) -> None:
    """A date was saved, perhaps with more places, or cancelled."""
    if set(_more.get("update_fields") or ()) != {"waiting_first"}:
        fill_soon([instance.pk])
