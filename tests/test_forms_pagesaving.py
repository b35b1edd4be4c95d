"""A page is saved by one read and one write, and still nobody's answers are lost."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cms.secrecy import new_token
from forms import journeys, pagesaving
from forms.benches import ANSWERS, a_form
from forms.models import Journey
from tests.costs import fewest_queries
from tests.journeys import Family, publish_form

pytestmark = pytest.mark.django_db

YOU = {"name": {"first": "Robin", "last": "Example"}, "mail": "robin@example.org"}
WHAT = {"interest": "lessons", "plays": True}


@pytest.fixture
def as_read_twice():
    """The same row, as two requests read it at the same moment."""
    owner = new_token()
    begun = journeys.begin(publish_form(a_form()), owner=owner)
    pagesaving.save_page(begun, "you", answers=YOU)
    return [journeys.find("bench", begun.key, owner=owner) for _request in range(2)]


def test_two_pages_saved_at_the_same_moment_are_both_kept(as_read_twice):
    one, other = as_read_twice
    pagesaving.save_page(one, "what", answers=WHAT)
    saved = pagesaving.save_page(other, "you", answers=YOU | {"mail": "new@example.org"})

    stored = Journey.objects.get().answers
    assert stored == saved.answers == YOU | WHAT | {"mail": "new@example.org"}


def test_one_page_saved_twice_at_the_same_moment_asks_the_second(as_read_twice):
    one, other = as_read_twice
    step = next(step for step in one.version.compiled["steps"] if step["key"] == "what")
    mark = journeys.page_mark(other, step, None)
    pagesaving.save_page(one, "what", answers=WHAT)

    with pytest.raises(journeys.StalePageError):
        pagesaving.save_page(other, "what", answers=WHAT | {"interest": "courses"}, mark=mark)
    assert Journey.objects.get().answers["interest"] == "lessons"


def test_what_was_sent_meanwhile_is_not_changed(as_read_twice):
    Journey.objects.update(submitted_at=timezone.now(), answers={})

    with pytest.raises(journeys.AlreadySubmittedError):
        pagesaving.save_page(as_read_twice[0], "what", answers=WHAT)
    assert Journey.objects.get().answers == {}


def test_a_page_that_was_passed_without_an_item_counts_as_a_change(as_read_twice):
    before = Journey.objects.get().rev
    pagesaving.skip_repeat(as_read_twice[0], "more")
    assert Journey.objects.get().rev == before + 1


@pytest.mark.parametrize("steps", [4, 60])
def test_a_page_costs_one_read_and_one_write_however_long_the_form(steps, settings, _keep_no_pages):
    settings.PAGE_CACHE_SECONDS = 60
    publish_form(a_form(steps=steps))
    family = Family(form="bench")
    family.start()
    for step, answers in ANSWERS.items():
        path = f"{family.journey_path}{step}/"
        assert fewest_queries(lambda path=path: family.browser.get(path)) <= 1
        family.page = family.browser.get(path)
        hidden = {tag["name"]: tag["value"] for tag in family.page.form.select("[type=hidden]")}
        with CaptureQueriesContext(connection) as captured:
            posted = family.browser.post(path, hidden | answers)
        assert posted.status == 303
        assert len(captured) <= 2, [query["sql"][:80] for query in captured]
