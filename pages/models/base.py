"""What every page of the public site is: HubPage, and BodyPage for those with a free body.

Pages present the records of cms.models and never own them: nothing that families hold places on
hangs off a page, because publishing or reverting a page must not be able to delete it.
"""

from datetime import date
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, MultiFieldPanel
from wagtail.fields import StreamField
from wagtail.models import Page, PageViewRestriction
from wagtail.search import index

from cms.findpage import tree
from pages import notices, structured
from pages.blocks import BodyBlock
from pages.guard import GuardedPageForm
from pages.players import allow_players

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


class HubPage(Page):
    """A summary for cards and search engines, a picture for social cards, a day to look again."""

    summary = models.CharField(
        max_length=250,
        blank=True,
        help_text=_("One or two sentences, shown on cards and by search engines."),
    )
    social_image = models.ForeignKey(
        "cms.HubImage",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("picture"),
        help_text=_("For cards on this site and on social media. Only decoration there."),
    )
    review_on = models.DateField(
        null=True, blank=True, help_text=_("When somebody should check that this is still right.")
    )

    base_form_class = GuardedPageForm
    # The parameters of its address that it reads; all others are taken away before it is served.
    query_parameters: tuple[str, ...] = ()
    # The audiences that every page of this kind is for, wherever it stands (pages.audiences).
    speaks_to: frozenset[str] = frozenset()

    content_panels = [*Page.content_panels, FieldPanel("summary"), FieldPanel("social_image")]
    settings_panels = [
        *Page.settings_panels,
        MultiFieldPanel([FieldPanel("review_on")], heading=_("Keeping it right")),
    ]
    search_fields = [
        *Page.search_fields,
        index.SearchField("summary", boost=2),
        index.AutocompleteField("summary"),
    ]

    class Meta:
        abstract = True

    def get_context(self, request: "HttpRequest", *args, **kwargs) -> dict:
        context = super().get_context(request, *args, **kwargs)
        context["alerts"] = self.banners()
        return context

    def banners(self) -> list:
        """Notices that this page shows now."""
        return notices.banners_for(self)

    def get_view_restrictions(self) -> models.QuerySet:
        """Who may see it; asks the database only where a page of its way down is closed at all."""
        if self.alias_of_id or self.path.startswith(tree().to_ask):
            return super().get_view_restrictions()
        return PageViewRestriction.objects.none()

    def structured_data(self, request: "HttpRequest | None" = None) -> list[dict]:
        """What search engines are told of the subject of this page, as schema.org objects."""
        return []

    def address_below(self, request: "HttpRequest", query: str = "") -> str:
        """The whole address of what is read here or below. No header of the request is in it."""
        below = request.path.partition(self.get_url(request) or request.path)[2]
        return f"{self.full_url}{below}{query}"

    def is_due_for_review(self, today: date | None = None) -> bool:
        return bool(self.review_on and self.review_on <= (today or timezone.localdate()))


class BodyPage(HubPage):
    """A page whose body editors compose from blocks."""

    body = StreamField(BodyBlock(), blank=True)

    content_panels = [*HubPage.content_panels, FieldPanel("body")]
    search_fields = [*HubPage.search_fields, index.SearchField("body")]

    class Meta:
        abstract = True

    def serve_preview(self, request: "HttpRequest", mode_name: str) -> "HttpResponse":
        return allow_players(self, super().serve_preview(request, mode_name))

    def structured_data(self, request: "HttpRequest | None" = None) -> list[dict]:
        """Questions of the body, for search engines."""
        entries = [
            entry
            for block in self.body
            if block.block_type == "questions"
            for entry in block.value["questions"]
            if entry
        ]
        return [structured.questions(entries)] if entries else []


class RecordPage(BodyPage):
    """A page that presents one record; each record has one such page in each language.

    Not a one-to-one field: Wagtail copies a page, with its fields, to translate it.
    """

    record_field = ""

    class Meta:
        abstract = True

    def clean(self) -> None:
        super().clean()
        record_id = getattr(self, f"{self.record_field}_id")
        if not record_id or not self.locale_id:
            return
        from .starters import starter_path  # noqa: PLC0415 - the folder is a HubPage itself

        beside = starter_path()
        if self.path.startswith(beside):
            return
        same = type(self).objects.filter(**{f"{self.record_field}_id": record_id})
        same = same.exclude(path__startswith=beside)
        other = same.filter(locale_id=self.locale_id).exclude(pk=self.pk).first()
        if other:
            raise ValidationError(
                {self.record_field: _("It has a page already: %(title)s.") % {"title": other.title}}
            )
