"""A page in a second language: made, switched to, kept apart, and in its own words."""

import re

import pytest
from django.urls import reverse
from wagtail.models import Locale

from cms.roles import grant
from pages.models import HomePage, StandardPage

from .demo_hub import empty_page_cache

pytestmark = pytest.mark.django_db


@pytest.fixture
def pages():
    """A page and its Welsh version: (English, Welsh)."""
    home = HomePage.objects.get()
    english = home.add_child(instance=StandardPage(title="Costs", slug="costs"))
    welsh_locale = Locale.objects.create(language_code="cy")
    front = home.copy_for_translation(welsh_locale)
    front.title = "Hafan"
    front.save_revision().publish()
    welsh = english.copy_for_translation(welsh_locale)
    welsh.title, welsh.slug = "Costau", "costau"
    welsh.save_revision().publish()
    return english, welsh


@pytest.mark.parametrize("role", ["comms_lead", "comms_editor"])
def test_comms_staff_make_the_draft_of_a_translation(client, pages, django_user_model, role):
    english, _welsh = pages
    user = django_user_model.objects.create_user("comms")
    grant(user, role)
    client.force_login(user)
    polish = Locale.objects.create(language_code="pl")

    for page in (english.get_parent(), english):  # the way down to a page first
        client.post(f"/admin/translation/submit/page/{page.pk}/", {"locales": [polish.pk]})

    made = StandardPage.objects.get(locale=polish, translation_key=english.translation_key)
    assert (made.live, made.title) == (False, "Costs")


def test_the_communications_lead_begins_a_language_and_an_editor_does_not(
    client, pages, django_user_model
):
    add, answers = reverse("wagtaillocales:add"), {"language_code": "pl"}
    for role, may in (("comms_editor", False), ("comms_lead", True)):
        user = django_user_model.objects.create_user(role)
        grant(user, role)
        client.force_login(user)
        client.post(add, answers)
        assert Locale.objects.filter(language_code="pl").exists() is may
        menu = client.get(reverse("wagtailadmin_home")).content.decode()
        assert (reverse("wagtaillocales:index") in menu) is may
    polish = Locale.objects.get(language_code="pl")
    for name in ("edit", "delete"):  # what is written in a language must not be renamed or lost
        address = reverse(f"wagtaillocales:{name}", args=[polish.pk])
        assert client.post(address, {"language_code": "cy"}).status_code in {302, 403}
    assert Locale.objects.get(pk=polish.pk).language_code == "pl"


def read(client, path) -> str:
    return client.get(path).content.decode()


def switch(html) -> list[tuple[str, str, str]]:
    found = html.partition('<nav class="languages')[2].partition("</nav>")[0]
    return re.findall(r'<a href="([^"]+)" lang="([^"]+)"[^>]*>([^<]+)</a>', found)


def test_each_version_says_its_language_and_leads_to_the_other(client, pages):
    english, welsh = read(client, "/costs/"), read(client, "/cy/costau/")

    both = [("/costs/", "en-gb", "English"), ("/cy/costau/", "cy", "Cymraeg")]
    assert (switch(english), switch(welsh)) == (both, both)
    assert re.search('<html lang="([^"]+)"', english)[1] == "en-gb"
    assert re.search('<html lang="([^"]+)"', welsh)[1] == "cy"
    for html in (english, welsh):
        alternates = re.findall(r'rel="alternate" hreflang="([^"]+)" href="([^"]+)"', html)
        assert alternates == [(code, f"http://localhost{path}") for path, code, _name in both]


def test_our_own_words_are_in_the_language_of_the_page(client, pages):
    welsh = read(client, "/cy/costau/")

    assert "Neidio i&#x27;r prif gynnwys" in welsh or "Neidio i'r prif gynnwys" in welsh
    assert "Skip to main content" not in welsh
    assert "Yn poeni am blentyn?" in welsh
    assert "Skip to main content" in read(client, "/costs/")


def test_what_is_kept_in_one_language_is_not_shown_in_the_other(client, pages, settings):
    settings.PAGE_CACHE_SECONDS = 60
    empty_page_cache()
    try:
        for _time in range(2):
            assert "Iaith" in read(client, "/cy/costau/")
            assert "Iaith" not in read(client, "/costs/")
    finally:
        empty_page_cache()


def test_the_browsers_language_does_not_change_an_address(client, pages):
    html = client.get("/costs/", headers={"accept-language": "cy"}).content.decode()

    assert '<html lang="en-gb"' in html


def test_a_page_in_one_language_has_no_switch(client, pages):
    StandardPage.objects.get(pk=pages[1].pk).unpublish()

    assert switch(read(client, "/costs/")) == []


def test_both_languages_are_in_the_sitemap(client, pages):
    listed = re.findall("<loc>([^<]+)</loc>", read(client, "/sitemap.xml"))

    assert {"http://localhost/costs/", "http://localhost/cy/costau/"} <= set(listed)
    assert len(listed) == len(set(listed)) == 4
