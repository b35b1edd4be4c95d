"""The pools that places are offered from: finding one, locking it, counting it, noting why.

A course date's pool is counted from Place rows under the lock on the date, which public sale takes
too; any other from Seat rows under a lock on the pool. Order of locks: a case first, then one pool.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import models, transaction
from django.utils import timezone

from cms import places
from cms.models import CourseDate, EnsembleSection, User

from .drawmodels import Draw
from .models import ListEntry, Offer, Pool, PoolEvent, Seat

What = PoolEvent.What


class NoPlaceError(Exception):
    """There is no such place to offer. The message is a sentence for staff."""


def pool_of_date(date: CourseDate) -> Pool:
    """The pool of a course date, made when first wanted."""
    found = Pool.objects.filter(course_date=date).first()
    return found or _made(f"date-{date.pk}", name=str(date)[:200], course_date=date)


def pool_of_section(section: EnsembleSection) -> Pool:
    """The pool of one instrument in one ensemble."""
    found = Pool.objects.filter(section=section).first()
    return found or _made(f"section-{section.pk}", name=str(section)[:200], section=section)


def named_pool(key: str, *, name: str = "", seats: int = 0) -> Pool:
    """The pool that a workflow names, with so many places when it is made now."""
    return _made(key, name=name or key, seats=seats)


def _made(key: str, **values: object) -> Pool:
    return Pool.objects.get_or_create(key=key, defaults=values)[0]


def capacity(pool: Pool) -> int:
    """How many places it has. For a date, from the row as the lock has read it."""
    if pool.course_date_id:
        return pool.course_date.capacity
    if pool.seats is not None:
        return pool.seats
    return pool.section.target if pool.section_id else 0


@contextmanager
def locked(pool_id: int) -> Iterator[Pool]:
    """The pool, locked until the end of the transaction, with its date as it is now."""
    with transaction.atomic():
        date_id = Pool.objects.values_list("course_date_id", flat=True).get(pk=pool_id)
        if date_id:
            date = places.lock_course_dates([date_id])[date_id]
            pool = Pool.objects.get(pk=pool_id)
            pool.course_date = date
        else:
            rows = Pool.objects.select_for_update(of=("self",), no_key=True)
            pool = rows.select_related("section").get(pk=pool_id)
        yield pool


def free(pool: Pool) -> int:
    """Places nobody has or is offered, of a locked pool; below 0 when there are too many."""
    if pool.course_date_id:
        return places.free_places(pool.course_date)
    clear_run_out(pool)
    return capacity(pool) - Seat.objects.filter(pool=pool).count()


def clear_run_out(pool: Pool) -> None:
    """An offer that ran out keeps no seat, whether or not anybody has marked it yet."""
    Seat.objects.filter(
        pool=pool, offer__state=Offer.State.LIVE, offer__answer_by__lte=timezone.now()
    ).delete()


def is_over(pool: Pool, now: datetime) -> bool:
    """Whether nothing can be offered any more: cancelled, or begun."""
    date = pool.course_date
    return bool(date) and (date.status == CourseDate.Status.CANCELLED or date.starts_at <= now)


def take_seats(pool: Pool, offer: Offer) -> None:
    """Seats of a locked pool for a new offer. Raises NoPlaceError.

    Counted and chosen from one look, so that without the lock two offers would want the same
    number, which the database refuses.
    """
    clear_run_out(pool)
    used = used_seats(pool)
    unused = [number for number in range(1, capacity(pool) + 1) if number not in used]
    if capacity(pool) - len(used) < offer.number:
        raise NoPlaceError("There are fewer free places than that.")
    Seat.objects.bulk_create(
        Seat(pool=pool, offer=offer, number=number) for number in unused[: offer.number]
    )


def order_is_open(pool: Pool) -> bool:
    """Whether a list's order is still to be drawn, so that nobody on it can be offered a place."""
    date = pool.course_date
    if date is None or date.draw_minutes is None:
        return False
    return Draw.objects.filter(pool=pool, drawn_at=None).exists()


def used_seats(pool: Pool) -> set[int]:
    """The numbers that offers have."""
    return set(Seat.objects.filter(pool=pool).values_list("number", flat=True))


def queue(pool: Pool) -> models.QuerySet[ListEntry]:
    """Who is on the list, first first."""
    return pool.entries.filter(state__in=ListEntry.ON_LIST).order_by("position", "pk")


def mark_waited_for(pool: Pool) -> None:
    """Tell public sale, on the locked date, whether what comes free belongs to a list."""
    if not pool.course_date_id:
        return
    wanted = not pool.rest_is_open and pool.entries.filter(state=ListEntry.State.WAITING).exists()
    if pool.course_date.waiting_first != wanted:
        pool.course_date.waiting_first = wanted
        pool.course_date.save(update_fields=["waiting_first"])


def note(
    pool: Pool,
    what: str,
    words: str,
    *,
    entry: ListEntry | None = None,
    by: User | None = None,
    actor_name: str = "The hub",
    reason: str = "",
) -> PoolEvent:
    """Write why something happened."""
    return PoolEvent.objects.create(
        pool=pool,
        entry=entry,
        what=what,
        words=words[:300],
        reason=reason,
        actor_id=by.pk if by else None,
        actor_name=(str(by) if by else actor_name)[:160],
    )


def note_once(pool: Pool, what: str, words: str, *, entry: ListEntry) -> None:
    """The same, unless the last thing that was written of this entry says it already."""
    last = entry.log.order_by("-pk").first()
    if last is None or (last.what, last.words) != (what, words):
        note(pool, what, words, entry=entry)
