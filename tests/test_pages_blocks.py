"""Blocks: what they refuse, and that each can be previewed."""

import pytest
from django.template.loader import get_template
from django.test import RequestFactory
from wagtail.blocks.struct_block import StructBlockValidationError

from pages.blocks import BodyBlock
from pages.blocks.facts import FundingBlock
from pages.blocks.links import StartButtonBlock, apply_path
from pages.blocks.text import TableBlock

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
