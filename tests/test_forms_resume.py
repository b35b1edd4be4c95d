"""Saving a journey and coming back to it, and who may not."""

import random
import re
import string

import pytest
from django.test import Client
from django.utils import timezone

from cms.models import OutboxMessage
from forms import resume
from forms.models import Journey
from tests.journeys import DjangoBrowser, Family, publish_form
from tests.test_forms_pitfalls import FORM
from tests.trust import at_length

pytestmark = pytest.mark.django_db
EMAIL = "rowan@example.org"


@pytest.fixture
def family():
    publish_form(FORM)
    family = Family(form="loan")
    family.start()
    family.answer({"who_for": "child"})
    return family


def link_of(message):
    return re.search(r"/resume/[\w-]+/", message.text)[0]


def save(family, email=EMAIL):
    family.go("save/")
    form = family.page.form
    data = {
        "email": email,
        "csrfmiddlewaretoken": form.select_one("[name=csrfmiddlewaretoken]")["value"],
    }
    family.page = family.browser.post(family.page.path, data)
    return family.page


def come_back(link, email=EMAIL, browser=None):
    browser = browser or DjangoBrowser()
    page = browser.get(link)
    if page.status != 200:
        return browser, page
    token = page.form.select_one("[name=csrfmiddlewaretoken]")["value"]
    return browser, browser.post(link, {"email": email, "csrfmiddlewaretoken": token})


def test_a_link_brings_the_journey_to_another_device_and_leaves_the_first(family):
    save(family)
    browser, answer = come_back(link_of(OutboxMessage.objects.get()), " Rowan@Example.org ")

    assert (answer.status, answer.location) == (303, family.journey_path + "child/")
    assert browser.get(answer.location).status == 200
    assert family.go("child/").status == 404


def test_the_page_says_until_when(family):
    page = save(family)
    until = timezone.localtime(Journey.objects.get().expires_at)
    assert f"{until.day} {until:%B %Y}" in page.text


def test_looking_at_a_link_uses_nothing_up(family):
    save(family)
    link = link_of(OutboxMessage.objects.get())
    before = Journey.objects.values().get()
    for _turn in range(3):
        assert Client().get(link).status_code == 200
        assert Client().head(link).status_code == 200

    assert Journey.objects.values().get() == before
    assert come_back(link)[1].status == 303


def test_a_link_works_once_and_the_next_one_is_on_its_way(family):
    save(family)
    first = link_of(OutboxMessage.objects.get())
    come_back(first)
    second = link_of(OutboxMessage.objects.order_by("pk").last())

    assert first != second
    assert come_back(first)[1].status == 404
    assert come_back(second)[1].status == 303


def test_used_expired_revoked_and_unknown_links_cannot_be_told_apart(family):
    save(family)
    used = link_of(OutboxMessage.objects.get())
    come_back(used)
    pages = {Client().get(used).content, Client().get(f"/resume/{'x' * 43}/").content}
    expired = link_of(OutboxMessage.objects.order_by("pk").last())
    Journey.objects.update(resume_expires_at=timezone.now())
    pages.add(Client().get(expired).content)
    Journey.objects.update(resume_hash="")
    pages.add(Client().get(expired).content)

    assert len(pages) == 1


def test_another_address_opens_nothing_and_few_tries_are_allowed(family):
    save(family)
    link = link_of(OutboxMessage.objects.get())
    tries = [come_back(link, "other@example.org")[1].status for _turn in range(6)]

    assert tries == [422] * 5 + [429]
    refused = come_back(link)[1]
    assert refused.status == 429
    assert re.search(r"Wait \d+ minute", refused.text)
    assert family.go("child/").status == 200


def guesses(real, number, seed=9):
    """Tokens that somebody might try: half of them by chance, half of them close to a real one."""
    chance = random.Random(seed)
    letters = string.ascii_letters + string.digits + "-_"
    for turn in range(number):
        if turn % 2:
            yield "".join(chance.choices(letters, k=len(real)))
        else:
            at = chance.randrange(len(real))
            other = chance.choice(letters.replace(real[at], ""))
            yield real[:at] + other + real[at + 1 :]


def test_guessing_links_finds_none_and_uses_none_up(family):
    save(family)
    link = link_of(OutboxMessage.objects.get())
    before = Journey.objects.values().get()
    browser = Client()
    met = {
        browser.get(f"/resume/{token}/").status_code
        for token in guesses(link.split("/")[2], at_length(200, 10_000))
    }

    assert met == {404}
    assert Journey.objects.values().get() == before
    assert browser.get(link).status_code == 200  # what a hit would have looked like


def test_only_a_hash_of_the_link_is_kept_with_the_journey(family):
    save(family)
    token = link_of(OutboxMessage.objects.get()).split("/")[2]
    values = Journey.objects.values().get()

    assert len(token) == 43
    assert token not in str(values)
    assert resume.find(token).pk == values["id"]


def test_an_address_that_is_none_is_refused(family):
    assert save(family, "rowan").status == 422
    assert not OutboxMessage.objects.exists()


def test_two_journeys_of_one_browser_both_survive_a_link(family):
    save(family)
    other = Family(family.browser, form="loan")
    other.start()
    come_back(link_of(OutboxMessage.objects.get()), browser=family.browser)

    assert [family.go("child/").status, other.go("who/").status] == [200, 200]
