"""A page read the way a visitor would, piece by piece, each with the place where it stands.

A place is a path into the page: the name of a field, then positions and names of blocks. Rules
(pages.wording) judge pieces; the editor's form (pages.guard) puts what they say back in its place.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import models
from wagtail import blocks
from wagtail.fields import RichTextField
from wagtail.images.blocks import ImageBlock, ImageChooserBlock
from wagtail.models import Page
from wagtail.rich_text import RichText

from cms.models import HubImage

Place = tuple[str | int, ...]
LINKS = {"path", "address", "source"}
EVERY_PAGE = ("title", "seo_title", "search_description")  # what visitors read of Wagtail's own
NOT_WORDS = (models.EmailField, models.SlugField, models.URLField, RichTextField)


@dataclass(frozen=True)
class Piece:
    """Something on a page. `kind`: text, rich, label, heading, title, alt, picture, document;
    link (an address); expires, checked (the days of a link).

    `within` names the blocks around it, outermost first.
    """

    kind: str
    value: Any
    place: Place
    within: tuple[str, ...] = ()
    level: str = ""


def pieces(page: models.Model) -> list[Piece]:
    """Everything that is read or seen on the page, in its order."""
    return [*_of_words(page), *_of_fields(page)]


def _of_words(page: models.Model) -> Iterator[Piece]:
    """The plain fields that somebody writes words into: a title, a summary, a venue."""
    for field in page._meta.get_fields():
        if not isinstance(field, models.CharField | models.TextField):
            continue
        if isinstance(field, NOT_WORDS) or field.choices:
            continue
        if field.model is Page and field.name not in EVERY_PAGE:
            continue
        if value := getattr(page, field.name):
            yield Piece("text", value, (field.name,))


def _of_fields(page: models.Model) -> Iterator[Piece]:
    for field in page._meta.get_fields():
        if not field.concrete:
            continue
        if field.many_to_one and field.related_model is HubImage:
            picture = getattr(page, field.name, None)
            if picture is not None:
                yield Piece("picture", picture, (field.name,))
            continue
        if isinstance(field, RichTextField):
            yield Piece("rich", getattr(page, field.name, "") or "", (field.name,))
            continue
        value = page.__dict__.get(field.name) if field.is_relation else getattr(page, field.name)
        if isinstance(value, blocks.StreamValue):
            for position, child in enumerate(value):
                yield from _of_block(
                    child.block, child.value, (field.name, position), (child.block_type,)
                )


def _of_block(
    block: blocks.Block, value: Any, place: Place, within: tuple[str, ...]
) -> Iterator[Piece]:
    if value is None:
        return
    if isinstance(block, ImageBlock):
        if not getattr(value, "decorative", False):
            alt = getattr(value, "contextual_alt_text", "") or ""
            yield Piece("alt", alt, (*place, "alt_text"), within)
        yield Piece("picture", value, (*place, "image"), within)
    elif isinstance(block, ImageChooserBlock):
        yield Piece("picture", value, place, within)
    elif isinstance(block, blocks.StructBlock):
        for key, child in block.child_blocks.items():
            level = value.get("level", "") if key == "text" else ""
            for piece in _of_block(child, value.get(key), (*place, key), (*within, key)):
                yield _as_heading(piece, level)
    elif isinstance(block, blocks.ListBlock):
        for position, item in enumerate(value):
            yield from _of_block(block.child_block, item, (*place, position), within)
    else:
        yield from _of_leaf(value, place, within)


def _as_heading(piece: Piece, level: str) -> Piece:
    if level and piece.within == ("heading", "text"):
        return Piece("heading", piece.value, piece.place, piece.within, level)
    return piece


def _of_leaf(value: Any, place: Place, within: tuple[str, ...]) -> Iterator[Piece]:
    name = within[-1]
    if isinstance(value, RichText):
        yield Piece("rich", value.source, place, within)
    elif name == "document":
        yield Piece("document", value, place, within)
    elif name in {"expires_on", "checked_on"}:
        yield Piece("expires" if name == "expires_on" else "checked", value, place, within)
    elif isinstance(value, str) and value and name in LINKS:
        yield Piece("link", value, place, within)
    elif isinstance(value, str) and value:
        # A block's own heading stands between the page's title and its parts, as a section does.
        kind = {"label": "label", "heading": "title"}.get(name, "text")
        yield Piece(kind, value, place, within)
