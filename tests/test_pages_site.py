"""The whole public site, over the demo hub: it answers, changes nothing, sets no cookie."""

import re
from datetime import timedelta
from itertools import pairwise

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from wagtail.models import Page

from cms import keptpages, pagecache
from cms.models import ContentStamp, Course, CourseDate, MusicCentre, Partner
from pages.models import NewsIndexPage, NewsPage

from .demo_hub import CONTRACT_PATHS, empty_page_cache, load_demo_hub, rows_of_everything

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def demo_hub(django_db_setup, django_db_blocker):
    """One load for the module; taken out again at its end, table by table."""
    from django.db import transaction

    with django_db_blocker.unblock():
        atomic = transaction.atomic()
        atomic.__enter__()
        try:
            yield load_demo_hub()
        finally:
            transaction.set_rollback(True)
            atomic.__exit__(None, None, None)


@pytest.fixture
def hub(demo_hub, db):
    return demo_hub


@pytest.mark.parametrize("path", CONTRACT_PATHS)
def test_every_address_of_the_contract_answers(hub, client, path):
    assert client.get(path).status_code == 200


def test_every_page_answers_and_sets_no_cookie(hub, client):
    cookies, failed = {}, {}
    for page in Page.objects.live().filter(depth__gt=1):
        response = client.get(page.url)
        if response.status_code != 200:
            failed[page.url] = response.status_code
        if response.cookies:
            cookies[page.url] = list(response.cookies)

    assert (failed, cookies) == ({}, {})


def test_reading_the_site_changes_nothing(hub, client):
    for path in CONTRACT_PATHS:
        client.get(path)  # what is made once, such as renditions, is made now
    before = rows_of_everything()

    for path in CONTRACT_PATHS:
        client.get(path)

    assert rows_of_everything() == before


def test_loading_the_demo_twice_changes_nothing(hub):
    before = rows_of_everything()

    report = load_demo_hub()

    assert not report
    assert rows_of_everything() == before


def test_loading_the_demo_again_keeps_what_an_editor_wrote(hub):
    page = Page.objects.get(slug="about").specific
    page.summary = "Changed by an editor."
    page.save()
    page.get_children().filter(slug="friends").delete()

    load_demo_hub()

    page.refresh_from_db()
    assert page.summary == "Changed by an editor."
    assert page.get_children().filter(slug="friends").exists()


def test_every_body_of_the_demo_would_pass_the_editor(hub):
    for page in Page.objects.live().filter(depth__gt=1).specific():
        for name in ("body", "ways_in", "themes", "aims", "functions", "core_roles"):
            stream = getattr(page, name, None)
            if stream is not None and hasattr(stream, "stream_block"):
                stream.stream_block.clean(stream)
        page.full_clean()


def test_no_page_of_the_demo_asks_another_host_or_runs_a_script_of_its_own(hub, client):
    outside = re.compile(
        r'<(?:img|script|link|iframe|source|video|audio)\b[^>]*?(?:src|href)="(?:https?:)?//(?!127\.0\.0\.1)'
    )
    inline = re.compile(
        r"<script(?![^>]*(?:src=|application/ld\+json))|<style|\sstyle=\"|\son\w+=\""
    )
    found = {}
    for page in Page.objects.live().filter(depth__gt=1):
        html = client.get(page.url).content.decode()
        if outside.search(html) or inline.search(html):
            found[page.url] = (outside.search(html) or inline.search(html))[0]

    assert found == {}


def test_each_page_has_one_h1_and_jumps_over_no_heading(hub, client):
    wrong = {}
    for page in Page.objects.live().filter(depth__gt=1):
        html = client.get(page.url).content.decode()
        main = html.partition("<main")[2].partition("</main>")[0]
        levels = [int(level) for level in re.findall(r"<h([1-6])\b", main)]
        jumps = [pair for pair in pairwise(levels) if pair[1] > pair[0] + 1]
        if levels.count(1) != 1 or levels[0] != 1 or jumps:
            wrong[page.url] = levels

    assert wrong == {}


def test_there_is_always_something_to_book_and_something_sold_out(hub):
    states = {
        date.reference: date.booking_state
        for date in CourseDate.objects.upcoming().with_places().filter(course__slug="songwriter")
    }

    assert set(states.values()) >= {"full", "few", "open", "soon"}


def test_course_page_shows_places_and_a_button_only_where_there_is_room(hub, client):
    html = client.get("/courses/songwriter/").content.decode()
    dates = CourseDate.objects.upcoming().with_places().filter(course__slug="songwriter")

    booked = re.findall(r'class="button" href="/apply/songwriter-booking/\?for=([^"]+)"', html)

    assert booked == [d.reference for d in dates if d.booking_state in ("open", "few")]


REMEMBERED = r"contentstamp|\"kind\" = 'closed'"


def count_queries(client, path) -> int:
    client.get(path)  # what is cached between requests is cached now
    with CaptureQueriesContext(connection) as queries:
        assert client.get(path).status_code == 200
    # Where pages are kept, the stamp is read once a second and closures once until one changes.
    return len([query for query in queries if not re.search(REMEMBERED, query["sql"])])


def test_the_course_page_costs_the_same_for_thirty_more_dates(hub, client):
    before = count_queries(client, "/courses/songwriter/")
    course, centre = Course.objects.get(slug="songwriter"), MusicCentre.objects.first()
    now = timezone.now()
    for number in range(30):
        CourseDate.objects.create(
            course=course,
            reference=f"more-{number}",
            centre=centre,
            starts_at=now + timedelta(days=90 + number),
            ends_at=now + timedelta(days=90 + number, hours=6),
            capacity=20,
            price_pence=3500,
            booking_opens_at=now - timedelta(days=1),
            booking_closes_at=now + timedelta(days=80),
        )

    assert count_queries(client, "/courses/songwriter/") <= before


def test_the_directory_costs_the_same_for_thirty_more_partners(hub, client):
    before = count_queries(client, "/hub/partners/")
    kind = Partner.objects.first().organisation_type
    for number in range(30):
        Partner.objects.create(
            name=f"Partner {number}",
            slug=f"partner-{number}",
            organisation_type=kind,
            status="live",
        )

    assert count_queries(client, "/hub/partners/") <= before


def test_the_news_costs_the_same_for_thirty_more_stories(hub, client):
    before = count_queries(client, "/news/")
    index = NewsIndexPage.objects.get()
    for number in range(30):
        index.add_child(instance=NewsPage(title=f"Story {number}", slug=f"story-{number}"))

    assert count_queries(client, "/news/") <= before  # the new ones have no pictures


@pytest.fixture
def keeping(settings):
    """Pages are kept, from nothing and to nothing again."""
    settings.PAGE_CACHE_SECONDS = 60
    empty_page_cache()
    yield
    empty_page_cache()


PATHS = ["/", "/courses/", "/courses/songwriter/", "/centres/", "/news/", "/ensembles/", "/events/"]


@pytest.mark.parametrize("path", PATHS)
def test_a_page_that_has_run_out_takes_a_few_queries(hub, client, keeping, path):
    client.get(path)
    keptpages.forget()
    cache.delete(keptpages._key(pagecache.known.number, ("testserver", path), ""))

    with CaptureQueriesContext(connection) as queries:
        assert client.get(path).status_code == 200
    assert 1 <= len(queries) <= 8


@pytest.mark.parametrize("path", PATHS)
def test_the_first_page_after_a_change_takes_a_fixed_number(hub, client, keeping, path):
    client.get(path)
    ContentStamp.objects.update_or_create(pk=1, defaults={"number": 77})
    pagecache.known.read_at = float("-inf")

    with CaptureQueriesContext(connection) as queries:
        assert client.get(path).status_code == 200
    assert 4 < len(queries) <= 28


def test_a_lapsed_partner_is_not_found(hub, client):
    assert client.get("/hub/partners/old-forge-concerts/").status_code == 404
    assert "Old Forge" not in client.get("/hub/partners/").content.decode()


def test_the_directory_is_narrowed_by_what_exists_and_by_nothing_else(hub, client):
    narrowed = client.get("/hub/partners/?kind=industry&area=north").content.decode()

    assert re.findall(r"<h3><a[^>]*>([^<]+)</a>", narrowed) == [
        "Greenway Instruments",
        "Loudhailer Live",
    ]
    assert client.get("/hub/partners/?kind='&area=%00&function=<x>").status_code == 200


@pytest.mark.parametrize(
    "path",
    ["/news/?page=99999999999999999999", "/news/?page=-1", "/news/?page=x", "/blog/?page=0"],
)
def test_a_page_number_out_of_range_shows_a_page_that_exists(hub, client, path):
    assert client.get(path).status_code == 200


@pytest.mark.parametrize(
    "path", ["/news/1850/", "/news/category/none/", "/hub/partners/none/", "/x/"]
)
def test_what_does_not_exist_is_not_found(hub, client, path):
    assert client.get(path).status_code == 404


def test_old_stories_say_so(hub, client):
    assert "This is an old story" in client.get("/news/survey-visits/").content.decode()
    assert "This is an old story" not in client.get("/news/audition-season/").content.decode()
