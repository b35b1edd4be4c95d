"""The A-Z of services: every lasting page by its title, and by the other names people use."""

import unicodedata
from dataclasses import dataclass

from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from wagtail.fields import StreamField
from wagtail.models import Page

from pages.blocks.az import EntryBlock

from .base import HubPage


@dataclass(frozen=True)
class Entry:
    """A line of the list: what it is called, and where it is."""

    term: str
    url: str

    @property
    def letter(self) -> str:
        """The capital it stands under; "0-9" for what begins with neither letter nor accent."""
        plain = unicodedata.normalize("NFKD", self.term.strip()).encode("ascii", "ignore").decode()
        first = next((sign for sign in plain if sign.isalnum()), "0").upper()
        return first if first.isalpha() else "0-9"


class AZPage(HubPage):
    """Fills itself: a page that is published, renamed or taken down changes the list."""

    entries = StreamField(
        [("name", EntryBlock())],
        blank=True,
        max_num=300,
        verbose_name=_("other names"),
        help_text=_("Words that people look for and that are no page's title, with where to go."),
    )

    max_count_per_parent = 1
    content_panels = [*HubPage.content_panels, "entries"]

    page_description = _("Every lasting page by its name, and by the other names people use.")

    class Meta:
        verbose_name = _("A to Z")

    def get_context(self, request: HttpRequest, *args, **kwargs) -> dict:
        context = super().get_context(request, *args, **kwargs)
        context["letters"] = by_letter([*self._pages(request), *self._others()])
        return context

    def _pages(self, request: HttpRequest) -> list[Entry]:
        """Lasting pages of this language: neither stories, events nor the home page."""
        found = lasting_pages().filter(locale_id=self.locale_id).exclude(pk=self.pk)
        return [Entry(page.title, page.get_url(request) or "") for page in found]

    def _others(self) -> list[Entry]:
        return [
            Entry(one.value["term"], one.value["link"].url)
            for one in self.entries
            if one.value["link"].url
        ]


def lasting_pages() -> models.QuerySet[Page]:
    """Live pages that anybody may read and that stay: no dated ones, and not the top."""
    from .events import EventPage  # noqa: PLC0415
    from .general import HomePage  # noqa: PLC0415
    from .news import BlogPostPage, NewsPage  # noqa: PLC0415
    from .newsletter import NewsletterIssuePage  # noqa: PLC0415
    from .vacancies import VacancyPage  # noqa: PLC0415

    dated = (EventPage, HomePage, BlogPostPage, NewsPage, NewsletterIssuePage, VacancyPage)
    return Page.objects.live().public().filter(depth__gt=2).not_type(dated).order_by("title")


def by_letter(entries: list[Entry]) -> list[tuple[str, list[Entry]]]:
    """Entries under their letters, both in order; the same words and address once."""
    found: dict[str, list[Entry]] = {}
    for entry in sorted({one for one in entries if one.url}, key=lambda one: one.term.casefold()):
        found.setdefault(entry.letter, []).append(entry)
    return sorted(found.items())
