"""Pages for when something is wrong: the right status, plain words, and no help from the database."""

import re

import pytest
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.http import HttpResponse
from django.urls import path
from wagtail.models import Locale, Page, Site

from cms import views
from cms.throttle import TooOftenError
from cms.urls import handler403, handler404, handler500, urlpatterns
from tests.costs import fewest_queries

__all__ = ["handler403", "handler404", "handler500"]


def _raises(error):
    def view(request):
        raise error

    return view


def _accepts_post(request):
    return HttpResponse("posted")


urlpatterns = [
    path("broken/", _raises(ValueError("a bug"))),
    path("locked/", _raises(OperationalError("database is locked"))),
    path("often/", _raises(TooOftenError(90))),
    path("closed/", _raises(PermissionDenied())),
    path("form/", _accepts_post),
    *urlpatterns,
]
pytestmark = pytest.mark.urls(__name__)


@pytest.fixture
def site(db):
    Locale.objects.get_or_create(language_code="en-gb")
    root = Page.get_first_root_node() or Page.add_root(title="Root", slug="root")
    return Site.objects.first() or Site.objects.create(hostname="localhost", root_page=root)


def heading(response) -> str:
    return re.search(r"<h1>(.*?)</h1>", response.content.decode(), re.DOTALL).group(1)


def test_an_unknown_address_is_a_404_with_a_search_box(client, site):
    response = client.get("/no/such/page/")

    assert response.status_code == 404
    assert heading(response) == "We cannot find that page"
    assert 'name="q"' in response.content.decode()


def test_a_closed_page_is_a_403_that_says_whom_to_ask(client, site):
    response = client.get("/closed/")

    assert (response.status_code, heading(response)) == (403, "You cannot open this page")


def test_a_stale_form_is_a_403_that_says_what_to_do(site):
    from django.test import Client

    response = Client(enforce_csrf_checks=True).post("/form/", {})

    assert (response.status_code, heading(response)) == (403, "This page has been open too long")


def test_too_many_tries_are_a_429_that_says_how_long_to_wait(client, db):
    response = client.get("/often/")

    assert response.status_code == 429
    assert response.headers["Retry-After"] == "90"
    assert "Wait 2 minutes" in response.content.decode()


def test_a_database_that_does_not_answer_is_a_503(client, db):
    response = client.get("/locked/")

    assert response.status_code == 503
    assert response.headers["Retry-After"] == "30"
    assert heading(response) == "We are busy for a moment"


def test_a_bug_is_a_500_that_says_nothing_of_itself(client, db):
    client.raise_request_exception = False

    response = client.get("/broken/")

    assert (response.status_code, heading(response)) == (500, "Sorry, something went wrong")
    assert "a bug" not in response.content.decode()


def test_a_database_that_fails_outside_a_view_is_a_503_too(rf):
    try:
        raise OperationalError("gone")
    except OperationalError:
        response = views.server_error(rf.get("/"))

    assert response.status_code == 503


@pytest.mark.parametrize(
    ("template", "status"), [("429.html", 429), ("500.html", 500), ("503.html", 503)]
)
def test_the_plain_pages_ask_nothing_of_the_database(
    template, status, django_assert_num_queries, db
):
    with django_assert_num_queries(0):
        response = views.bare_page(template, status)

    assert response.status_code == status
    assert "no-store" in response.headers["Cache-Control"]


def test_a_500_is_shown_even_when_its_own_files_are_missing(monkeypatch):
    def missing(name):
        raise ValueError("Missing staticfiles manifest entry")

    monkeypatch.setattr(staticfiles_storage, "url", missing)

    response = views.bare_page("500.html", 500)

    assert (response.status_code, heading(response)) == (500, "Sorry, something went wrong")


@pytest.mark.parametrize("address", ["/no/such/page/", "/closed/", "/often/", "/locked/"])
def test_every_error_page_keeps_the_strict_policy(client, site, address):
    policy = client.get(address).headers["Content-Security-Policy"].split("; ")

    assert {"script-src 'self'", "style-src 'self'"} <= set(policy)
    assert [part for part in policy if "unsafe" in part] == []


def test_a_404_costs_the_same_queries_however_many_pages_the_menu_has(client, site):
    def count():
        return fewest_queries(lambda: client.get("/no/such/page/"))

    home = site.root_page
    home.add_child(instance=Page(title="One", slug="one", show_in_menus=True))
    with_one = count()
    for number in range(4):
        home.add_child(instance=Page(title=f"P{number}", slug=f"p{number}", show_in_menus=True))

    assert count() <= with_one


@pytest.mark.parametrize(
    ("address", "status"), [("/?page=%00", 200), ("/search/?q=a%00b", 200), ("/cen%00tres/", 404)]
)
def test_a_nul_in_an_address_is_answered_plainly_on_both_back_ends(client, db, address, status):
    assert client.get(address).status_code == status
