"""Many processes at one course date: public sale, offers, answers, more places mid-rush.

Called inside a hub (tests/harness.py), as tests/crash.py is.
"""

import os
import random
import time
from collections import Counter
from contextlib import contextmanager, nullcontext
from functools import partial
from types import SimpleNamespace

from django.db import OperationalError, connections

from cms import places
from cms.models import CourseDate, MusicCentre, Place
from tests import crash
from tests.forked import all_at_once, drop_constraint
from tests.offering import BUTTONS, a_case, a_group, publish_flow
from workflows import offer_letters, offers, pools, queues
from workflows.models import Case, Offer, Pool, Seat

CHILDREN = 3


def a_rush(capacity=10, waiting=24):
    """A date with so many places that nobody has, and families of one to three who wait for it."""
    pk = crash.a_course_date(capacity=capacity)
    publish_flow()
    pool = pools.pool_of_date(CourseDate.objects.get(pk=pk))
    subject = MusicCentre.objects.get()
    for number in range(1, waiting + 1):
        children = range(1, 2 + number % CHILDREN)
        queues.join(pool.pk, a_case(subject, number), children=children, buttons=BUTTONS)
    Pool.objects.update(rest_is_open=True)
    queues.refresh(pool.pk)
    return pk


def slow_sale():
    """Widen the moment between finding room and taking it by more than a busy machine's turns."""
    check = places._check_room

    def slowly(*given):
        check(*given)
        time.sleep(0.2)

    places._check_room = slowly


def race(course_date_id, processes=8, turns=25, more=20):
    """How it ended: answers counted, places taken, and whether each accepted family has its own."""
    connections.close_all()
    start, children = time.time() + 0.3, []
    pipes = []
    for number in range(processes):
        read, write = os.pipe()
        pid = os.fork()
        if pid == 0:
            time.sleep(max(0, start - time.time()))
            said = Counter()
            for turn in range(turns):
                said[_once(course_date_id, number, turn, more)] += 1
            os.write(write, repr(dict(said)).encode())
            os._exit(0)
        os.close(write)
        pipes.append(read)
        children.append(pid)
    total = Counter()
    for pipe in pipes:
        with os.fdopen(pipe) as answers:
            total.update(eval(answers.read()))
    for pid in children:
        os.waitpid(pid, 0)
    taken = Place.objects.occupying().filter(course_date_id=course_date_id)
    split = [
        offer.pk
        for offer in Offer.objects.filter(state="accepted")
        if taken.filter(holder=f"case-{offer.case_id}", state="confirmed").count() != offer.number
    ]
    return {
        "answers": dict(total),
        "taken": taken.count(),
        "capacity": CourseDate.objects.get(pk=course_date_id).capacity,
        "split": split,
        "accepted": Offer.objects.filter(state="accepted").count(),
    }


def _once(course_date_id, number, turn, more):
    chance = random.Random(f"{number}-{turn}")
    pool = Pool.objects.get(course_date=course_date_id)
    try:
        if number == 0 and turn == 5:
            with pools.locked(pool.pk) as held:
                held.course_date.capacity = more
                held.course_date.save(update_fields=["capacity"])
            return "more places"
        if number % 2:
            holder = f"public-{number}-{turn}"
            places.hold(course_date_id, holder=holder, children=1 + turn % CHILDREN)
            if chance.random() < 0.6:
                places.release(holder)
            return "held"
        queues.fill(pool.pk)
        live = list(Offer.objects.filter(pool=pool, state="live").values_list("pk", flat=True))
        if live:
            verb = offers.accept if chance.random() < 0.6 else offers.decline
            verb(chance.choice(live))
        return "asked"
    except places.FullError:
        time.sleep(0.03)  # or the sale is over before more places come
        return "FullError"
    except offers.OfferOverError:
        return "OfferOverError"
    except OperationalError as problem:
        return f"{type(problem).__name__} {problem}"[:60]
    except Exception as problem:
        return type(problem).__name__


# One place, many offers at the same moment ------------------------------------------------------


def one_place(families=8):
    """A choir with one place, and so many cases: the pool's key and the cases' keys."""
    crash.a_course_date()
    publish_flow()
    subject = MusicCentre.objects.get()
    cases = [a_case(subject, number).pk for number in range(1, families + 1)]
    return {"pool": a_group(seats=1).pk, "cases": cases}


def last_place(pool, cases):
    """Each case in a process of its own is offered the place at the same moment; how it ended."""
    answers = all_at_once(partial(_offer, pool), cases)
    return {"answers": answers, "seats": Seat.objects.filter(pool=pool).count()}


def _offer(pool, case):
    offers.make(pool, Case.objects.get(pk=case))
    return "offered"


def slow_count():
    """Widen the moment between counting the places and taking one."""
    look = pools.used_seats

    def slowly(pool):
        found = look(pool)
        time.sleep(0.3)
        return found

    pools.used_seats = slowly


def no_lock():
    """A twin: every statement by itself, no transaction, no lock; letters only get in the way."""

    @contextmanager
    def unlocked(pool):
        yield Pool.objects.select_related("section").get(pk=pool)

    offers.transaction = SimpleNamespace(atomic=nullcontext)
    offers.locked = unlocked
    offers.Case = SimpleNamespace(
        objects=SimpleNamespace(select_for_update=lambda **_more: Case.objects.all())
    )
    offers._promise = offers._press = lambda *args: None
    offer_letters.write = lambda *args, **kwargs: None


def drop_seat_constraint():
    """In a twin's own database: what would happen with neither the lock nor the last line."""
    drop_constraint(Seat, "seat_once")
