"""Pictures, downloads and outside films. No other host is asked for anything before a click."""

from django.apps import apps
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from wagtail import blocks
from wagtail.blocks.struct_block import StructBlockValidationError
from wagtail.documents.blocks import DocumentChooserBlock
from wagtail.images.blocks import ImageBlock

from pages import listings
from pages.players import player_of

from .prose import ProseBlock
from .text import PROSE


def newest_picture() -> object | None:
    """For previews: the picture that was added last, if there is one."""
    return apps.get_model("cms", "HubImage").objects.order_by("-pk").first()


def newest_documents() -> list:
    """For previews: the three public documents that were added last."""
    return list(listings.public_documents().order_by("-pk")[:3])


class PictureBlock(blocks.StructBlock):
    picture = ImageBlock()
    caption = blocks.CharBlock(max_length=200, required=False)
    size = blocks.ChoiceBlock(
        search_index=False,
        choices=[("text", _("As wide as the text")), ("wide", _("Wide"))],
        default="text",
    )

    def get_preview_value(self) -> blocks.StructValue:
        return self.normalize({"picture": newest_picture(), "caption": _("A caption")})

    class Meta:
        icon = "image"
        group = _("Pictures and files")
        template = "pages/blocks/picture.html"
        form_layout = blocks.BlockGroup(children=["picture", "caption"], settings=["size"])
        description = _("A picture, with words for those who cannot see it.")


class PictureAndTextBlock(blocks.StructBlock):
    picture = ImageBlock()
    heading = blocks.CharBlock(max_length=90)
    text = ProseBlock(features=PROSE, max_length=1500)
    picture_first = blocks.BooleanBlock(required=False)

    def get_preview_value(self) -> blocks.StructValue:
        return self.normalize(
            {"picture": newest_picture(), "heading": _("A heading"), "text": _("A few lines.")}
        )

    class Meta:
        icon = "image"
        group = _("Pictures and files")
        label_format = "{heading}"
        template = "pages/blocks/picture_and_text.html"
        form_layout = blocks.BlockGroup(
            children=["picture", "heading", "text"], settings=["picture_first"]
        )
        description = _("A picture beside a few lines.")


class DocumentBlock(blocks.StructBlock):
    document = DocumentChooserBlock()
    label = blocks.CharBlock(
        max_length=120, required=False, help_text=_("Left empty, the title of the document.")
    )
    expires_on = blocks.DateBlock(
        required=False, help_text=_("After this day the link says that it has ended.")
    )


class DocumentsBlock(blocks.StructBlock):
    heading = blocks.CharBlock(max_length=90, required=False)
    entries = blocks.ListBlock(DocumentBlock(), min_num=1, max_num=20, label=_("Documents"))

    def get_context(self, value: dict, parent_context: dict | None = None) -> dict:
        context = super().get_context(value, parent_context=parent_context)
        context["today"] = timezone.localdate()
        return context

    def get_preview_value(self) -> blocks.StructValue:
        entries = [{"document": document} for document in newest_documents()]
        return self.normalize({"heading": _("To download"), "entries": entries})

    class Meta:
        icon = "doc-full"
        group = _("Pictures and files")
        template = "pages/blocks/documents.html"
        description = _("Downloads, each with its type and size.")


class VideoBlock(blocks.StructBlock):
    """An outside film: a link with its transcript, and of some sites a player behind a click."""

    title = blocks.CharBlock(max_length=120)
    address = blocks.URLBlock(label=_("Where the film can be watched"))
    host = blocks.CharBlock(max_length=60, label=_("Whose site that is"))
    minutes = blocks.IntegerBlock(min_value=1, max_value=600, required=False)
    has_captions = blocks.BooleanBlock(required=False, label=_("It has captions"))
    transcript = ProseBlock(features=PROSE, max_length=20_000)

    def clean(self, value: dict) -> dict:
        value = super().clean(value)
        if not value.get("has_captions") and len(value["transcript"].source) < 200:
            raise StructBlockValidationError(
                {
                    "transcript": ValidationError(
                        _("A film without captions needs its words in full here.")
                    )
                }
            )
        return value

    def get_context(self, value: dict, parent_context: dict | None = None) -> dict:
        context = super().get_context(value, parent_context=parent_context)
        context["player"] = player_of(value["address"] or "")
        return context

    class Meta:
        icon = "media"
        group = _("Pictures and files")
        label_format = "{title}"
        template = "pages/blocks/video.html"
        preview_value = {
            "title": "A day of Songwriter",
            "address": "https://www.youtube.com/watch?v=a-day-of-it",
            "host": "YouTube",
            "has_captions": True,
            "transcript": "<p>We begin with a beat.</p>",
        }
        description = _(
            "A film on another site, with its transcript here. One on YouTube or Vimeo plays on "
            "the page, once the reader asks for it."
        )
