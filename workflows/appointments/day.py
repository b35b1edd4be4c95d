"""The day itself: who is expected when, and how it goes, from the door to the end.

What is shown is what the panel may see: who, when, the answers that the process names for the day;
never how to reach a family, and no name to a panel that scores without names (see nameless). Each
mark says which version of the line it was made on: a line that somebody else has marked meanwhile
is not written over, and the second is told what the first did.
"""

from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from cms.models import User

from . import facts, nameless
from .models import Appointment, AppointmentMark, AppointmentOffer, AppointmentSession

Day = Appointment.Day

#: What can follow what; everything else is undone first.
FOLLOWS = {
    Day.EXPECTED: (Day.ARRIVED, Day.LATE, Day.NO_SHOW),
    Day.LATE: (Day.ARRIVED, Day.NO_SHOW),
    Day.ARRIVED: (Day.NOW, Day.DONE, Day.NO_SHOW),
    Day.NOW: (Day.DONE,),
    Day.DONE: (),
    Day.NO_SHOW: (Day.ARRIVED,),
}


class DayError(Exception):
    """The mark was not made. The message is a sentence for whoever pressed."""


class StaleMarkError(DayError):
    """Somebody else has marked the line since it was shown."""


@dataclass
class Line:
    """One appointment on the day sheet."""

    appointment: Appointment
    sheet: facts.Sheet
    warm_up_at: object = None

    @property
    def slot(self):  # noqa: ANN201 - its slot
        return self.appointment.slot

    @property
    def next_states(self) -> list[Day]:
        return list(FOLLOWS[Day(self.appointment.day_state)])

    @property
    def can_undo(self) -> bool:
        return self.appointment.day_state != Day.EXPECTED and not self.appointment.settled_at


def lines(session: AppointmentSession, *, names: bool) -> list[Line]:
    """Everybody who is booked, in order of time. A fixed number of queries.

    Without `names` each is called as a blind panel may know them.
    """
    rows = list(
        Appointment.objects.filter(slot__session=session, state=Appointment.State.BOOKED)
        .select_related("slot", "case__version", "case__subject_type")
        .defer("case__version__data")
        .prefetch_related("case__subject")
        .order_by("slot__starts_at", "seat")
    )
    facts.warm(row.case for row in rows)
    places = {}
    if not names:
        nameless.warm(row.case for row in rows)
        places = {pk: place for place, pk in enumerate(session.slots.values_list("pk", flat=True))}
    options = {
        (case, purpose): found
        for case, purpose, found in AppointmentOffer.objects.filter(
            case__in=[row.case_id for row in rows]
        ).values_list("case", "purpose", "options")
    }
    warm_up = timezone.timedelta(minutes=session.warm_up_minutes)
    found = []
    for row in rows:
        sheet = facts.sheet(row.case, options.get((row.case_id, row.purpose), {}))
        if not names:  # the number of the seat and not of the line: it stays when others cancel
            number = places[row.slot_id] * session.capacity + row.seat
            sheet = nameless.masked(row.case, sheet, number)
        found.append(
            Line(row, sheet, row.slot.starts_at - warm_up if session.warm_up_minutes else None)
        )
    return found


def mark(session: AppointmentSession, appointment_id: int, to: str, *, version: int, by: User):  # noqa: ANN201
    """Set how it goes with one appointment of the session; the appointment.

    `version` is that of the line as it was shown. Raises StaleMarkError, DayError.
    """
    with transaction.atomic():
        row = _line(session, appointment_id, version)
        if to not in FOLLOWS[Day(row.day_state)]:
            raise DayError(f"“{row.get_day_state_display()}” comes first. Undo it to go back.")
        return _write(row, to, by)


def undo(session: AppointmentSession, appointment_id: int, *, version: int, by: User):  # noqa: ANN201
    """Take the last mark back. Raises StaleMarkError, DayError when there is nothing to undo."""
    with transaction.atomic():
        row = _line(session, appointment_id, version)
        if row.settled_at:
            raise DayError("The case has moved on since. Change it there.")
        last = _standing_mark(row)
        if last is None:
            raise DayError("There is nothing to undo.")
        return _write(row, last.from_state, by, is_undo=True)


def _standing_mark(row: Appointment) -> AppointmentMark | None:
    """The newest mark that was not taken back: each undoing takes one back."""
    taken_back = 0
    for one in row.marks.order_by("-pk"):
        if one.is_undo:
            taken_back += 1
        elif taken_back:
            taken_back -= 1
        else:
            return one
    return None


def _line(session: AppointmentSession, appointment_id: int, version: int) -> Appointment:
    row = (
        Appointment.objects.select_for_update()
        .filter(pk=appointment_id, slot__session=session, state=Appointment.State.BOOKED)
        .first()
    )
    if row is None:
        raise DayError("This appointment was cancelled or moved. Look again.")
    if row.day_version != version:
        last = row.marks.order_by("-pk").first()
        who = last.actor_name if last else "Somebody"
        raise StaleMarkError(
            f"{who} has just set this to “{row.get_day_state_display()}”. "
            "Your press was not carried out."
        )
    return row


def _write(row: Appointment, to: str, by: User, *, is_undo: bool = False) -> Appointment:
    AppointmentMark.objects.create(
        appointment=row,
        actor_id=by.pk,
        actor_name=str(by)[:160],
        from_state=row.day_state,
        to_state=to,
        is_undo=is_undo,
    )
    row.day_state, row.day_version = to, row.day_version + 1
    row.save(update_fields=["day_state", "day_version"])
    return row
