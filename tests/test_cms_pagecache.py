"""Whole pages kept until what they show changes: never too long, never a private one."""

import contextlib
import gzip
import re
import socket
import time
from contextlib import contextmanager
from datetime import timedelta
from functools import partial

import pytest
from django.core.cache import cache
from django.db import connection, transaction
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from gunicorn.config import Config
from gunicorn.http import get_parser
from gunicorn.http.wsgi import create
from wagtail.models import Page, PageViewRestriction

from cms import keptfirst, keptpages, pagecache
from cms.models import ContentStamp, Place
from pages import counts
from pages.models import (
    CourseIndexPage,
    CoursePage,
    DailyCount,
    HomePage,
    KeyFigure,
    NewsIndexPage,
    NewsPage,
    Notice,
    StandardPage,
)

from .demo_hub import empty_page_cache, make_course_date

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def kept(settings, _keep_no_pages):
    settings.PAGE_CACHE_SECONDS = 60
    empty_page_cache()
    yield
    empty_page_cache()


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
    before = pagecache.stamp(anew=True)

    with committing():
        for title in ("One", "Two", "Three"):
            Notice.objects.create(title=title)

    assert pagecache.stamp(anew=True) == before + 1
    assert ContentStamp.objects.get(of="pages.Notice").number == 1


def test_what_lasts_is_made_anew_when_its_own_models_change_or_anything_may_have(committing):
    made = []

    def make() -> int:
        made.append(1)
        return len(made)

    def lasts() -> int:
        return pagecache.lasting("test", (Notice, Page), make)

    assert (lasts(), lasts()) == (1, 1)
    with committing():
        KeyFigure.objects.create(
            label="x", value="1", as_at="2026-09-01", source="s", owner="o", review_on="2027-09-01"
        )
    assert lasts() == 1
    with committing():
        Notice.objects.create(title="One")
    assert lasts() == 2
    with committing():
        HomePage.objects.get().save()  # any type of page
    assert lasts() == 3
    with committing():
        pagecache.content_changed()
    assert (lasts(), lasts()) == (4, 4)


def test_nothing_lasts_by_a_model_that_nobody_watches():
    with pytest.raises(ValueError, match=r"Nobody watches cms\.Place"):
        pagecache.lasting("test", (Place,), list)


def test_a_change_that_is_taken_back_moves_nothing(committing):
    before = pagecache.stamp(anew=True)

    with committing(), contextlib.suppress(ZeroDivisionError), transaction.atomic():
        Notice.objects.create(title="One")
        raise ZeroDivisionError

    assert pagecache.stamp(anew=True) == before


@pytest.fixture
def songwriter(committing):
    """A date of Songwriter with one place, on its page and in the list of courses."""
    with committing():
        index = HomePage.objects.get().add_child(
            instance=CourseIndexPage(title="Courses", slug="courses")
        )
        date = make_course_date(capacity=1, booking_opens_at=timezone.now() - timedelta(days=1))
        index.add_child(
            instance=CoursePage(title="Songwriter", slug="songwriter", course=date.course)
        )
    return date


LISTS = ("/courses/", "/courses/songwriter/")


def test_a_page_with_places_is_kept_for_less_than_five_seconds(client, songwriter):
    first = {path: read(client, path) for path in LISTS}
    assert all("1 place left" in page for page in first.values())

    Place.objects.create(course_date=songwriter, holder="a", state=Place.State.CONFIRMED, seat=1)
    assert {path: read(client, path) for path in LISTS} == first
    time.sleep(4.5)  # Redis keeps its own time, so no clock of ours can be moved for it

    for path in LISTS:
        assert "Full" in read(client, path)
        assert "1 place left" not in read(client, path)


def test_a_page_with_places_costs_one_query_when_it_has_run_out(client, songwriter):
    for path in LISTS:
        read(client, path)
        keptpages.forget()
        cache.delete(keptpages._key(pagecache.stamp(anew=True), ("testserver", path), ""))
        with CaptureQueriesContext(connection) as queries:
            read(client, path)

        others = [q["sql"] for q in queries if not re.search("cms_place|contentstamp", q["sql"])]
        assert others == []


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


@pytest.mark.parametrize("path", ["/search/", "/healthz", "/news/?page=2", "/no/such/page/"])
def test_only_pages_are_kept(client, page, path):
    client.get(path)

    with CaptureQueriesContext(connection) as queries:
        response = client.get(path)

    assert "ETag" not in response
    assert path == "/healthz" or len(queries)


def test_a_page_that_is_closed_is_gone_at_once_and_never_kept(client, page, committing):
    assert "<h1>Before</h1>" in read(client)

    with committing():
        closed = PageViewRestriction.objects.create(
            page=page, restriction_type=PageViewRestriction.PASSWORD, password="drum"
        )
    response = client.get("/about/")
    assert "ETag" not in response
    assert "<h1>Before</h1>" not in response.content.decode()

    with committing():
        closed.delete()
    assert "<h1>Before</h1>" in read(client)


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


@pytest.fixture
def news(committing):
    """Thirty stories, twelve to a page."""
    with committing():
        index = HomePage.objects.get().add_child(instance=NewsIndexPage(title="News", slug="news"))
        for number in range(30):
            index.add_child(instance=NewsPage(title=f"Story {number}", slug=f"story-{number}"))
    return index


def is_free(client, path) -> bool:
    """Whether the address costs no query but a look at the stamp."""
    with CaptureQueriesContext(connection) as queries:
        assert client.get(path).status_code == 200
    return not [query for query in queries if "contentstamp" not in query["sql"]]


def test_a_parameter_that_nobody_reads_does_not_split_what_is_kept(client, page):
    plain = client.get("/about/").content

    for query in ("utm_source=x", "page=2", "fbclid=1&gclid=2", "a=" + "b" * 500):
        answer = client.get(f"/about/?{query}")
        assert answer.content == plain
        assert is_free(client, f"/about/?{query}")


def test_an_unread_parameter_cannot_poison_what_others_see(client, page, news):
    bad = '"><script>alert(1)</script>'
    for path in ("/about/", "/news/"):
        first = client.get(path, {"q": bad, "page_query": bad, "next": "//evil.example"})

        assert bad not in first.content.decode()
        assert client.get(path).content == first.content


def test_each_page_of_a_list_is_kept_and_what_does_not_exist_is_not(client, news):
    second = client.get("/news/?page=2").content
    assert is_free(client, "/news/?page=2")
    assert is_free(client, "/news/?utm=1&page=2")
    assert client.get("/news/").content != second

    for wild in ("99", "-1", "x", "2&page=99", "%00"):
        client.get(f"/news/?page={wild}")
        assert not is_free(client, f"/news/?page={wild}"), wild
    assert client.get("/news/?page=2").content == second


def test_more_parameters_than_anybody_needs_are_answered_and_not_kept(client, news):
    many = "&".join(f"p{number}=1" for number in range(60))

    assert client.get(f"/news/?{many}").status_code == 200
    assert not is_free(client, f"/news/?{many}")


def test_hosts_do_not_share_what_is_kept(client, page, settings):
    settings.ALLOWED_HOSTS = ["one.example", "two.example"]
    client.get("/about/", headers={"host": "one.example"})
    StandardPage.objects.filter(pk=page.pk).update(title="After")

    assert "Before" in read(client, host="ONE.example")
    assert "After" in read(client, host="two.example")


def test_a_cookie_of_somebody_elses_changes_nothing(client, page):
    client.get("/about/")
    client.cookies["analytics"] = "1"

    assert is_free(client, "/about/")


def test_head_says_what_get_would_and_fills_nothing(client, page):
    before = client.head("/about/")
    client.get("/about/")
    after = client.head("/about/")

    assert (before.status_code, after.status_code) == (200, 200)
    assert "ETag" not in before
    assert after["ETag"] == client.get("/about/")["ETag"]


def test_an_insecure_request_is_still_sent_to_https(client, page, settings):
    settings.SECURE_SSL_REDIRECT = True
    assert client.get("/about/", secure=True).status_code == 200

    assert client.get("/about/").status_code == 301


def wsgi(path="/about/", **environ):
    """(status, headers, body) from memory alone; None when Django would be asked."""
    request = RequestFactory().get(path, headers={"accept-encoding": "gzip"})
    found = []
    application = keptfirst.KeptFirst(lambda environ, start: found.append("asked") or [])
    body = application(
        request.META | {"HTTP_HOST": "testserver"} | environ,
        lambda status, headers: found.append((status, dict(headers))),
    )
    return None if found == ["asked"] else (*found[0], b"".join(body))


def test_memory_answers_as_django_would(client, page):
    slow = client.get("/about/", headers={"accept-encoding": "gzip"})

    status, headers, body = wsgi()

    assert (status, body) == ("200 OK", slow.content)
    assert headers == dict(slow.items())
    assert wsgi(HTTP_IF_NONE_MATCH=slow["ETag"])[0::2] == ("304 Not Modified", b"")
    assert wsgi(REQUEST_METHOD="HEAD")[2] == b""


@pytest.mark.parametrize("more", ["", "If-None-Match: {etag}\r\n"], ids=["whole", "known"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_gunicorn_sends_the_same_each_time(client, page, method, more):
    """The first time it reads the headers through, after that it gets them back as it left them."""
    etag = client.get("/about/", headers={"accept-encoding": "gzip"})["ETag"]
    asked = (
        f"{method} /about/ HTTP/1.1\r\nHost: testserver\r\nAccept-Encoding: gzip\r\n"
        f"{more.format(etag=etag)}\r\n"
    )
    application = keptfirst.KeptFirst(lambda environ, start: pytest.fail("Django was asked"))

    first, second, third = (through_gunicorn(application, asked) for _turn in range(3))

    plain = through_gunicorn(lambda environ, start: application(environ, partial(start)), asked)
    assert first == second == third == plain
    names = [line.partition(b":")[0] for line in first[1:-1]]
    assert names.count(b"Content-Security-Policy") == names.count(b"ETag") == 1
    assert names.count(b"Content-Length") == (0 if more else 1)


def through_gunicorn(application, asked: str) -> list[bytes]:
    """The lines that gunicorn puts on the wire for one request, headers in order of their names,
    without the time of day."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(asked.encode())
        config = Config()
        request = next(get_parser(config, ours, ("127.0.0.1", 1)))
        response, environ = create(request, ours, ("127.0.0.1", 1), ("127.0.0.1", 80), config)
        for piece in application(environ, response.start_response):
            response.write(piece)
        response.close()
        ours.shutdown(socket.SHUT_WR)
        head, _gap, body = theirs.makefile("rb").read().partition(b"\r\n\r\n")
        status, *headers = head.split(b"\r\n")
        return [status, *sorted(line for line in headers if not line.startswith(b"Date: ")), body]


@pytest.mark.parametrize(
    "environ",
    [
        {"REQUEST_METHOD": "POST"},
        {"QUERY_STRING": "page=2"},
        {"HTTP_COOKIE": "a=1; sessionid=x"},
        {"HTTP_HOST": "other.example"},
        {"PATH_INFO": "/other/"},
    ],
)
def test_memory_leaves_to_django_what_is_not_plainly_a_kept_page(client, page, environ):
    client.get("/about/")
    assert wsgi() is not None

    assert wsgi(**environ) is None


def test_what_memory_answers_is_counted_like_any_other_page(client, page, settings):
    settings.COUNT_EVERY_SECONDS = 0
    client.get("/about/")
    counts.write_down()
    reader = {"HTTP_USER_AGENT": "Mozilla/5.0 Firefox/140", "HTTP_REFERER": "https://a.example/"}

    for more in ({}, {"HTTP_DNT": "1"}, {"HTTP_USER_AGENT": "a bot"}, {"REQUEST_METHOD": "HEAD"}):
        assert wsgi(**(reader | more)) is not None
    counts.write_down()

    rows = DailyCount.objects.exclude(kind="search").values_list("kind", "what", "number")
    assert sorted(rows) == [("from", "a.example", 1), ("page", "/about/", 1)]


def test_memory_is_empty_after_a_change_and_asks_django_once_a_second(client, page, committing):
    client.get("/about/")
    with committing():
        rename(page, "After")
    assert wsgi() is None

    client.get("/about/")
    assert b"After" in gzip.decompress(wsgi()[2])
    pagecache.known.read_at -= pagecache.STAMP_SECONDS + 0.1
    assert wsgi() is None


def test_a_page_still_being_made_is_not_kept_under_the_stamp_that_came_meanwhile(
    client, page, committing, monkeypatch
):
    serve = StandardPage.serve

    def slow(self, request, *args, **kwargs):
        response = serve(self, request, *args, **kwargs).render()
        monkeypatch.undo()
        with committing():
            rename(StandardPage.objects.get(pk=page.pk), "After")
        client.get("/about/")  # somebody else, meanwhile
        return response

    monkeypatch.setattr(StandardPage, "serve", slow)
    assert "<h1>Before</h1>" in read(client)

    assert "<h1>After</h1>" in read(client)
    assert b"After" in gzip.decompress(wsgi()[2])


def test_parts_of_a_page_are_made_anew_after_a_change_of_what_they_show(client, page, committing):
    with committing():
        figure = KeyFigure.objects.create(
            label="centres", value="12", as_at="2026-09-01", source="s", owner="o",
            review_on="2027-09-01",
        )  # fmt: skip
        page.body = [("key_figures", {"figures": [figure]})]
        page.save_revision().publish()
    assert ">12<" in read(client)

    with committing():
        figure.value = "13"
        figure.save()

    assert ">13<" in read(client)
    keptpages.forget()
    cache.clear()
    KeyFigure.objects.update(value="14")  # no signal: so the part that was made stays
    assert ">13<" in read(client)
