"""Opening by lot: collected, drawn by a seed that was promised, offered in that order, told once."""

import hashlib
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from cms import places
from cms.models import CourseDate, OutboxMessage, Place
from forms import waiting
from forms.waiting import Wish
from tests.journeys import a_course_date, publish_songwriter
from workflows import draws, pools, queues
from workflows.models import Draw, ListEntry, Offer, Pool

pytestmark = pytest.mark.django_db


@pytest.fixture
def date():
    publish_songwriter()
    return a_course_date(capacity=4, booking_opens_at=timezone.now(), draw_minutes=30)


def ask(date, number, children=1, rule="all"):
    names = [f"Child{n}" for n in range(children)]
    return waiting.join(date, Wish(f"Family {number}", f"family{number}@example.org", names, rule))


def after(date, minutes=0):
    moment = date.draw_ends_at + timedelta(minutes=minutes)
    return time_machine.travel(moment, tick=True)


def letters(template):
    return OutboxMessage.objects.filter(template=template).count()


def test_the_seed_is_promised_when_the_date_is_saved_and_shown_only_after(date):
    draw = Draw.objects.get()
    page = Client().get(f"/apply/draw/{date.reference}/").content.decode()

    assert draw.commitment == hashlib.sha256(draw.seed.encode()).hexdigest()
    assert draw.commitment in page
    assert draw.seed not in page
    with after(date):
        draws.run_due()
        page = Client().get(f"/apply/draw/{date.reference}/").content.decode()
    assert draw.seed in page


def test_nothing_is_offered_or_sold_while_requests_are_collected(date):
    entry = ListEntry.objects.get(case=ask(date, 1))
    pool = Pool.objects.get()

    assert queues.fill(pool.pk) == []
    with pytest.raises(places.NotBookableError):
        places.hold(date.pk, holder="fast", children=1)
    with pytest.raises(queues.ListError, match="still to be drawn"):
        queues.offer_now(entry.pk, by=None, reason="A friend")
    assert "makes no difference" in queues.standing_words(entry)[0]
    draws.run_due()
    assert not Offer.objects.exists()


def test_the_order_is_that_of_the_seed_and_anybody_can_check_it(date):
    cases = [ask(date, number) for number in range(8)]
    with after(date):
        draws.run_due()
        page = Client().get(f"/apply/draw/{date.reference}/").content.decode()

    draw = Draw.objects.get()
    drawn = [one["reference"] for one in draw.order]
    lots = [hashlib.sha256(f"{draw.seed}:{ref}".encode()).hexdigest() for ref in drawn]
    assert lots == sorted(lots)
    assert sorted(drawn) == sorted(case.reference for case in cases)
    assert [page.index(reference) for reference in drawn] == sorted(
        page.index(reference) for reference in drawn
    )
    assert "Family 1" not in page
    assert "family1@" not in page


def test_places_go_down_the_order_family_by_family_and_the_others_wait_in_it(date):
    for number in range(6):
        ask(date, number, children=1 + number % 3)
    with after(date):
        draws.run_due()

    assert Place.objects.occupying().count() <= 4
    for offer in Offer.objects.all():
        assert offer.number == len(offer.entry.children)
    drawn = [one["reference"] for one in Draw.objects.get().order]
    waiting_now = list(
        pools.queue(Pool.objects.get())
        .filter(state="waiting")
        .values_list("case__reference", flat=True)
    )
    assert waiting_now == [one for one in drawn if one in waiting_now]
    assert letters("draw-result") == len(waiting_now)
    assert letters("offer-made") == Offer.objects.count()


def test_it_is_drawn_and_told_once(date):
    for number in range(6):
        ask(date, number)
    with after(date):
        draws.run_due()
        before = (Draw.objects.get().order, letters("draw-result"), letters("offer-made"))
        Draw.objects.update(told_at=None)
        draws.run_due()
        assert draws.draw_order(Draw.objects.get().pk)
    assert (Draw.objects.get().order, letters("draw-result"), letters("offer-made")) == before
    assert before[1:] == (2, 4)


def test_who_comes_after_the_minutes_stands_behind_the_draw(date):
    ask(date, 1, children=3)
    with after(date, minutes=2):
        late = ask(date, 2, children=3)
        draws.run_due()
    assert [one["children"] for one in Draw.objects.get().order] == [3]
    assert ListEntry.objects.get(case=late).state == "waiting"


def test_with_nobody_in_the_draw_the_date_is_simply_open(date):
    with after(date):
        draws.run_due()
        places.hold(date.pk, holder="a", children=1)


def test_twin_first_come_first_served_offers_at_once():
    publish_songwriter()
    date = a_course_date(capacity=4)
    ask(date, 1)
    queues.fill(Pool.objects.get().pk)
    assert Offer.objects.count() == 1
    assert not Draw.objects.exists()
    assert CourseDate.objects.get().draw_ends_at is None


def test_the_page_to_join_says_draw_and_not_waiting_list(date):
    page = Client().get(f"/apply/waiting-list/{date.reference}/").content.decode()
    assert "Put your name in the draw" in page
    assert Client().get("/apply/draw/none/").status_code == 404
