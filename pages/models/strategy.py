"""What the hub is for: its strategy in themes, and the roles and aims of a music hub."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail import blocks
from wagtail.admin.panels import FieldPanel, MultiFieldPanel
from wagtail.fields import StreamField
from wagtail.search import index
from wagtail.snippets.blocks import SnippetChooserBlock

from pages import listings
from pages.blocks import TitledTextBlock
from pages.blocks.prose import ProseBlock
from pages.blocks.text import PROSE

from .base import BodyPage, HubPage


class ThemeBlock(blocks.StructBlock):
    theme = SnippetChooserBlock("pages.Theme")
    text = ProseBlock(features=PROSE, max_length=3000)
    promises = blocks.ListBlock(blocks.CharBlock(max_length=160), min_num=1, max_num=8)

    class Meta:
        icon = "tag"


class StrategyPage(BodyPage):
    """A strategy for some years, theme by theme, with the stories that show what came of each."""

    period = models.CharField(max_length=20, help_text=_("For example: 2020 to 2030."))
    themes = StreamField([("theme", ThemeBlock())], blank=True, max_num=8)

    content_panels = [*HubPage.content_panels, "period", "themes", "body"]
    search_fields = [*BodyPage.search_fields, index.SearchField("themes")]

    page_description = _("The vision and its themes.")

    class Meta:
        verbose_name = _("strategy page")

    def get_context(self, request, *args, **kwargs) -> dict:  # noqa: ANN001
        context = super().get_context(request, *args, **kwargs)
        themes = [block.value for block in self.themes if block.value["theme"]]
        stories = listings.stories_of_themes([value["theme"].pk for value in themes])
        context["themes"] = [
            {"value": value, "stories": stories.get(value["theme"].pk, [])} for value in themes
        ]
        return context


def titled_texts(help_text: str, *, max_num: int) -> StreamField:
    return StreamField(
        [("entry", TitledTextBlock())], blank=True, max_num=max_num, help_text=help_text
    )


class HubExplainerPage(BodyPage):
    """What a music hub is: its aims, the functions it serves, its core and extension roles."""

    aims = titled_texts(_("The aims of the national plan."), max_num=6)
    functions = titled_texts(_("The strategic functions."), max_num=8)
    core_roles = titled_texts(_("What every hub must do."), max_num=8)
    extension_roles = titled_texts(_("What a hub may do beyond that."), max_num=8)

    content_panels = [
        *HubPage.content_panels,
        MultiFieldPanel(["aims", "functions"], heading=_("The national plan")),
        MultiFieldPanel(["core_roles", "extension_roles"], heading=_("Roles")),
        FieldPanel("body"),
    ]
    search_fields = [
        *BodyPage.search_fields,
        *[index.SearchField(n) for n in ("aims", "functions", "core_roles", "extension_roles")],
    ]

    page_description = _("What a music hub is: aims, functions and roles.")

    class Meta:
        verbose_name = _("hub page")
