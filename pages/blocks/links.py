"""Blocks that send a reader on: link lists, cards, calls to action, the start button of a form."""

from urllib.parse import urlencode

from django.utils.translation import gettext_lazy as _
from wagtail import blocks
from wagtail.images.blocks import ImageChooserBlock

from cms import pictures
from cms.models.site import LinkBlock
from pages.open_forms import is_open

from .prose import ProseBlock
from .text import INLINE


class DescribedLinkBlock(LinkBlock):
    description = blocks.CharBlock(max_length=200, required=False)
    checked_on = blocks.DateBlock(
        required=False, help_text=_("When somebody last looked whether it still works.")
    )


class LinksBlock(blocks.StructBlock):
    heading = blocks.CharBlock(max_length=90, required=False)
    links = blocks.ListBlock(DescribedLinkBlock(), min_num=1, max_num=20)

    class Meta:
        icon = "link"
        group = _("Ways on")
        template = "pages/blocks/links.html"
        preview_value = {"heading": "Read more", "links": [{"label": "Events", "path": "/events/"}]}
        description = _("Links, each saying where it goes.")


class CardBlock(blocks.StructBlock):
    picture = ImageChooserBlock(
        required=False, help_text=_("Only decoration: say it in words too.")
    )
    title = blocks.CharBlock(max_length=70)
    text = blocks.CharBlock(max_length=200)
    link = LinkBlock()


class CardsBlock(blocks.StructBlock):
    heading = blocks.CharBlock(max_length=90, required=False)
    cards = blocks.ListBlock(CardBlock(), min_num=2, max_num=8)

    def get_context(self, value: dict, parent_context: dict | None = None) -> dict:
        pictures.ready(card.get("picture") for card in value["cards"])
        return super().get_context(value, parent_context=parent_context)

    class Meta:
        icon = "grip"
        group = _("Ways on")
        template = "pages/blocks/cards.html"
        preview_value = {
            "heading": "Where to start",
            "cards": [
                {"title": "Courses", "text": "In the holidays.", "link": {"path": "/courses/"}},
                {"title": "Groups", "text": "Every week.", "link": {"path": "/ensembles/"}},
            ],
        }
        description = _("Two to eight ways on, each with a line of its own.")


class CallToActionBlock(blocks.StructBlock):
    heading = blocks.CharBlock(max_length=90)
    text = ProseBlock(features=INLINE, max_length=400, required=False)
    link = LinkBlock()

    class Meta:
        icon = "bold"
        group = _("Ways on")
        label_format = "{heading}"
        template = "pages/blocks/call_to_action.html"
        preview_value = {
            "heading": "Write a song this half-term",
            "link": {"label": "See the dates", "path": "/courses/songwriter/"},
        }
        description = _("The one thing to do next.")


def apply_path(form_slug: str, reference: str = "") -> str:
    """The start page of a form, and what is applied for when a reference is given."""
    query = f"?{urlencode({'for': reference})}" if reference else ""
    return f"/apply/{form_slug}/{query}"


class StartValue(blocks.StructValue):
    @property
    def url(self) -> str:
        return apply_path(self.get("form_slug", ""), self.get("reference") or "")

    @property
    def is_open(self) -> bool:
        return is_open(self.get("form_slug", ""))


class StartButtonBlock(blocks.StructBlock):
    """Begins a form of the hub. Says first what is needed and how long it takes."""

    label = blocks.CharBlock(max_length=60, default="Start now")
    form_slug = blocks.RegexBlock(
        regex=r"^[a-z0-9-]+$", max_length=60, help_text=_("The address name of the form.")
    )
    reference = blocks.CharBlock(
        max_length=40, required=False, help_text=_("A course date or audition round, if one.")
    )
    minutes = blocks.IntegerBlock(min_value=1, max_value=120, required=False)
    needed = blocks.ListBlock(
        blocks.CharBlock(max_length=140), max_num=8, label=_("What you need"), default=[]
    )
    other_way = ProseBlock(
        features=INLINE, max_length=400, required=False, label=_("Another way to apply")
    )

    class Meta:
        icon = "form"
        group = _("Ways on")
        label_format = "{label}: {form_slug}"
        template = "pages/blocks/start_button.html"
        value_class = StartValue
        preview_value = {"label": "Start now", "form_slug": "songwriter-booking", "minutes": 10}
        form_layout = blocks.BlockGroup(
            children=["label", "form_slug", "needed", "minutes"],
            settings=["reference", "other_way"],
        )
        description = _("Starts a form, saying what is needed and how long it takes.")


class NewsletterBlock(blocks.StructBlock):
    """Asks for the newsletter on the page itself; without an answer about for whom."""

    heading = blocks.CharBlock(max_length=90, default="Our newsletter")
    text = blocks.CharBlock(
        max_length=200, default="A letter each term: what begins, what is free, what is new."
    )

    class Meta:
        icon = "mail"
        group = _("Ways on")
        template = "pages/blocks/newsletter.html"
        preview_value = {"heading": "Our newsletter", "text": "A letter each term."}
        description = _("Asks for an e-mail address, to send the newsletter to.")
