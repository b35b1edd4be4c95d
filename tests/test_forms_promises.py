"""What a person expects of Back, refresh, tabs, devices and double clicks, one by one."""

import pytest

from cms import places
from cms.models import Place
from forms.models import Journey, Submission
from tests.journeys import Family, a_course_date, answers_of_a_family, publish_songwriter

pytestmark = pytest.mark.django_db


@pytest.fixture
def family(db):
    publish_songwriter()
    a_course_date()
    family = Family()
    family.start()
    return family


def test_refreshing_and_going_forward_change_nothing(family):
    family.walk(answers_of_a_family(), until="music")
    before = Journey.objects.values("answers", "rev").get()
    for step in ("eligibility", "child", "music", "music"):
        assert family.go(f"{step}/").status == 200
    assert Journey.objects.values("answers", "rev").get() == before


def test_back_after_sending_shows_the_reference_and_no_answers(family):
    family.walk(answers_of_a_family())
    check, reference = family.page, family.send().reference
    for step in ("booker/", "check/", "child/1/", "", "save/"):
        family.go(step)
        assert family.page.location.endswith("/done/"), step
    family.page = check
    assert family.send().reference == reference
    assert Submission.objects.count() == 1


def test_pressing_a_button_twice_saves_a_page_once_and_one_child(family):
    family.walk(answers_of_a_family(), until="child")
    page = family.page
    child = answers_of_a_family()["child"][0]
    first = family.post(child)
    family.page = page
    second = family.post(child)

    assert (first.status, second.status) == (303, 303)
    assert len(Journey.objects.get().answers["child"]) == 1


def test_two_tabs_go_on_from_different_pages_of_one_journey(family):
    family.walk(answers_of_a_family(), until="booker")
    first = family.page
    second = family.go("music/")
    family.page = first
    family.answer(answers_of_a_family())
    family.page = second
    family.answer({"plays": "The harp"})
    stored = Journey.objects.get().answers

    assert stored["plays"] == "The harp"
    assert stored["email"] == "rowan.ashdown@example.org"


def test_answers_that_are_hidden_at_the_end_are_nowhere_afterwards(family):
    family.walk(answers_of_a_family(has_needs="yes", conditions="Canary asthma"))
    family.go("needs/?return=check")
    family.answer({"has_needs": "no"})
    assert "Canary" in str(Journey.objects.get().answers)
    assert "Canary" not in family.page.text
    family.send()
    submission = Submission.objects.get()

    assert "Canary" not in f"{submission.answers} {submission.labels}"
    assert Journey.objects.get().answers == {}


def test_more_time_can_be_had_on_a_list_and_on_the_check_page(family):
    family.walk(answers_of_a_family(), until="emergency")
    for contact in answers_of_a_family()["emergency"]:
        family.answer(contact)
    assert family.page.questions == {}
    assert "Your place is kept until" in family.page.text
    family.post({}, more_time="1")
    assert family.page.location.endswith("/emergency/")
    family.follow()
    family.answer()
    family.walk(answers_of_a_family())
    extend = family.page.soup.select_one('form[action$="/extend/"]')
    assert extend is not None
    assert Place.objects.filter(state="held").count() == 1
    assert places.left_on(Place.objects.get().course_date_id) == 19
