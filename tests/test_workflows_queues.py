"""Lists that run themselves: fair, bounded, explained; joined and left without an account."""

from contextlib import suppress
from datetime import timedelta

import pytest
import time_machine
from django.db import transaction
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cms import places
from cms.models import Area, CourseDate, MusicCentre, OutboxMessage, Place, User
from cms.roles import grant
from forms import waiting
from forms.models import Journey, WaitingRequest
from tests import crash
from tests.folder import AtHome
from tests.journeys import publish_songwriter
from tests.offering import BUTTONS, a_case, publish_flow
from workflows import offer_clock, offers, pools, queues
from workflows.models import Case, ListEntry, Offer, PoolEvent

pytestmark = pytest.mark.django_db


@pytest.fixture
def flow(db):
    return publish_flow()


@pytest.fixture
def date():
    return CourseDate.objects.get(pk=crash.a_course_date(capacity=3))


@pytest.fixture
def pool(date):
    return pools.pool_of_date(date)


def fill_up(date, leave=0):
    """Everything but so many places is taken, each by a holder of its own."""
    for number in range(date.capacity - leave):
        places.hold(date.pk, holder=f"taken-{number}", children=1)
        places.confirm(f"taken-{number}")


def waits(pool, officer, number, children=1, **more):
    case = a_case(officer, number)
    return queues.join(pool.pk, case, children=range(1, children + 1), buttons=BUTTONS, **more)


def states():
    return {
        entry.case.reference: entry.state
        for entry in ListEntry.objects.select_related("case").order_by("pk")
    }


def test_a_family_that_needs_two_is_passed_over_so_often_and_then_kept_for(
    flow, officer, date, pool
):
    fill_up(date)
    waits(pool, officer, 1, children=2)
    for number in range(2, 7):
        waits(pool, officer, number)
    pool.max_skips = 2
    pool.save()

    for taken in range(3):
        places.release(f"taken-{taken}")
        queues.fill(pool.pk)
        for offer in Offer.objects.filter(state="live", case__reference__gt="WL26-0001"):
            offers.accept(offer.pk)

    skipped = list(PoolEvent.objects.filter(what="skipped").values_list("words", flat=True))
    assert skipped == [
        "WL26-0001 needs 2, 1 free; passed over 1 of 2 times",
        "WL26-0001 needs 2, 1 free; passed over 2 of 2 times",
    ]
    kept = PoolEvent.objects.get(what="kept")
    assert kept.words == "WL26-0001 needs 2, 1 free; kept until there are enough"
    queues.fill(pool.pk)
    assert PoolEvent.objects.filter(what="kept").count() == 1

    CourseDate.objects.update(capacity=4)
    queues.fill(pool.pk)
    assert Offer.objects.get(state="live").children == [1, 2]


def test_any_takes_one_and_waits_on_for_the_rest(flow, officer, date, pool):
    fill_up(date, leave=0)
    waits(pool, officer, 1, children=3, rule="these", together=[2])
    places.release("taken-0")
    queues.fill(pool.pk)

    offers.accept(Offer.objects.get().pk)

    entry = ListEntry.objects.get()
    assert Offer.objects.get().children == [2]
    assert (entry.state, entry.children, entry.rule) == ("waiting", [1, 3], "any")


def test_an_offer_that_runs_out_sends_to_the_end_once_and_then_off_the_list(
    flow, officer, date, pool
):
    fill_up(date, leave=1)
    waits(pool, officer, 1)
    queues.fill(pool.pk)
    waits(pool, officer, 2)
    with time_machine.travel(timezone.now() + timedelta(days=5), tick=False):
        offer_clock.catch_up()
        assert states() == {"WL26-0001": "waiting", "WL26-0002": "offered"}
        offers.decline(Offer.objects.get(state="live").pk)
        queues.fill(pool.pk)
        assert states() == {"WL26-0001": "offered", "WL26-0002": "left"}
    with time_machine.travel(timezone.now() + timedelta(days=10), tick=False):
        offer_clock.catch_up()

    assert states() == {"WL26-0001": "left", "WL26-0002": "left"}
    assert Case.objects.get(reference="WL26-0001").stage_key == "gone"


def test_nobody_is_moved_without_a_reason(flow, officer, date, pool):
    fill_up(date)
    entries = [waits(pool, officer, number) for number in range(1, 4)]

    with pytest.raises(offers.ReasonMissingError):
        queues.move(entries[2].pk, 1, by=officer, reason="  ")
    queues.move(entries[2].pk, 1, by=officer, reason="A sister has a place already.")

    order = [entry.case.reference for entry in pools.queue(pool)]
    assert order == ["WL26-0003", "WL26-0001", "WL26-0002"]
    event = PoolEvent.objects.get(what="moved")
    assert (event.words, event.reason) == (
        "WL26-0003 moved from 3 to 1",
        "A sister has a place already.",
    )
    queues.rank(pool.pk, ["WL26-0002"], by=officer, reason="Ranked by score.")
    assert pools.queue(pool).first().case.reference == "WL26-0002"


def test_who_pauses_keeps_the_number_and_is_offered_nothing(flow, officer, date, pool):
    fill_up(date)
    first, second = waits(pool, officer, 1), waits(pool, officer, 2)
    queues.pause(first.pk)
    places.release("taken-0")
    queues.fill(pool.pk)
    assert states() == {"WL26-0001": "paused", "WL26-0002": "offered"}

    queues.resume(first.pk)
    first.refresh_from_db()
    assert queues.standing_words(first)[0].startswith("You are number 1 of 2")
    second.refresh_from_db()
    with pytest.raises(queues.ListError):
        queues.leave(second.pk)


def test_more_places_and_a_cancelled_date_reach_the_list(flow, officer, date, pool):
    fill_up(date)
    waits(pool, officer, 1)
    waits(pool, officer, 2)
    date.capacity = 4
    date.save()
    offer_clock.catch_up()
    assert states() == {"WL26-0001": "offered", "WL26-0002": "waiting"}

    date.status = "cancelled"
    date.save()
    offer_clock.catch_up()

    assert states()["WL26-0002"] == "left"
    assert not CourseDate.objects.get().waiting_first


def test_staff_may_let_others_book_with_a_reason(flow, officer, date, pool):
    fill_up(date)
    waits(pool, officer, 1, children=2)
    places.release("taken-0")
    with pytest.raises(places.FullError):
        places.hold(date.pk, holder="public", children=1)

    queues.open_the_rest(pool.pk, is_open=True, by=officer, reason="It begins tomorrow.")

    assert places.hold(date.pk, holder="public", children=1)


def join_page(date, **typed):
    data = {"contact_name": "Rowan Ashdown", "email": "rowan@example.org", "rule": "all"}
    return Client().post(f"/apply/waiting-list/{date.reference}/", data | typed)


def test_a_family_joins_without_an_account_and_accepts_into_the_booking_form(date):
    publish_songwriter()
    date.course.form_slug = "songwriter-booking"
    date.course.save()
    fill_up(date)
    shown = Client().get(f"/apply/waiting-list/{date.reference}/")
    assert b"Join the waiting list" in shown.content
    assert not shown.cookies
    assert join_page(date).status_code == 422
    assert join_page(date, child_1="Ada", rule="these").status_code == 422
    joined = join_page(date, child_1="Ada", child_2="Ben")
    assert joined.status_code == 303
    again = join_page(date, child_1="Ada")
    assert (again.status_code, again["Location"]) == (303, joined["Location"])
    assert ListEntry.objects.count() == 1
    assert WaitingRequest.objects.get().names == ["Ada", "Ben"]
    letter = OutboxMessage.objects.get(template="list-joined")
    assert "Ada" not in letter.text

    case = Case.objects.get()
    home = AtHome("rowan@example.org").sign_in()
    page = home.get(f"/family/{case.reference}/")
    assert "You are number 1 of 1" in page.text
    for number in (0, 1):
        places.release(f"taken-{number}")
    offer_clock.catch_up()
    offer = Offer.objects.get()
    page = home.get(f"/family/{case.reference}/")
    answered = home.send(page, f"/offer/{offer.pk}/", answer="accept")

    assert answered.status == 303
    journey = Journey.objects.get()
    mine = Place.objects.filter(holder=journey.holder)
    assert [place.state for place in mine] == ["held", "held"]
    assert mine[0].expires_at > timezone.now() + timedelta(hours=47)
    assert journey.suggested["answers"]["child"][1]["child_name"]["first"] == "Ben"
    case.refresh_from_db()
    assert case.stage_key == "accepted"
    page = home.get(f"/family/{case.reference}/")
    on = home.send(page, f"/offer/{offer.pk}/", go_on="1")
    assert on.status == 303
    assert home.get(on.location).status == 200


def test_a_date_with_places_says_so_and_an_unknown_one_is_no_page(date):
    date.course.form_slug = "songwriter-booking"
    date.course.save()

    assert b"You can book now" in Client().get("/apply/waiting-list/sw-1/").content
    assert Client().get("/apply/waiting-list/nothing/").status_code == 404
    CourseDate.objects.update(status="cancelled")
    assert b"takes nobody" in Client().get("/apply/waiting-list/sw-1/").content
    assert join_page(date, child_1="Ada").status_code == 409


def test_names_are_erased_after_the_course(date):
    publish_songwriter()
    fill_up(date)
    waiting.join(date, waiting.Wish("Rowan", "rowan@example.org", ["Ada"]))
    CourseDate.objects.update(
        starts_at=timezone.now() - timedelta(days=70),
        ends_at=timezone.now() - timedelta(days=69),
    )

    class Run:
        def finish(self):
            return transaction.atomic()

    waiting.forget(Run())

    assert WaitingRequest.objects.get().names == []


def test_the_desk_moves_offers_and_says_why(client, flow, officer, date, pool):
    fill_up(date)
    waits(pool, officer, 1)
    second = waits(pool, officer, 2)
    officer.is_staff = True
    officer.save()
    client.force_login(officer)
    address = f"/admin/cases/offers/{pool.pk}/"

    assert client.get("/admin/cases/offers/").status_code == 200
    client.post(address, {"do": "move", "entry": second.pk, "to": "1", "reason": "Agreed by phone"})
    client.post(address, {"do": "offer", "entry": second.pk, "reason": "There is none"})
    places.release("taken-0")
    client.post(address, {"do": "offer", "entry": second.pk, "reason": "Agreed by phone"})
    page = client.get(address).content.decode()

    assert states() == {"WL26-0001": "waiting", "WL26-0002": "offered"}
    assert "Agreed by phone" in page
    assert "WL26-0002 moved from 2 to 1" in page
    saved = client.post(address, {"rules": "1", "window_hours": "0"})
    assert saved.status_code == 200
    for bad in ({"do": "x"}, {"do": "move", "entry": "zz"}, {"do": "withdraw"}):
        assert client.post(address, bad).status_code in (302, 404)


def test_the_desk_is_for_those_who_run_lists_and_for_their_own_centre(
    client, flow, officer, date, pool
):
    waits(pool, officer, 1)
    panellist = User.objects.create_user("panel")
    grant(panellist, "panellist")
    client.force_login(panellist)
    assert client.get("/admin/cases/offers/").status_code in (302, 403)
    elsewhere = User.objects.create_user("elsewhere")
    area = Area.objects.create(name="Far", slug="far")
    centre = MusicCentre.objects.create(
        name="Far", slug="far", area=area, address="1", postcode="AL1 1AA"
    )
    grant(elsewhere, "centre_admin", centre=centre)
    client.force_login(elsewhere)
    assert client.get(f"/admin/cases/offers/{pool.pk}/").status_code == 404
    grant(elsewhere, "centre_admin", centre=date.centre)
    client.force_login(User.objects.get(pk=elsewhere.pk))
    assert client.get(f"/admin/cases/offers/{pool.pk}/").status_code == 200


ACTS = st.lists(
    st.tuples(
        st.sampled_from(
            [
                "hold",
                "give",
                "join",
                "fill",
                "accept",
                "decline",
                "pause",
                "resume",
                "later",
                "capacity",
                "move",
                "leave",
                "catch_up",
            ]
        ),
        st.integers(0, 5),
        st.integers(1, 3),
    ),
    max_size=30,
)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(acts=ACTS)
def test_whatever_happens_in_whatever_order_the_invariants_hold(flow, officer, date, pool, acts):
    with transaction.atomic(), time_machine.travel(timezone.now(), tick=False) as clock:
        Play(officer, date.pk, pool.pk, clock).run(acts)
        transaction.set_rollback(True)


REFUSALS = (
    places.PlacesError,
    offers.OfferOverError,
    queues.ListError,
    pools.NoPlaceError,
)


class Play:
    """One random afternoon at one course date."""

    def __init__(self, officer, date_id, pool_id, clock):
        self.officer, self.date_id, self.pool_id, self.clock = officer, date_id, pool_id, clock
        self.over = 0

    def run(self, acts):
        for act, who, number in acts:
            before = self.order()
            moves = PoolEvent.objects.filter(what="moved").exclude(reason="").count()
            with suppress(*REFUSALS):
                getattr(self, act)(who, number)
            self.check(before, moves)

    def order(self):
        return list(pools.queue(pools.Pool.objects.get()).values_list("case_id", flat=True))

    def check(self, before, moves):
        date = CourseDate.objects.get(pk=self.date_id)
        taken = list(Place.objects.occupying().filter(course_date=date))
        assert len(taken) <= max(date.capacity, self.over)
        whose = [(place.holder, place.child_number) for place in taken]
        assert len(whose) == len(set(whose))
        after = self.order()
        stayed = [case for case in before if case in after]
        if [case for case in after if case in stayed] != stayed:
            assert PoolEvent.objects.filter(what="moved").exclude(reason="").count() > moves
        assert ListEntry.objects.filter(skips__gt=3).count() == 0
        live = Offer.objects.filter(state="live", answer_by__gt=timezone.now())
        for offer in live:
            kept = [place for place in taken if place.holder == offer.holder]
            assert [place.child_number for place in kept] == offer.children

    def hold(self, who, number):
        places.hold(self.date_id, holder=f"public-{who}", children=number)

    def give(self, who, _number):
        places.release(f"public-{who}")

    def join(self, who, number):
        case = Case.objects.filter(reference=f"WL26-{who:04}").first()
        case = case or a_case(self.officer, who)
        if case.is_open:
            rule = ("all", "any", "these")[who % 3]
            together = [1] if rule == "these" else []
            queues.join(
                self.pool_id, case, children=range(1, number + 1), rule=rule, together=together
            )

    def fill(self, _who, _number):
        queues.fill(self.pool_id)

    def one(self, who):
        live = Offer.objects.filter(state="live").order_by("pk")
        return live[who % live.count()] if live else None

    def accept(self, who, _number):
        if offer := self.one(who):
            offers.accept(offer.pk)

    def decline(self, who, _number):
        if offer := self.one(who):
            offers.decline(offer.pk)

    def entry(self, who):
        found = ListEntry.objects.filter(state__in=["waiting", "paused"]).order_by("pk")
        return found[who % found.count()] if found else None

    def pause(self, who, _number):
        if entry := self.entry(who):
            queues.pause(entry.pk)

    def resume(self, who, _number):
        if entry := self.entry(who):
            queues.resume(entry.pk)

    def leave(self, who, _number):
        if entry := self.entry(who):
            queues.leave(entry.pk)

    def move(self, who, number):
        if entry := self.entry(who):
            queues.move(entry.pk, number, by=self.officer, reason="Asked by the safeguarding lead")

    def later(self, who, _number):
        self.clock.shift(timedelta(hours=5 * (who + 1)))

    def capacity(self, who, _number):
        self.over = Place.objects.occupying().filter(course_date=self.date_id).count()
        CourseDate.objects.filter(pk=self.date_id).update(capacity=who + 1)

    def catch_up(self, _who, _number):
        offer_clock.catch_up()
