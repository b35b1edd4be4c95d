"""Worried about a child: people and numbers, and nothing of the visit is kept anywhere."""

import logging

import pytest
from django.apps import apps
from wagtail.models import Site

from cms.models import HubSettings
from pages import counts
from pages.models import ContactCard, HomePage, StandardPage

from .demo_hub import empty_page_cache

pytestmark = pytest.mark.django_db
WORDS = "quillback-is-hurt-at-home"
BROWSER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}


@pytest.fixture
def page(settings):
    settings.PAGE_CACHE_SECONDS = 60
    empty_page_cache()
    counts._Buffer.counts.clear()
    hub = HubSettings.for_site(Site.objects.get(is_default_site=True))
    hub.safeguarding_name, hub.safeguarding_phone = "Head of Safeguarding", "+441632960110"
    hub.save()
    card = ContactCard.objects.create(title="Worries about a child", phone="+441632960111")
    body = [{"type": "contact_cards", "value": {"heading": "Tell somebody", "contacts": [card.pk]}}]
    yield HomePage.objects.get().add_child(
        instance=StandardPage(title="Keeping children safe", slug="safeguarding", body=body)
    )
    empty_page_cache()
    counts._Buffer.counts.clear()


def rows():
    return {model._meta.label: model._default_manager.count() for model in apps.get_models()}


def test_the_page_gives_people_and_numbers_and_asks_nothing(client, page):
    html = client.get("/safeguarding/", headers=BROWSER).content.decode()
    main = html.partition("<main")[2].partition("</main>")[0]
    assert "01632 960111" in main and "tel:" in main
    assert "01632 960110" in html
    assert not [tag for tag in ("<form", "<input", "<textarea", "/apply/") if tag in main]


def test_a_visit_leaves_no_row_no_count_no_cookie_and_no_words_in_a_log(client, page, caplog):
    before = rows()
    with caplog.at_level(logging.DEBUG):
        for again in range(3):  # made, kept, and answered as unchanged
            answer = client.get("/safeguarding/", headers=BROWSER)
            assert not answer.cookies, again
        client.get(
            "/safeguarding/", {"q": WORDS}, headers={**BROWSER, "Referer": "https://a.example.org/"}
        )
        client.post("/safeguarding/", {"concern": WORDS}, headers=BROWSER)
        counts.write_down()
    assert rows() == before
    assert not client.cookies
    logged = [r.getMessage() for r in caplog.records if not r.name.startswith("django.db")]
    assert not [line for line in logged if WORDS in line]
