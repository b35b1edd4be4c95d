"""Forms begun and not sent: listed in the folder of who began them, and gone on with there."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from forms.models import Journey
from tests.costs import fewest_queries
from tests.folder import AtHome
from tests.journeys import Family, publish_form
from tests.test_forms_languages import FORM as CHOIR
from tests.test_forms_resume import EMAIL, FORM, save

pytestmark = pytest.mark.django_db


@pytest.fixture
def saved(db):
    """A form half filled in, whose link was sent to EMAIL."""
    publish_form(FORM)
    family = Family(form="loan")
    family.start()
    family.answer({"who_for": "child"})
    save(family)
    return family


def buttons(home):
    page = home.get("/family/")
    return [form["action"] for form in page.soup.select("form[action*=unsent]")]


def test_a_saved_form_is_listed_for_its_address_alone_and_gone_on_with(saved):
    home = AtHome(EMAIL).sign_in()
    [action] = buttons(home)
    assert "it is deleted on" in home.get("/family/").text

    page = home.send(home.get("/family/"), action_ends=action)
    assert page.status == 303
    assert home.browser.get(page.location).status == 200
    assert saved.go("child/").status == 404  # it is this browser's now

    stranger = AtHome("somebody.else@example.org").sign_in()
    assert buttons(stranger) == []
    token = stranger.get("/family/new/").soup.select_one("[name=csrfmiddlewaretoken]")["value"]
    assert stranger.browser.post(action, {"csrfmiddlewaretoken": token}).status == 404
    assert stranger.get(action).status == 405


def test_what_is_begun_in_the_folder_is_listed_until_it_is_sent_or_deleted(db):
    publish_form(FORM)
    home = AtHome(EMAIL).sign_in()
    home.send(home.get("/family/new/loan/"))

    assert len(buttons(home)) == 1
    taken = home.get("/family/download/everything.json")
    assert "begun_and_not_sent" in str(taken.soup)
    journey = Journey.objects.get()
    with time_machine.travel(journey.expires_at + timedelta(minutes=1)):
        assert buttons(AtHome(EMAIL).sign_in()) == []
    Journey.objects.update(submitted_at=timezone.now())
    assert buttons(home) == []


def test_a_form_without_an_address_is_in_no_folder(db):
    publish_form(FORM)
    Family(form="loan").start()
    assert Journey.objects.get().folder_seal == ""
    assert buttons(AtHome(EMAIL).sign_in()) == []


def test_the_folder_costs_the_same_for_one_begun_form_and_for_three(db):
    publish_form(FORM)
    home = AtHome(EMAIL).sign_in()
    home.send(home.get("/family/new/loan/"))
    one = fewest_queries(lambda: home.get("/family/"))
    for _each in range(2):
        home.send(home.get("/family/new/loan/"))
    assert len(buttons(home)) == 3
    assert fewest_queries(lambda: home.get("/family/")) <= one


def test_a_form_is_begun_from_the_folder_in_a_language_that_it_has(db):
    publish_form(CHOIR)
    home = AtHome(EMAIL).sign_in()
    page = home.get("/family/new/choir/")
    assert [link["lang"] for link in page.soup.select("a[hreflang]")] == ["cy"]

    page = home.get("/family/new/choir/?lang=cy")
    assert "Ymunwch â'r côr" in page.text
    assert page.soup.html["lang"] == "cy"
    begun = home.send(page)
    assert Journey.objects.get().language == "cy"
    assert "Pa ran" in home.browser.get(begun.location).text
    assert home.get("/family/new/choir/?lang=xx").soup.html["lang"].startswith("en")
