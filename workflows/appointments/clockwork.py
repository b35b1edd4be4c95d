"""What the clock does to appointments: reminds families, moves cases on after the day, frees slots.

Every look is at the rows as they stand, so an outage catches up once: of several reminders that
came due meanwhile only the last is sent, and none that was due before the booking was made.
"""

from contextlib import suppress
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from cms import clock, jobs
from workflows.engine import TransitionNotAllowedError, perform
from workflows.models import CaseEvent
from workflows.plan import FINAL, UNSUCCESSFUL

from . import booking, letters
from .models import Appointment
from .timing import before

KIND = "workflows.appointments"
AHEAD = timedelta(days=61)  # no reminder is earlier than sixty days
AFTERWARDS = timedelta(hours=1)

Day = Appointment.Day


@jobs.handlers(KIND)
def keep_appointments(run: jobs.JobRun) -> None:
    """Reminders that are due, slots of withdrawn cases, cases whose appointment is over."""
    now = timezone.now()
    for work, keys in (
        (_remind, _to_remind(now)),
        (_free, _to_free(now)),
        (_settle, _to_settle(now)),
    ):
        for key in keys:
            with run.chunk(to=run.cursor + 1, count=1):
                work(key, now)


def due_reminder(appointment: Appointment, now: datetime) -> datetime | None:
    """The moment of the latest reminder that is due and not dealt with, or None."""
    slot, session = appointment.slot, appointment.slot.session
    due = [before(slot.starts_at, hours) for hours in session.reminder_hours]
    passed = [moment for moment in due if moment <= now]
    since = appointment.reminded_at or appointment.changed_at
    return max(passed) if passed and max(passed) > since else None


def _to_remind(now: datetime) -> list[int]:
    coming = _booked().filter(slot__starts_at__gt=now, slot__starts_at__lte=now + AHEAD)
    return [one.pk for one in coming.order_by("pk").iterator() if due_reminder(one, now)]


def _remind(key: int, now: datetime) -> None:
    appointment = _locked(key)
    moment = appointment and due_reminder(appointment, now)
    if not moment:
        return
    appointment.reminded_at = moment
    appointment.save(update_fields=["reminded_at"])
    letters.tell(appointment, "reminder", once=f"-{moment:%Y%m%d%H%M}")


def _to_free(now: datetime) -> list[int]:
    """Booked and still to come, but the case has ended as nobody wished."""
    coming = _booked().filter(slot__starts_at__gt=now, case__stage_kind=FINAL)
    return [one.pk for one in coming.order_by("pk") if one.case.stage.outcome == UNSUCCESSFUL]


def _free(key: int, now: datetime) -> None:
    booking.cancel(key)


def _to_settle(now: datetime) -> list[int]:
    over = _booked().filter(
        slot__session__ends_at__lte=now - AFTERWARDS,
        settled_at=None,
        day_state__in=[Day.DONE, Day.NO_SHOW],
    )
    return list(over.order_by("pk").values_list("pk", flat=True))


def _settle(key: int, now: datetime) -> None:
    """Press the stage's button for who came, or for who did not; once."""
    case = booking.lock_case(Appointment.objects.get(pk=key).case_id)
    appointment = _locked(key)
    if appointment is None or appointment.settled_at:
        return
    came = appointment.day_state == Day.DONE
    button = case.stage.kept_button if came else case.stage.missed_button
    words = "The appointment took place" if came else "Nobody came to the appointment"
    appointment.settled_at = now
    appointment.save(update_fields=["settled_at"])
    CaseEvent.objects.create(
        case=case, kind=CaseEvent.Kind.NOTE, actor_name="The clock", summary=words
    )
    if button:
        with suppress(TransitionNotAllowedError):  # its condition does not hold: staff decide
            perform(case.pk, button, by=None, actor_name=f"The clock: {words.lower()}")


def _booked():
    return Appointment.objects.filter(state=Appointment.State.BOOKED).select_related(
        "slot__session__centre", "case__version"
    )


def _locked(key: int) -> Appointment | None:
    """The booked appointment, locked: another clock may be at it."""
    with transaction.atomic():
        row = Appointment.objects.select_for_update().filter(pk=key, state="booked").first()
        return row and _booked().get(pk=row.pk)


clock.every(KIND, minutes=5)
