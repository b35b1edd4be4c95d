"""Sessions and their slots: making them, making them anew, copying a day, calling one off.

Slots follow from the session's settings. Making them anew leaves every booked slot exactly where it
is and fits the free ones around it. What changes for families that have booked is written to them.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.db import transaction
from django.db.models import Count, F, Q
from django.utils import timezone

from cms.clock import LONDON
from cms.models import User

from . import letters, timing
from .models import Appointment, AppointmentSession, AppointmentSlot

BOOKED = Q(appointments__state=Appointment.State.BOOKED)


class SessionProblemError(Exception):
    """The session cannot be changed like that. The message is a sentence for staff."""


@dataclass(frozen=True)
class Occupancy:
    """How full a session is: seats booked of all there are."""

    booked: int
    seats: int

    @property
    def free(self) -> int:
        return max(0, self.seats - self.booked)

    @property
    def percent(self) -> int:
        return round(100 * self.booked / self.seats) if self.seats else 0


def day_of(session: AppointmentSession) -> date:
    return session.starts_at.astimezone(LONDON).date()


def planned(session: AppointmentSession, taken: list[timing.Span] = ()) -> list[timing.Span]:
    """The slots that the settings give, around those `taken`. Reads and writes nothing."""
    return timing.grid(
        day_of(session),
        (session.starts_at, session.ends_at),
        minutes=session.minutes,
        buffer_minutes=session.buffer_minutes,
        breaks=session.break_times,
        taken=taken,
    )


def lock(*session_ids: int) -> dict[int, AppointmentSession]:
    """The sessions by key, locked in one order until the transaction ends."""
    rows = AppointmentSession.objects.select_for_update(of=("self",)).filter(pk__in=session_ids)
    return {session.pk: session for session in rows.order_by("pk")}


def regenerate(session: AppointmentSession) -> int:
    """Make the free slots anew; booked ones stay. How many slots there are then."""
    with transaction.atomic():
        lock(session.pk)
        kept = session.slots.filter(BOOKED).distinct()
        gap = timedelta(minutes=session.buffer_minutes)
        taken = [(slot.starts_at, slot.ends_at + gap) for slot in kept]
        wanted = dict(planned(session, taken))
        free = session.slots.exclude(pk__in=kept.values("pk"))
        for slot in list(free):
            if wanted.get(slot.starts_at) == slot.ends_at:
                del wanted[slot.starts_at]
            elif slot.appointments.exists():
                _end_history(slot)
                slot.delete()
            else:
                slot.delete()
        AppointmentSlot.objects.bulk_create(
            AppointmentSlot(session=session, starts_at=first, ends_at=last)
            for first, last in wanted.items()
        )
        return session.slots.count()


def _end_history(slot: AppointmentSlot) -> None:
    """Cancelled appointments of a slot that goes: they end with it, their case's history stays."""
    slot.appointments.exclude(state=Appointment.State.BOOKED).delete()


def save(session: AppointmentSession, people: list[User], *, before: dict | None = None) -> None:
    """Write a session with its slots; families that have booked hear of a new place.

    `before` is `place_facts` as they were, None for a new one. Raises SessionProblemError.
    """
    with transaction.atomic():
        if session.pk:
            _check_against_booked(session)
        session.save()
        session.people.set(people)
        regenerate(session)
        if before is not None and before != place_facts(session):
            tell_booked(session, why="The place or the room is another one.")


def place_facts(session: AppointmentSession) -> dict:
    """What a letter to a family says of the place: when this changes, it is told."""
    return {
        "name": session.name,
        "where": session.where,
        "warm_up": [session.warm_up_room, session.warm_up_minutes],
    }


def _check_against_booked(session: AppointmentSession) -> None:
    lock(session.pk)
    booked = Appointment.objects.filter(slot__session=session, state=Appointment.State.BOOKED)
    for one in booked.select_related("slot"):
        if not (session.starts_at <= one.slot.starts_at and one.slot.ends_at <= session.ends_at):
            raise SessionProblemError(
                "Somebody has booked a time outside these hours. Give them another time first."
            )
    if booked.filter(seat__gt=session.capacity).exists():
        raise SessionProblemError("More have booked one slot than would fit. Move them first.")


def tell_booked(session: AppointmentSession, *, why: str) -> int:
    """A letter with the changed calendar entry to everybody still to come. How many."""
    coming = (
        Appointment.objects.select_for_update(of=("self",))
        .filter(
            slot__session=session,
            state=Appointment.State.BOOKED,
            slot__starts_at__gt=timezone.now(),
        )
        .select_related("slot", "case")
    )
    number = 0
    for appointment in coming:
        appointment.slot.session = session
        appointment.sequence += 1
        appointment.changed_at = timezone.now()
        appointment.save(update_fields=["sequence", "changed_at"])
        letters.tell(appointment, "changed", why=why)
        number += 1
    return number


def copy_to(session: AppointmentSession, day: date) -> AppointmentSession:
    """The same session on another day, at the same times on the wall, with no bookings."""
    with transaction.atomic():
        people = list(session.people.all())
        move = day - day_of(session)
        copied = AppointmentSession.objects.get(pk=session.pk)
        copied.pk, copied._state.adding, copied.cancelled_at = None, True, None
        for name in ("starts_at", "ends_at", "offered_from", "offered_until"):
            setattr(copied, name, moved(getattr(session, name), move))
        copied.save()
        copied.people.set(people)
        regenerate(copied)
    return copied


def moved(moment: datetime | None, by: timedelta) -> datetime | None:
    """The same time on the wall, some days on."""
    if moment is None:
        return None
    local = moment.astimezone(LONDON).replace(tzinfo=None) + by
    return local.replace(tzinfo=LONDON).astimezone(UTC)


def with_occupancy(sessions: list[AppointmentSession]) -> list[AppointmentSession]:
    """The same sessions, each with `occupancy`. Two queries, however many."""
    ids = [session.pk for session in sessions]
    slots = dict(
        AppointmentSlot.objects.filter(session__in=ids)
        .order_by()
        .values_list("session")
        .annotate(number=Count("pk"))
    )
    booked = dict(
        Appointment.objects.filter(slot__session__in=ids, state=Appointment.State.BOOKED)
        .order_by()
        .values_list("slot__session")
        .annotate(number=Count("pk"))
    )
    for session in sessions:
        session.occupancy = Occupancy(
            booked.get(session.pk, 0), slots.get(session.pk, 0) * session.capacity
        )
    return sessions


def free_slots(sessions: list[AppointmentSession]) -> list[AppointmentSlot]:
    """Slots that still take somebody, in order, each with `free` seats and its session."""
    by_id = {session.pk: session for session in sessions}
    slots = list(
        AppointmentSlot.objects.filter(session__in=by_id)
        .annotate(booked=Count("appointments", filter=BOOKED))
        .filter(booked__lt=F("session__capacity"))
        .order_by("starts_at", "session_id")
    )
    for slot in slots:
        slot.session = by_id[slot.session_id]
        slot.free = slot.session.capacity - slot.booked
    return slots
