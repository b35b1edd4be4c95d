"""Offers: they count, they end to the minute, the next is asked, and nothing happens twice."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.test import Client

from cms import jobs, places
from cms.models import CourseDate, Job, OutboxMessage, Place
from tests import crash
from tests.folder import AtHome
from tests.offering import BUTTONS, a_case, a_group, publish_flow
from workflows import offer_clock, offer_letters, offers, offertimes, pools, queues
from workflows.models import CaseEvent, ListEntry, Offer, PoolEvent, Seat

pytestmark = pytest.mark.django_db
LONDON = ZoneInfo("Europe/London")


@pytest.fixture
def flow(db):
    return publish_flow()


@pytest.fixture
def date():
    return CourseDate.objects.get(pk=crash.a_course_date(capacity=3))


@pytest.fixture
def pool(date):
    return pools.pool_of_date(date)


def at(*parts):
    return datetime(*parts, tzinfo=LONDON)


def letters(template):
    return list(OutboxMessage.objects.filter(template=template).values_list("to", flat=True))


@pytest.mark.parametrize(
    ("made", "hours", "ends"),
    [
        (at(2026, 10, 20, 15), 24, at(2026, 10, 21, 15)),
        # On Saturday for a Sunday: Monday noon, after the clocks have changed.
        (at(2026, 10, 24, 15), 24, at(2026, 10, 26, 12)),
        # At night: noon of the working day.
        (at(2026, 10, 20, 23, 30), 24, at(2026, 10, 22, 12)),
        (at(2026, 10, 20, 3), 24, at(2026, 10, 21, 12)),
        (at(2026, 10, 23, 23), 24, at(2026, 10, 26, 12)),
        # Three days over the change: the same time on the wall, but no hour is lost.
        (at(2026, 10, 23, 15), 72, at(2026, 10, 26, 15)),
        (at(2026, 3, 27, 15), 72, at(2026, 3, 30, 16)),
        # Seconds are given to the family.
        (datetime(2026, 10, 20, 15, 0, 20, tzinfo=LONDON), 24, at(2026, 10, 21, 15, 1)),
    ],
)
def test_an_offer_ends_at_a_kind_time(made, hours, ends, pool):
    assert offertimes.answer_by(pool, made, hours) == ends


def test_short_offers_have_their_real_hours_when_the_clocks_go_forward(pool):
    pool.quiet_until, pool.quiet_days = at(2026, 3, 29, 0).time(), []
    made = at(2026, 3, 29, 0, 30)

    assert offertimes.answer_by(pool, made, 2) - made.astimezone(ZoneInfo("UTC")) == timedelta(
        hours=2
    )


def test_an_offer_counts_against_public_sale(flow, officer, date, pool):
    offers.make(pool.pk, a_case(officer), children=[1, 2])

    with pytest.raises(places.FullError) as full:
        places.hold(date.pk, holder="others", children=2)

    assert full.value.left == 1
    assert letters("offer-made") == ["family1@example.org"]


def test_accepting_makes_the_places_theirs_once(flow, officer, pool):
    offer = offers.make(pool.pk, a_case(officer), children=[1, 2], buttons=BUTTONS)

    offers.accept(offer.pk)
    offers.accept(offer.pk)

    found = Place.objects.filter(holder=f"case-{offer.case_id}").order_by("child_number")
    assert [(one.child_number, one.state) for one in found] == [(1, "confirmed"), (2, "confirmed")]
    assert letters("offer-accepted") == ["family1@example.org"]
    assert offer.case.events.filter(summary__startswith="Accepted 2").count() == 1


def test_declining_frees_the_places_for_the_next(flow, officer, date, pool):
    offer = offers.make(pool.pk, a_case(officer), children=[1, 2, 3])
    queues.join(pool.pk, a_case(officer, 2), buttons=BUTTONS)
    queues.fill(pool.pk)
    assert Offer.objects.filter(state="live").count() == 1

    offers.decline(offer.pk)
    queues.fill(pool.pk)

    assert [one.case.reference for one in Offer.objects.filter(state="live")] == ["WL26-0002"]
    assert [one.case.stage_key for one in Offer.objects.filter(state="live")] == ["offered"]


def test_an_offer_that_ran_out_is_worth_nothing_before_anybody_marked_it(flow, officer, pool):
    with time_machine.travel(at(2026, 10, 20, 15), tick=False) as clock:
        CourseDate.objects.update(starts_at=at(2026, 10, 30, 10), ends_at=at(2026, 10, 30, 16))
        offer = offers.make(pool.pk, a_case(officer))
        clock.move_to(at(2026, 10, 21, 15))

        with pytest.raises(offers.OfferOverError, match="time to answer this offer is over"):
            offers.accept(offer.pk)

        CourseDate.objects.update(booking_opens_at=at(2026, 9, 1))
        places.hold(pool.course_date_id, holder="public", children=3)
        assert Place.objects.occupying().count() == 3


def test_it_lapses_at_the_minute_across_the_clock_change_and_the_next_is_offered(
    flow, officer, pool
):
    """Acceptance check 8 of the domain: both letters are in the outbox."""
    with time_machine.travel(at(2026, 10, 24, 11), tick=False) as clock:
        CourseDate.objects.update(
            capacity=1,
            booking_opens_at=at(2026, 9, 1),
            booking_closes_at=at(2026, 10, 29),
            starts_at=at(2026, 10, 30, 10),
            ends_at=at(2026, 10, 30, 16),
        )
        first, second = a_case(officer), a_case(officer, 2)
        queues.join(pool.pk, first, buttons=BUTTONS)
        queues.join(pool.pk, second, buttons=BUTTONS)
        queues.fill(pool.pk)
        offer = Offer.objects.get()
        assert offer.answer_by == at(2026, 10, 26, 12)

        clock.move_to(at(2026, 10, 26, 11, 59, 59))
        offer_clock.catch_up()
        assert Offer.objects.get(pk=offer.pk).state == "live"

        clock.move_to(at(2026, 10, 26, 12))
        job = Job.objects.get(key=f"lapse-offer-{offer.pk}")
        jobs.run_job.call_local(job.pk)
        offer_clock.catch_up()
        offer_clock.catch_up()

        states = list(Offer.objects.order_by("pk").values_list("case__reference", "state"))
        assert states == [("WL26-0001", "lapsed"), ("WL26-0002", "live")]
        assert letters("offer-lapsed") == ["family1@example.org"]
        assert letters("offer-made") == ["family1@example.org", "family2@example.org"]


def test_the_reminder_goes_once_at_half_time_and_not_after_an_outage_past_the_end(
    flow, officer, pool
):
    with time_machine.travel(at(2026, 10, 19, 10), tick=False) as clock:
        CourseDate.objects.update(starts_at=at(2026, 10, 30, 10), ends_at=at(2026, 10, 30, 16))
        offers.make(pool.pk, a_case(officer))
        offers.make(pool.pk, a_case(officer, 2), hours=72)
        clock.move_to(at(2026, 10, 19, 21, 59))
        offer_clock.catch_up()
        assert letters("offer-reminder") == []

        clock.move_to(at(2026, 10, 19, 22))
        offer_clock.catch_up()
        offer_clock.catch_up()
        assert letters("offer-reminder") == ["family1@example.org"]

        clock.move_to(at(2026, 10, 23, 9))
        offer_clock.catch_up()
        offer_clock.catch_up()

        assert letters("offer-reminder") == ["family1@example.org"]
        assert sorted(letters("offer-lapsed")) == ["family1@example.org", "family2@example.org"]


def test_staff_take_an_offer_back_with_a_reason(flow, officer, pool):
    offer = offers.make(pool.pk, a_case(officer), buttons=BUTTONS)

    with pytest.raises(offers.ReasonMissingError):
        offers.withdraw(offer.pk, by=officer, reason=" ")
    offers.withdraw(offer.pk, by=officer, reason="The room is smaller than we thought.")

    letter = OutboxMessage.objects.get(template="offer-withdrawn")
    assert "The room is smaller than we thought." in letter.text
    event = PoolEvent.objects.get(what="withdrawn")
    assert (event.actor_name, event.reason) == (
        str(officer),
        "The room is smaller than we thought.",
    )
    with pytest.raises(offers.OfferOverError):
        offers.accept(offer.pk)


def test_a_group_has_no_more_seats_than_it_has(flow, officer):
    choir = a_group(seats=1)
    offers.make(choir.pk, a_case(officer))

    with pytest.raises(pools.NoPlaceError):
        offers.make(choir.pk, a_case(officer, 2))
    offer = Offer.objects.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        Seat.objects.create(pool=choir, offer=offer, number=1)


def test_a_seat_of_an_offer_that_ran_out_is_free_at_once(flow, officer):
    choir = a_group(seats=1)
    with time_machine.travel(at(2026, 10, 20, 15), tick=False) as clock:
        first = offers.make(choir.pk, a_case(officer))
        clock.move_to(at(2026, 10, 21, 15))
        offers.make(choir.pk, a_case(officer, 2))
        with pytest.raises(offers.OfferOverError):
            offers.accept(first.pk)
        assert Seat.objects.count() == 1


def test_a_cancelled_date_can_neither_be_offered_nor_accepted(flow, officer, date, pool):
    offer = offers.make(pool.pk, a_case(officer))
    CourseDate.objects.update(status="cancelled")

    with pytest.raises(offers.OfferOverError, match="cancel"):
        offers.accept(offer.pk)
    with pytest.raises(pools.NoPlaceError):
        offers.make(pool.pk, a_case(officer, 2))
    assert CaseEvent.objects.filter(case=offer.case, summary__startswith="Accepted").count() == 0


def test_the_link_shows_and_only_a_press_answers(flow, officer, pool):
    offer = offers.make(pool.pk, a_case(officer), buttons=BUTTONS)
    address = f"/family/offer/{offer_letters.token_of(offer)}/"
    assert address in OutboxMessage.objects.get(template="offer-made").text
    browser = Client(enforce_csrf_checks=True)

    for _time in range(3):
        shown = browser.get(address)
    assert shown.status_code == 200
    assert not shown.cookies
    assert Offer.objects.get().state == "live"

    assert browser.post(address, {"answer": "maybe"}).status_code == 422
    assert browser.post(address, {"answer": "accept"}).status_code == 303
    assert Offer.objects.get().state == "accepted"
    again = browser.post(address, {"answer": "decline"})
    assert again.status_code == 409
    assert b"accepted this offer already" in again.content


def test_a_link_that_was_changed_opens_nothing(flow, officer, pool):
    offer = offers.make(pool.pk, a_case(officer))
    token = offer_letters.token_of(offer)

    for wrong in (token[:-1], f"{offer.pk + 1}{token[len(str(offer.pk)) :]}", "x", "1.%00"):
        answer = Client().get(f"/family/offer/{wrong}/")
        assert answer.status_code == 404, wrong


def test_the_folder_answers_and_another_family_cannot(flow, officer, pool):
    mine = offers.make(pool.pk, a_case(officer, email="rowan@example.org"))
    other = offers.make(pool.pk, a_case(officer, 2))
    home = AtHome("rowan@example.org").sign_in()
    page = home.get("/family/WL26-0001/")
    assert "1 place" in page.text

    token = page.soup.select_one("main input[name=csrfmiddlewaretoken]")["value"]
    wanted = {"answer": "accept", "csrfmiddlewaretoken": token}
    for reference in ("WL26-0001", "WL26-0002"):
        refused = home.browser.post(f"/family/{reference}/offer/{other.pk}/", wanted)
        assert refused.status == 404
    home.send(page, f"/offer/{mine.pk}/", answer="decline")

    assert [one.state for one in Offer.objects.order_by("pk")] == ["declined", "live"]


def test_waiting_families_come_before_public_sale(flow, officer, date, pool):
    places.hold(date.pk, holder="a", children=3)
    entry = queues.join(pool.pk, a_case(officer), children=[1, 2], buttons=BUTTONS)

    places.release("a")
    with pytest.raises(places.FullError):
        places.hold(date.pk, holder="quick", children=1)
    queues.fill(pool.pk)

    entry.refresh_from_db()
    assert entry.state == ListEntry.State.OFFERED
    assert [place.child_number for place in places.hold(date.pk, holder="quick", children=1)] == [1]
    with pytest.raises(places.FullError):
        places.hold(date.pk, holder="slow", children=1)


def test_twin_without_the_mark_the_public_takes_what_a_family_waits_for(
    flow, officer, date, pool, monkeypatch
):
    monkeypatch.setattr(queues, "mark_waited_for", lambda pool: None)
    places.hold(date.pk, holder="a", children=3)
    queues.join(pool.pk, a_case(officer))
    places.release("a")

    assert places.hold(date.pk, holder="quick", children=3)
