"""What runs inside harness hubs for the race at one slot: builders, the race, twins' patches."""

import time
from contextlib import nullcontext
from functools import partial
from types import SimpleNamespace

from cms.models import Area, MusicCentre
from tests import appointing
from tests.forked import all_at_once, drop_constraint
from workflows.appointments import booking, letters, slots
from workflows.appointments.models import Appointment, AppointmentSession
from workflows.models import Case


def furnish(families=8, capacity=1):
    """One slot, and so many families that were offered it: the slot's key and the cases' keys."""
    from datetime import timedelta

    from django.utils import timezone

    area = Area.objects.create(name="West", slug="west")
    MusicCentre.objects.create(
        name="Hill Centre", slug="hill", area=area, address="1 Hill Road", postcode="AL1 1AA"
    )
    version = appointing.publish()
    day = timezone.localdate() + timedelta(days=30)
    session = appointing.a_session(day=day, ends="10:10", capacity=capacity)
    cases = [
        appointing.offered(appointing.applied(version, f"Kid{n}", email=f"kid{n}@example.org"))
        for n in range(families)
    ]
    return {"slot": session.slots.get().pk, "cases": [case.pk for case in cases]}


def race(slot, cases):
    """Each family in a process of its own takes the slot at the same moment; how it ended."""
    answers = all_at_once(partial(_take, slot), cases)
    seats = Appointment.objects.filter(slot=slot, state="booked").values_list("seat", flat=True)
    return {"answers": answers, "seats": sorted(seats)}


def _take(slot, case):
    booking.book(case, slot, purpose="audition", actor=booking.FAMILY)
    return "booked"


def slow_seat():
    """Widen the moment between looking for a seat and taking it."""
    look = booking._free_seat

    def slowly(slot):
        seat = look(slot)
        time.sleep(0.3)
        return seat

    booking._free_seat = slowly


def no_lock():
    """A twin: every statement by itself, no transaction, no lock; letters only get in the way."""
    booking.transaction = SimpleNamespace(atomic=nullcontext)
    booking.lock_case = lambda key: Case.objects.select_related("version__definition").get(pk=key)
    slots.lock = lambda *keys: {
        row.pk: row for row in AppointmentSession.objects.filter(pk__in=keys)
    }
    letters.tell = lambda *args, **kwargs: None
    booking._move_on = lambda *args, **kwargs: None


def drop_seat_constraint():
    """In a twin's own database: what would happen with neither the lock nor the last line."""
    drop_constraint(Appointment, "appointment_seat_once")
