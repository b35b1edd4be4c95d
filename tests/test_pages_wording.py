"""What editors are told before they publish: one rule, one mistake that was really made."""

from datetime import date

import pytest
from django.core.files.base import ContentFile
from wagtail.models import Page

from cms.models import HubDocument
from pages.models import StandardPage
from pages.wording import findings

# A page that is not saved still asks which site it would stand in.
pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 21)


def told(*body, **fields) -> list[str]:
    page = StandardPage(title="Page", **fields)
    page.body = StandardPage.body.field.stream_block.to_python(
        [{"type": kind, "value": value} for kind, value in body]
    )
    return findings(page, TODAY)


@pytest.mark.parametrize("text", ["here", "HERE", "clicking here", "click here", "Read more"])
def test_a_link_that_does_not_say_where_it_goes(text):
    body = ("paragraph", f'<p>It is <a href="/news/">{text}</a>.</p>')

    assert told(body) == [
        f"The link “{text}” does not say where it goes. Name the page or document."
    ]


def test_a_link_that_says_so_is_fine():
    assert told(("paragraph", '<p>See <a href="/news/">the news from here</a>.</p>')) == []


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("All staff are CRB checked.", "“CRB” is no longer used. Write DBS."),
        ("To ask for a visit please email: ", "It asks for an e-mail and gives no address."),
        ("Please register by 5 June 2014.", "“by 5 June 2014” is over."),
    ],
)
def test_words_that_mislead(text, finding):
    assert told(("paragraph", f"<p>{text}</p>")) == [finding]


@pytest.mark.parametrize(
    "text",
    [
        "All staff are DBS checked.",
        "Please email: schools@example.org.",
        "Please register by 5 June 2027.",
        "Since 31 February 2014 nothing happened.",
    ],
)
def test_words_that_do_not(text):
    assert told(("paragraph", f"<p>{text}</p>")) == []


def test_a_part_without_its_section():
    finding = "The first heading, “Costs”, is part of a section that is not there."

    assert told(("heading", {"text": "Costs", "level": "h3"})) == [finding]
    assert told(("heading", {"text": "Costs", "level": "h2"})) == []


def test_a_sentence_nobody_can_follow():
    (finding,) = told(("paragraph", f"<p>{'word ' * 41}end.</p>"))

    assert finding == "A sentence of 42 words begins “word word word word word word…”. Make it two."


def test_a_page_past_its_day():
    assert told(review_on=date(2026, 11, 1)) == ["This page was to be checked by 01 November 2026."]
    assert told(review_on=date(2026, 12, 1)) == []


@pytest.mark.django_db
def test_a_pdf_that_is_the_only_way_to_read_it():
    document = HubDocument.objects.create(title="Plan", file=ContentFile(b"%PDF", "plan.pdf"))
    body = ("documents", {"heading": "", "entries": [{"document": document.pk}]})

    assert told(body) == ["“Plan” is a PDF with no web page that says the same."]
    HubDocument.objects.update(accessible_alternative="https://example.org/plan/")
    assert told(body) == []


@pytest.mark.django_db
def test_the_editor_sees_it_after_saving(client, admin_user):
    home = Page.objects.get(depth=2)
    page = home.add_child(instance=StandardPage(title="Checks", slug="checks"))
    client.force_login(admin_user)
    data = {
        "title": "Checks",
        "slug": "checks",
        "summary": "All staff are CRB checked.",
        "body-count": "0",
        "comments-TOTAL_FORMS": "0",
        "comments-INITIAL_FORMS": "0",
        "action-publish": "1",
    }

    response = client.post(f"/admin/pages/{page.pk}/edit/", data, follow=True)

    assert "“CRB” is no longer used. Write DBS." in response.content.decode()
