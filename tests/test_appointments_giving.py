"""Many times at once: siblings next to each other, panels evenly full, a plan that writes nothing."""

from datetime import timedelta

import pytest

from tests.appointing import a_session, applied, offered, publish, set_clock, slot_at, staff, times
from workflows.appointments import booking, giving
from workflows.appointments.booking import book
from workflows.appointments.models import Appointment

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _clock(monkeypatch):
    set_clock(monkeypatch, "2026-10-01T09:00")


@pytest.fixture
def form(centres):
    return publish()


@pytest.fixture
def manager(db):
    return staff("mia", "ensembles_manager")


def children(form, *names, email, **more):
    return [offered(applied(form, name, email=email, **more)) for name in names]


def by_case(plan):
    return {one.case.pk: one.slot for one in plan}


def test_siblings_are_next_to_each_other_even_where_single_times_are_left_between(form, manager):
    session = a_session()
    stranger = children(form, "Zoe", email="zoe@example.org")[0]
    book(stranger.pk, slot_at(session, "10:10").pk, purpose="audition")
    three = children(form, "Wren", "Lark", "Robin", email="Rowan@example.org")

    given = by_case(giving.plan(manager, session))

    found = sorted(given[case.pk].starts_at for case in three)
    assert [later - found[0] for later in found] == [timedelta(minutes=n) for n in (0, 10, 20)]
    assert found[0] == slot_at(session, "10:20").starts_at
    assert Appointment.objects.count() == 1  # the plan has written nothing


def test_siblings_of_different_groups_meet_in_one_place_one_after_the_other(form, manager, centres):
    strings = a_session(groups="Violin")
    far = a_session(groups="Oboe", name="Far", centre=centres["east"])
    near = a_session(groups="Oboe", name="Near", centre=centres["west"], room="Studio 3")
    wren = children(form, "Wren", email="rowan@example.org")[0]
    lark = children(form, "Lark", email="rowan@example.org", plays="Oboe")[0]

    given = by_case(giving.plan(manager, strings))

    assert given[wren.pk].session_id == strings.pk
    assert (given[lark.pk].session_id, far.pk == near.pk) == (near.pk, False)
    assert given[lark.pk].starts_at == given[wren.pk].ends_at


def test_panels_fill_evenly_and_who_does_not_fit_is_told_why(form, manager):
    one, other = a_session(), a_session(name="Second panel", room="Studio 3")
    singles = [children(form, f"Kid{n}", email=f"kid{n}@example.org")[0] for n in range(4)]
    drummer = children(form, "Drum", email="d@example.org", plays="Drums")[0]
    a_session(groups="Violin", name="Strings only", begins="09:00", ends="09:10")
    one.groups = other.groups = "Violin"
    one.save()
    other.save()

    plan = giving.plan(manager, one)

    used = [slot.session_id for case, slot in by_case(plan).items() if slot]
    assert {used.count(one.pk), used.count(other.pk)} <= {1, 2}
    assert len(used) == 4
    assert {one.case.pk for one in plan} == {*(case.pk for case in singles), drummer.pk}
    assert [(one.case.pk, one.why) for one in plan if not one.slot] == [
        (drummer.pk, "No time is free that fits.")
    ]


def test_applying_books_each_and_tells_what_was_taken_meanwhile(form, manager):
    session = a_session()
    wren, lark = (children(form, name, email=f"{name}@example.org")[0] for name in ("Wren", "Lark"))
    pairs = [(one.case.pk, one.slot.pk) for one in giving.plan(manager, session)]
    thief = children(form, "Thief", email="thief@example.org")[0]
    book(thief.pk, pairs[0][1], purpose="audition")

    done, refused = giving.apply(manager, session, pairs)

    assert done == 1
    assert [reference for reference, _why in refused] == [wren.reference]
    assert "just taken" in refused[0][1]
    assert booking.live(lark, "audition").slot_id == pairs[1][1]


def test_out_of_reach_is_neither_planned_nor_given(form, manager, centres):
    session = a_session(centre=centres["west"])
    case = children(form, "Wren", email="rowan@example.org")[0]
    eastern = staff("eve", "ensembles_manager", area=centres["east"].area)

    assert giving.plan(eastern, session) == []
    done, refused = giving.apply(eastern, session, [(case.pk, session.slots.first().pk)])
    assert (done, refused) == (0, [("–", "It is out of your reach by now.")])


def test_two_in_one_slot_when_it_holds_two(form, manager):
    session = a_session(capacity=2, ends="10:10")
    pair = children(form, "Wren", "Lark", email="rowan@example.org")
    assert times(session) == ["10:00"]

    given = by_case(giving.plan(manager, session))

    # Never two of one family at the same time: the second is left for staff to decide.
    assert [given[case.pk] is None for case in pair] == [False, True]
