"""What search engines and social cards are told: whole, valid, safe to print, nothing private."""

import json
import re
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from django.utils import timezone
from wagtail.models import PageViewRestriction, Site

from cms.models import Course, Ensemble, HubSettings, OrganisationType, Partner, Place
from pages.models import (
    CentrePage,
    CoursePage,
    EnsemblePage,
    EventPage,
    HomePage,
    NewsIndexPage,
    NewsPage,
    PartnerIndexPage,
    Question,
    StandardPage,
)

from .demo_hub import make_centre, make_course_date

pytestmark = pytest.mark.django_db
WATFORD = {
    "@type": "Place",
    "name": "Watford Music Centre",
    "address": {
        "@type": "PostalAddress",
        "streetAddress": "1 High Street",
        "addressLocality": "Watford",
        "postalCode": "WD17 2ZZ",
        "addressCountry": "GB",
    },
}


@pytest.fixture
def home(settings):
    """The front door of a site that lives where SITE_URL says, as a hub's does."""
    where = urlsplit(settings.SITE_URL)
    site = Site.objects.get()
    site.hostname, site.port = where.hostname, where.port
    site.save()
    return HomePage.objects.get()


@pytest.fixture
def the_hub(settings):
    return {"@type": "Organization", "@id": f"{settings.SITE_URL}/#hub", "url": settings.SITE_URL}


def facts(client, path: str) -> dict[str, dict]:
    """Everything an address says of itself, by its schema.org type."""
    html = client.get(path).content.decode()
    (found,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', html, re.DOTALL)
    data = json.loads(found)
    assert data["@context"] == "https://schema.org"
    return {entry["@type"]: entry for entry in data["@graph"]}


def shared(client, path: str) -> dict[str, str]:
    """The social card of an address."""
    html = client.get(path).content.decode()
    return dict(re.findall(r'<meta property="(og:[^"]+)" content="([^"]*)">', html))


def crumbs(*steps: tuple[str, str]) -> dict:
    return {
        "@type": "BreadcrumbList",
        "itemListElement": [
            {"@type": "ListItem", "position": number, "name": name, "item": url}
            for number, (name, url) in enumerate(steps, 1)
        ],
    }


def test_home_says_who_the_hub_is(client, home, settings):
    hub = HubSettings.for_site(Site.objects.get())
    hub.hub_name, hub.strapline, hub.phone = "County Hub", "Music for all", "+441632960100"
    hub.email, hub.address = "hello@example.org", "1 Mill Lane, Hertford"
    hub.social_links = [
        ("link", {"label": "Films", "page": None, "path": "https://video.example.org/hub"}),
        ("link", {"label": "Blog", "page": None, "path": "/blog/"}),
    ]
    hub.save()

    assert facts(client, "/") == {
        "Organization": {
            "@type": "Organization",
            "@id": f"{settings.SITE_URL}/#hub",
            "name": "County Hub",
            "slogan": "Music for all",
            "url": f"{settings.SITE_URL}/",
            "email": "hello@example.org",
            "telephone": "+441632960100",
            "address": "1 Mill Lane, Hertford",
            "sameAs": ["https://video.example.org/hub"],
        }
    }


def test_a_course_says_its_dates_prices_and_places_left(client, home, the_hub):
    run = make_course_date(
        starts_at=datetime(2031, 2, 17, 10, tzinfo=UTC),
        ends_at=datetime(2031, 2, 17, 16, tzinfo=UTC),
        booking_opens_at=datetime(2026, 1, 1, 9, tzinfo=UTC),
        booking_closes_at=datetime(2031, 2, 10, 9, tzinfo=UTC),
    )
    Course.objects.update(mode="blended", min_age=8, max_age=18)
    Place.objects.create(course_date=run, holder="a-secret-journey", state="confirmed", seat=1)
    page = home.add_child(instance=CoursePage(title="Songwriter", slug="sw", course=run.course))

    found = facts(client, "/sw/")

    assert found == {
        "Course": {
            "@type": "Course",
            "name": "Songwriter",
            "description": "A song.",
            "url": page.full_url,
            "courseCode": "SW",
            "typicalAgeRange": "8-18",
            "provider": the_hub,
            "hasCourseInstance": [
                {
                    "@type": "CourseInstance",
                    "name": "Songwriter at Watford Music Centre, 17 February 2031",
                    "courseMode": "Blended",
                    "startDate": "2031-02-17T10:00:00+00:00",
                    "endDate": "2031-02-17T16:00:00+00:00",
                    "location": WATFORD,
                    "maximumAttendeeCapacity": 20,
                    "remainingAttendeeCapacity": 19,
                    "offers": {
                        "@type": "Offer",
                        "price": "35.00",
                        "priceCurrency": "GBP",
                        "category": "Paid",
                        "availability": "https://schema.org/InStock",
                        "validFrom": "2026-01-01T09:00:00+00:00",
                        "url": page.full_url,
                    },
                }
            ],
        },
        "BreadcrumbList": crumbs(("Home", home.full_url), ("Songwriter", page.full_url)),
    }
    assert "a-secret-journey" not in json.dumps(found)


@pytest.mark.parametrize(
    ("kind", "type_"), [("concert", "MusicEvent"), ("training", "EducationEvent")]
)
def test_an_event_says_what_kind_it_is_and_where(client, home, the_hub, kind, type_):
    starts = datetime(2031, 3, 1, 19, tzinfo=UTC)
    page = home.add_child(
        instance=EventPage(
            title="Spring",
            slug="spring",
            summary="Strings.",
            kind=kind,
            starts_at=starts,
            ends_at=starts + timedelta(hours=2),
            centre=make_centre(),
        )
    )

    assert facts(client, "/spring/")[type_] == {
        "@type": type_,
        "name": "Spring",
        "description": "Strings.",
        "url": page.full_url,
        "startDate": "2031-03-01T19:00:00+00:00",
        "endDate": "2031-03-01T21:00:00+00:00",
        "location": WATFORD,
        "eventAttendanceMode": "https://schema.org/OfflineEventAttendanceMode",
        "eventStatus": "https://schema.org/EventScheduled",
        "organizer": the_hub,
    }


def test_a_centre_is_a_place_and_an_ensemble_a_group(client, home, the_hub):
    centre = make_centre()
    ensemble = Ensemble.objects.create(
        name="Jazz", slug="jazz", level="area", summary="Swing.", centre=centre
    )
    centre_page = home.add_child(instance=CentrePage(title="W", slug="w", centre=centre))
    group_page = home.add_child(instance=EnsemblePage(title="J", slug="j", ensemble=ensemble))

    assert facts(client, "/w/")["Place"] == WATFORD | {"url": centre_page.full_url}
    assert facts(client, "/j/")["MusicGroup"] == {
        "@type": "MusicGroup",
        "name": "Jazz",
        "description": "Swing.",
        "url": group_page.full_url,
        "location": WATFORD,
        "memberOf": the_hub,
    }


def test_questions_of_a_page_are_told_once_and_cannot_end_the_script(client, home):
    wild = "Is </script><script>alert(1)</script> & “safe”?"
    question = Question.objects.create(question=wild, answer="<p>It is.</p><p>Really.</p>")
    block = {"heading": "Ask", "questions": [question]}
    home.add_child(
        instance=StandardPage(
            title="Ask", slug="ask", body=[("questions", block), ("questions", block)]
        )
    )

    assert facts(client, "/ask/")["FAQPage"] == {
        "@type": "FAQPage",
        "mainEntity": [
            {
                "@type": "Question",
                "name": wild,
                "acceptedAnswer": {"@type": "Answer", "text": "It is. Really."},
            }
        ],
    }
    assert "<script>alert" not in client.get("/ask/").content.decode()


def test_a_partner_has_an_address_a_card_and_a_trail_of_its_own(client, home, the_hub):
    directory = home.add_child(instance=PartnerIndexPage(title="Partners", slug="partners"))
    kind = OrganisationType.objects.create(name="Industry", slug="industry")
    Partner.objects.create(
        name="Night Bus",
        slug="night-bus",
        organisation_type=kind,
        summary="Sound.",
        website="https://www.example.org/",
        status="live",
    )
    address = f"{directory.full_url}night-bus/"

    found = facts(client, "/partners/night-bus/")
    card = shared(client, "/partners/night-bus/")

    assert found == {
        "Organization": {
            "@type": "Organization",
            "name": "Night Bus",
            "description": "Sound.",
            "url": "https://www.example.org/",
            "memberOf": the_hub,
        },
        "BreadcrumbList": crumbs(
            ("Home", home.full_url), ("Partners", directory.full_url), ("Night Bus", address)
        ),
    }
    assert (card["og:url"], card["og:title"], card["og:description"]) == (
        address,
        "Night Bus",
        "Sound.",
    )


def test_each_page_of_the_news_is_its_own_address(client, home):
    news = home.add_child(instance=NewsIndexPage(title="News", slug="news"))
    for number in range(14):
        news.add_child(
            instance=NewsPage(
                title=f"S{number}", slug=f"s{number}", published_on=date(2025, 1, number + 1)
            )
        )

    def canonical(path):
        return re.search(r'rel="canonical" href="([^"]+)"', client.get(path).content.decode())[1]

    paths = ["", "?page=2", "?page=1&utm_source=x", "2025/", "2025/?page=2"]
    assert [canonical(f"/news/{path}") for path in paths] == [
        f"{news.full_url}{path}" for path in ["", "?page=2", "", "2025/", "2025/?page=2"]
    ]


def test_a_story_without_a_picture_has_the_card_of_the_hub(client, home, settings):
    page = home.add_child(
        instance=NewsPage(title='“Hello” & "goodbye"', slug="story", summary="Both.")
    )

    assert shared(client, "/story/") == {
        "og:url": page.full_url,
        "og:type": "article",
        "og:locale": "en_GB",
        "og:site_name": "Music Hub",
        "og:title": "“Hello” &amp; &quot;goodbye&quot;",
        "og:description": "Both.",
        "og:image": f"{settings.SITE_URL}/static/cms/icons/card.jpg",
        "og:image:width": "1200",
        "og:image:height": "630",
        "og:image:alt": "",
    }


def test_the_sitemap_lists_what_is_public_once_and_robots_name_it(client, home, settings):
    public = home.add_child(instance=StandardPage(title="About", slug="about"))
    home.add_child(instance=StandardPage(title="Draft", slug="draft", live=False))
    closed = home.add_child(instance=StandardPage(title="Staff", slug="staff"))
    closed.add_child(instance=StandardPage(title="Below", slug="below"))
    PageViewRestriction.objects.create(
        page=closed, restriction_type=PageViewRestriction.PASSWORD, password="drum"
    )

    listed = re.findall("<loc>([^<]+)</loc>", client.get("/sitemap.xml").content.decode())

    assert listed == [home.full_url, public.full_url]
    assert f"Sitemap: {settings.SITE_URL}/sitemap.xml" in client.get("/robots.txt").content.decode()


def test_a_page_says_the_same_whatever_host_the_request_claims(client, home, settings):
    settings.ALLOWED_HOSTS = ["*"]
    home.add_child(instance=PartnerIndexPage(title="Partners", slug="partners"))
    html = client.get("/partners/", headers={"host": "evil.example.com"}).content.decode()

    assert "evil.example.com" not in html


def test_a_course_date_that_cannot_be_booked_says_why(client, home):
    now = timezone.now()
    states = {
        "soon": {"booking_opens_at": now + timedelta(days=3)},
        "closed": {"booking_closes_at": now - timedelta(days=1)},
        "cancelled": {"status": "cancelled"},
    }
    for name, values in states.items():
        run = make_course_date(reference=name, **values)
    home.add_child(instance=CoursePage(title="Songwriter", slug="sw", course=run.course))

    offers = [
        i["offers"]["availability"] for i in facts(client, "/sw/")["Course"]["hasCourseInstance"]
    ]

    assert sorted(offer.rpartition("/")[2] for offer in offers) == [
        "Discontinued",
        "OutOfStock",
        "PreOrder",
    ]
