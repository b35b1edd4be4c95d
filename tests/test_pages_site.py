"""The whole public site, over the demo hub: it answers, changes nothing, sets no cookie."""

import re
from datetime import timedelta
from itertools import pairwise

import pytest
from django.apps import apps
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from wagtail.models import Page, Site

from cms import findpage, keptpages, pagecache
from cms.models import Award, Course, CourseDate, HubImage, MusicCentre, Partner
from cms.roles import grant
from pages import listings, notices
from pages.blocks import counters
from pages.models import HomePage, NewsIndexPage, NewsPage, Notice

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


def test_comms_staff_are_offered_each_language_of_the_demo(hub, client, django_user_model):
    client.force_login(grant(django_user_model.objects.create_user("comms"), "comms_editor").user)
    home = HomePage.objects.get(locale__language_code="en-gb")
    home.get_translations().delete()

    html = client.get(f"/admin/translation/submit/page/{home.pk}/").content.decode()

    assert [name in html for name in ("Cymraeg", "Polski")] == [True, True]


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
    """The least of three looks, as in tests/costs.py, without what is remembered for a second."""
    client.get(path)  # what is cached between requests is cached now
    found = []
    for _look in range(3):
        with CaptureQueriesContext(connection) as queries:
            assert client.get(path).status_code == 200
        found.append(len([one for one in queries if not re.search(REMEMBERED, one["sql"])]))
    return min(found)


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


def first_page_after(client, path, change) -> int:
    """Queries of the first page after this change: the least of three, as in tests/costs.py."""
    client.get(path)
    found = []
    for _turn in range(3):
        connection.run_on_commit.clear()
        change()
        for _savepoints, move, _robust in connection.run_on_commit:
            move()
        with CaptureQueriesContext(connection) as queries:
            assert client.get(path).status_code == 200
        found.append(len(queries))
    connection.run_on_commit.clear()
    return min(found)


def a_story() -> None:
    NewsPage.objects.first().save()


def a_date() -> None:
    CourseDate.objects.first().save()


def a_notice() -> None:
    Notice.objects.create(title="Closed on Monday")


def a_centre() -> None:
    MusicCentre.objects.first().save()


def an_import() -> None:
    """As imports.jobs does once rows of awards were written past all signals."""
    pagecache.content_changed(sender=Award)


@pytest.mark.parametrize("change", [a_story, a_date, a_notice, a_centre, an_import])
@pytest.mark.parametrize("path", PATHS)
def test_the_first_page_after_a_change_takes_fifteen_queries(hub, client, keeping, path, change):
    assert 1 < first_page_after(client, path, change) <= 15


@pytest.mark.parametrize("path", PATHS)
def test_the_first_page_after_anything_may_have_changed(hub, client, keeping, path):
    """As after a start. Home shows something of nearly everything."""
    most = 22 if path == "/" else 17  # on PostgreSQL; SQLite asks one or two less
    assert 4 < first_page_after(client, path, pagecache.content_changed) <= most


TABLES_OF = {HubImage: {"cms_hubrendition"}, Site: {"wagtailcore_page"}}


def test_what_lasts_reads_nothing_but_what_it_says(hub, client, keeping, monkeypatch):
    """Else a change of the rest would not be seen. Every page of the demo hub is looked at."""
    wrong, seen = [], set()

    def lasting(name, of, make):
        models_ = [model for model in apps.get_models() if issubclass(model, of)]
        allowed = {model._meta.db_table for model in models_}
        allowed |= {field.m2m_db_table() for model in models_ for field in model._meta.many_to_many}
        allowed |= {table for model in models_ for table in TABLES_OF.get(model, ())}
        with CaptureQueriesContext(connection) as queries:
            made = pagecache.lasting(name, of, make)
        read = {table for query in queries for table in re.findall(TABLE, query["sql"])}
        seen.add(name.partition(":")[0])
        if left := read - allowed - {"cms_contentstamp"}:
            wrong.append((name, left))
        return made

    for module in (findpage, notices, listings, counters):
        monkeypatch.setattr(module, "lasting", lasting)
    for page in Page.objects.live().filter(depth__gt=1):
        client.get(page.url)

    assert wrong == []
    assert {"tree", "site", "notices", "closures", "dates", "map", "news", "count"} <= seen


TABLE = r'(?:FROM|JOIN) "([a-z_]+)"'


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
