"""What the clock does to appointments: reminds families, moves cases on after the day, frees slots.

Every look is at the rows as they stand, so an outage catches up once: of several reminders that
came due meanwhile only the last is sent, and none that was due before the booking was made.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from cms import clock, jobs
from workflows.engine import TransitionNotAllowedError, perform
from workflows.models import Case, CaseEvent
from workflows.plan import FINAL, UNSUCCESSFUL

from . import booking, letters
from .models import Appointment
from .timing import before

KIND = "workflows.appointments"
AHEAD = timedelta(days=61)  # no reminder is earlier than sixty days
AFTERWARDS = timedelta(hours=1)

Day = Appointment.Day
SETTLES = (Day.DONE, Day.NO_SHOW)


@jobs.handlers(KIND)
def keep_appointments(run: jobs.JobRun) -> None:
    """Reminders that are due, slots of withdrawn cases, cases whose appointment is over."""
    for work in due_work(_booked()):
        with run.chunk(to=run.cursor + 1, count=1):
            work()


def due_work(booked: QuerySet[Appointment]) -> Iterator[Callable[[], None]]:
    """What is due now among these appointments, each piece to be done in a transaction."""
    now = timezone.now()
    for work, find in ((_remind, _to_remind), (_free, _to_free), (_settle, _to_settle)):
        for key in find(booked, now):
            yield partial(work, key, now)


def moments(appointment: Appointment) -> Iterator[datetime]:
    """When the clock does something about a booked appointment, as things stand."""
    slot, session = appointment.slot, appointment.slot.session
    since = appointment.reminded_at or appointment.changed_at
    reminders = (before(slot.starts_at, hours) for hours in session.reminder_hours)
    yield from (moment for moment in reminders if moment > since)
    if appointment.day_state in SETTLES and not appointment.settled_at:
        yield session.ends_at + AFTERWARDS
    case = appointment.case
    if case.stage.outcome == UNSUCCESSFUL and slot.starts_at > timezone.now():
        yield case.stage_since


def due_reminder(appointment: Appointment, now: datetime) -> datetime | None:
    """The moment of the latest reminder that is due and not dealt with, or None."""
    slot, session = appointment.slot, appointment.slot.session
    due = [before(slot.starts_at, hours) for hours in session.reminder_hours]
    passed = [moment for moment in due if moment <= now]
    since = appointment.reminded_at or appointment.changed_at
    return max(passed) if passed and max(passed) > since else None


def _to_remind(booked: QuerySet[Appointment], now: datetime) -> list[int]:
    coming = booked.filter(slot__starts_at__gt=now, slot__starts_at__lte=now + AHEAD)
    return [one.pk for one in coming.order_by("pk").iterator() if due_reminder(one, now)]


def _remind(key: int, now: datetime) -> None:
    appointment = _locked(key)
    moment = appointment and due_reminder(appointment, now)
    if not moment:
        return
    appointment.reminded_at = moment
    appointment.save(update_fields=["reminded_at"])
    letters.tell(appointment, "reminder", once=f"-{moment:%Y%m%d%H%M}")


def _to_free(booked: QuerySet[Appointment], now: datetime) -> list[int]:
    """Booked and still to come, but the case has ended as nobody wished."""
    coming = booked.filter(slot__starts_at__gt=now, case__stage_kind=FINAL)
    return [one.pk for one in coming.order_by("pk") if one.case.stage.outcome == UNSUCCESSFUL]


def _free(key: int, now: datetime) -> None:
    booking.cancel(key)


def _to_settle(booked: QuerySet[Appointment], now: datetime) -> list[int]:
    over = booked.filter(
        slot__session__ends_at__lte=now - AFTERWARDS,
        settled_at=None,
        day_state__in=SETTLES,
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


def of_case(case: Case) -> QuerySet[Appointment]:
    """Its booked appointments."""
    return _booked().filter(case=case)


def _booked() -> QuerySet[Appointment]:
    return Appointment.objects.filter(state=Appointment.State.BOOKED).select_related(
        "slot__session__centre", "case__version"
    )


def _locked(key: int) -> Appointment | None:
    """The booked appointment, locked: another clock may be at it."""
    with transaction.atomic():
        row = Appointment.objects.select_for_update().filter(pk=key, state="booked").first()
        return row and _booked().get(pk=row.pk)


clock.every(KIND, minutes=5)
