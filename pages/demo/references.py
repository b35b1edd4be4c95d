"""From the words of the demo's files to what blocks and fields store.

In the files `@MusicCentre:watford` names a record, `@page:/about/` a page, `+40d 10:00` a moment
so many days after loading. Plain text becomes paragraphs; `<a page="/about/">` a link to a page.
"""

import re
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Any

from django.apps import apps
from django.db import models
from django.utils import timezone
from wagtail import blocks
from wagtail.fields import RichTextField, StreamField
from wagtail.images.blocks import ImageBlock
from wagtail.models import Page, Site

NAMED_BY = {
    "ContactCard": ("pages", "title"),
    "FeedbackAnswer": ("pages", "said"),
    "KeyFigure": ("pages", "label"),
    "Logo": ("pages", "name"),
    "Milestone": ("pages", "award"),
    "NewsCategory": ("pages", "slug"),
    "Question": ("pages", "question"),
    "Theme": ("pages", "slug"),
    "Area": ("cms", "slug"),
    "Course": ("cms", "slug"),
    "Ensemble": ("cms", "slug"),
    "Genre": ("cms", "slug"),
    "HubDocument": ("cms", "title"),
    "HubImage": ("cms", "title"),
    "Instrument": ("cms", "slug"),
    "MusicCentre": ("cms", "slug"),
    "OrganisationType": ("cms", "slug"),
}
MOMENT = re.compile(r"^([+-]\d+)d(?: (\d\d):(\d\d))?$")
PAGE_LINK = re.compile(r'<a page="([^"]+)">')


class UnknownNameError(LookupError):
    """A demo file names a record or page that does not exist."""


class References:
    """Looks names up, each once, and turns written values into stored ones."""

    def __init__(self, today: date):
        self.today = today
        self.find = cache(self._find)

    def _find(self, name: str) -> int:
        """The key of what `@Model:name` or `@page:/path/` names. Raises UnknownNameError."""
        kind, _colon, key = name.removeprefix("@").partition(":")
        if kind == "page":
            root = Site.objects.select_related("root_page").get(is_default_site=True).root_page
            found = Page.objects.filter(
                url_path=f"{root.url_path}{key.strip('/')}/".replace("//", "/")
            )
        else:
            app, field = NAMED_BY[kind]
            found = apps.get_model(app, kind).objects.filter(**{field: key})
        record = found.values_list("pk", flat=True).first()
        if record is None:
            raise UnknownNameError(f"The demo names {name!r}, and there is none.")
        return record

    def moment(self, written: str | date | datetime) -> date | datetime:
        """`+40d` is a day, `+40d 10:00` a moment in London; dates stay as they are."""
        match = MOMENT.match(str(written))
        if not match:
            return date.fromisoformat(str(written))
        day = self.today + timedelta(days=int(match[1]))
        if match[2] is None:
            return day
        return timezone.make_aware(datetime.combine(day, time(int(match[2]), int(match[3]))))

    def rich(self, text: str) -> str:
        """Paragraphs from plain text; links to pages by their key."""
        text = text.strip()
        if not text.startswith("<"):
            text = "".join(f"<p>{' '.join(part.split())}</p>" for part in text.split("\n\n"))
        return PAGE_LINK.sub(
            lambda match: f'<a linktype="page" id="{self.find(f"@page:{match[1]}")}">', text
        )

    def block(self, block: blocks.Block, value: Any) -> Any:
        """What `block` stores for a written value."""
        if isinstance(block, blocks.StreamBlock):
            return list(self._stream(block, value))
        if isinstance(block, blocks.ListBlock):
            return [self.block(block.child_block, item) for item in value]
        if isinstance(block, ImageBlock):
            value = {"alt": "", **(value if isinstance(value, dict) else {"image": value})}
            return {
                "image": self.find(value["image"]),
                "alt_text": value["alt"],
                "decorative": not value["alt"],
            }
        if isinstance(block, blocks.StructBlock):
            return self._struct(block, value)
        return self._leaf(block, value)

    def _leaf(self, block: blocks.Block, value: Any) -> Any:
        if isinstance(block, blocks.RichTextBlock):
            return self.rich(value)
        if isinstance(block, blocks.ChooserBlock):
            return self.find(value) if value else None
        if isinstance(block, blocks.DateBlock):
            return self.moment(value).isoformat() if value else None
        return value

    def _stream(self, block: blocks.StreamBlock, entries: list) -> Iterable[dict]:
        for entry in entries:
            ((kind, value),) = entry.items()
            yield {"type": kind, "value": self.block(block.child_blocks[kind], value)}

    def _struct(self, block: blocks.StructBlock, value: Any) -> dict:
        if not isinstance(value, dict):  # a heading is mostly its words alone
            value = {next(iter(block.child_blocks)): value}
        unknown = set(value) - set(block.child_blocks)
        if unknown:
            raise UnknownNameError(f"{type(block).__name__} has no {sorted(unknown)}.")
        return {key: self.block(block.child_blocks[key], part) for key, part in value.items()}

    def field(self, field: models.Field, value: Any) -> Any:
        """What a model field is set to for a written value."""
        if isinstance(field, StreamField):
            return field.stream_block.to_python(self.block(field.stream_block, value))
        if isinstance(field, RichTextField):
            return self.rich(value)
        if isinstance(field, models.ForeignKey):
            return field.related_model.objects.get(pk=self.find(value))
        if isinstance(field, models.ManyToManyField):
            return [self.find(name) for name in value]
        if isinstance(field, models.DateField):  # a DateTimeField is one too
            return self.moment(value)
        return value
