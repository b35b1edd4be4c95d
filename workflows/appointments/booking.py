"""Offering, booking, swapping and giving back an appointment: the only writers of bookings.

Each is one transaction that locks the case, then the sessions concerned in one order, looks at the
rows as they stand then, and writes booking, history and letter together. Families are held to what
was offered and to the cut-off; staff to capacity alone, and they say why.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from cms.models import User
from workflows.engine import TransitionNotAllowedError, perform
from workflows.family import NAME, note_news
from workflows.models import Case, CaseEvent

from . import letters, slots
from .clashes import busy_times, is_taken_for_child
from .facts import fits, groups_of
from .models import Appointment, AppointmentOffer, AppointmentSession, AppointmentSlot

BOOKED = Appointment.State.BOOKED


class AppointmentError(Exception):
    """It could not be done. The message is a sentence for whoever asked; nothing has changed."""


class SlotTakenError(AppointmentError):
    """Somebody else was quicker."""


class TooLateError(AppointmentError):
    """The cut-off has passed."""


class NotOfferedError(AppointmentError):
    """This slot is not for this case, or not now."""


@dataclass(frozen=True)
class Actor:
    """Who does it: a member of staff, the family, or (neither) the hub itself."""

    user: User | None = None
    family: str = ""

    @property
    def name(self) -> str:
        return self.family or (str(self.user) if self.user else "The hub")


HUB = Actor()


def offer(case: Case, *, purpose: str, options: dict, stage: str) -> AppointmentOffer:
    """Let the family choose while the case stands in this stage; again is anew.

    Who has booked meanwhile may go on changing that where it has led.
    """
    before = AppointmentOffer.objects.filter(case=case, purpose=purpose, closed_at=None).first()
    kept = before.stages if before and live(case, purpose) else []
    row, _created = AppointmentOffer.objects.update_or_create(
        case=case,
        purpose=purpose,
        defaults={
            "options": options,
            "stages": [*dict.fromkeys([*kept, stage])],
            "offered_at": timezone.now(),
            "closed_at": None,
        },
    )
    return row


def live(case: Case, purpose: str) -> Appointment | None:
    """The booked appointment of a case for that purpose."""
    return (
        Appointment.objects.filter(case=case, purpose=purpose, state=BOOKED)
        .select_related("slot__session__centre", "case")
        .first()
    )


def offers_of(case: Case) -> list[AppointmentOffer]:
    """What the family may choose as the case stands now."""
    if not case.is_open:
        return []
    rows = AppointmentOffer.objects.filter(case=case, closed_at=None)
    return [one for one in rows if case.stage_key in one.stages]


def fitting_sessions(offer: AppointmentOffer, case: Case) -> list[AppointmentSession]:
    """The sessions still to come of this process and purpose that fit the case's groups."""
    mine = groups_of(case, offer.options)
    sessions = (
        AppointmentSession.objects.live()
        .filter(
            workflow=case.version.definition_id,
            purpose=offer.purpose,
            ends_at__gt=timezone.now(),
        )
        .select_related("centre")
        .order_by("starts_at", "pk")
    )
    return [session for session in sessions if fits(session.group_keys, mine)]


def choices(offer: AppointmentOffer, case: Case, now: datetime) -> list[AppointmentSlot]:
    """The slots that the family may take now, each with `free` seats, in order."""
    sessions = [one for one in fitting_sessions(offer, case) if one.is_open_for_families(now)]
    mine = live(case, offer.purpose)
    busy = busy_times(case, but=mine.pk if mine else None)
    return [
        slot
        for slot in slots.free_slots(sessions)
        if now < slot.session.latest_change(slot.starts_at)
        and not is_taken_for_child(case, slot, busy)
        and not (mine and mine.slot_id == slot.pk)
    ]


def book(
    case_id: int, slot_id: int, *, purpose: str, actor: Actor = HUB, why: str = ""
) -> Appointment:
    """Give a case the slot; the one that it has for this purpose is swapped for it.

    Raises AppointmentError: SlotTakenError, TooLateError, NotOfferedError. Nothing changes then.
    """
    with transaction.atomic():
        case = lock_case(case_id)
        mine = live(case, purpose)
        slot = AppointmentSlot.objects.filter(pk=slot_id).first()
        if slot is None:
            raise NotOfferedError("That time is no longer there. Please choose another.")
        wanted = {slot.session_id, *([mine.slot.session_id] if mine else [])}
        locked = slots.lock(*wanted)
        slot.session = locked[slot.session_id]
        if mine and mine.slot_id == slot.pk:
            return mine
        if mine and not actor.family:
            _check_reason(actor, why)
        _check(case, slot, mine, purpose, actor)
        appointment = _write(case, slot, mine, purpose, seat=_free_seat(slot))
        _note(case, mine, appointment, actor, why)
        letters.tell(appointment, "changed" if mine else "booked", why=why)
        if mine is None:
            _move_on(case, purpose, case.stage.booked_button, "An appointment was booked")
    return appointment


def cancel(appointment_id: int, *, actor: Actor = HUB, why: str = "") -> Appointment:
    """Give the slot back and tell the family. Twice is once.

    Raises TooLateError for a family past the cut-off, AppointmentError for staff without a reason.
    """
    with transaction.atomic():
        found = Appointment.objects.select_related("slot").get(pk=appointment_id)
        case = lock_case(found.case_id)
        slots.lock(found.slot.session_id)
        appointment = Appointment.objects.select_related("slot__session__centre").get(pk=found.pk)
        appointment.case = case
        if not appointment.is_booked:
            return appointment
        _check_reason(actor, why)
        if actor.family:
            _check_cutoff(appointment.slot)
        appointment.state, appointment.seat = Appointment.State.CANCELLED, None
        appointment.sequence += 1
        appointment.changed_at = timezone.now()
        appointment.save(update_fields=["state", "seat", "sequence", "changed_at"])
        event = _event(case, actor, f"Appointment cancelled: {_words(appointment.slot)}", why)
        if actor.family:
            note_news(case, event=event)
        letters.tell(appointment, "cancelled", why=why)
    return appointment


def call_off(session_id: int, *, by: User, why: str) -> int:
    """Call a session off, then give back every booking in it. How many; again finishes the rest.

    Nobody can book it from the first step on, so the second, case by case, meets no newcomer.
    Raises AppointmentError without a reason.
    """
    _check_reason(Actor(by), why)
    with transaction.atomic():
        session = slots.lock(session_id)[session_id]
        if session.cancelled_at is None:
            session.cancelled_at = timezone.now()
            session.save(update_fields=["cancelled_at"])
    rows = Appointment.objects.filter(slot__session=session_id, state=BOOKED)
    found = list(rows.order_by("pk").values_list("pk", flat=True))
    for pk in found:
        cancel(pk, actor=Actor(by), why=why)
    return len(found)


def lock_case(case_id: int) -> Case:
    """The case, locked until the transaction ends."""
    return (
        Case.objects.select_for_update(of=("self",))
        .select_related("version__definition", "assignee")
        .get(pk=case_id)
    )


def _check(
    case: Case, slot: AppointmentSlot, mine: Appointment | None, purpose: str, actor: Actor
) -> None:
    """Raise when this slot is not for this case, or not any more."""
    session, now = slot.session, timezone.now()
    if session.cancelled_at or slot.starts_at <= now:
        raise NotOfferedError("That time is no longer there. Please choose another.")
    if session.purpose != purpose or session.workflow_id != case.version.definition_id:
        raise NotOfferedError("That time is for something else.")
    if not case.is_open:
        raise NotOfferedError("This is finished, so no time can be chosen for it.")
    if not actor.family:
        return
    held = next((one for one in offers_of(case) if one.purpose == purpose), None)
    fitting = held and fits(session.group_keys, groups_of(case, held.options))
    if not fitting or not session.is_open_for_families(now):
        raise NotOfferedError("That time cannot be chosen for this any more.")
    _check_cutoff(slot)
    if mine:
        _check_cutoff(mine.slot)
    if is_taken_for_child(case, slot, busy_times(case, but=mine.pk if mine else None)):
        raise NotOfferedError("There is another appointment at that time. Please choose another.")


def _check_cutoff(slot: AppointmentSlot) -> None:
    limit = slot.session.latest_change(slot.starts_at)
    if timezone.now() >= limit:
        raise TooLateError(
            f"This could be changed here until {letters.moment_words(limit)}. "
            "Please write to us, and we will help."
        )


def _check_reason(actor: Actor, why: str) -> None:
    if actor.user is not None and not why.strip():
        raise AppointmentError("Say why: the family reads it. Nothing has changed.")


def _free_seat(slot: AppointmentSlot) -> int:
    """The first seat of the slot that nobody has. Raises SlotTakenError."""
    taken = set(Appointment.objects.filter(slot=slot, state=BOOKED).values_list("seat", flat=True))
    for seat in range(1, slot.session.capacity + 1):
        if seat not in taken:
            return seat
    raise SlotTakenError("Somebody has just taken that time. Please choose another.")


def _write(
    case: Case, slot: AppointmentSlot, mine: Appointment | None, purpose: str, *, seat: int
) -> Appointment:
    now = timezone.now()
    if mine is None:
        return Appointment.objects.create(
            slot=slot, seat=seat, case=case, purpose=purpose, booked_at=now, changed_at=now
        )
    moved = Appointment.objects.get(pk=mine.pk)
    moved.slot, moved.seat, moved.case = slot, seat, case
    moved.sequence, moved.changed_at, moved.reminded_at = moved.sequence + 1, now, None
    moved.day_state, moved.day_version = Appointment.Day.EXPECTED, moved.day_version + 1
    moved.save()
    return moved


def _note(
    case: Case, mine: Appointment | None, appointment: Appointment, actor: Actor, why: str
) -> None:
    words = _words(appointment.slot)
    if mine is None:
        _event(case, actor, f"Appointment booked: {words}", why)
    else:
        _event(case, actor, f"Appointment moved from {_words(mine.slot)} to {words}", why)


def _event(case: Case, actor: Actor, summary: str, why: str) -> CaseEvent:
    return CaseEvent.objects.create(
        case=case,
        kind=CaseEvent.Kind.FAMILY if actor.family else CaseEvent.Kind.NOTE,
        actor_id=actor.user.pk if actor.user else None,
        actor_name=actor.name[:160],
        summary=summary[:250],
        comment="" if actor.family else why,
    )


def _words(slot: AppointmentSlot) -> str:
    return f"{letters.when_words(slot.starts_at, slot.ends_at)} ({slot.session.name})"


def _move_on(case: Case, purpose: str, button: str, reason: str) -> None:
    """Press the stage's button for it, if it has one, and keep the offer open where it leads."""
    if not button:
        return
    try:
        event = perform(case.pk, button, by=None, actor_name=f"The hub: {reason.lower()}")
    except TransitionNotAllowedError as problem:
        CaseEvent.objects.create(
            case=case,
            kind=CaseEvent.Kind.NOTE,
            actor_name="The hub",
            summary=f"{reason}, but nothing was moved",
            comment=str(problem),
        )
        return
    for row in AppointmentOffer.objects.filter(case=case, purpose=purpose, closed_at=None):
        row.stages = [*dict.fromkeys([*row.stages, event.to_stage])]
        row.save(update_fields=["stages"])


def close_offers(case: Case, purposes: Iterable[str] | None = None) -> int:
    """The family can choose nothing more, for these purposes or any. How many were open."""
    rows = AppointmentOffer.objects.filter(case=case, closed_at=None)
    if purposes is not None:
        rows = rows.filter(purpose__in=list(purposes))
    return rows.update(closed_at=timezone.now())


FAMILY = Actor(family=NAME)
