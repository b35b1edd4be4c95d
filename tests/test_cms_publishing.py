"""Pages go live, expire and move at their time, and what was kept of them goes with them."""

from datetime import timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from wagtail.contrib.redirects.models import Redirect
from wagtail.models import ModelLogEntry, Page, PageLogEntry, Site

from cms import pagecache, publishing
from cms.models import HubSettings
from pages.models import EventIndexPage, EventPage, HomePage, StandardPage

pytestmark = pytest.mark.django_db


@pytest.fixture
def home():
    return HomePage.objects.get()


def scheduled(home, slug="spring", **when):
    page = home.add_child(instance=StandardPage(title="Spring", slug=slug, live=False))
    for name, value in when.items():
        setattr(page, name, value)
    page.save_revision().publish()
    return StandardPage.objects.get(pk=page.pk)


def test_a_page_goes_live_and_comes_down_at_its_time(client, home):
    now = timezone.now()
    scheduled(home, go_live_at=now + timedelta(hours=1), expire_at=now + timedelta(hours=2))
    seen = []

    for minutes in (0, 61, 121):
        with time_machine.travel(now + timedelta(minutes=minutes)):
            publishing.publish_due()
            seen.append(client.get("/spring/").status_code)

    assert seen == [404, 200, 404]
    assert list(
        PageLogEntry.objects.filter(action__endswith=".scheduled")
        .order_by("id")
        .values_list("action", flat=True)
    ) == ["wagtail.publish.scheduled", "wagtail.unpublish.scheduled"]


def test_pages_that_were_kept_are_made_anew(
    client, home, settings, django_capture_on_commit_callbacks
):
    settings.PAGE_CACHE_SECONDS = 60
    cache.clear()
    now = timezone.now()
    page = scheduled(home, expire_at=now + timedelta(seconds=30))
    pagecache.known.read_at = float("-inf")
    assert client.get("/spring/").status_code == 200
    connection.run_on_commit.clear()

    with (
        time_machine.travel(now + timedelta(minutes=1)),
        django_capture_on_commit_callbacks(execute=True),
    ):
        assert publishing.publish_due() == 1

    pagecache.known.read_at = float("-inf")
    assert client.get("/spring/").status_code == 404
    page.refresh_from_db()
    assert page.expired is True
    cache.clear()


def test_one_that_cannot_be_published_keeps_no_other_from_its_minute(client, home):
    now = timezone.now()
    index = home.add_child(instance=EventIndexPage(title="Events", slug="events"))
    event = EventPage(
        title="Concert",
        slug="concert",
        kind="concert",
        venue="Hall",
        starts_at=now,
        ends_at=now + timedelta(hours=1),
        live=False,
        go_live_at=now + timedelta(minutes=10),
    )
    index.add_child(instance=event)
    event.venue = ""  # a draft may be incomplete
    event.save_revision(clean=False).publish()
    scheduled(home, go_live_at=now + timedelta(minutes=11))

    with time_machine.travel(now + timedelta(minutes=12)):
        assert publishing.publish_due() == 1
        assert publishing.publish_due() == 0

    assert client.get("/spring/").status_code == 200
    assert client.get("/events/concert/").status_code == 404
    refused = PageLogEntry.objects.get(action="wagtail.publish.refused")
    assert "Say where it is" in refused.data["why"]
    assert ModelLogEntry.objects.count() == 0


# --- Addresses ------------------------------------------------------------------------------------


def test_a_page_that_moves_is_found_at_its_old_address_and_menus_follow(client, home):
    old = home.add_child(instance=StandardPage(title="Services", slug="services"))
    page = old.add_child(instance=StandardPage(title="Lessons", slug="lessons"))
    new = home.add_child(instance=StandardPage(title="Learn", slug="learn"))
    details = HubSettings.for_site(Site.objects.get(is_default_site=True))
    details.main_menu = [("link", {"label": "Lessons", "page": page, "path": ""})]
    details.save()
    assert 'href="/services/lessons/"' in client.get("/").content.decode()

    Page.objects.get(pk=page.pk).specific.move(Page.objects.get(pk=new.pk), pos="last-child")

    moved = client.get("/services/lessons/")
    assert (moved.status_code, moved["Location"]) == (301, "/learn/lessons/")
    assert 'href="/learn/lessons/"' in client.get("/").content.decode()


def test_a_page_with_a_new_name_is_found_at_its_old_address(
    client, home, django_capture_on_commit_callbacks
):
    page = home.add_child(instance=StandardPage(title="Fees", slug="fees"))

    with django_capture_on_commit_callbacks(execute=True):
        page.slug = "prices"
        page.save_revision().publish()

    assert client.get("/fees/")["Location"] == "/prices/"


def test_addresses_of_the_old_site_are_imported_and_lead_on(client, home, tmp_path, settings):
    home.add_child(instance=StandardPage(title="Centres", slug="centres"))
    listed = tmp_path / "old.csv"
    listed.write_text(
        f"from,to\n/services/music/CentreList.aspx,{settings.SITE_URL}/centres/\n"
        "/services/music/page.aspx?id=7,https://example.org/elsewhere\n"
    )

    call_command("import_redirects", src=str(listed), verbosity=0)

    assert Redirect.objects.count() == 2
    assert client.get("/services/music/CentreList.aspx")["Location"].endswith("/centres/")
    assert (
        client.get("/services/music/page.aspx?id=7")["Location"] == "https://example.org/elsewhere"
    )
