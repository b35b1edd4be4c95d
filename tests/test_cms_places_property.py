"""Whatever families, offers, officers and staff do in whatever order: the promises about places."""

from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cms import places
from cms.models import AddOn, CourseDate, Overbooking, Place, PlaceAddOn
from tests import crash

pytestmark = pytest.mark.django_db

HOLDERS = st.sampled_from("abcdef")
ACTS = st.lists(
    st.one_of(
        st.tuples(
            st.just("hold"), HOLDERS, st.integers(1, 3), st.sampled_from([None, True, False])
        ),
        st.tuples(st.just("apart"), HOLDERS, st.integers(1, 2), st.none()),
        st.tuples(st.just("confirm"), HOLDERS, st.none(), st.none()),
        st.tuples(st.just("release"), HOLDERS, st.none(), st.none()),
        st.tuples(st.just("extend"), HOLDERS, st.none(), st.none()),
        st.tuples(st.just("claim"), HOLDERS, st.none(), st.booleans()),
        st.tuples(st.just("add_ons"), HOLDERS, st.integers(0, 3), st.none()),
        st.tuples(st.just("offer"), HOLDERS, st.integers(1, 3), st.none()),
        st.tuples(st.just("beyond"), HOLDERS, st.integers(1, 2), st.none()),
        st.tuples(st.just("take"), HOLDERS, st.none(), st.booleans()),
        st.tuples(st.just("wait"), st.none(), st.integers(1, 40), st.none()),
        st.tuples(st.just("sweep"), st.none(), st.none(), st.none()),
    ),
    max_size=30,
)


@pytest.fixture
def dates():
    pk = crash.a_course_date(capacity=4)
    CourseDate.objects.update(equity_places=2)
    first = CourseDate.objects.get(pk=pk)
    second = CourseDate.objects.get(pk=pk)
    second.pk, second.reference, second.capacity, second.equity_places = None, "sw-2", 2, 0
    second.save()
    AddOn.objects.create(course_date=first, name="Early drop-off", capacity=2)
    return first, second


def perform(dates, act, who, number, flag, officer, clock):
    first, second = dates
    early = AddOn.objects.get()
    until = timezone.now() + timedelta(minutes=30)
    if act == "hold":
        places.hold(first.pk, holder=who, children=number, claims_help=flag)
    elif act == "apart":
        places.hold_all({first.pk: [1], second.pk: range(2, 2 + number)}, holder=who)
    elif act == "claim":
        places.say_claim(who, claims_help=flag)
    elif act == "add_ons":
        places.choose_add_ons(who, {n: [early.pk] for n in range(1, number + 1)})
    elif act in ("offer", "beyond"):
        beyond = places.Beyond(officer, "A sister") if act == "beyond" else None
        children = range(1, number + 1)
        with transaction.atomic():
            places.offer(
                first.pk, holder=f"case-{who}", children=children, until=until, beyond=beyond
            )
    elif act == "take":
        places.take_offer(f"case-{who}", to=f"{who}-case", until=until if flag else None)
    elif act == "wait":
        clock.shift(timedelta(minutes=number))
    elif act == "sweep":
        places.lapse_expired()
    else:
        getattr(places, act)(who)


@settings(
    max_examples=80,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(acts=ACTS)
def test_the_promises_hold_in_every_interleaving(dates, acts):
    with transaction.atomic(), time_machine.travel(timezone.now(), tick=False) as clock:
        officer = get_user_model().objects.create_superuser("officer")
        for act, who, number, flag in acts:
            already = Place.objects.filter(holder=f"case-{who}", state="offered").exists()
            if act in ("offer", "beyond") and already:
                continue
            try:
                with transaction.atomic():
                    perform(dates, act, who, number, flag, officer, clock)
            except places.PlacesError:
                pass
            check(dates)
        transaction.set_rollback(True)


def check(dates):
    for date in dates:
        taken = Place.objects.occupying().filter(course_date=date)
        let_in = Overbooking.objects.filter(course_date=date)
        beyond = let_in.aggregate(all=Sum("number"))["all"] or 0
        assert taken.count() <= date.capacity + beyond
        if not beyond:
            with_help = taken.filter(claims_help=True).count()
            assert taken.count() + date.kept_back(with_help) <= date.capacity
        seats = list(taken.values_list("seat", flat=True))
        assert len(set(seats)) == len(seats)
        children = list(taken.values_list("holder", "child_number"))
        assert len(set(children)) == len(children)
    add_on = AddOn.objects.get()
    kept = PlaceAddOn.objects.filter(seat__isnull=False)
    assert kept.count() <= add_on.capacity
    assert not kept.filter(place__seat=None).exists()
    assert all(row.by_name and row.reason for row in Overbooking.objects.all())
