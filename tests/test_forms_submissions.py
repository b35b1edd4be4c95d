"""What sending a form in writes, and that it writes all of it or nothing."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from cms import places
from cms.mailmarkup import MailMarkupError
from cms.models import CourseDate, OutboxMessage, Place
from forms import letters, submissions
from forms.models import Journey, Submission
from forms.pricing import Line, price_of
from tests.casework import run_until_over
from tests.journeys import Family, a_course_date, answers_of_a_family, publish_songwriter
from workflows.actions import ActionProblemError, actions
from workflows.engine import perform
from workflows.models import Case

pytestmark = pytest.mark.django_db

PRICED = {
    "pricing": {"per_place": "offering", "sibling_discount": {"from_child": 2, "percent": 10}},
    "steps": [{"questions": [{"key": "places", "type": "places"}]}],
}


@pytest.fixture
def date():
    publish_songwriter()
    return a_course_date()


def at_the_end(children=1, **answers):
    family = Family()
    family.start()
    family.walk(answers_of_a_family(children=children, **answers))
    return family


@pytest.mark.parametrize(
    ("children", "pence", "lines"),
    [
        (1, 3500, [3500]),
        (2, 6650, [7000, -350]),
        (3, 9800, [10500, -700]),
    ],
)
def test_brothers_and_sisters_pay_a_tenth_less_in_whole_pence(date, children, pence, lines):
    answers = {"places": {"offering": date.reference, "children": children}}
    price = price_of(PRICED, answers, date)

    assert (price.pence, [line.pence for line in price.lines]) == (pence, lines)


def test_half_pence_are_given_to_the_family(date):
    date.price_pence = 3505
    answers = {"places": {"offering": date.reference, "children": 2}}
    assert price_of(PRICED, answers, date).lines[1] == Line("10% off for 1 brother or sister", -351)


def test_the_price_is_the_same_on_the_check_page_in_the_letter_and_in_the_submission(date):
    family = at_the_end(children=2)
    shown = family.page.soup.select_one("[data-price]").get_text()
    family.send()

    assert shown == "£66.50"
    assert "£66.50" in OutboxMessage.objects.get().text
    assert Submission.objects.get().price["pence"] == 6650
    assert family.page.soup.select_one("[data-price]").get_text() == "£66.50"


def test_a_price_that_changed_meanwhile_is_shown_before_anything_is_sent(date):
    family = at_the_end()
    date.price_pence = 4000
    date.save()
    family.send()

    assert family.page.status == 409
    assert "The price has changed" in family.page.text
    assert not Submission.objects.exists()
    family.send()
    assert Submission.objects.get().price["pence"] == 4000


def test_when_the_letter_cannot_be_written_nothing_is(date, monkeypatch):
    family = at_the_end()

    def refuse(*_arguments, **_named):
        raise MailMarkupError("no such placeholder")

    monkeypatch.setattr(letters.mail, "queue", refuse)
    before = Journey.objects.values().get()
    with pytest.raises(MailMarkupError):
        submissions.submit(Journey.objects.get())

    assert not Submission.objects.exists()
    assert not Case.objects.exists()
    assert Journey.objects.values().get() == before
    assert set(Place.objects.values_list("state", flat=True)) == {"held"}
    assert family.page.status == 200


def test_a_case_keeps_restricted_answers_in_sections_of_their_own(date):
    at_the_end(has_needs="yes", conditions="Asthma").send()
    submission = Submission.objects.get()
    groups = {part["title"]: part["group"] for part in submission.case_sections()}
    plain = [part for part in submission.case_sections() if not part["group"]]

    assert groups["How we can look after them"] == "health"
    assert "Asthma" not in str(plain)
    assert "Wren" in str(plain)


def test_cancelling_gives_the_places_back_and_confirming_keeps_them(date):
    at_the_end(children=2).send()
    case = Case.objects.get()
    run_until_over(perform(case.pk, "confirm", by=None))
    assert places.left_on(date.pk) == 18

    run_until_over(perform(case.pk, "cancel", by=None, comment="Ill"))
    assert places.left_on(date.pk) == 20
    told = OutboxMessage.objects.values_list("template", flat=True).order_by("pk")
    assert list(told) == ["booking-received", "booking-confirmed", "booking-cancelled"]


def test_confirming_a_booking_whose_places_are_gone_does_not_say_that_it_worked(date):
    at_the_end().send()
    case = Case.objects.get()
    places.release(Submission.objects.get().holder)
    event = perform(case.pk, "confirm", by=None)
    run_until_over(event)

    assert event.runs.get(type="confirm_place").state == "failed"
    assert not OutboxMessage.objects.filter(template="booking-confirmed").exists()


def test_given_back_places_are_kept_for_a_while_and_can_then_be_confirmed(date):
    at_the_end(children=2).send()
    case, holder = Case.objects.get(), Submission.objects.get().holder
    hold = actions["hold_place"]()
    assert hold.run(case, {}) == "2 places theirs already"
    places.release(holder)

    with time_machine.travel(datetime(2027, 3, 27, 9, 0, tzinfo=UTC), tick=False):
        start = timezone.now() + timedelta(days=20)
        CourseDate.objects.update(
            starts_at=start, ends_at=start + timedelta(hours=5), booking_closes_at=timezone.now()
        )
        with pytest.raises(places.NotBookableError):
            places.hold(date.pk, holder="a family", children=1)
        assert hold.run(case, {"hours": 24}) == "2 places kept until 28 March 2027, 10:00"
        assert places.left_on(date.pk) == 18
    with time_machine.travel(datetime(2027, 3, 28, 8, 59, tzinfo=UTC), tick=False):
        assert actions["confirm_place"]().run(case, {}) == "2 places confirmed"
    assert hold.check({"hours": 400}) == ["“hours” must be a number from 1 to 336."]


def test_places_that_others_have_by_now_are_not_kept(date):
    at_the_end(children=2).send()
    case = Case.objects.get()
    places.release(Submission.objects.get().holder)
    places.hold(date.pk, holder="others", children=19)
    CourseDate.objects.update(booking_closes_at=timezone.now())

    with pytest.raises(ActionProblemError):
        actions["hold_place"]().run(case, {})
    assert places.left_on(date.pk) == 1
    CourseDate.objects.update(status=CourseDate.Status.CANCELLED)
    with pytest.raises(ActionProblemError):
        actions["hold_place"]().run(case, {})


def test_the_calendar_entry_names_the_day_and_no_child(date):
    at_the_end().send()
    entry = letters.calendar_entry(Submission.objects.get()).content.decode()

    begins = timezone.localtime(date.starts_at)
    assert f"DTSTART;TZID=Europe/London:{begins:%Y%m%dT%H%M%S}" in entry
    assert "Watford Music Centre" in entry
    assert "Wren" not in entry
    assert "Ashdown" not in entry
