"""What appointments bring to rehearsals: invented sessions, choosing a time, and how the day goes.

The hub's own sessions are called off within a rehearsal, and each purpose of the process has a
morning of its own every four weeks: so a kept rehearsal goes the same way in any year.
"""

from collections.abc import Iterator
from datetime import datetime, time, timedelta

from django.db import transaction
from django.utils import timezone

from cms.clock import LONDON
from workflows.appointments import booking, clockwork, day, letters, oncase, slots
from workflows.appointments.models import Appointment, AppointmentSession
from workflows.appointments.timing import wall
from workflows.models import Case, WorkflowDefinition
from workflows.plan import Plan

from .parts import (
    CannotRehearseError,
    Clockwork,
    Move,
    Offer,
    People,
    clockworks,
    moves,
    officers,
    options_of,
    preparations,
)

FIRST_AFTER, EVERY, MORNINGS = timedelta(days=14), timedelta(days=28), 12
Day = Appointment.Day
CAME, MISSED = "came", "missed"


@preparations("appointments")
def furnish(definition: WorkflowDefinition, plan: Plan) -> None:
    """Mornings of three times each for every purpose of the process, and no other session."""
    now = timezone.now()
    AppointmentSession.objects.filter(workflow=definition).live().update(cancelled_at=now)
    offering = options_of(plan, "offer_appointments", "book_appointment")
    purposes = dict.fromkeys(options["purpose"] for options in offering)
    for purpose in purposes:
        for number in range(MORNINGS):
            on = timezone.localdate() + FIRST_AFTER + number * EVERY
            session = AppointmentSession(
                name="Example session",
                workflow=definition,
                purpose=purpose,
                starts_at=wall(on, time(10)),
                ends_at=wall(on, time(11)),
                room="Studio 2",
                minutes=20,
            )
            slots.save(session, officers()[:1])


def _offered(case: Case) -> Iterator[Offer]:
    for mine in oncase.family_times(case):
        if mine.may_choose:
            for key, slot in _choices(case, mine.purpose).items():
                when = letters.when_words(slot.starts_at, slot.ends_at)
                words = "Choose another time" if mine.appointment else "Choose a time"
                yield Offer(f"{mine.purpose}:{key}", f"{words}: {when}", "The family")
        if mine.may_cancel:
            yield Offer(f"{mine.purpose}:cancel", "Cancel the time", "The family")
        if mine.appointment and _is_today_or_over(mine.appointment):
            who = str(next(iter(officers()), "The hub"))
            if mine.appointment.day_state == Day.EXPECTED:
                yield Offer(f"{mine.purpose}:{CAME}", "They come, and have their turn", who)
                yield Offer(f"{mine.purpose}:{MISSED}", "Nobody comes", who)


def _is_today_or_over(appointment: Appointment) -> bool:
    return timezone.localdate(appointment.slot.starts_at, LONDON) <= timezone.localdate()


def _choices(case: Case, purpose: str) -> dict:
    """The first time that is free, and the first of a later session."""
    held = next((one for one in booking.offers_of(case) if one.purpose == purpose), None)
    free = booking.choices(held, case, timezone.now()) if held else []
    later = [slot for slot in free if slot.session_id != free[0].session_id]
    return {key: found[0] for key, found in (("first", free), ("later", later)) if found}


def _make(case: Case, key: str) -> None:
    purpose, _colon, what = key.partition(":")
    mine = booking.live(case, purpose)
    try:
        if what in ("first", "later"):
            slot = _choices(case, purpose).get(what)
            if slot is None:
                raise CannotRehearseError("There is no such time to choose now.")
            booking.book(case.pk, slot.pk, purpose=purpose, actor=booking.FAMILY)
        elif mine is None:
            raise CannotRehearseError("There is no time booked now.")
        elif what == "cancel":
            booking.cancel(mine.pk, actor=booking.FAMILY)
        elif what in (CAME, MISSED):
            _mark(mine, (Day.ARRIVED, Day.DONE) if what == CAME else (Day.NO_SHOW,))
        else:
            raise CannotRehearseError("This cannot be done any more.")
    except (booking.AppointmentError, day.DayError) as problem:
        raise CannotRehearseError(str(problem)) from problem


def _mark(mine: Appointment, states: tuple[str, ...]) -> None:
    if not _is_today_or_over(mine):
        raise CannotRehearseError("The day of the appointment has not come yet.")
    version, by = mine.day_version, next(iter(officers()))
    for state in states:
        row = day.mark(mine.slot.session, mine.pk, state, version=version, by=by)
        version = row.day_version


moves("appointment")(Move(_offered, _make))


def _moments(case: Case) -> Iterator[datetime]:
    for mine in clockwork.of_case(case):
        yield from clockwork.moments(mine)


def _act(case: Case, people: People) -> None:
    for work in clockwork.due_work(clockwork.of_case(case)):
        with transaction.atomic():
            work()


clockworks("appointments")(Clockwork(_moments, _act, minutes=5))
