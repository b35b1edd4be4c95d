"""What an editor is told about a page before readers find it: findings, each with what to do.

Pure: a page in, sentences out. Nothing here refuses to publish; wagtail_hooks.py shows what is
found. The rules come from mistakes that were really made on the pages this site replaces.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.utils.html import strip_tags
from django.utils.translation import gettext as _
from wagtail import blocks
from wagtail.images.blocks import ImageBlock
from wagtail.rich_text import RichText

LONG_SENTENCE = 40
VAGUE_LINK = re.compile(
    r"<a\b[^>]*>\s*((?:click(?:ing)?\s+)?here|read more|more|this link|link)\s*</a>", re.IGNORECASE
)
FILE_NAME = re.compile(
    r"\.(jpe?g|png|gif|webp|avif)$|^\w*_\w*$|^(img|dsc|image)[ _-]?\d", re.IGNORECASE
)
NO_ADDRESS = re.compile(r"\be-?mail:(?!\s*\S+@)", re.IGNORECASE)
DEADLINE = re.compile(r"\b(?:by|before|until)\s+(\d{1,2} [A-Z][a-z]+ \d{4})")
RETIRED = {
    "CRB": _("DBS"),
    "Music Education Hub": _("Music Hub"),
    "Twiiter": _("nothing, or the right spelling"),
    "statement of special educational needs": _("education, health and care plan"),
}


@dataclass
class Read:
    """What was found on a page, in its order."""

    rich: list[str] = field(default_factory=list)
    plain: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    headings: list[tuple[str, str]] = field(default_factory=list)
    alts: list[str] = field(default_factory=list)
    documents: list[Any] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "\n".join([*self.plain, *(strip_tags(source) for source in self.rich)])


def findings(page: object, today: date) -> list[str]:
    """Sentences for the editor of a page, [] when there is nothing to mend."""
    read = Read()
    for name in ("title", "summary", "lead", "headline"):
        read.plain.append(getattr(page, name, "") or "")
    for stream_field in page._meta.get_fields():
        value = getattr(page, stream_field.name, None) if stream_field.concrete else None
        if isinstance(value, blocks.StreamValue):
            for child in value:
                _read(child.block, child.value, read, name=child.block_type)
    found = [*_links(read), *_pictures(read), *_words(read, today), *_shape(read)]
    if page.review_on and page.review_on <= today:
        found.append(
            _("This page was to be checked by %(day)s.") % {"day": f"{page.review_on:%d %B %Y}"}
        )
    return found


def _read(block: blocks.Block, value: Any, read: Read, *, name: str = "") -> None:
    if value is None:
        return
    if isinstance(block, ImageBlock):
        if not getattr(value, "decorative", False):
            read.alts.append(getattr(value, "contextual_alt_text", "") or "")
    elif isinstance(block, blocks.StructBlock):
        if name == "heading":
            read.headings.append((value["level"], value["text"]))
        for key, child in block.child_blocks.items():
            _read(child, value.get(key), read, name=key)
    elif isinstance(block, blocks.ListBlock):
        for item in value:
            _read(block.child_block, item, read)
    else:
        _read_leaf(value, read, name)


def _read_leaf(value: Any, read: Read, name: str) -> None:
    if isinstance(value, RichText):
        read.rich.append(value.source)
    elif name == "label":
        read.labels.append(str(value))
    elif name == "document":
        read.documents.append(value)
    elif isinstance(value, str):
        read.plain.append(value)


def _links(read: Read) -> Iterator[str]:
    vague = [match[1] for source in read.rich for match in VAGUE_LINK.finditer(source)]
    vague += [label for label in read.labels if VAGUE_LINK.match(f"<a>{label}</a>")]
    for text in vague:
        yield _("The link “%(text)s” does not say where it goes. Name the page or document.") % {
            "text": text
        }
    for document in read.documents:
        if document.file_extension == "pdf" and not document.accessible_alternative:
            yield _("“%(title)s” is a PDF with no web page that says the same.") % {
                "title": document.title
            }


def _pictures(read: Read) -> Iterator[str]:
    for alt in read.alts:
        if FILE_NAME.search(alt.strip()):
            yield _("“%(alt)s” is the name of a file. Say what the picture shows.") % {"alt": alt}


def _words(read: Read, today: date) -> Iterator[str]:
    text = read.text
    for word, instead in RETIRED.items():
        if re.search(rf"\b{word}\b", text):
            yield _("“%(word)s” is no longer used. Write %(instead)s.") % {
                "word": word,
                "instead": instead,
            }
    if NO_ADDRESS.search(text):
        yield _("It asks for an e-mail and gives no address.")
    for match in DEADLINE.finditer(text):
        try:
            day = datetime.strptime(match[1], "%d %B %Y").date()  # noqa: DTZ007 - a day, no moment
        except ValueError:
            continue
        if day < today:
            yield _("“%(words)s” is over.") % {"words": match[0]}


def _shape(read: Read) -> Iterator[str]:
    if read.headings and read.headings[0][0] == "h3":
        yield _("The first heading, “%(text)s”, is part of a section that is not there.") % {
            "text": read.headings[0][1]
        }
    for sentence in re.split(r"(?<=[.!?])\s+|\n", read.text):
        words = sentence.split()
        if len(words) > LONG_SENTENCE:
            yield _("A sentence of %(count)s words begins “%(start)s…”. Make it two.") % {
                "count": len(words),
                "start": " ".join(words[:6]),
            }
