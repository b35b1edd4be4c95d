"""Opening day inside a harness hub: families, add-ons, kept places, staff who change the number.

Called inside a hub (tests/harness.py), as tests/crash.py is. Each family holds its places, chooses
its add-ons and confirms, as its browser would make it do, from as many processes as are asked for.
"""

import os
import random
import threading
import time
from collections import Counter
from contextlib import nullcontext
from types import SimpleNamespace

from bs4 import BeautifulSoup
from django.contrib.auth import get_user_model
from django.db import connection, connections
from django.test import Client, override_settings
from django.urls import reverse

from cms import addons, coursedates, places
from cms.models import AddOn, CourseDate, Place, PlaceAddOn
from tests import crash
from tests.journeys import own_values

EQUITY, EARLY, CHILDREN = 4, 6, 3


def an_opening(capacity=20, equity=EQUITY, early=EARLY):
    """A date with kept places and an add-on that fewer children can have than there are places."""
    pk = crash.a_course_date(capacity=capacity)
    CourseDate.objects.filter(pk=pk).update(equity_places=equity)
    AddOn.objects.create(course_date_id=pk, name="Early drop-off", price_pence=500, capacity=early)
    return pk


def rush(course_date_id, families=200, processes=16, seed=1):
    """So many families at once; who got what, and whether anything is wrong with it."""
    wanted = {f"family-{n}": _wish(seed, n) for n in range(families)}
    mine = [list(wanted.items())[n::processes] for n in range(processes)]
    answers = _in_processes(lambda number: _families(course_date_id, mine[number]), processes)
    return judged(course_date_id, wanted) | {"answers": answers}


def _wish(seed, number):
    """How many children, whether they ask for help, for how many of them early drop-off."""
    chance = random.Random(f"{seed}-{number}")
    children = chance.randint(1, CHILDREN)
    return children, chance.random() < 0.3, chance.randint(0, children)


def _families(course_date_id, families):
    said = Counter()
    early = AddOn.objects.get(course_date=course_date_id).pk
    for holder, (children, help_, with_early) in families:
        wanted = {number: [early] for number in range(1, with_early + 1)}
        said[_one(course_date_id, holder, children, help_, wanted)] += 1
    return said


def _one(course_date_id, holder, children, help_, wanted):
    try:
        places.hold(course_date_id, holder=holder, children=children, claims_help=help_)
        try:
            places.choose_add_ons(holder, wanted)
        except places.AddOnFullError:
            places.choose_add_ons(holder, {})
        places.confirm(holder)
    except places.FullError:
        return "full"
    except Exception as error:
        return type(error).__name__
    return "booked"


def judged(course_date_id, wanted):
    """What stands in the database, against what was wished for."""
    taken = Place.objects.occupying().filter(course_date_id=course_date_id)
    by_holder = Counter(taken.values_list("holder", flat=True))
    seats = list(
        PlaceAddOn.objects.filter(seat__isnull=False, place__in=taken).values_list(
            "seat", flat=True
        )
    )
    return {
        "taken": taken.count(),
        "without_help": taken.filter(claims_help=False).count(),
        "split": [h for h, n in by_holder.items() if h in wanted and n != wanted[h][0]],
        "add_ons": len(seats),
        "add_on_seats": len(set(seats)),
        "orphans": PlaceAddOn.objects.filter(seat__isnull=False, place__seat=None).count(),
    }


# --- staff change the number ---------------------------------------------------------------------
def a_clerk():
    """The key of somebody who may edit dates."""
    return get_user_model().objects.create_superuser("clerk", "clerk@example.org", "x").pk


def rush_with_changes(course_date_id, clerk, processes=8, turns=12):
    """Families hold and confirm while staff lower and raise the number through their own screen."""

    def work(number):
        if number == 0:
            return _change_the_number(course_date_id, clerk, turns)
        return _families(
            course_date_id,
            [(f"family-{number}-{n}", (1 + n % CHILDREN, False, 0)) for n in range(turns)],
        )

    answers = _in_processes(work, processes)
    date = CourseDate.objects.get(pk=course_date_id)
    return judged(course_date_id, {}) | {"answers": answers, "capacity": date.capacity}


def sale_between_check_and_save(course_date_id, clerk):
    """Staff lower the number to 3; after it was checked and before it is saved a family asks."""
    places.hold(course_date_id, holder="before", children=2)
    check, said = coursedates.CourseDateForm.clean_capacity, []

    def ask():
        said.append(_one(course_date_id, "between", 3, False, {}))
        connection.close()

    def checked(form):
        capacity = check(form)
        family = threading.Thread(target=ask)
        family.start()
        family.join(1)  # with the lock it waits for us; without it, it is done by then
        waiting.append(family)
        return capacity

    waiting = []
    coursedates.CourseDateForm.clean_capacity = checked
    client, address, data = _edit_page(course_date_id, clerk)
    with override_settings(ALLOWED_HOSTS=["*"]):
        client.post(address, data | {"capacity": "3"})
    waiting[0].join()
    taken = Place.objects.occupying().filter(course_date_id=course_date_id).count()
    return {"taken": taken, "capacity": CourseDate.objects.get().capacity, "said": said}


def _edit_page(course_date_id, clerk):
    client = Client()
    client.force_login(get_user_model().objects.get(pk=clerk))
    address = reverse(CourseDate.snippet_viewset.get_url_name("edit"), args=[course_date_id])
    with override_settings(ALLOWED_HOSTS=["*"]):
        page = BeautifulSoup(client.get(address).content.decode(), "html.parser")
    return client, address, own_values(page.select_one("[name=capacity]").find_parent("form"))


def _change_the_number(course_date_id, clerk, turns):
    said = Counter()
    client, address, data = _edit_page(course_date_id, clerk)
    with override_settings(ALLOWED_HOSTS=["*"]):
        for turn in range(turns):
            data["capacity"] = str(2 + turn if turn % 2 else 24 - turn)
            answer = client.post(address, data)
            said["changed" if answer.status_code == 302 else "refused"] += 1
    return said


# --- processes -----------------------------------------------------------------------------------
def _in_processes(work, processes):
    """`work(number)` in as many processes, all starting together; what they counted, summed up."""
    connections.close_all()
    start, pipes, children = time.time() + 0.3, [], []
    for number in range(processes):
        read, write = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                time.sleep(max(0, start - time.time()))
                said = work(number)
            except BaseException as error:
                said = Counter({f"{type(error).__name__}: {error}"[:200]: 1})
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
    return dict(total)


# --- patches -------------------------------------------------------------------------------------
def nothing_is_kept():
    """A twin: the kept places are forgotten."""
    CourseDate.kept_back = lambda self, taken_with_help, now=None: 0


def slow_add_ons():
    """Widen the moment between counting an add-on and taking it."""
    count = addons._seats

    def slowly(add_on, number):
        seats = count(add_on, number)
        time.sleep(0.01)
        return seats

    addons._seats = slowly


def drop_add_on_constraint():
    """In a twin's own database: neither the lock nor the last line."""
    known = PlaceAddOn._meta.constraints
    constraint = next(one for one in known if one.name == "placeaddon_once_per_seat")
    known.remove(constraint)
    with connection.schema_editor() as editor:
        editor.remove_constraint(PlaceAddOn, constraint)


def staff_take_no_lock():
    """A twin: the number is checked and saved with no lock about it."""
    coursedates.transaction = SimpleNamespace(atomic=nullcontext)
    coursedates.places = SimpleNamespace(lock_course_dates=lambda keys: {})
