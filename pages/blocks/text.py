"""Blocks of words: headings, paragraphs, quotations, callouts, steps, tables.

A heading is a block of its own, so that the outline of a page can be checked; rich text has none.
"""

from django.core.exceptions import ValidationError
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _
from wagtail import blocks
from wagtail.blocks.struct_block import StructBlockValidationError

from .prose import ProseBlock

INLINE = ["bold", "italic", "link", "document-link"]
PROSE = [*INLINE, "ol", "ul"]


class HeadingValue(blocks.StructValue):
    @property
    def anchor(self) -> str:
        """What a link to this heading ends in."""
        return slugify(self.get("text", ""))


class HeadingBlock(blocks.StructBlock):
    text = blocks.CharBlock(max_length=90, label=_("Heading"))
    level = blocks.ChoiceBlock(
        search_index=False,
        choices=[("h2", _("Section")), ("h3", _("Part of a section"))],
        default="h2",
        help_text=_("Parts belong below a section; a page does not jump over a level."),
    )

    class Meta:
        icon = "title"
        group = _("Words")
        label_format = "{text}"
        template = "pages/blocks/heading.html"
        value_class = HeadingValue
        preview_value = {"text": "How to join a group", "level": "h2"}
        description = _("Names a section, so that readers can scan the page.")


class ParagraphBlock(ProseBlock):
    def __init__(self, **kwargs):
        kwargs.setdefault("features", PROSE)
        kwargs.setdefault("max_length", 6000)
        super().__init__(**kwargs)

    class Meta:
        icon = "pilcrow"
        group = _("Words")
        template = "pages/blocks/paragraph.html"
        preview_value = "<p>Every child in the county can sing, play and make music.</p>"
        description = _("Ordinary text, with links and lists.")


class QuoteBlock(blocks.StructBlock):
    text = blocks.TextBlock(max_length=600, label=_("Quotation"))
    cite = blocks.CharBlock(
        max_length=120, label=_("Who said it"), help_text=_("A role or a publication. No child.")
    )
    source = blocks.URLBlock(required=False, help_text=_("Where it can be read in full."))

    class Meta:
        icon = "openquote"
        group = _("Words")
        template = "pages/blocks/quote.html"
        preview_value = {"text": "I wrote my first chorus before lunch.", "cite": "Songwriter, 12"}
        description = _("Somebody's own words, with who said them.")


class CalloutBlock(blocks.StructBlock):
    tone = blocks.ChoiceBlock(
        search_index=False,
        choices=[
            ("info", _("Good to know")),
            ("help", _("Help with costs")),
            ("warning", _("Important")),
        ],
        default="info",
    )
    heading = blocks.CharBlock(max_length=80)
    text = ProseBlock(features=PROSE, max_length=1200)

    class Meta:
        icon = "info-circle"
        group = _("Words")
        label_format = "{heading}"
        template = "pages/blocks/callout.html"
        preview_value = {"tone": "help", "heading": "Cost need not stop you", "text": "<p>Ask.</p>"}
        description = _("One thing readers must not miss. At most two on a page.")


class DetailsBlock(blocks.StructBlock):
    summary = blocks.CharBlock(max_length=120, help_text=_("The line that opens it."))
    text = ProseBlock(features=PROSE, max_length=3000)

    class Meta:
        icon = "collapse-down"
        group = _("Words")
        label_format = "{summary}"
        template = "pages/blocks/details.html"
        preview_value = {"summary": "What is First Access?", "text": "<p>A first instrument.</p>"}
        description = _("Something only some readers need, folded away.")


class AccordionBlock(blocks.StructBlock):
    parts = blocks.ListBlock(DetailsBlock(), min_num=2, max_num=15)

    class Meta:
        icon = "list-ul"
        group = _("Words")
        template = "pages/blocks/accordion.html"
        preview_value = {
            "parts": [
                {"summary": "Before the day", "text": "<p>Pack a lunch.</p>"},
                {"summary": "On the day", "text": "<p>Come at half past nine.</p>"},
            ]
        }
        description = _("Several folded parts of one subject.")


class StepBlock(blocks.StructBlock):
    title = blocks.CharBlock(max_length=90)
    text = ProseBlock(features=PROSE, max_length=1200, required=False)


class StepsBlock(blocks.StructBlock):
    steps = blocks.ListBlock(StepBlock(), min_num=2, max_num=12)

    class Meta:
        icon = "list-ol"
        group = _("Words")
        template = "pages/blocks/steps.html"
        preview_value = {
            "steps": [
                {"title": "Choose a group", "text": "<p>Look by age or place.</p>"},
                {"title": "Come and try", "text": "<p>The first visit is free.</p>"},
            ]
        }
        description = _("What to do, in order.")


class TableBlock(blocks.StructBlock):
    """A small table. Every row has as many cells as there are headings."""

    caption = blocks.CharBlock(max_length=140, help_text=_("What the table shows."))
    headings = blocks.ListBlock(blocks.CharBlock(max_length=60), min_num=2, max_num=6)
    rows = blocks.ListBlock(
        blocks.ListBlock(blocks.CharBlock(max_length=200, required=False)), min_num=1, max_num=60
    )
    first_column_is_heading = blocks.BooleanBlock(required=False, default=True)

    def clean(self, value: dict) -> dict:
        value = super().clean(value)
        width = len(value["headings"])
        wrong = [number for number, row in enumerate(value["rows"], 1) if len(row) != width]
        if wrong:
            rows = ", ".join(str(number) for number in wrong)
            raise StructBlockValidationError(
                {
                    "rows": ValidationError(
                        _("There are %(width)s headings. Row %(rows)s has another number of cells.")
                        % {"width": width, "rows": rows}
                    )
                }
            )
        return value

    def get_context(self, value: dict, parent_context: dict | None = None) -> dict:
        """Each cell with its heading: on a narrow screen the row stands one cell below another."""
        context = super().get_context(value, parent_context=parent_context)
        context["rows"] = [list(zip(value["headings"], row, strict=False)) for row in value["rows"]]
        return context

    class Meta:
        icon = "table"
        group = _("Words")
        label_format = "{caption}"
        template = "pages/blocks/table.html"
        preview_value = {
            "caption": "Prices of a term",
            "headings": ["Group", "Price"],
            "rows": [["Beginners' strings", "£42"], ["Choir", "Free"]],
            "first_column_is_heading": True,
        }
        description = _("Facts side by side, with a caption.")
        form_layout = blocks.BlockGroup(
            children=["caption", "headings", "rows"], settings=["first_column_is_heading"]
        )
