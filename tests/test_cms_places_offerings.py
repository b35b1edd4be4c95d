"""Places that are kept for families with help, add-ons with numbers of their own, one too many."""

from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction
from django.utils import timezone

from cms import places
from cms.ladder import ladder_of, ladder_words
from cms.models import AddOn, CourseDate, Overbooking, Place, PlaceAddOn, RefundStep
from cms.roles import grant, sync_roles
from tests import crash

pytestmark = pytest.mark.django_db


def a_date(capacity=4, **more):
    pk = crash.a_course_date(capacity=capacity)
    CourseDate.objects.filter(pk=pk).update(**more)
    return CourseDate.objects.get(pk=pk)


def seen(date):
    return CourseDate.objects.with_places().get(pk=date.pk)


def held(holder):
    return Place.objects.occupying().filter(holder=holder).count()


def at(moment):
    return time_machine.travel(moment, tick=False)


# --- equity places -------------------------------------------------------------------------------
def test_kept_places_are_for_families_who_ask_for_help():
    date = a_date(4, equity_places=2)

    places.hold(date.pk, holder="a", children=2)
    assert (seen(date).places_left, seen(date).places_left_with_help) == (0, 2)
    assert seen(date).booking_state == "help"
    with pytest.raises(places.FullError) as full:
        places.hold(date.pk, holder="b", children=1)
    assert full.value.left == 0

    places.hold(date.pk, holder="c", children=2, claims_help=True)
    assert held("c") == 2
    assert seen(date).booking_state == "full"


def test_a_family_with_help_uses_the_kept_places_first():
    date = a_date(4, equity_places=2)

    places.hold(date.pk, holder="help", children=1, claims_help=True)

    assert seen(date).places_left == 2
    places.hold(date.pk, holder="b", children=2)


def test_kept_places_are_for_everybody_from_the_day_said_with_no_job_having_run():
    date = a_date(4, equity_places=2, equity_release_days=7)
    released = date.equity_release_at
    CourseDate.objects.update(booking_closes_at=date.starts_at)
    assert timezone.localtime(released).strftime("%H:%M") == "00:00"

    with at(released - timedelta(seconds=1)):
        assert seen(date).places_left == 2
        with pytest.raises(places.FullError):
            places.hold(date.pk, holder="a", children=3)
    with at(released):
        assert seen(date).places_left == 4
        assert len(places.hold(date.pk, holder="a", children=3)) == 3


def test_a_claim_that_is_taken_back_gives_the_kept_place_back_or_says_why_not():
    date = a_date(4, equity_places=2)
    places.hold(date.pk, holder="a", children=2)
    places.hold(date.pk, holder="b", children=1, claims_help=True)

    with pytest.raises(places.KeptForHelpError, match="are kept for families"):
        places.say_claim("b", claims_help=False)
    assert Place.objects.get(holder="b").claims_help

    places.release("a")
    places.say_claim("b", claims_help=False)
    assert not Place.objects.get(holder="b").claims_help
    places.say_claim("b", claims_help=True)
    assert seen(date).places_left == 2


def test_the_same_by_asking_for_places_again():
    date = a_date(4, equity_places=2)
    places.hold(date.pk, holder="a", children=2)
    places.hold(date.pk, holder="b", children=1, claims_help=True)

    with pytest.raises(places.KeptForHelpError):
        places.hold(date.pk, holder="b", children=1, claims_help=False)
    assert len(places.hold(date.pk, holder="b", children=2)) == 2


def test_offers_leave_the_kept_places_alone():
    date = a_date(4, equity_places=2)
    until = timezone.now() + timedelta(hours=24)

    with pytest.raises(places.FullError) as full:
        places.offer(date.pk, holder="case-1", children=[1, 2, 3], until=until)

    assert full.value.left == 2


def test_a_late_hold_is_counted_with_the_kept_places():
    date = a_date(4, equity_places=2)
    places.hold(date.pk, holder="late", children=2, minutes=5)
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        places.hold(date.pk, holder="b", children=1)
        with pytest.raises(places.HoldExpiredError) as gone:
            places.confirm("late")
    assert gone.value.left == 1


def test_the_database_keeps_no_more_than_there_are():
    date = a_date(4)
    date.equity_places = 5
    with pytest.raises(IntegrityError), transaction.atomic():
        date.save()


# --- add-ons -------------------------------------------------------------------------------------
def an_add_on(date, capacity=1, name="Early drop-off"):
    return AddOn.objects.create(course_date=date, name=name, price_pence=500, capacity=capacity)


def seats(add_on):
    rows = PlaceAddOn.objects.filter(add_on=add_on, seat__isnull=False).order_by("seat")
    return [(row.place.holder, row.place.child_number, row.seat) for row in rows]


def test_an_add_on_is_taken_and_given_back_with_its_place():
    date = a_date(4)
    early = an_add_on(date)
    places.hold(date.pk, holder="a", children=2)

    places.choose_add_ons("a", {2: [early.pk]})
    assert seats(early) == [("a", 2, 1)]
    places.choose_add_ons("a", {2: [early.pk]})
    assert seats(early) == [("a", 2, 1)]

    places.hold(date.pk, holder="b", children=1)
    with pytest.raises(places.AddOnFullError, match="no more room") as short:
        places.choose_add_ons("b", {1: [early.pk]})
    assert short.value.left == 0

    places.release("a")
    assert seats(early) == []
    places.choose_add_ons("b", {1: [early.pk]})
    places.confirm("b")
    assert seats(early) == [("b", 1, 1)]
    places.choose_add_ons("b", {})
    assert seats(early) == []


def test_all_of_a_familys_add_ons_or_none():
    date = a_date(4)
    early, lunch = an_add_on(date), an_add_on(date, None, "Lunch")
    places.hold(date.pk, holder="a", children=2)

    with pytest.raises(places.AddOnFullError) as short:
        places.choose_add_ons("a", {1: [early.pk, lunch.pk], 2: [early.pk, lunch.pk]})

    assert short.value.left == 1
    assert seats(early) == seats(lunch) == []


def test_add_ons_of_another_date_are_no_ones():
    date = a_date(4)
    other = CourseDate.objects.get(pk=date.pk)
    other.pk, other.reference = None, "sw-9"
    other.save()
    places.hold(date.pk, holder="a", children=1)

    places.choose_add_ons("a", {1: [an_add_on(other).pk]})

    assert not PlaceAddOn.objects.exists()


def test_an_add_on_runs_out_with_its_hold_and_comes_back_with_it():
    date = a_date(4)
    early = an_add_on(date)
    places.hold(date.pk, holder="a", children=1, minutes=5)
    places.choose_add_ons("a", {1: [early.pk]})

    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        places.hold(date.pk, holder="b", children=1)
        assert seats(early) == []
        places.extend("a")
        assert seats(early) == [("a", 1, 1)]

    with time_machine.travel(timezone.now() + timedelta(hours=3)):
        places.hold(date.pk, holder="b", children=1)
        places.choose_add_ons("b", {1: [early.pk]})
        with pytest.raises(places.AddOnFullError):
            places.confirm("a")
    assert Place.objects.get(holder="a").state == Place.State.LAPSED


def test_the_database_has_no_two_add_ons_with_one_seat():
    date = a_date(4)
    early = an_add_on(date)
    one, two = places.hold(date.pk, holder="a", children=2)
    PlaceAddOn.objects.create(place=one, add_on=early, seat=1)
    with pytest.raises(IntegrityError), transaction.atomic():
        PlaceAddOn.objects.create(place=two, add_on=early, seat=1)


# --- beyond the number ---------------------------------------------------------------------------
def an_officer(role="bookings"):
    sync_roles()
    user = get_user_model().objects.create(username="officer")
    grant(user, role)
    return get_user_model().objects.get(pk=user.pk)


def offer_beyond(date, by, reason="Her brother has the last place"):
    return places.offer(
        date.pk,
        holder="case-7",
        children=[1],
        until=timezone.now() + timedelta(hours=24),
        beyond=places.Beyond(by, reason),
    )


def test_one_too_many_needs_a_named_officer_and_a_reason():
    date = a_date(1)
    places.hold(date.pk, holder="a", children=1)
    officer = an_officer()

    with pytest.raises(places.NotAllowedError, match="Say why"):
        offer_beyond(date, officer, "  ")
    place = offer_beyond(date, officer)[0]

    over = Overbooking.objects.get()
    assert (over.by, over.number, over.reason) == (officer, 1, "Her brother has the last place")
    assert (place.overbooking, place.seat) == (over, 2)
    places.take_offer("case-7", to="b")
    assert seen(date).places_left == 0
    places.release("a")
    with pytest.raises(places.FullError):
        places.hold(date.pk, holder="c", children=1)


def test_nobody_else_may():
    date = a_date(1)
    places.hold(date.pk, holder="a", children=1)

    with pytest.raises(places.NotAllowedError, match="may not"):
        offer_beyond(date, an_officer("centre_admin"))

    assert not Overbooking.objects.exists()


def test_where_there_is_room_nothing_is_written_down():
    offer_beyond(a_date(1), an_officer())
    assert not Overbooking.objects.exists()


# --- drafts, draws, refunds ----------------------------------------------------------------------
def test_nobody_books_a_draft():
    date = a_date(4, status=CourseDate.Status.DRAFT)
    with pytest.raises(places.NotBookableError) as no:
        places.hold(date.pk, holder="a", children=1)
    assert no.value.reason == "unknown"
    assert not CourseDate.objects.upcoming().exists()


def test_while_requests_are_collected_nobody_is_faster():
    date = a_date(4, draw_minutes=30, booking_opens_at=timezone.now())
    assert seen(date).booking_state == "draw"
    with pytest.raises(places.NotBookableError) as no:
        places.hold(date.pk, holder="a", children=1)
    assert no.value.reason == "draw"
    with at(timezone.now() + timedelta(minutes=30)):
        places.hold(date.pk, holder="a", children=1)


def test_what_comes_back_is_said_in_plain_english():
    date = a_date(4)
    assert ladder_words(ladder_of(date)) == [
        "At least 28 days before: you get all of it back.",
        "At least 14 days before: you get half of it back.",
        "Later than that: you get nothing back.",
        "If we cancel, you always get all of it back.",
    ]
    RefundStep.objects.create(course_date=date, days_before=0, percent=75)
    RefundStep.objects.create(course_date=date, days_before=1, percent=100)
    assert ladder_words(ladder_of(date))[:2] == [
        "At least 1 day before: you get all of it back.",
        "Before it begins: you get 75 per cent of it back.",
    ]
