"""Places: held, confirmed, given back, run out; all of a family's or none; never one too many."""

from datetime import timedelta

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cms import places
from cms.models import CourseDate, Place
from tests import crash

pytestmark = pytest.mark.django_db

State = Place.State


@pytest.fixture
def date():
    return CourseDate.objects.get(pk=crash.a_course_date(capacity=4))


def second_date(date):
    return CourseDate.objects.create(
        course=date.course,
        reference="sw-2",
        centre=date.centre,
        capacity=2,
        price_pence=3500,
        starts_at=date.starts_at + timedelta(days=1),
        ends_at=date.ends_at + timedelta(days=1),
        booking_opens_at=date.booking_opens_at,
        booking_closes_at=date.booking_closes_at,
    )


def states(holder):
    rows = Place.objects.filter(holder=holder).order_by("course_date", "child_number", "pk")
    return [(row.child_number, row.state, row.seat) for row in rows]


def later(minutes):
    return time_machine.travel(timezone.now() + timedelta(minutes=minutes), tick=True)


def test_a_family_holds_and_confirms_all_its_places(date):
    held = places.hold(date.pk, holder="a", children=2)
    assert [(p.child_number, p.state, p.seat, p.price_pence) for p in held] == [
        (1, State.HELD, 1, 3500),
        (2, State.HELD, 2, 3500),
    ]
    assert places.left_on(date.pk) == 2

    assert [p.state for p in places.confirm("a")] == [State.CONFIRMED] * 2
    assert [p.expires_at for p in places.confirm("a")] == [None, None]
    assert states("a") == [(1, State.CONFIRMED, 1), (2, State.CONFIRMED, 2)]


def test_a_hold_lasts_longer_with_more_children(date):
    place = places.hold(date.pk, holder="a", children=3)[0]

    minutes = (place.expires_at - timezone.now()).total_seconds() / 60
    assert 20.9 < minutes <= 21


def test_a_family_gets_all_or_none(date):
    places.hold(date.pk, holder="a", children=3)

    with pytest.raises(places.FullError, match="There is only 1 place left on") as full:
        places.hold(date.pk, holder="b", children=2)

    assert full.value.left == 1
    assert states("b") == []


def test_several_dates_are_held_together_or_not_at_all(date):
    other = second_date(date)
    places.hold(other.pk, holder="a", children=2)

    with pytest.raises(places.FullError, match="There are no places left on") as full:
        places.hold_all({date.pk: 1, other.pk: 1}, holder="b")

    assert (full.value.left, full.value.course_date_id) == (0, other.pk)
    assert states("b") == []


def test_asking_again_changes_the_number_and_never_takes_more(date):
    first = places.hold(date.pk, holder="a", children=2)
    again = places.hold(date.pk, holder="a", children=2)
    assert [p.pk for p in first] == [p.pk for p in again]

    assert len(places.hold(date.pk, holder="a", children=4)) == 4
    assert len(places.hold(date.pk, holder="a", children=1)) == 1
    assert places.left_on(date.pk) == 3


def test_a_failed_wish_for_more_keeps_what_was_held(date):
    places.hold(date.pk, holder="a", children=1)
    places.hold(date.pk, holder="b", children=2)

    with pytest.raises(places.FullError) as full:
        places.hold(date.pk, holder="a", children=3)

    assert full.value.left == 2  # what this holder could have in all
    assert states("a") == [(1, State.HELD, 1)]


def test_choosing_another_date_gives_the_first_one_back(date):
    other = second_date(date)
    places.hold(date.pk, holder="a", children=2)

    places.hold(other.pk, holder="a", children=2)

    assert places.left_on(date.pk) == 4
    assert [p.course_date_id for p in places.confirm("a")] == [other.pk, other.pk]


def test_confirmed_places_stay_when_a_hold_is_asked_for_again(date):
    places.hold(date.pk, holder="a", children=1)
    places.confirm("a")

    assert [p.state for p in places.hold(date.pk, holder="a", children=3)] == [State.CONFIRMED]


def test_a_hold_that_ran_out_counts_for_nothing_at_once(date):
    places.hold(date.pk, holder="a", children=4)

    with later(24):
        assert places.left_on(date.pk) == 4
        assert len(places.hold(date.pk, holder="b", children=4)) == 4
        assert [state for _child, state, _seat in states("a")] == [State.LAPSED] * 4


def test_a_late_confirmation_counts_again(date):
    places.hold(date.pk, holder="a", children=2)
    places.hold(date.pk, holder="b", children=2)

    with later(60):
        assert [p.state for p in places.confirm("a")] == [State.CONFIRMED] * 2
        places.hold(date.pk, holder="c", children=1)
        with pytest.raises(places.HoldExpiredError) as expired:
            places.confirm("b")

    assert expired.value.left == 1
    assert Place.objects.filter(state=State.CONFIRMED).count() == 2


def test_a_live_hold_is_trusted_even_when_the_capacity_was_lowered(date):
    places.hold(date.pk, holder="a", children=3)
    CourseDate.objects.filter(pk=date.pk).update(capacity=2)

    assert len(places.confirm("a")) == 3
    assert places.left_on(date.pk) == 0
    with pytest.raises(places.FullError) as full:
        places.hold(date.pk, holder="b", children=1)
    assert full.value.left == 0


def test_more_time_keeps_a_hold_and_revives_one_while_there_is_room(date):
    first = places.hold(date.pk, holder="a", children=1)[0].expires_at
    with later(10):
        assert places.extend("a") > first
    with later(60):
        assert places.extend("a") > timezone.now()
        assert places.left_on(date.pk) == 3
    with later(180):
        places.hold(date.pk, holder="b", children=4)
        with pytest.raises(places.HoldExpiredError):
            places.extend("a")


def test_places_that_are_given_back_are_free_and_never_revive(date):
    places.hold(date.pk, holder="a", children=2)
    places.confirm("a")

    assert len(places.release("a")) == 2
    assert places.release("a") == []
    assert places.left_on(date.pk) == 4
    with pytest.raises(places.NothingHeldError):
        places.confirm("a")


def test_a_hold_that_ran_out_and_was_given_up_never_revives(date):
    places.hold(date.pk, holder="a", children=2)
    with later(60):
        places.lapse_expired()
        places.release("a")
        with pytest.raises(places.NothingHeldError):
            places.confirm("a")


def test_seats_are_used_again_lowest_first(date):
    for holder in "abcd":
        places.hold(date.pk, holder=holder, children=1)
    places.release("b")

    assert [p.seat for p in places.hold(date.pk, holder="e", children=1)] == [2]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"status": "cancelled"}, "cancelled"),
        ({"booking_opens_at": timedelta(hours=1)}, "not_open_yet"),
        ({"booking_closes_at": timedelta(seconds=-1)}, "closed"),
        (
            {"starts_at": timedelta(minutes=-1), "booking_closes_at": timedelta(days=5)},
            "started",
        ),
    ],
)
def test_what_cannot_be_booked_says_why(date, change, reason):
    now = timezone.now()
    moved = {k: now + v if isinstance(v, timedelta) else v for k, v in change.items()}
    CourseDate.objects.filter(pk=date.pk).update(**moved)

    with pytest.raises(places.NotBookableError) as refused:
        places.hold(date.pk, holder="a", children=1)
    assert refused.value.reason == reason

    with pytest.raises(places.NotBookableError) as refused:
        places.hold(0, holder="a", children=1)
    assert refused.value.reason == "unknown"


def test_a_date_called_off_meanwhile_cannot_be_confirmed(date):
    places.hold(date.pk, holder="a", children=1)
    CourseDate.objects.filter(pk=date.pk).update(status="cancelled")

    with pytest.raises(places.NotBookableError):
        places.confirm("a")


def test_the_clock_marks_what_ran_out(date):
    places.hold(date.pk, holder="a", children=2)
    places.hold(date.pk, holder="b", children=1)
    places.confirm("b")
    assert places.lapse_expired() == 0

    with later(30):
        assert places.lapse_expired() == 2
    assert states("a") == [(1, State.LAPSED, None), (2, State.LAPSED, None)]
    assert states("b") == [(1, State.CONFIRMED, 3)]


@pytest.mark.parametrize(
    "row",
    [
        {"state": "confirmed", "seat": None},
        {"state": "confirmed", "seat": 1},
        {"state": "released", "seat": 2},
        {"state": "held", "seat": 2, "expires_at": None},
    ],
)
def test_the_database_refuses_what_the_code_must_never_write(date, row):
    places.hold(date.pk, holder="a", children=1)

    with pytest.raises(IntegrityError), transaction.atomic():
        Place.objects.create(course_date=date, holder="z", **row)


def test_a_hold_costs_the_same_queries_whoever_is_there_already(date, django_assert_num_queries):
    CourseDate.objects.filter(pk=date.pk).update(capacity=300)
    with django_assert_num_queries(7):
        places.hold(date.pk, holder="a", children=1)
    for n in range(50):
        places.hold(date.pk, holder=f"h{n}", children=2)
    with django_assert_num_queries(7):
        places.hold(date.pk, holder="b", children=3)


ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("hold"), st.sampled_from("abcde"), st.integers(1, 3)),
        st.tuples(st.just("confirm"), st.sampled_from("abcde"), st.none()),
        st.tuples(st.just("release"), st.sampled_from("abcde"), st.none()),
        st.tuples(st.just("extend"), st.sampled_from("abcde"), st.none()),
        st.tuples(st.just("wait"), st.none(), st.integers(1, 40)),
        st.tuples(st.just("sweep"), st.none(), st.none()),
    ),
    max_size=30,
)


def perform(date, act, who, number, clock):
    if act == "hold":
        places.hold(date.pk, holder=who, children=number)
    elif act == "wait":
        clock.shift(timedelta(minutes=number))
    elif act == "sweep":
        places.lapse_expired()
    else:
        getattr(places, act)(who)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(acts=ACTS)
def test_whatever_happens_in_whatever_order_the_capacity_holds(date, acts):
    with transaction.atomic(), time_machine.travel(timezone.now(), tick=False) as clock:
        for act, who, number in acts:
            before = states(who) if who else None
            try:
                perform(date, act, who, number, clock)
            except places.PlacesError:
                assert states(who) == before or act in ("confirm", "extend")
            occupying = list(Place.objects.occupying())
            assert len(occupying) <= date.capacity
            assert len({place.seat for place in occupying}) == len(occupying)
            children = [(place.holder, place.child_number) for place in occupying]
            assert len(set(children)) == len(children)
        transaction.set_rollback(True)
