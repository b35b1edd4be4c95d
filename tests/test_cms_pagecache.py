"""Whole pages kept until what they show changes: never too long, never a private one."""

import gzip
import time
from contextlib import contextmanager

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from wagtail.models import PageViewRestriction

from cms import pagecache
from cms.models import ContentStamp
from pages.models import CourseIndexPage, CoursePage, HomePage, Notice, StandardPage

from .demo_hub import make_course_date

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def kept(settings, _keep_no_pages):
    settings.PAGE_CACHE_SECONDS = 60
    cache.clear()
    pagecache._Known.read_at = float("-inf")
    yield
    cache.clear()
    pagecache._Known.read_at = float("-inf")


@pytest.fixture
def committing(django_capture_on_commit_callbacks):
    """Do what a commit does at the end of a block, and forget it as a commit does."""

    @contextmanager
    def committing():
        connection.run_on_commit.clear()
        with django_capture_on_commit_callbacks(execute=True) as callbacks:
            yield callbacks
        connection.run_on_commit.clear()

    return committing


@pytest.fixture
def page(committing):
    with committing():
        return HomePage.objects.get().add_child(
            instance=StandardPage(title="Before", slug="about", summary="x")
        )


def read(client, path="/about/", **headers) -> str:
    return client.get(path, headers=headers).content.decode()


def rename(page, title):
    page.title = title
    page.save_revision().publish()


def test_a_page_is_made_once_and_then_costs_no_query(client, page):
    read(client)

    with CaptureQueriesContext(connection) as queries:
        assert "<h1>Before</h1>" in read(client)

    # The stamp is read again when it is a second old; nothing else may be asked.
    assert [query["sql"] for query in queries if "contentstamp" not in query["sql"]] == []


def test_publishing_shows_at_once(client, page, committing):
    read(client)

    with committing():
        rename(page, "After")

    assert "<h1>After</h1>" in read(client)


def test_without_the_stamp_the_old_page_would_stay(client, page, committing):
    read(client)

    rename(page, "After")  # and nothing is committed

    assert "<h1>Before</h1>" in read(client)


def test_a_change_by_another_process_shows_within_a_second(client, page):
    read(client)
    StandardPage.objects.filter(pk=page.pk).update(title="After")

    ContentStamp.objects.update(number=9)  # as the other process does
    time.sleep(pagecache.STAMP_SECONDS + 0.05)

    assert "<h1>After</h1>" in read(client)


def test_one_transaction_with_many_changes_moves_the_stamp_once(page, committing):
    before = ContentStamp.objects.get().number

    with committing() as callbacks:
        for title in ("One", "Two", "Three"):
            Notice.objects.create(title=title)

    assert callbacks.count(pagecache._next_stamp) == 1
    assert ContentStamp.objects.get().number == before + 1


def test_a_page_with_places_is_kept_for_less_than_five_seconds(client, committing):
    with committing():
        index = HomePage.objects.get().add_child(
            instance=CourseIndexPage(title="Courses", slug="courses")
        )
        index.add_child(
            instance=CoursePage(
                title="Songwriter", slug="songwriter", course=make_course_date().course
            )
        )
    first = read(client, "/courses/")
    assert "data-places" in first
    CourseIndexPage.objects.update(title="Later")
    assert read(client, "/courses/") == first
    time.sleep(4.5)  # Redis keeps its own time, so no clock of ours can be moved for it
    assert "<h1>Later</h1>" in read(client, "/courses/")


def test_staff_see_pages_as_they_are(client, page, admin_user):
    read(client)
    StandardPage.objects.filter(pk=page.pk).update(title="After")
    client.force_login(admin_user)

    assert "<h1>After</h1>" in read(client)


def test_what_staff_see_is_not_kept_for_visitors(client, page, admin_user):
    client.force_login(admin_user)
    assert "wagtail-userbar" in read(client)

    client.logout()
    client.cookies.clear()

    assert "wagtail-userbar" not in read(client)


@pytest.mark.parametrize("path", ["/search/", "/healthz", "/about/?page=2", "/no/such/page/"])
def test_only_pages_without_a_question_are_kept(client, page, path):
    client.get(path)

    with CaptureQueriesContext(connection) as queries:
        response = client.get(path)

    assert "ETag" not in response
    assert path == "/healthz" or len(queries)


def test_a_private_page_is_never_kept(client, page):
    PageViewRestriction.objects.create(
        page=page, restriction_type=PageViewRestriction.PASSWORD, password="drum"
    )

    response = client.get("/about/")

    assert "ETag" not in response
    assert "<h1>Before</h1>" not in response.content.decode()


def test_a_reader_who_has_it_is_told_so_in_few_words(client, page):
    etag = client.get("/about/")["ETag"]

    again = client.get("/about/", headers={"if-none-match": etag})

    assert (again.status_code, again.content) == (304, b"")
    assert again["Cache-Control"] == "public, no-cache"


def test_it_is_sent_small_to_those_who_can_unpack_it(client, page):
    plain = client.get("/about/").content
    packed = client.get("/about/", headers={"accept-encoding": "br, gzip"})

    assert packed["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.content) == plain
    assert len(packed.content) < len(plain) / 2


def test_a_kept_page_carries_the_same_policies(client, page):
    first, second = client.get("/about/"), client.get("/about/")

    for header in ("Content-Security-Policy", "Permissions-Policy", "X-Content-Type-Options"):
        assert second[header] == first[header]
