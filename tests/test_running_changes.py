"""What a family changes by itself: cancelling, moving, answering anew, one child more; twice booked."""

from datetime import timedelta

import pytest
from django.utils import timezone

from cms import places
from cms.models import AddOn, MoneyRefund, OutboxMessage, Place, PlaceAddOn
from cms.money import ledger
from forms import journeys
from forms.models import CourseRun, Journey, PriceCode, PriceCodeUse, Submission
from forms.running import calloff, changing, moving
from tests.courserun import book, half_term_date, health, person, publish_songwriter, set_clock
from tests.folder import AtHome
from tests.journeys import answers_of_a_family
from workflows.models import Case, CaseEvent

pytestmark = pytest.mark.django_db
EMAIL = "rowan.ashdown@example.org"
TWO = [("Wren", "Ashdown", "2014-05-02"), ("Robin", "Ashdown", "2014-05-02")]


@pytest.fixture
def course(monkeypatch):
    set_clock(monkeypatch, "2026-09-10T09:00")
    date, other = half_term_date(), half_term_date("SW-WAT-2", days=1, capacity=3)
    version = publish_songwriter()
    return date, other, book(version, date, children=2, names=TWO, **health()), version


@pytest.fixture
def home(course):
    return AtHome(EMAIL).sign_in()


def address(booking, more=""):
    return f"/family/{booking.reference}/" + (f"booking/{more}/" if more else "")


def states(booking, date):
    rows = Place.objects.filter(holder=booking.holder, course_date=date)
    return sorted(rows.values_list("child_number", "state"))


def paid(booking, date, pence=6650):
    account = ledger.of_holder(booking.holder) or ledger.open_account(
        reference=booking.reference,
        pence=pence,
        what="Songwriter",
        holder=booking.holder,
        offering=date,
    )
    ledger.take_payment(account, ledger.balance(account).cost, method="transfer")
    return account


def test_one_twin_is_cancelled_and_what_comes_back_is_said_first(course, home):
    date, _other, booking, _version = course
    account = paid(booking, date)
    cost = ledger.balance(account).cost

    asked = home.send(home.get(address(booking, "cancel")), "cancel/", child="2")
    assert "Robin Ashdown" in asked.text and "Wren Ashdown" not in asked.text
    back = -(-cost // 2)
    pounds = f"£{back / 100:.2f}".removesuffix(".00")
    assert f"You get back {pounds}." in asked.text
    assert states(booking, date) == [(1, "confirmed"), (2, "confirmed")]
    button = asked.soup.select_one("button[name=agreed]")
    done = home.send(asked, "cancel/", agreed=button["value"])

    assert "It is cancelled" in done.text
    assert states(booking, date) == [(1, "confirmed"), (2, "released")]
    assert MoneyRefund.objects.get().pence == back
    assert Case.objects.get(reference=booking.reference).stage_key == "new"
    letter = OutboxMessage.objects.get(template="booking-cancelled-by-family")
    assert "1 place" in letter.text and pounds in letter.text and "Robin" not in letter.text
    assert "the way you paid" in letter.text
    assert not OutboxMessage.objects.filter(template="money-refund-decided").exists()


def test_cancelling_all_ends_the_case_and_twice_is_once(course, home):
    _date, _other, booking, _version = course

    changing.cancel(booking, [1, 2])
    with pytest.raises(changing.TooLateError):
        changing.cancel(booking, [1, 2])

    assert Case.objects.get(reference=booking.reference).stage_key == "cancelled"
    letter = OutboxMessage.objects.get(template="booking-cancelled-by-family")
    assert "CANCEL" in letter.attachments[0]["type"]
    assert not OutboxMessage.objects.filter(template="booking-cancelled").exists()


def test_a_booking_moves_whole_and_its_calendar_entry_with_it(course, home):
    date, other, booking, _version = course
    page = home.get(address(booking, "move"))

    done = home.send(page, "move/", date=str(other.pk))

    assert "has moved" in done.text and "27 October 2026" in done.text
    assert states(booking, other) == [(1, "confirmed"), (2, "confirmed")]
    assert states(booking, date) == [(1, "released"), (2, "released")]
    booking.refresh_from_db()
    assert (booking.offering, booking.answers["places"]["offering"]) == (other, "SW-WAT-2")
    letter = OutboxMessage.objects.get(template="booking-moved")
    assert "Monday 26 October 2026" in letter.text and "Tuesday 27 October 2026" in letter.text
    assert len(letter.attachments) == 1


def test_a_booking_that_does_not_fit_whole_keeps_what_it_has(course, home):
    date, other, booking, _version = course
    page = home.get(address(booking, "move"))
    places.hold(other.pk, holder="rival", children=2)

    answer = home.send(page, "move/", date=str(other.pk))

    assert answer.status == 422
    assert "you keep the date that you have" in answer.text
    assert states(booking, date) == [(1, "confirmed"), (2, "confirmed")]
    assert states(booking, other) == []


def test_a_date_for_other_ages_is_not_offered(course):
    _date, other, booking, _version = course
    half_term_date("SW-WAT-4", days=3, min_age=14)

    assert [one.date for one in moving.choices(changing.booking_of(booking))] == [other]


def test_a_dearer_date_is_charged_and_billed_and_the_ladder_counts_from_it(course, home):
    date, _other, booking, _version = course
    account = paid(booking, date)
    dearer = half_term_date("SW-WAT-3", days=2, price_pence=4500)
    page = home.get(address(booking, "move"))
    assert "£19 more to pay" in page.text  # two places, the second at 10% off

    done = home.send(page, "move/", date=str(dearer.pk))

    assert "has moved" in done.text
    account.refresh_from_db()
    assert (ledger.balance(account).owed, account.offering) == (1900, dearer)
    assert account.due_on == timezone.localdate() + timedelta(days=14)
    letter = OutboxMessage.objects.get(template="booking-moved")
    assert "£19 more" in letter.text and "24 September 2026" in letter.text
    booking.refresh_from_db()
    assert booking.price["pence"] == 8550


def test_a_cheaper_date_gives_the_difference_back_in_one_letter(course, home):
    date, _other, booking, _version = course
    account = paid(booking, date)
    cheaper = half_term_date("SW-WAT-3", days=2, price_pence=2500)

    moving.move(booking, cheaper.pk, agreed=-1900)

    assert MoneyRefund.objects.get().pence == 1900
    assert ledger.balance(account).cost == 4750
    assert "you get back £19" in OutboxMessage.objects.get(template="booking-moved").text
    assert not OutboxMessage.objects.filter(template="money-refund-decided").exists()


def test_a_price_that_changed_meanwhile_is_shown_first(course):
    _date, _other, booking, _version = course
    dearer = half_term_date("SW-WAT-3", days=2, price_pence=4500)

    with pytest.raises(changing.NotPossibleError, match="has changed"):
        moving.move(booking, dearer.pk, agreed=100)


def test_after_a_place_was_given_back_only_the_same_price_is_offered_the_other_explained(
    course, home
):
    _date, other, booking, _version = course
    dearer = half_term_date("SW-WAT-3", days=2, price_pence=4500)
    changing.cancel(booking, [2])

    assert [one.date for one in moving.choices(changing.booking_of(booking))] == [other]
    page = home.get(address(booking, "move"))
    assert [one["value"] for one in page.soup.select("input[name=date]")] == [str(other.pk)]
    assert "28 October 2026" in page.text and "a place of your booking was given back" in page.text
    assert page.soup.find("a", href=f"{address(booking)}#messages")
    with pytest.raises(changing.NotPossibleError, match="cannot be chosen"):
        moving.move(booking, dearer.pk, agreed=1000)


@pytest.mark.parametrize("why", ["help with costs", "a code", "extras"])
def test_why_the_office_looks_first_is_said(course, why):
    date, _other, booking, version = course
    half_term_date("SW-WAT-3", days=2, price_pence=4500)
    if why == "help with costs":
        Place.objects.filter(holder=booking.holder).update(claims_help=True)
        Submission.objects.filter(pk=booking.pk).update(price={**booking.price, "pence": 1})
    elif why == "a code":
        code = PriceCode.objects.create(form=version.form, name="Oak", code="OAKLEAF", percent=10)
        PriceCodeUse.objects.create(code=code, number=1, submission=booking)
        Submission.objects.filter(pk=booking.pk).update(price={**booking.price, "pence": 1})
    else:
        early = AddOn.objects.create(course_date=date, name="Early drop-off", price_pence=400)
        chosen = [{"id": early.pk, "name": early.name, "pence": 400}]
        booking = book(version, date, extras=chosen, email="lark@example.org")
    booking.refresh_from_db()

    found = moving.others(changing.booking_of(booking))

    assert any(why in one.ask_because for one in found), found


def test_add_ons_move_by_their_name_at_the_price_of_the_new_date(course):
    date, _other, _booking, version = course
    early = AddOn.objects.create(course_date=date, name="Early drop-off", price_pence=400)
    chosen = [{"id": early.pk, "name": early.name, "pence": 400}]
    booking = book(version, date, extras=chosen, email="lark@example.org")
    there = half_term_date("SW-WAT-3", days=2)
    assert there not in [one.date for one in moving.choices(changing.booking_of(booking))]

    twin = AddOn.objects.create(
        course_date=there, name="early drop-off", price_pence=600, capacity=1
    )
    (choice,) = moving.choices(changing.booking_of(booking))
    assert (choice.date, choice.more) == (there, 200)
    moving.move(booking, there.pk, agreed=200)

    held = PlaceAddOn.objects.get(seat__isnull=False)
    assert (held.add_on, held.place.course_date) == (twin, there)
    booking.refresh_from_db()
    assert booking.answers["child"][0]["extras"][0]["id"] == twin.pk

    second = book(version, date, extras=chosen, email="finch@example.org")
    with pytest.raises(changing.NotPossibleError, match="no more room"):
        moving.move(second, there.pk, agreed=200)
    assert states(second, there) == []


@pytest.mark.parametrize("what", ["cancel", "move", "change"])
def test_after_the_cut_off_nothing_changes_here(course, what, monkeypatch):
    date, _other, booking, _version = course
    set_clock(monkeypatch, "2026-10-23T10:00")  # 72 hours and one more: the clocks go back
    late = AtHome(EMAIL).sign_in()
    assert late.get(address(booking, what)).status == 200
    set_clock(monkeypatch, "2026-10-23T11:00")
    late = AtHome(EMAIL).sign_in()

    answer = late.get(address(booking, what))

    assert answer.status == 409
    assert "can no longer be changed here" in answer.text
    assert states(booking, date) == [(1, "confirmed"), (2, "confirmed")]


@pytest.mark.parametrize("what", ["cancel", "move", "change", "again"])
def test_nobody_else_reaches_it(course, what):
    _date, _other, booking, _version = course
    stranger = AtHome("stranger@example.org").sign_in()

    assert stranger.get(address(booking, what)).status == 404


def test_answers_are_given_anew_and_the_register_reads_the_new_ones(course, home):
    _date, _other, booking, _version = course
    page = home.get(address(booking, "change"))
    assert "Agree" not in page.text
    parts = {key for key, _title, _names in changing.parts(booking)}
    assert {"collectors", "needs_details"} <= parts
    assert not {"terms", "help", "help_details", "eligibility", "date"} & parts

    begun = home.send(page, "change/", part="collectors")
    assert begun.location.endswith("/answer/")
    form = home.get(home.get(begun.location).location)
    sent = home.send(form, "", may_collect="Only Gran", must_not_collect="Dale")
    home.send(home.get(sent.location), "")

    booking.refresh_from_db()
    assert booking.answers["may_collect"] == "Only Gran"
    assert booking.changes.count() == 1


def test_what_was_begun_can_be_left_as_it_was(course, home):
    _date, _other, booking, _version = course
    changing.begin_anew(booking, "collectors")
    page = home.get(address(booking))
    assert "You are changing your answers" in page.text

    home.send(page, "leave/")

    assert "You are changing your answers" not in home.get(address(booking)).text
    assert booking.changes.count() == 0


def test_a_brother_is_added_with_what_is_known_filled_in(course, home):
    date, _other, booking, _version = course
    begun = home.send(home.get(address(booking, "again")), "again/")

    journey = Journey.objects.latest("pk")

    assert begun.location.startswith("/apply/songwriter-booking/")
    assert journey.offering == date
    said = journey.suggested["answers"]
    assert said["booker_name"] == {"first": "Rowan", "last": "Ashdown"}
    assert [item["emergency_name"] for item in said["emergency"]] == ["Jo Quill", "Sam Reed"]
    assert said["places"] == {"offering": "SW-WAT-1", "children": 1}


def price_for(journey, first="Lark"):
    """What one child more costs on the first date, in pence."""
    answers = answers_of_a_family("SW-WAT-1") | {"agreed": True}
    answers["child"][0]["child_name"] = {"first": first, "last": "Ashdown"}
    journey.answers = answers
    return journeys.price(journey, journeys.walked(journey)).pence


def test_a_brother_who_is_added_later_gets_the_discount_for_brothers(course, home):
    _date, _other, booking, _version = course
    home.send(home.get(address(booking, "again")), "again/")
    journey = Journey.objects.latest("pk")

    assert price_for(journey) == 3150
    changing.cancel(booking, [1, 2])
    assert price_for(journey) == 3500


def test_whoever_types_the_same_address_gets_no_discount_and_learns_nothing(course):
    date, _other, _booking, version = course
    stranger = journeys.begin(version, owner="somebody", offering=date)

    assert price_for(stranger) == 3500


def test_the_date_that_was_offered_instead_is_booked_filled_in(course, home):
    date, other, booking, _version = course
    calloff.call_off(date.pk, by=person("ada", "bookings"), reason="Snow.", alternative=other)
    assert CourseRun.objects.get().alternative == other

    page = home.get(address(booking))
    assert "Book Tuesday 27 October 2026 instead" in page.text
    home.send(home.get(address(booking, "again")), "again/", child=["1", "2"])

    journey = Journey.objects.latest("pk")
    assert journey.offering == other
    assert journey.suggested["answers"]["places"] == {"offering": "SW-WAT-2", "children": 2}
    assert len(journey.suggested["answers"]["child"]) == 2


def notes(booking):
    return list(
        CaseEvent.objects.filter(case__reference=booking.reference, kind="note").values_list(
            "summary", flat=True
        )
    )


def test_a_child_booked_by_two_guardians_is_a_note_for_staff_alone(course):
    date, _other, booking, version = course
    theirs = book(version, date, names=TWO[:1], email="dale@example.org")

    assert "booked by somebody else too: " + theirs.reference in notes(booking)[0]
    assert "booked by somebody else too: " + booking.reference in notes(theirs)[0]
    assert not OutboxMessage.objects.filter(template="booking-clash").exists()
    for letter in OutboxMessage.objects.filter(to="dale@example.org"):
        assert booking.reference not in letter.text
        assert EMAIL not in letter.text
    seen = AtHome("dale@example.org").sign_in().get(address(theirs)).text
    assert booking.reference not in seen and "Rowan" not in seen.replace("Rowan Ashdown", "", 2)


def test_a_twin_of_the_same_day_is_nobodys_double(course):
    date, _other, booking, version = course
    theirs = book(version, date, names=[("Lark", "Ashdown", "2014-05-02")], email="d@example.org")

    assert notes(booking) == notes(theirs) == []


def test_a_familys_own_clash_is_told_to_it_by_letter_and_in_the_folder(course, home):
    _date, _other, booking, version = course
    second = half_term_date("SW-HIT-1", days=0)
    again = book(version, second, names=TWO[:1])

    letter = OutboxMessage.objects.get(template="booking-clash")

    assert (letter.to, booking.reference in letter.text) == (EMAIL, True)
    assert f"({booking.reference})" in home.get(address(again)).text
    assert Submission.objects.count() == 2
