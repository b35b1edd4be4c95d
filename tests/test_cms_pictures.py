"""The permission for a picture: without it a placeholder stands everywhere, at once."""

import io
from datetime import date, timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.core.files.images import ImageFile
from django.core.files.storage import default_storage
from django.urls import reverse
from django.utils import timezone
from PIL import Image
from wagtail.models import ReferenceIndex

from cms import pictures
from cms.models import AccessLogEntry, HubImage, HubRendition, User
from cms.roles import grant
from pages.models import HomePage, Logo, NewsIndexPage, NewsPage, StandardPage

pytestmark = pytest.mark.django_db
PLACEHOLDER = "/media/images/no-longer-shown/"


@pytest.fixture(autouse=True)
def _files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    cache.clear()  # numbers of rows come again in the next test


def make_picture(**facts) -> HubImage:
    file = io.BytesIO()
    Image.new("RGB", (600, 400), (200, 30, 30)).save(file, "PNG")
    return HubImage.objects.create(
        **{
            "title": "Choir",
            "description": "Twenty singers on a stage",
            "file": ImageFile(io.BytesIO(file.getvalue()), "choir.png"),
            "shows_children": True,
            "consent_reference": "Folder 12",
        }
        | facts
    )


@pytest.fixture
def picture():
    return make_picture()


@pytest.fixture
def site(picture):
    """Pages that show the picture: in the body, as a card, on a social card, through a logo."""
    home = HomePage.objects.get()
    logo = Logo.objects.create(name="Choir of the year", image=picture)
    about = StandardPage(title="About", slug="about", social_image=picture)
    about.body = [
        {"type": "picture", "value": {"picture": block(picture), "caption": "At the hall"}},
    ]
    home.add_child(instance=about)
    news = home.add_child(instance=NewsIndexPage(title="News", slug="news"))
    news.add_child(instance=NewsPage(title="Story", slug="story", social_image=picture))
    people = StandardPage(title="Funders", slug="funders")
    people.body = [{"type": "logos", "value": {"heading": "Logos", "logos": [logo.pk]}}]
    home.add_child(instance=people)
    for page in (about, people):
        page.body = StandardPage.body.field.to_python(page.body.get_prep_value())
        page.save()
    for thing in (about, people, logo, *news.get_children().specific()):
        ReferenceIndex.create_or_update_for_object(thing)
    return home


def block(picture):
    return {"image": picture.pk, "alt_text": "Twenty singers", "decorative": False}


def read(client, path):
    return client.get(path).content.decode()


PATHS = ("/about/", "/news/", "/funders/")


def files_of_renditions():
    return list(HubRendition.objects.values_list("file", flat=True))


def test_withdrawing_puts_a_placeholder_on_every_page(client, site, picture):
    before = {path: read(client, path) for path in PATHS}
    served = files_of_renditions()

    pictures.withdraw(picture, by=None)

    after = {path: read(client, path) for path in PATHS}
    assert all("/media/images/choir" in html for html in before.values())
    assert not any("choir." in html or "Twenty singers" in html for html in after.values())
    assert "At the hall" in before["/about/"]
    assert "At the hall" not in after["/about/"]
    assert PLACEHOLDER in after["/about/"]
    assert served
    assert files_of_renditions() == []


def test_the_guard_is_what_does_it(client, site, picture, monkeypatch):
    monkeypatch.setattr(HubImage, "may_be_shown", lambda self, today: True)

    pictures.withdraw(picture, by=None)

    assert "/media/images/choir" in read(client, "/about/")


def test_the_files_that_pages_used_have_no_address_any_more(
    client, site, picture, django_capture_on_commit_callbacks
):
    for path in PATHS:
        read(client, path)
    names = files_of_renditions()
    assert {client.get(f"/media/{name}").status_code for name in names} == {200}

    with django_capture_on_commit_callbacks(execute=True):
        pictures.withdraw(picture, by=None)

    assert {client.get(f"/media/{name}").status_code for name in names} == {404}
    assert not any(default_storage.exists(name) for name in names)


def test_a_file_that_was_left_behind_is_not_served(client, picture):
    rendition = picture.get_rendition("width-100")
    HubImage.objects.update(consent_withdrawn_on=date(2020, 1, 1))

    assert client.get(rendition.url).status_code == 404


def test_the_placeholder_is_as_large_as_the_picture_would_be(client, picture):
    real = picture.get_renditions("width-300", "fill-120x120", "max-320x128|format-webp")
    pictures.withdraw(picture, by=None)
    picture.refresh_from_db()

    stands = picture.get_renditions("width-300", "fill-120x120", "max-320x128|format-webp")

    sizes = {spec: (r.width, r.height) for spec, r in real.items()}
    assert {spec: (r.width, r.height) for spec, r in stands.items()} == sizes
    for rendition in stands.values():
        answer = client.get(rendition.url)
        with Image.open(io.BytesIO(b"".join(answer.streaming_content))) as drawn:
            assert drawn.size == (rendition.width, rendition.height)
        assert answer["Cache-Control"] == "public, no-cache"


def test_a_picture_ends_after_its_last_day_without_anybody_saving_it(client, site, picture):
    HubImage.objects.update(expires_on=timezone.localdate() + timedelta(days=1))
    read(client, "/about/")

    with time_machine.travel(timezone.now() + timedelta(days=1)):
        assert "/media/images/choir" in read(client, "/about/")
        assert pictures.take_away_ended() == 0
    with time_machine.travel(timezone.now() + timedelta(days=2)):
        assert PLACEHOLDER in read(client, "/about/")
        assert pictures.take_away_ended() == 4
        assert pictures.take_away_ended() == 0


def test_a_picture_of_children_without_a_permission_is_never_shown(client, site):
    HubImage.objects.update(consent_reference="")

    assert PLACEHOLDER in read(client, "/about/")


def test_a_visitor_asks_again_for_a_picture_that_may_end_and_keeps_any_other(client, picture):
    wave = make_picture(title="Wave", shows_children=False, consent_reference="")

    kept = client.get(wave.get_rendition("width-100").url)
    asked = client.get(picture.get_rendition("width-100").url)
    again = client.get(
        picture.get_rendition("width-100").url, headers={"If-None-Match": asked["ETag"]}
    )

    assert kept["Cache-Control"] == "public, max-age=31536000, immutable"
    assert asked["Cache-Control"] == "public, no-cache"
    assert again.status_code == 304


def test_given_again_it_is_back_with_files_of_its_own(client, site, picture):
    read(client, "/about/")
    pictures.withdraw(picture, by=None)

    pictures.give_again(picture, by=None)

    html = read(client, "/about/")
    assert "/media/images/choir" in html
    assert PLACEHOLDER not in html
    assert {client.get(f"/media/{name}").status_code for name in files_of_renditions()} == {200}


def test_withdrawing_from_the_admin_lists_the_pages_and_is_on_record(client, site, picture):
    user = User.objects.create_user("comms", password="x")
    grant(user, "comms_editor")
    client.force_login(user)
    address = reverse("picture_permission", args=[picture.pk])

    listed = read(client, address)
    client.post(address, {"action": "withdraw", "why": "Asked by letter"})
    client.post(address, {"action": "withdraw", "why": "Pressed twice"})

    assert [title in listed for title in ("About", "Story", "Funders", "Choir of the year")] == [
        True
    ] * 4
    picture.refresh_from_db()
    assert picture.consent_withdrawn_on == timezone.localdate()
    assert list(
        AccessLogEntry.objects.exclude(record_type="cms.user").values_list(
            "user_id", "action", "record_type", "record_id"
        )
    ) == [(user.pk, "change", "cms.hubimage", str(picture.pk))]
    assert AccessLogEntry.objects.exclude(record_type="cms.user").get().detail == {
        "permission": "withdrawn",
        "why": "Asked by letter",
    }
    assert "Asked by letter" in read(client, address)


def test_the_report_says_which_pictures_are_gone_and_why(client, admin_user, picture):
    make_picture(title="Over", expires_on=date(2020, 1, 1))
    make_picture(title="Nameless", consent_reference="")
    client.force_login(admin_user)

    html = read(client, reverse("picture_permissions") + "?state=gone")

    assert "Not shown: its last day is over" in html
    assert "Not shown: it shows children, and no permission is named" in html
    assert "Choir" not in html


def test_who_may_not_withdraw_does_not_reach_the_screens(client, picture):
    user = User.objects.create_user("panel-1", password="x")
    grant(user, "panellist")
    client.force_login(user)

    for address in (
        reverse("picture_permissions"),
        reverse("picture_permission", args=[picture.pk]),
    ):
        assert client.get(address).status_code in {302, 403}
        assert client.post(address, {"action": "withdraw"}).status_code in {302, 403, 405}
    picture.refresh_from_db()
    assert picture.consent_withdrawn_on is None


def test_the_edit_form_cannot_withdraw_past_the_record():
    assert "consent_withdrawn_on" not in HubImage.admin_form_fields


@pytest.mark.parametrize(("role", "may"), [("comms_editor", True), ("panellist", False)])
def test_comms_staff_choose_pictures_and_documents_and_bring_their_own(client, picture, role, may):
    user = User.objects.create_user("somebody", password="x")
    grant(user, role)
    client.force_login(user)
    file = io.BytesIO()
    Image.new("RGB", (40, 20)).save(file, "PNG")
    own = {"title": "Harps", "file": ImageFile(io.BytesIO(file.getvalue()), "harps.png")}

    answers = {
        name: client.get(reverse(name)).status_code
        for name in ("wagtailimages:index", "wagtaildocs:index", "wagtaildocs:add_multiple")
    }
    offered = client.get(reverse("wagtailimages_chooser:choose_results"))
    sent = client.post(reverse("wagtailimages:add"), own | {"collection": "1"})

    assert set(answers.values()) == ({200} if may else {302})
    assert (b"Choir" in offered.content) is may
    assert HubImage.objects.filter(title="Harps", uploaded_by_user=user).exists() is may, sent
