"""Figures, dates and people: written once, as snippets or records, and shown on many pages."""

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from wagtail import blocks
from wagtail.blocks.struct_block import StructBlockValidationError
from wagtail.snippets.blocks import SnippetChooserBlock

from cms import pictures
from cms.models import Term

from .counters import counted, counters
from .prose import ProseBlock
from .text import INLINE, PROSE


class SampledBlock(blocks.StructBlock):
    """A block over a list of choosers, previewed with the first few of what there is."""

    sampled = ""

    def get_preview_value(self) -> blocks.StructValue:
        chooser = self.child_blocks[self.sampled].child_block
        found = list(chooser.model_class.objects.all()[:3])
        return self.normalize({"heading": self.label, self.sampled: found})


class KeyFiguresBlock(SampledBlock):
    sampled = "figures"

    heading = blocks.CharBlock(max_length=90, required=False)
    figures = blocks.ListBlock(SnippetChooserBlock("pages.KeyFigure"), min_num=1, max_num=6)

    class Meta:
        icon = "order"
        group = _("Facts")
        template = "pages/blocks/key_figures.html"
        description = _("Up to six figures, each with the day it was counted and its source.")


def counter_choices() -> list[tuple[str, str]]:
    return [(key, counter.label) for key, counter in counters.items()]


class CountersBlock(blocks.StructBlock):
    """Figures counted from the records while the page is made, so they are never out of date."""

    heading = blocks.CharBlock(max_length=90, required=False)
    counted = blocks.MultipleChoiceBlock(
        search_index=False, choices=counter_choices, label=_("What to count")
    )

    def get_context(self, value: dict, parent_context: dict | None = None) -> dict:
        context = super().get_context(value, parent_context=parent_context)
        context["counters"] = [
            {"label": label, "number": number} for label, number in counted(value["counted"])
        ]
        context["as_at"] = timezone.localdate()
        return context

    class Meta:
        icon = "plus"
        group = _("Facts")
        template = "pages/blocks/counters.html"
        preview_value = {"heading": "The hub today", "counted": ["partners"]}
        description = _("Numbers counted live: centres, groups and partners.")


class FundingRowBlock(blocks.StructBlock):
    label = blocks.CharBlock(max_length=90)
    amount = blocks.IntegerBlock(min_value=0, help_text=_("In whole pounds."))
    note = ProseBlock(features=INLINE, max_length=400, required=False)


class FundingValue(blocks.StructValue):
    @property
    def added_up(self) -> int:
        """The sum of the rows, in pounds."""
        return sum(row["amount"] or 0 for row in self["parts"])


class FundingBlock(blocks.StructBlock):
    """Money by stream. The stated total must be the sum of the rows, or the block is refused."""

    heading = blocks.CharBlock(max_length=90)
    year = blocks.CharBlock(
        max_length=40, help_text=_("For example: September 2024 to August 2025.")
    )
    funder = blocks.CharBlock(max_length=120)
    parts = blocks.ListBlock(FundingRowBlock(), min_num=1, max_num=12)
    total = blocks.IntegerBlock(min_value=0, help_text=_("In whole pounds. It is added up again."))

    def clean(self, value: dict) -> dict:
        value = super().clean(value)
        if value["total"] != value.added_up:
            raise StructBlockValidationError(
                {
                    "total": ValidationError(
                        _("The rows add up to £%(sum)s, and the total says £%(total)s.")
                        % {"sum": f"{value.added_up:,}", "total": f"{value['total']:,}"}
                    )
                }
            )
        return value

    class Meta:
        icon = "table"
        group = _("Facts")
        label_format = "{heading}"
        template = "pages/blocks/funding.html"
        value_class = FundingValue
        preview_value = {
            "heading": "What the hub is given",
            "year": "2024/25",
            "funder": "Department for Education",
            "parts": [{"label": "Running costs", "amount": 1000}],
            "total": 1000,
        }
        description = _("Funding by stream, refused when it does not add up.")


class TimelineEntryBlock(blocks.StructBlock):
    when = blocks.CharBlock(max_length=40)
    title = blocks.CharBlock(max_length=90)
    text = ProseBlock(features=INLINE, max_length=600, required=False)


class TimelineBlock(blocks.StructBlock):
    heading = blocks.CharBlock(max_length=90, required=False)
    entries = blocks.ListBlock(TimelineEntryBlock(), min_num=2, max_num=20)

    class Meta:
        icon = "history"
        group = _("Facts")
        template = "pages/blocks/timeline.html"
        preview_value = {
            "entries": [
                {"when": "2011", "title": "First national plan"},
                {"when": "2022", "title": "A new national plan"},
            ]
        }
        description = _("What happened, in order.")


class TermDatesBlock(blocks.StructBlock):
    heading = blocks.CharBlock(max_length=90, default="Term dates")

    def get_context(self, value: dict, parent_context: dict | None = None) -> dict:
        context = super().get_context(value, parent_context=parent_context)
        context["terms"] = Term.objects.on_or_after(timezone.localdate()).select_related(
            "academic_year"
        )[:3]
        return context

    class Meta:
        icon = "calendar-alt"
        group = _("Facts")
        template = "pages/blocks/term_dates.html"
        preview_value = {"heading": "Term dates"}
        description = _("The next three terms with their half-terms, from the calendar.")


class ContactCardsBlock(SampledBlock):
    sampled = "contacts"

    heading = blocks.CharBlock(max_length=90, required=False)
    contacts = blocks.ListBlock(SnippetChooserBlock("pages.ContactCard"), min_num=1, max_num=8)

    class Meta:
        icon = "user"
        group = _("Facts")
        template = "pages/blocks/contact_cards.html"
        description = _("Who to ask. Change the card once and every page follows.")


class QuestionsBlock(SampledBlock):
    sampled = "questions"

    heading = blocks.CharBlock(max_length=90, default="Questions people ask")
    questions = blocks.ListBlock(SnippetChooserBlock("pages.Question"), min_num=1, max_num=20)

    class Meta:
        icon = "help"
        group = _("Facts")
        template = "pages/blocks/questions.html"
        description = _("Questions with their answers, also told to search engines.")


class TitledTextBlock(blocks.StructBlock):
    """A name and what it means: a role of the hub, an aim, a function, a promise."""

    title = blocks.CharBlock(max_length=90)
    text = ProseBlock(features=PROSE, max_length=1500)

    class Meta:
        icon = "list-ul"
        label_format = "{title}"


class PeopleBlock(SampledBlock):
    sampled = "people"

    heading = blocks.CharBlock(max_length=90, required=False)
    people = blocks.ListBlock(
        blocks.PageChooserBlock(page_type="pages.PersonPage"), min_num=1, max_num=12
    )

    def get_context(self, value: dict, parent_context: dict | None = None) -> dict:
        context = super().get_context(value, parent_context=parent_context)
        chosen = [person.pk for person in value["people"] if person]
        found = apps.get_model("pages", "PersonPage").objects.live().in_bulk(chosen)
        people = [found[pk] for pk in chosen if pk in found]
        models.prefetch_related_objects(people, "social_image")
        pictures.ready(person.social_image for person in people)
        context["people"] = people
        return context

    class Meta:
        icon = "group"
        group = _("Facts")
        template = "pages/blocks/people.html"
        description = _("Members of staff, from their own pages.")


class LogosBlock(SampledBlock):
    sampled = "logos"

    heading = blocks.CharBlock(max_length=90)
    logos = blocks.ListBlock(SnippetChooserBlock("pages.Logo"), min_num=1, max_num=16)

    def get_context(self, value: dict, parent_context: dict | None = None) -> dict:
        context = super().get_context(value, parent_context=parent_context)
        today = timezone.localdate()
        context["logos"] = [logo for logo in value["logos"] if logo and logo.is_valid_on(today)]
        models.prefetch_related_objects(context["logos"], "image")
        pictures.ready(logo.image for logo in context["logos"])
        return context

    class Meta:
        icon = "pick"
        group = _("Facts")
        template = "pages/blocks/logos.html"
        description = _("Funders and memberships. One past its last day is no longer shown.")
