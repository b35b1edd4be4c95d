"""Running text in a block: whatever was pasted, only what its features allow is kept.

Wagtail's editor cleans what is typed into it; this cleans what comes any other way too, so that a
post by hand, an import or a script cannot store markup of its own.
"""

import nh3
from wagtail import blocks
from wagtail.rich_text import RichText

TAGS_OF = {
    "bold": {"b", "strong"},
    "italic": {"i", "em"},
    "link": {"a"},
    "document-link": {"a"},
    "ol": {"ol", "li"},
    "ul": {"ul", "li"},
}
# An address, or how Wagtail notes a page or a document by its number; and what comments hang on.
ATTRIBUTES = {"a": {"href", "linktype", "id"}, "*": {"data-block-key"}}
SCHEMES = {"https", "http", "mailto", "tel"}


def clean(html: str, features: list[str]) -> str:
    """The same text with no markup but that of its features. Clean text comes back as it is."""
    tags = {"p", "br"}.union(*(TAGS_OF.get(feature, set()) for feature in features))
    return nh3.clean(
        html, tags=tags, attributes=ATTRIBUTES, url_schemes=SCHEMES, link_rel=None
    ).replace("<br>", "<br/>")


class ProseBlock(blocks.RichTextBlock):
    def clean(self, value: RichText) -> RichText:
        value = super().clean(value)
        return RichText(clean(value.source, self.features or []))

    def deconstruct(self) -> tuple:
        """As Wagtail's own in migrations: nothing is stored differently."""
        _path, args, kwargs = super().deconstruct()
        return "wagtail.blocks.RichTextBlock", args, kwargs
