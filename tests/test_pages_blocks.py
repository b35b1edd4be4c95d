"""Blocks: what they refuse, and that each can be previewed."""

import pytest
from django.core.files.base import ContentFile
from django.template.loader import get_template
from django.test import RequestFactory
from django.urls import reverse
from wagtail.blocks.struct_block import StructBlockValidationError
from wagtail.models import Collection, CollectionViewRestriction

from cms.models import HubDocument
from pages.blocks import BodyBlock
from pages.blocks.facts import FundingBlock
from pages.blocks.links import StartButtonBlock, apply_path
from pages.blocks.text import TableBlock
from pages.models import HomePage, StandardPage
from pages.players import player_of

FUNDING = {
    "heading": "What the hub was given",
    "year": "2024/25",
    "funder": "Department for Education",
    "parts": [
        {"label": "Running the hub", "amount": 1_672_854, "note": ""},
        {"label": "Instruments and equipment", "amount": 549_518, "note": ""},
    ],
}


def test_funding_that_adds_up_is_accepted():
    block = FundingBlock()

    value = block.clean(block.to_python(FUNDING | {"total": 2_222_372}))

    assert value.added_up == 2_222_372


@pytest.mark.parametrize("total", [2_222_371, 2_222_373, 0, 1_672_854])
def test_funding_with_any_other_total_is_refused_and_told_the_sum(total):
    block = FundingBlock()

    with pytest.raises(StructBlockValidationError) as refused:
        block.clean(block.to_python(FUNDING | {"total": total}))

    (message,) = refused.value.block_errors["total"].messages
    assert message == f"The rows add up to £2,222,372, and the total says £{total:,}."


YOUTUBE = "https://www.youtube-nocookie.com/embed/a-day-of-it?autoplay=1&rel=0"
VIMEO = "https://player.vimeo.com/video/12345?autoplay=1&dnt=1"


@pytest.mark.parametrize(
    ("address", "plays"),
    [
        ("https://www.youtube.com/watch?v=a-day-of-it", YOUTUBE),
        ("http://m.youtube.com/watch?list=x&v=a-day-of-it&t=9#x", YOUTUBE),
        ("https://youtu.be/a-day-of-it?si=abc", YOUTUBE),
        ("https://www.youtube-nocookie.com/embed/a-day-of-it", YOUTUBE),
        ("https://vimeo.com/12345", VIMEO),
        ("https://player.vimeo.com/video/12345?h=9", VIMEO),
        ("https://vimeo.com/12345/0a1b2c", VIMEO + "&h=0a1b2c"),
        ("https://youtube.com.evil.example/watch?v=a-day-of-it", None),
        ("https://evil.example/?https://youtu.be/a-day-of-it", None),
        ("https://www.youtube.com/watch?v=a-day-of-itself", None),
        ("https://www.youtube.com/watch?v=%22%3E%3Cscript%3E", None),
        ("javascript:alert(1)//https://youtu.be/a-day-of-it", None),
        ("https://video.example.org/1", None),
        ("", None),
    ],
)
def test_only_players_that_are_known_are_put_on_a_page(address, plays):
    found = player_of(address)

    assert (found.address if found else None) == plays


@pytest.mark.django_db
def test_a_page_may_hold_frames_of_the_hosts_of_its_films_and_of_no_other(client, admin_user):
    """Also once it is kept, and in the preview."""
    film = {"title": "Film", "host": "x", "has_captions": True, "transcript": "<p>We sing.</p>"}
    page = StandardPage(title="Films", slug="films")
    page.body = [("video", film | {"address": "https://video.example.org/1"})]
    HomePage.objects.get().add_child(instance=page)

    def frames():
        return [client.get("/films/")["Content-Security-Policy"] for _turn in range(2)]

    assert "frame-src" not in "".join(frames())
    for address in ("https://youtu.be/a-day-of-it", "https://vimeo.com/12345"):
        page.body.append(("video", film | {"address": address}))
    page.save_revision().publish()

    hosts = "frame-src https://player.vimeo.com https://www.youtube-nocookie.com"
    assert all(hosts in policy.split("; ") for policy in frames())
    assert "<iframe" not in client.get("/films/").content.decode()
    assert "frame-src" not in client.get("/")["Content-Security-Policy"]
    client.force_login(admin_user)
    preview = client.get(reverse("wagtailadmin_pages:view_draft", args=[page.pk]))
    assert hosts in preview["Content-Security-Policy"].split("; ")


def test_a_cell_of_a_table_carries_its_heading_for_narrow_screens():
    block = TableBlock()
    html = block.render(block.get_preview_value())

    assert '<th scope="row">Choir</th><td data-label="Price">Free</td>' in html


def test_a_table_row_with_a_missing_cell_is_refused_by_its_number():
    block = TableBlock()
    value = {
        "caption": "Prices",
        "headings": ["Group", "Price"],
        "rows": [["Choir", "Free"], ["Band"]],
        "first_column_is_heading": True,
    }

    with pytest.raises(StructBlockValidationError) as refused:
        block.clean(block.to_python(value))

    (message,) = refused.value.block_errors["rows"].messages
    assert message == "There are 2 headings. Row 2 has another number of cells."


def test_a_start_button_leads_to_the_form_and_to_what_is_applied_for():
    value = StartButtonBlock().to_python(
        {"form_slug": "songwriter-booking", "reference": "sw-watford-270216"}
    )

    assert value.url == "/apply/songwriter-booking/?for=sw-watford-270216"
    assert apply_path("hub-partner") == "/apply/hub-partner/"


BLOCKS = BodyBlock().child_blocks


@pytest.mark.parametrize("name", BLOCKS)
def test_every_block_has_a_template_a_description_and_a_group(name):
    block = BLOCKS[name]

    assert get_template(block.meta.template)
    assert str(block.meta.description).endswith(".")
    assert block.meta.group


@pytest.mark.django_db
@pytest.mark.parametrize("name", BLOCKS)
def test_every_block_renders_its_preview(name):
    block = BLOCKS[name]
    request = RequestFactory().get("/")

    html = block.render(block.get_preview_value(), context={"request": request})

    assert "None" not in html


@pytest.mark.django_db
def test_documents_are_previewed_with_those_that_anybody_may_read(rf):
    closed = Collection.get_first_root_node().add_child(name="Board")
    CollectionViewRestriction.objects.create(collection=closed, restriction_type="login")
    for title, facts in (("Term dates", {}), ("Board papers", {"collection": closed})):
        HubDocument.objects.create(title=title, file=ContentFile(b"x", "a.txt"), **facts)
    block = BLOCKS["documents"]

    html = block.render(block.get_preview_value(), context={"request": rf.get("/")})

    assert "Term dates" in html
    assert "Board papers" not in html


def test_a_start_button_is_only_there_when_its_form_is_open(db):
    from forms.models import FormDefinition
    from pages.blocks.links import StartButtonBlock
    from tests.journeys import publish_songwriter

    block = StartButtonBlock()
    closed = block.render(
        block.to_python({"label": "Start now", "form_slug": "songwriter-booking"})
    )
    publish_songwriter()
    opened = block.render(
        block.to_python({"label": "Start now", "form_slug": "songwriter-booking"})
    )
    FormDefinition.objects.update(live=False)
    taken_down = block.render(
        block.to_python({"label": "Start now", "form_slug": "songwriter-booking"})
    )

    link = 'href="/apply/songwriter-booking/"'
    assert [link in html for html in (closed, opened, taken_down)] == [False, True, False]
