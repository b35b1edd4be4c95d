"""Moving bookings in many processes at once, inside a hub of its own; see test_running_race."""

import os
import time
from collections import Counter
from datetime import timedelta

from django.db import connections

from cms import places
from cms.models import CourseDate, Place
from tests import crash


def slower():
    """Widen the moment between counting and writing further."""
    count = places._standing

    def slowly(date, now):
        standing = count(date, now)
        time.sleep(0.2)  # longer than all of the movers need to get here on two cores
        return standing

    places._standing = slowly


def two_dates(capacity, movers):
    """A date that `movers` families of two are booked on, and one with `capacity` places."""
    first = CourseDate.objects.get(pk=crash.a_course_date(capacity=2 * movers))
    second = CourseDate.objects.create(
        course=first.course,
        reference="sw-2",
        centre=first.centre,
        capacity=capacity,
        price_pence=first.price_pence,
        starts_at=first.starts_at + timedelta(days=1),
        ends_at=first.ends_at + timedelta(days=1),
        booking_opens_at=first.booking_opens_at,
        booking_closes_at=first.booking_closes_at,
    )
    for number in range(movers):
        places.hold(first.pk, holder=f"journey-{number}", children=2)
        places.confirm(f"journey-{number}")
    return [first.pk, second.pk]


def race_to_move(dates, movers):
    """Every family tries to move at the same moment, each in a process; how it ended."""
    connections.close_all()
    start = time.time() + 0.5
    pipes = []
    for number in range(movers):
        read, write = os.pipe()
        if os.fork() == 0:
            time.sleep(max(0, start - time.time()))
            os.write(write, _move(dates, f"journey-{number}").encode())
            os._exit(0)
        os.close(write)
        pipes.append(read)
    answers = Counter()
    for pipe in pipes:
        with os.fdopen(pipe) as said:
            answers[said.read()] += 1
        os.wait()
    counted = Counter(Place.objects.filter(state="confirmed").values_list("holder", "course_date"))
    seats = Place.objects.filter(course_date=dates[1], seat__isnull=False)
    return {
        "answers": dict(answers),
        "there": sum(n for (_holder, date), n in counted.items() if date == dates[1]),
        "still_here": sum(n for (_holder, date), n in counted.items() if date == dates[0]),
        "split": sum(n != 2 for n in counted.values()) + len(counted) - movers,
        "seats": sorted(seats.values_list("seat", flat=True)),
    }


def _move(dates, holder):
    try:
        places.exchange(holder, given_up=dates[0], wanted=dates[1])
    except Exception as error:
        return type(error).__name__
    return "moved"
