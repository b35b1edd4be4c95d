"""Places before questions: the start page holds them, the way through the form keeps them."""

from datetime import date, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from cms import places
from cms.models import AddOn, CourseDate, Place, PlaceAddOn
from forms import agefit, submissions
from forms.compile import check, compiled
from forms.models import Journey, Submission
from forms.pricing import from_data
from tests.journeys import (
    Family,
    a_course_date,
    answers_of_a_family,
    publish_form,
    publish_songwriter,
    songwriter_package,
)

pytestmark = pytest.mark.django_db

START = "/apply/songwriter-booking/"


@pytest.fixture
def version():
    return publish_songwriter()


def begin(family=None, **posted):
    """Post the start page as a browser does, and stay at the answer."""
    family = family or Family()
    family.page = family.browser.get(START)
    family.page = family.browser.post(START, posted)
    return family


def held():
    rows = Place.objects.filter(state="held").order_by("course_date", "child_number")
    return [(row.course_date.reference, row.child_number) for row in rows]


def test_the_start_page_asks_for_the_date_and_the_children_first(version):
    a_course_date()
    page = Family().browser.get(START)

    assert list(page.questions) == ["places"]
    assert "Who is it for?" in page.text
    assert "Set-Cookie" not in page.headers


def test_choosing_holds_the_places_before_any_other_question(version):
    a_course_date()

    family = begin(places="SW-WAT-1", **{"children-places": "2"})

    assert held() == [("SW-WAT-1", 1), ("SW-WAT-1", 2)]
    minutes = (Place.objects.first().expires_at - timezone.now()).total_seconds() / 60
    assert 18 < minutes <= 19
    assert family.follow().heading == "Who the course is for"
    assert family.page.soup.select_one(".timer [role=status]")


def test_a_hold_outlives_a_refresh_and_coming_back(version):
    a_course_date()
    family = begin(places="SW-WAT-1", **{"children-places": "1"})
    until = Place.objects.get().expires_at
    family.follow()

    family.browser.get(family.page.path)
    family.browser.get(START)
    family.browser.get(family.journey_path)

    assert [(p.expires_at, p.state) for p in Place.objects.all()] == [(until, "held")]


def test_a_start_without_a_choice_begins_at_the_places(version):
    a_course_date()
    assert Family().start().questions.keys() == {"places"}


def test_what_is_wrong_is_said_on_the_start_page(version):
    a_course_date()
    page = begin(places="no-such", **{"children-places": "1"}).page

    assert page.status == 422
    assert page.errors == ["Select one of the dates that can be booked"]
    assert not Journey.objects.exists()


def test_a_full_date_is_answered_kindly_and_the_journey_stays(version):
    day = a_course_date(capacity=2)
    places.hold(day.pk, holder="others", children=1)

    family = begin(places="SW-WAT-1", **{"children-places": "2"})

    assert family.page.status == 200
    assert "only 1 place left" in family.page.text
    assert family.page.links("Join the waiting list")
    assert (held(), Journey.objects.count()) == ([("SW-WAT-1", 1)], 1)


def test_children_may_go_apart_when_the_family_says_so(version):
    a_course_date(capacity=2)
    a_course_date(capacity=1, reference="SW-WAT-2", price_pence=3000)
    posted = {"apart-SW-WAT-1-places": "2", "apart-SW-WAT-2-places": "1"}

    begin(places="apart", **posted)

    assert held() == [("SW-WAT-1", 1), ("SW-WAT-1", 2), ("SW-WAT-2", 3)]
    journey = Journey.objects.get()
    assert journey.answers["places"]["children"] == 3


def test_apart_is_all_or_none_too(version):
    a_course_date(capacity=2)
    other = a_course_date(capacity=1, reference="SW-WAT-2")
    places.hold(other.pk, holder="others", children=1)

    begin(places="apart", **{"apart-SW-WAT-1-places": "2", "apart-SW-WAT-2-places": "1"})

    assert held() == [("SW-WAT-2", 1)]


def test_a_family_with_children_apart_books_and_pays_for_each_date(version):
    a_course_date()
    a_course_date(reference="SW-WAT-2", price_pence=3000)
    family = begin(places="apart", **{"apart-SW-WAT-1-places": "1", "apart-SW-WAT-2-places": "1"})
    family.follow()
    family.walk(answers_of_a_family(children=2))
    family.send()

    submission = Submission.objects.get()
    rows = Place.objects.order_by("child_number")
    assert [(row.course_date.reference, row.state) for row in rows] == [
        ("SW-WAT-1", "confirmed"),
        ("SW-WAT-2", "confirmed"),
    ]
    # The dearest in full, ten per cent off the other.
    assert from_data(submission.price).pence == 3500 + 2700


def test_a_late_page_takes_the_places_again_or_says_at_once_that_they_are_gone(version):
    day = a_course_date(capacity=1)
    family = begin(places="SW-WAT-1", **{"children-places": "1"})
    family.follow()
    said = {"all_in_age": "yes", "in_county": "yes"}

    with time_machine.travel(timezone.now() + timedelta(minutes=20)):
        family.post(said)
        assert family.page.status == 303
        assert Place.objects.get().expires_at > timezone.now()

    with time_machine.travel(timezone.now() + timedelta(hours=2)):
        family.follow()
        places.hold(day.pk, holder="others", children=1)
        family.go("eligibility/")
        page = family.post(said)
        assert "Your place is no longer free" in page.text
        assert page.links("Join the waiting list")
        assert Journey.objects.get().answers["in_county"] is True


def test_add_ons_are_asked_for_each_child_and_kept_with_the_place(version):
    day = a_course_date()
    early = AddOn.objects.create(
        course_date=day, name="Early drop-off", price_pence=500, capacity=1
    )
    family = begin(places="SW-WAT-1", **{"children-places": "2"})
    family.follow()
    answers = answers_of_a_family(children=2)
    answers["child"][0]["extras"] = [str(early.pk)]
    family.walk(answers, until="music")

    assert [row.place.child_number for row in PlaceAddOn.objects.filter(seat=1)] == [1]

    other = begin(places="SW-WAT-1", **{"children-places": "1"})
    other.follow()
    other.walk(answers_of_a_family(), until="child")
    first = answers_of_a_family()["child"][0]
    page = other.post({**first, "extras": [str(early.pk)]})
    assert "There is no more room for this: Early drop-off." in page.text
    assert "Full" in other.go("child/").questions["extras"].get_text()

    family.walk(answers)
    assert "Early drop-off" in family.page.text
    family.send()
    # Two places and early drop-off; ten per cent off the cheaper child.
    assert from_data(Submission.objects.get().price).pence == 3500 + 3500 + 500 - 350


def test_a_date_without_add_ons_asks_nothing_about_them(version):
    a_course_date()
    family = begin(places="SW-WAT-1", **{"children-places": "1"})
    family.follow()
    family.walk(answers_of_a_family(), until="child")
    assert "extras" not in family.page.questions


def test_places_kept_for_help_go_back_when_the_family_says_no(version):
    day = a_course_date(capacity=2)
    CourseDate.objects.update(equity_places=1)
    assert "help-places" in str(Family().browser.get(START).soup)
    places.hold(day.pk, holder="others", children=1)

    full = begin(places="SW-WAT-1", **{"children-places": "1"})
    assert "no places left" in full.page.text

    family = begin(places="SW-WAT-1", **{"children-places": "1", "help-places": "yes"})
    family.follow()
    assert Place.objects.filter(claims_help=True).count() == 1
    family.walk(answers_of_a_family(), until="help")
    page = family.post({"wants_help": "no"})
    assert "kept for families who ask for help" in page.text
    family.go("help/")
    assert family.post({"wants_help": "yes"}).status == 303


def test_the_first_step_must_be_the_one_with_the_places():
    form = songwriter_package()["form"]
    form["steps"].append(form["steps"].pop(0))
    found = [one.code for one in check(compiled(form))]
    assert "places_first" in found


def test_before_opening_the_page_says_when_by_our_clock(version):
    opens = timezone.now() + timedelta(minutes=3)
    a_course_date(booking_opens_at=opens)
    page = Family().browser.get(START)

    assert "Booking opens on" in page.text
    assert "It is " in page.text
    assert not page.questions
    assert int(page.headers["Refresh"]) <= 10
    assert "max-age=2" in page.headers["Cache-Control"]
    assert "Refresh" not in Family().browser.get(START + "?still=1").headers

    with time_machine.travel(opens):
        assert list(Family().browser.get(START).questions) == ["places"]


def test_the_start_page_is_never_kept_beyond_the_minute_that_changes_it(version):
    a_course_date(booking_opens_at=timezone.now() + timedelta(seconds=7))
    a_course_date(reference="SW-WAT-2")
    page = Family().browser.get(START)
    assert int(page.headers["Cache-Control"].rpartition("=")[2]) <= 7


def test_submitting_trusts_a_live_hold(version, monkeypatch):
    a_course_date(capacity=1)
    family = begin(places="SW-WAT-1", **{"children-places": "1"})
    family.follow()
    family.walk(answers_of_a_family())
    monkeypatch.setattr(places, "_standing", lambda date, now: pytest.fail("it was counted"))
    submissions.submit(Journey.objects.get())
    assert Place.objects.get().state == "confirmed"


def at_the_child(family=None, number=1):
    family = begin(family, places="SW-WAT-1", **{"children-places": str(number)})
    family.follow()
    family.walk(answers_of_a_family(children=number), until="child")
    return family


def test_a_child_whom_the_date_is_not_for_is_told_kindly_with_what_would_fit(version):
    day = a_course_date(min_age=12, max_age=18)
    for number in range(2, 6):
        a_course_date(reference=f"SW-WAT-{number}", min_age=8)
    family = at_the_child()

    page = family.post(answers_of_a_family()["child"][0] | {"date_of_birth": "2016-05-02"})

    assert page.status == 422
    assert page.heading == "This date is not for this age"
    assert "It is for ages 12 to 18 on its first day" in page.text
    assert len(page.soup.select(".date-choices li")) == 3
    assert not page.errors
    assert "child" not in Journey.objects.get().answers
    assert Place.objects.filter(course_date=day, state="held").exists()


def test_age_counts_on_the_day_of_the_course(version):
    a_course_date(min_age=8, max_age=9)
    first = CourseDate.objects.get().first_day
    family = at_the_child()
    eight = first.replace(year=first.year - 8)
    page = family.post(answers_of_a_family()["child"][0] | {"date_of_birth": eight.isoformat()})
    assert page.status == 303


def test_twin_where_the_author_does_not_want_it_no_age_is_checked():
    package_ = songwriter_package()
    del package_["form"]["steps"][0]["questions"][0]["settings"]["check_ages"]
    publish_form(package_["form"])
    a_course_date(min_age=12, max_age=18)
    family = at_the_child()
    page = family.post(answers_of_a_family()["child"][0] | {"date_of_birth": "2016-05-02"})
    assert page.status == 303


@pytest.mark.parametrize(
    ("born", "does_fit"),
    [
        # Both are in another year on 26 October 2026, and a year more or less is lawful.
        ("2015-08-31", True),
        ("2015-09-01", True),
        ("2013-08-31", False),
        ("2018-09-01", False),
    ],
)
def test_school_years_may_differ_by_one(born, does_fit):
    row = a_course_date(
        starts_at=timezone.make_aware(datetime(2026, 10, 26, 10)),
        ends_at=timezone.make_aware(datetime(2026, 10, 26, 16)),
        booking_opens_at=timezone.make_aware(datetime(2026, 9, 1, 10)),
        booking_closes_at=timezone.make_aware(datetime(2026, 10, 24, 10)),
        min_year=5,
        max_year=6,
    )
    assert agefit.fits(row, date.fromisoformat(born)) is does_fit


def test_the_page_before_opening_promises_nothing_that_is_not_so(version):
    opens = timezone.now() + timedelta(minutes=3)
    a_course_date(booking_opens_at=opens)
    first_come = Family().browser.get(START).text
    assert "whoever chooses them first" in first_come
    assert "need not hurry" not in first_come

    a_course_date(reference="SW-WAT-2", booking_opens_at=opens, draw_minutes=30)
    both = Family().browser.get(START).text
    assert "Where they are not drawn, places go to whoever chooses them first" in both
    assert "need not hurry" in both

    CourseDate.objects.filter(draw_minutes=None).delete()
    assert "whoever chooses them first" not in Family().browser.get(START).text


def test_how_many_come_is_never_assumed(version):
    a_course_date()
    page = Family().browser.get(START + "?for=SW-WAT-1")
    assert page.soup.select_one("input[value=SW-WAT-1]").has_attr("checked")

    family = begin(places="SW-WAT-1", **{"children-places": ""})

    assert held() == []
    assert family.follow().questions.keys() == {"places"}
