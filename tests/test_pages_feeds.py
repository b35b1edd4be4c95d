"""Feeds, calendars, robots and pictures: what other programs read."""

import io
from datetime import timedelta

import pytest
from defusedxml import ElementTree
from django.core.files.base import ContentFile
from django.core.files.images import ImageFile
from django.core.files.storage import default_storage
from django.utils import timezone
from icalendar import Calendar
from PIL import Image

from cms.models import Area, CentreDate, Course, CourseDate, HubImage, MusicCentre
from pages.models import EventIndexPage, EventPage, HomePage, NewsIndexPage, NewsPage

pytestmark = pytest.mark.django_db


@pytest.fixture
def home():
    return HomePage.objects.get()


@pytest.fixture
def centre():
    area = Area.objects.create(name="West", slug="west")
    return MusicCentre.objects.create(
        name="Watford Music Centre",
        slug="watford",
        area=area,
        address="1 High Street, Watford",
        postcode="WD17 2ZZ",
    )


def test_the_news_feed_is_atom_with_whole_addresses(client, home):
    news = home.add_child(instance=NewsIndexPage(title="News", slug="news"))
    news.add_child(instance=NewsPage(title="A <b>story</b> & more", slug="story", summary="What."))

    response = client.get("/news/feed/")

    feed = ElementTree.fromstring(response.content)
    space = {"a": "http://www.w3.org/2005/Atom"}
    entry = feed.find("a:entry", space)
    assert response["Content-Type"] == "application/atom+xml; charset=utf-8"
    assert entry.find("a:title", space).text == "A <b>story</b> & more"
    assert entry.find("a:link", space).get("href").endswith("/news/story/")
    assert entry.find("a:link", space).get("href").startswith("http")


def test_the_events_calendar_says_when_in_london_time(client, home):
    events = home.add_child(instance=EventIndexPage(title="Events", slug="events"))
    starts = timezone.now().replace(microsecond=0) + timedelta(days=10)
    events.add_child(
        instance=EventPage(
            title="Concert",
            slug="concert",
            kind="concert",
            starts_at=starts,
            ends_at=starts + timedelta(hours=2),
            venue="Abbey Hall",
        )
    )

    calendar = Calendar.from_ical(client.get("/events.ics").content)

    (event,) = calendar.walk("VEVENT")
    assert (str(event["summary"]), str(event["location"])) == ("Concert", "Abbey Hall")
    assert event["dtstart"].dt == starts
    assert event["dtstart"].params["TZID"] == "Europe/London"
    assert [str(zone["tzid"]) for zone in calendar.walk("VTIMEZONE")] == ["Europe/London"]


def test_a_centre_calendar_has_its_days_its_courses_and_what_was_called_off(client, centre):
    today = timezone.localdate()
    CentreDate.objects.create(
        centre=centre,
        kind="half_term",
        starts_on=today + timedelta(days=5),
        ends_on=today + timedelta(days=9),
    )
    course = Course.objects.create(title="Songwriter", slug="songwriter", code="SW", summary="x")
    starts = timezone.now() + timedelta(days=6)
    CourseDate.objects.create(
        course=course,
        reference="sw-1",
        centre=centre,
        starts_at=starts,
        ends_at=starts + timedelta(hours=6),
        capacity=20,
        price_pence=3500,
        booking_opens_at=starts - timedelta(days=30),
        booking_closes_at=starts - timedelta(days=1),
        status="cancelled",
    )

    calendar = Calendar.from_ical(client.get("/centres/watford/dates.ics").content)

    half_term, called_off = calendar.walk("VEVENT")
    assert half_term["dtstart"].dt == today + timedelta(days=5)
    assert half_term["dtend"].dt == today + timedelta(days=10)  # the day after the last
    assert (str(called_off["summary"]), str(called_off["status"])) == (
        "Songwriter, Watford Music Centre",
        "CANCELLED",
    )
    assert str(called_off["uid"]).startswith("course-date-sw-1@")


def test_an_unknown_centre_has_no_calendar(client):
    assert client.get("/centres/none/dates.ics").status_code == 404


def test_robots_are_kept_out_of_forms_and_told_of_the_sitemap(client, settings):
    text = client.get("/robots.txt").content.decode()

    assert "Disallow: /apply/" in text
    assert f"Sitemap: {settings.SITE_URL}/sitemap.xml" in text


def test_a_rendition_is_served_for_a_year_and_never_sniffed(client):
    drawn = io.BytesIO()
    Image.new("RGB", (40, 20), "teal").save(drawn, "PNG")
    wave = HubImage.objects.create(title="Wave", file=ImageFile(drawn, "wave.png"))
    rendition = wave.get_rendition("max-10x10")

    response = client.get(rendition.url)

    assert b"".join(response.streaming_content) == rendition.file.read()
    assert response["Content-Type"] == "image/png"
    assert response["Cache-Control"] == "public, max-age=31536000, immutable"
    assert response["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "name",
    [
        "original_images/wave.png",
        "documents/list.csv",
        "images/page.html",
        "images/a.svg",
        "images/nobodys.png",
    ],
)
def test_only_renditions_of_pictures_have_an_address(client, name):
    saved = default_storage.save(name, ContentFile(b"x"))

    assert client.get(f"/media/{saved}").status_code == 404


@pytest.mark.parametrize(
    "path",
    ["/media/images/../original_images/a.png", "/media/images/%2e%2e/a.png", "/media/images/"],
)
def test_no_path_leads_out_of_the_renditions(client, path):
    assert client.get(path).status_code == 404
