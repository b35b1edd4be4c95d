"""The newsletter: its issues as pages, who asked for it, and each sending of an issue.

An address is personal data of somebody who asked for letters and nothing else. It is kept while
they want them: leaving deletes the row. Staff never list addresses; they see how many there are.
"""

import secrets
from typing import Self

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import models
from django.db.models.functions import Lower
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, FieldRowPanel, HelpPanel
from wagtail.fields import StreamField
from wagtail.search import index

from cms.access import ScopedQuerySet, may_in_whole_hub
from pages import structured
from pages.blocks.letter import LetterBlock

from .base import HubPage
from .news import DatedIndexPage


class Audience(models.TextChoices):
    """For whom an issue is written; who asked for any of these also has what is for everyone."""

    EVERYONE = "everyone", _("Everyone")
    FAMILIES = "families", _("Families")
    SCHOOLS = "schools", _("Schools")
    PARTNERS = "partners", _("Partners")


ASKED_FOR = tuple(choice for choice in Audience if choice != Audience.EVERYONE)


class NewsletterIndexPage(DatedIndexPage):
    """Where the newsletter is asked for, and its issues to read again."""

    subpage_types = ["pages.NewsletterIssuePage"]
    max_count_per_parent = 1

    page_description = _("Where the newsletter is asked for, and its issues.")

    class Meta:
        verbose_name = _("newsletter")

    @staticmethod
    def child_model() -> type["NewsletterIssuePage"]:
        return NewsletterIssuePage

    @property
    def signup(self) -> dict[str, str]:
        """What the block that asks for an address says on this page."""
        return {
            "heading": _("Get it by e-mail"),
            "text": _("Whoever asks gets each issue for them, and can leave with one press."),
        }


class NewsletterIssuePage(HubPage):
    """One issue: a page of the site, and the same as a letter."""

    published_on = models.DateField(_("date"), default=timezone.localdate)
    audience = models.CharField(
        max_length=10,
        choices=Audience.choices,
        default=Audience.EVERYONE,
        help_text=_("Who gets it by e-mail. The page can be read by anybody."),
    )
    body = StreamField(LetterBlock(), blank=True)

    parent_page_types = ["pages.NewsletterIndexPage"]
    subpage_types = []
    content_panels = [
        *HubPage.content_panels,
        FieldRowPanel(["published_on", "audience"]),
        FieldPanel("body"),
        HelpPanel(
            _(
                "The title is the subject of the letter, the summary its first sentence. Look at "
                "it “As mail” in the preview; publish it; then choose “Send as mail” above."
            )
        ),
    ]
    search_fields = [
        *HubPage.search_fields,
        index.SearchField("body"),
        index.FilterField("published_on"),
    ]

    page_description = _("One issue: a page, and the same as a letter to all who asked for it.")

    class Meta:
        verbose_name = _("newsletter issue")

    @property
    def preview_modes(self) -> list[tuple]:
        return [("", _("As a page")), ("mail", _("As mail"))]

    def serve_preview(self, request: HttpRequest, mode_name: str) -> HttpResponse:
        if mode_name != "mail":
            return super().serve_preview(request, mode_name)
        from pages.letters import compose, shown  # noqa: PLC0415 - it composes this page

        return HttpResponse(shown(compose(self)).html)

    @property
    def is_historic(self) -> bool:
        return (timezone.localdate() - self.published_on).days > 2 * 365

    def structured_data(self, request: HttpRequest | None = None) -> list[dict]:
        return [structured.article(self, "Article"), *super().structured_data(request)]


class SubscriberQuerySet(ScopedQuerySet):
    """`for_user` reaches all or none: nobody's newsletter belongs to a centre."""

    def for_user(self, user: AbstractBaseUser, action: str = "view") -> Self:
        return self if may_in_whole_hub(user, f"pages.{action}_subscriber") else self.none()

    def confirmed(self) -> Self:
        return self.filter(confirmed_at__isnull=False)

    def wanting(self, audience: str) -> Self:
        """Who gets an issue for this audience: confirmed, and asked for it."""
        if audience == Audience.EVERYONE:
            return self.confirmed()
        return self.confirmed().filter(**{f"wants_{audience}": True})


def new_secret() -> str:
    return secrets.token_urlsafe(32)


class Subscriber(models.Model):
    """An address that was asked for, and confirmed by whoever reads its mail.

    `secret` is in each letter to it, and opens its own page: to confirm, to change, to leave.
    """

    email = models.EmailField(max_length=254)
    wants_families = models.BooleanField(_("families"), default=False)
    wants_schools = models.BooleanField(_("schools"), default=False)
    wants_partners = models.BooleanField(_("partners"), default=False)
    secret = models.CharField(max_length=43, unique=True, default=new_secret, editable=False)
    asked_at = models.DateTimeField(default=timezone.now)
    confirmed_at = models.DateTimeField(null=True, blank=True)

    scope_centres = ()
    objects = SubscriberQuerySet.as_manager()
    wagtail_reference_index_ignore = True

    class Meta:
        verbose_name = _("subscriber")
        constraints = [models.UniqueConstraint(Lower("email"), name="subscriber_once")]

    def __str__(self):
        return f"Subscriber {self.pk}"


class NewsletterSending(models.Model):
    """An issue on its way to its subscribers: once, because an issue has one sending.

    The letter is written when the sending is confirmed, so that all get the same. `up_to` is the
    newest subscriber who gets it. `sent` and `given_up` count messages that are forgotten since.
    """

    issue = models.OneToOneField(
        NewsletterIssuePage, models.SET_NULL, null=True, related_name="sending"
    )
    audience = models.CharField(max_length=10, choices=Audience.choices)
    subject = models.CharField(max_length=200)
    html = models.TextField()
    text = models.TextField()
    up_to = models.BigIntegerField()
    recipients = models.PositiveIntegerField()
    sent = models.PositiveIntegerField(default=0)
    given_up = models.PositiveIntegerField(default=0)
    job = models.ForeignKey("cms.Job", models.SET_NULL, null=True, related_name="+")
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    started_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("sending of a newsletter")
        permissions = [("send_newsletter", "Can send a newsletter")]

    def __str__(self):
        return f"Sending {self.pk}"
