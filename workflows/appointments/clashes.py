"""Warnings: what would be in two places at once. Nothing here forbids; it says so to staff.

A person of a panel, a room, a child, a brother or sister, an accompanist. Families are never told
of others: a slot in which the same child is expected elsewhere is simply not offered to them.
"""

from collections.abc import Iterable

from workflows.models import Case

from .facts import companions
from .letters import clock_words
from .models import Appointment, AppointmentOffer, AppointmentSession, AppointmentSlot


def of_session(session: AppointmentSession, people: Iterable | None = None) -> list[str]:
    """Sentences on a person or the room being somewhere else at the same time.

    `people` are those of a session that is not saved yet.
    """
    others = (
        AppointmentSession.objects.live()
        .filter(starts_at__lt=session.ends_at, ends_at__gt=session.starts_at)
        .exclude(pk=session.pk)
        .prefetch_related("people")
    )
    mine = {user.pk: user for user in (session.people.all() if people is None else people)}
    found = []
    for other in others:
        when = f"“{other.name}” ({clock_words(other.starts_at)} to {clock_words(other.ends_at)})"
        found += [f"{user} also sits in {when}." for user in other.people.all() if user.pk in mine]
        same_place = session.centre_id and session.centre_id == other.centre_id
        if same_place and _same(session.room, other.room):
            found.append(f"{session.room} is also used by {when}.")
        if same_place and _same(session.warm_up_room, other.room):
            found.append(f"The warm-up room {other.room} is used by {when}.")
    return found


def of_slot(case: Case, slot: AppointmentSlot) -> list[str]:
    """Sentences on why this case should not be seen then."""
    span = {"slot__starts_at__lt": slot.ends_at, "slot__ends_at__gt": slot.starts_at}
    others = (
        Appointment.objects.filter(**span, state=Appointment.State.BOOKED)
        .exclude(case=case, slot=slot)
        .select_related("slot__session", "case__version", "case__subject_type")
        .prefetch_related("case__subject")
    )
    found = []
    own, kin = _own_and_kin(case)
    family = case.contact_email.strip().lower()
    with_us = _companions_of(case)
    for other in others:
        when = f"{other.slot.session.name}, {clock_words(other.slot.starts_at)}"
        if other.case_id in own or other.case.reference in kin:
            found.append(f"The child has another appointment then: {when}.")
        elif family and other.case.contact_email.strip().lower() == family:
            found.append(f"A brother or sister has an appointment then: {when}.")
        elsewhere = other.slot.session_id != slot.session_id
        if elsewhere and with_us and with_us & _companions_of(other.case):
            found.append(f"Who comes along to play is in another room then: {when}.")
    return found + _companions_on_panels(with_us, slot)


def is_taken_for_child(case: Case, slot: AppointmentSlot, busy: list[tuple]) -> bool:
    """Whether the child is expected elsewhere then; `busy` is from `busy_times`."""
    return any(first < slot.ends_at and slot.starts_at < last for first, last in busy)


def busy_times(case: Case, *, but: int | None = None) -> list[tuple]:
    """When the child is expected anywhere, as (start, end), without the appointment `but`."""
    own, kin = _own_and_kin(case)
    booked = Appointment.objects.filter(state=Appointment.State.BOOKED).exclude(pk=but)
    mine = booked.filter(case__in=own) | booked.filter(case__reference__in=kin)
    return list(mine.values_list("slot__starts_at", "slot__ends_at"))


def _own_and_kin(case: Case) -> tuple[set[int], set[str]]:
    """The case itself, and references of other cases of the same child."""
    tell = getattr(case.subject, "case_kin", None)
    return {case.pk}, set(tell()) if tell else set()


def _companions_of(case: Case) -> set[str]:
    found: set[str] = set()
    for offer in AppointmentOffer.objects.filter(case=case):
        if offer.options.get("companion_question"):
            found |= companions(case, offer.options)
    return found


def _companions_on_panels(names: set[str], slot: AppointmentSlot) -> list[str]:
    """Who comes along to play, but sits on another panel at the time."""
    if not names:
        return []
    others = (
        AppointmentSession.objects.live()
        .filter(starts_at__lt=slot.ends_at, ends_at__gt=slot.starts_at)
        .exclude(pk=slot.session_id)
        .prefetch_related("people")
    )
    return [
        f"{user.get_full_name()}, who comes along to play, sits in “{other.name}” then."
        for other in others
        for user in other.people.all()
        if " ".join(user.get_full_name().casefold().split()) in names
    ]


def _same(one: str, other: str) -> bool:
    return bool(one.strip()) and one.strip().casefold() == other.strip().casefold()
