"""Banners and closed centres: who may close which, where it shows, and that it ends by itself."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone
from wagtail.models import Page

from cms import closures
from cms.models import AccessLogEntry, CentreDate, User
from cms.roles import grant
from pages.models import (
    AudiencePage,
    CentreIndexPage,
    CentrePage,
    HomePage,
    Notice,
    PartnerIndexPage,
    StandardPage,
)

from .demo_hub import make_centre

pytestmark = pytest.mark.django_db


@pytest.fixture
def watford():
    return make_centre("Watford", "West")


@pytest.fixture
def hitchin():
    return make_centre("Hitchin", "North")


@pytest.fixture
def site(watford, hitchin):
    home = HomePage.objects.get()
    home.add_child(instance=StandardPage(title="About", slug="about"))
    index = home.add_child(instance=CentreIndexPage(title="Centres", slug="centres"))
    for centre in (watford, hitchin):
        index.add_child(instance=CentrePage(title=centre.name, slug=centre.slug, centre=centre))
    return home


@pytest.fixture
def administrator(client, watford):
    """Somebody whose role holds for Watford alone."""
    user = User.objects.create_user("centre-west", password="x")
    grant(user, "centre_admin", centre=watford)
    client.force_login(user)
    return user


def close(client, centre, **answers):
    return client.post(
        reverse("close_centre"), {"centre": centre.pk, "until": "0", "reason": "Snow."} | answers
    )


def test_closing_a_centre_shows_where_it_matters_and_nowhere_else(
    client, site, administrator, watford
):
    close(client, watford)

    shown = [
        path
        for path in ("/", "/centres/", "/centres/watford/", "/centres/hitchin/", "/about/")
        if "Watford Music Centre is closed" in client.get(path).content.decode()
    ]

    assert shown == ["/", "/centres/", "/centres/watford/"]
    assert "SUMMARY:Watford Music Centre: Closed" in (
        client.get("/centres/watford/dates.ics").content.decode()
    )


def test_a_closure_ends_by_itself(client, site, administrator, watford):
    close(client, watford, until="1")

    with time_machine.travel(timezone.now() + timedelta(days=1)):
        assert "is closed" in client.get("/").content.decode()
    with time_machine.travel(timezone.now() + timedelta(days=2)):
        assert "is closed" not in client.get("/").content.decode()


def test_another_centre_cannot_be_closed_or_opened(client, site, administrator, hitchin):
    refused = close(client, hitchin)
    closure = closures.close(hitchin, by=None, until=timezone.localdate(), reason="Flood.")
    reopened = client.post(reverse("reopen_centre", args=[closure.pk]))

    assert "Select a valid choice" in refused.content.decode()
    assert reopened.status_code == 404
    assert list(CentreDate.objects.values_list("centre", "note")) == [(hitchin.pk, "Flood.")]


def test_somebody_without_the_role_does_not_reach_the_screen(client, site):
    user = User.objects.create_user("panel-1", password="x")
    grant(user, "panellist")
    client.force_login(user)

    assert client.get(reverse("close_centre")).status_code in {302, 403}
    assert not CentreDate.objects.exists()


def test_closing_twice_is_one_closure_and_each_is_on_record(client, administrator, watford):
    close(client, watford)
    close(client, watford, until="2", reason="More snow.")

    (closure,) = CentreDate.objects.all()
    assert (closure.note, closure.ends_on) == (
        "More snow.",
        timezone.localdate() + timedelta(days=2),
    )
    assert list(
        AccessLogEntry.objects.exclude(record_type="cms.user")
        .order_by("id")
        .values_list("action", flat=True)
    ) == [
        "add",
        "change",
    ]


def test_opening_again_takes_the_banner_down(client, site, administrator, watford):
    close(client, watford)
    closure = CentreDate.objects.get()

    client.post(reverse("reopen_centre", args=[closure.pk]))

    assert "is closed" not in client.get("/").content.decode()


def test_reading_the_address_of_opening_changes_nothing(client, administrator, watford):
    close(client, watford)
    closure = CentreDate.objects.get()

    assert client.get(reverse("reopen_centre", args=[closure.pk])).status_code == 405
    assert CentreDate.objects.filter(pk=closure.pk).exists()


def test_a_notice_shows_on_its_page_and_below_while_it_runs(client, site):
    now = timezone.now()
    Notice.objects.create(
        title="Late trains",
        below=Page.objects.get(slug="centres"),
        starts_at=now + timedelta(hours=1),
        ends_at=now + timedelta(hours=2),
    )

    def shown(path):
        return "Late trains" in client.get(path).content.decode()

    assert not shown("/centres/watford/")
    with time_machine.travel(now + timedelta(minutes=90)):
        assert (shown("/centres/"), shown("/centres/watford/"), shown("/")) == (True, True, False)
    with time_machine.travel(now + timedelta(hours=3)):
        assert not shown("/centres/watford/")


def test_the_urgent_comes_first(client, site):
    for level in ("calm", "urgent", "important"):
        Notice.objects.create(title=f"It is {level}", level=level)

    html = client.get("/").content.decode()

    places = [html.index(f"It is {level}") for level in ("urgent", "important", "calm")]
    assert places == sorted(places)


@pytest.fixture
def sections(site):
    """Sections for schools and families, each with a page below, and the directory of partners."""
    for audience in ("schools", "families"):
        section = site.add_child(
            instance=AudiencePage(title=audience, slug=audience, audience=audience)
        )
        section.add_child(instance=StandardPage(title="More", slug="more"))
    site.add_child(instance=PartnerIndexPage(title="Partners", slug="partners"))


EVERY_PATH = (
    "/",
    "/about/",
    "/schools/",
    "/schools/more/",
    "/families/",
    "/families/more/",
    "/centres/",
    "/centres/watford/",
    "/partners/",
)


@pytest.mark.parametrize(
    ("audience", "paths"),
    [
        ("", EVERY_PATH),
        ("schools", ("/schools/", "/schools/more/")),
        ("families", ("/families/", "/families/more/", "/centres/", "/centres/watford/")),
        ("partners", ("/partners/",)),
        ("staff", ()),
    ],
)
def test_a_notice_for_one_audience_shows_where_the_site_speaks_to_it(
    client, sections, audience, paths
):
    Notice.objects.create(title="Term dates moved", audience=audience)

    shown = [path for path in EVERY_PATH if "Term dates moved" in client.get(path).content.decode()]

    assert shown == list(paths)


def test_audience_and_place_both_narrow_a_notice(client, sections):
    Notice.objects.create(
        title="Hall shut", audience="families", below=Page.objects.get(slug="watford")
    )

    shown = [path for path in EVERY_PATH if "Hall shut" in client.get(path).content.decode()]

    assert shown == ["/centres/watford/"]


def test_staff_find_their_notice_on_the_first_page_of_the_admin_and_nobody_elses(
    client, administrator
):
    Notice.objects.create(title="Forms are slow today", audience="staff", level="urgent")
    Notice.objects.create(title="Come and sing")

    html = client.get(reverse("wagtailadmin_home")).content.decode()

    assert "Forms are slow today" in html
    assert "Come and sing" not in html


def test_an_editor_narrows_a_notice_to_an_audience_and_staff_have_no_place_on_the_site(
    client, site
):
    user = User.objects.create_user("editor", password="x")
    grant(user, "comms_editor")
    client.force_login(user)
    answers = {
        "level": "calm",
        "title": "Inset day",
        "text": "",
        "link": "",
        "starts_at": "2026-01-01 09:00",
        "ends_at": "2036-01-01 09:00",
    }
    add = reverse("wagtailsnippets_pages_notice:add")

    refused = client.post(add, answers | {"audience": "staff", "below": site.pk})
    taken = client.post(add, answers | {"audience": "schools", "below": ""})

    assert "Staff find it on the first page of the admin." in refused.content.decode()
    assert taken.status_code == 302
    assert list(Notice.objects.values_list("audience", flat=True)) == ["schools"]
    listed = client.get(reverse("wagtailsnippets_pages_notice:list")).content.decode()
    assert "Schools" in listed
