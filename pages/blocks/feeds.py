"""Blocks that fill themselves from live pages and records. Each costs a fixed number of queries."""

from django import forms
from django.apps import apps
from django.utils.translation import gettext_lazy as _
from wagtail import blocks
from wagtail.snippets.blocks import SnippetChooserBlock

from pages import listings

NUMBER = {"min_value": 1, "max_value": 12, "default": 3}


class NewsFeedBlock(blocks.StructBlock):
    heading = blocks.CharBlock(max_length=90, default="Latest news")
    category = SnippetChooserBlock("pages.NewsCategory", required=False)
    number = blocks.IntegerBlock(**NUMBER)

    def get_context(self, value: dict, parent_context: dict | None = None) -> dict:
        context = super().get_context(value, parent_context=parent_context)
        stories = listings.latest_news(value["number"], category=value.get("category"))
        context["stories"] = listings.with_pictures(stories)
        return context

    class Meta:
        icon = "list-ul"
        group = _("From the site")
        template = "pages/blocks/news_feed.html"
        preview_value = {"heading": "Latest news", "number": 3}
        description = _("The newest stories.")


def event_kinds() -> list[tuple[str, str]]:
    return apps.get_model("pages", "EventPage").Kind.choices


class EventFeedBlock(blocks.StructBlock):
    heading = blocks.CharBlock(max_length=90, default="Coming up")
    kinds = blocks.MultipleChoiceBlock(
        choices=event_kinds,
        required=False,
        search_index=False,
        widget=forms.CheckboxSelectMultiple,
        label=_("Only these kinds"),
        help_text=_("With none ticked, events of every kind."),
    )
    number = blocks.IntegerBlock(**NUMBER)

    def get_context(self, value: dict, parent_context: dict | None = None) -> dict:
        context = super().get_context(value, parent_context=parent_context)
        context["occasions"] = listings.next_events(value["number"], kinds=value.get("kinds"))
        return context

    class Meta:
        icon = "date"
        group = _("From the site")
        template = "pages/blocks/event_feed.html"
        preview_value = {"heading": "Coming up", "number": 3}
        description = _("The next events, of every kind or of some.")


class CourseFeedBlock(blocks.StructBlock):
    heading = blocks.CharBlock(max_length=90, default="Holiday courses")
    number = blocks.IntegerBlock(**NUMBER)

    def get_context(self, value: dict, parent_context: dict | None = None) -> dict:
        context = super().get_context(value, parent_context=parent_context)
        context["dates"] = listings.next_course_dates(value["number"])
        return context

    class Meta:
        icon = "date"
        group = _("From the site")
        template = "pages/blocks/course_feed.html"
        live = True  # it shows places left: never a kept part of a page
        preview_value = {"heading": "Holiday courses", "number": 3}
        description = _("The next course dates with places left.")


class CentreMapBlock(blocks.StructBlock):
    """Where the centres are: a drawing without tiles, and the same as a list."""

    heading = blocks.CharBlock(max_length=90, default="Find your nearest music centre")

    def get_context(self, value: dict, parent_context: dict | None = None) -> dict:
        context = super().get_context(value, parent_context=parent_context)
        context["places"] = listings.centres_on_map()
        return context

    class Meta:
        icon = "site"
        group = _("From the site")
        template = "pages/blocks/centre_map.html"
        preview_value = {"heading": "Find your nearest music centre"}
        description = _("A map of the centres that is also a list.")
