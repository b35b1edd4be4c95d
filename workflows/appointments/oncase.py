"""What the pages of a case say of its appointments: what was offered, what is booked."""

from dataclasses import dataclass

from django.utils import timezone

from workflows.models import Case

from . import booking, letters
from .models import Appointment, AppointmentOffer


def of_case(case: Case) -> list[dict]:
    """For the case page: `[{purpose, offer, appointment}]`, past ones that were kept included."""
    offers = {one.purpose: one for one in AppointmentOffer.objects.filter(case=case)}
    booked = {
        one.purpose: one
        for one in Appointment.objects.filter(
            case=case, state=Appointment.State.BOOKED
        ).select_related("slot__session__centre")
    }
    return [
        {"purpose": key, "offer": offers.get(key), "appointment": booked.get(key)}
        for key in dict.fromkeys([*offers, *booked])
    ]


@dataclass(frozen=True)
class FamilyTime:
    """What the folder says of one purpose: the booked appointment, what may be done, until when."""

    purpose: str
    appointment: Appointment | None
    warm_up: str
    when: str
    until: str
    may_choose: bool
    may_cancel: bool


def family_times(case: Case) -> list[FamilyTime]:
    """Each purpose for which a case was offered, or has, an appointment."""
    now = timezone.now()
    offered = [one.purpose for one in booking.offers_of(case)]
    rows = Appointment.objects.filter(case=case, state=Appointment.State.BOOKED)
    booked = {
        row.purpose: row for row in rows.select_related("slot__session__centre").order_by("pk")
    }
    found = []
    for purpose in dict.fromkeys([*booked, *offered]):
        mine = booked.get(purpose)
        until = mine and mine.slot.session.latest_change(mine.slot.starts_at)
        in_time = until is None or now < until
        found.append(
            FamilyTime(
                purpose=purpose,
                appointment=mine,
                warm_up=letters.warm_up_words(mine) if mine else "",
                when=letters.when_words(mine.slot.starts_at, mine.slot.ends_at) if mine else "",
                until=letters.moment_words(until) if until and in_time else "",
                may_choose=purpose in offered and in_time,
                may_cancel=mine is not None and in_time and case.is_open,
            )
        )
    return found
