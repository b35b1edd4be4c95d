"""Page types without a subject of their own: home, text, audiences, policies, contact."""

from datetime import date

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, FieldRowPanel, MultiFieldPanel
from wagtail.fields import RichTextField, StreamField
from wagtail.search import index

from cms import pictures
from cms.findpage import page_at
from cms.models import Area, HubSettings
from pages import notices, structured
from pages.audiences import Audience
from pages.blocks.access import AccessIssueBlock
from pages.blocks.links import CardBlock
from pages.blocks.text import PROSE
from pages.cookies import all_cookies, all_stores
from pages.listings import latest_news
from pages.wording import Finding

from .base import BodyPage, HubPage


class HomePage(BodyPage):
    """The front door. One in each language."""

    headline = models.CharField(max_length=90, blank=True)
    lead = models.CharField(max_length=250, blank=True)
    hero_image = models.ForeignKey(
        "cms.HubImage", models.SET_NULL, null=True, blank=True, related_name="+"
    )
    ways_in = StreamField(
        [("card", CardBlock())],
        blank=True,
        max_num=6,
        help_text=_("What most people come for, first."),
    )

    parent_page_types = ["wagtailcore.Page"]
    content_panels = [
        *HubPage.content_panels,
        MultiFieldPanel(["headline", "lead", "hero_image"], heading=_("Top of the page")),
        "ways_in",
        "body",
    ]
    search_fields = [*BodyPage.search_fields, index.SearchField("lead")]

    page_description = _("The front door of the site. One in each language.")

    class Meta:
        verbose_name = _("home page")

    def get_context(self, request, *args, **kwargs) -> dict:  # noqa: ANN001
        cards = [card.value.get("picture") for card in self.ways_in]
        feeds = [block.value for block in self.body if block.block_type == "news_feed"]
        news = [latest_news(feed["number"], category=feed.get("category")) for feed in feeds]
        told = [story.social_image for stories in news for story in stories]
        pictures.ready([self.social_image, self.hero_image, *cards, *told])
        return super().get_context(request, *args, **kwargs)

    def banners(self) -> list:
        return notices.banners_for(self, every_closure=True)

    def structured_data(self, request=None) -> list[dict]:  # noqa: ANN001
        if request is None:
            return super().structured_data(request)
        hub = HubSettings.for_request(request)
        return [structured.organisation(hub), *super().structured_data(request)]

    def route(self, request, path_components: list[str]):  # noqa: ANN001, ANN201
        """Find the page of an address at once; Wagtail would ask twice for each part of it."""
        if not path_components:
            return super().route(request, path_components)
        found, left = page_at(request, self, path_components)
        if found is None or found.pk == self.pk:
            return super().route(request, path_components)
        return found.route(request, left)


class StandardPage(BodyPage):
    page_description = _("Ordinary text on one subject. Take it when no other kind fits.")

    class Meta:
        verbose_name = _("standard page")


class AudiencePage(BodyPage):
    """Where one audience starts: families, young people, schools, partners."""

    audience = models.CharField(max_length=12, choices=Audience.choices)
    ways_in = StreamField([("card", CardBlock())], blank=True, max_num=8)

    content_panels = [*HubPage.content_panels, "audience", "ways_in", "body"]

    page_description = _("Where families, young people, schools or partners start.")

    class Meta:
        verbose_name = _("audience page")


class PolicyPage(BodyPage):
    """A text with a version and a day from which it holds: privacy, cookies, terms."""

    version = models.CharField(max_length=20, default="1.0")
    in_force_from = models.DateField()
    changes = models.CharField(
        max_length=250, blank=True, help_text=_("What is different from the version before.")
    )
    for_young_people = RichTextField(
        features=PROSE,
        blank=True,
        max_length=3000,
        help_text=_("The same, said so that a ten-year-old understands it."),
    )
    lists_cookies = models.BooleanField(
        _("list the cookies"),
        default=False,
        help_text=_("Shows every cookie that is really set, and the switch for being counted."),
    )

    content_panels = [
        *HubPage.content_panels,
        MultiFieldPanel([FieldRowPanel(["version", "in_force_from"]), "changes"], _("Version")),
        FieldPanel("for_young_people"),
        FieldPanel("body"),
        FieldPanel("lists_cookies"),
    ]
    search_fields = [*BodyPage.search_fields, index.SearchField("for_young_people")]

    page_description = _("A text with a version and a day from which it holds, such as privacy.")

    class Meta:
        verbose_name = _("policy page")

    def get_context(self, request, *args, **kwargs) -> dict:  # noqa: ANN001
        context = super().get_context(request, *args, **kwargs)
        if self.lists_cookies:
            context["cookies"], context["stores"] = all_cookies(), all_stores()
        return context


class AccessibilityStatementPage(HubPage):
    """The accessibility statement: the words of the law, and the known issues as rows."""

    class Compliance(models.TextChoices):
        PARTIAL = "partial", _("partially compliant")
        FULL = "full", _("fully compliant")
        NONE = "none", _("not compliant")

    introduction = RichTextField(features=PROSE, max_length=3000)
    compliance = models.CharField(
        max_length=8,
        choices=Compliance.choices,
        default=Compliance.PARTIAL,
        help_text=_("With WCAG 2.2 at level AA. Any issue below makes it partially compliant."),
    )
    prepared_on = models.DateField(
        null=True, blank=True, help_text=_("When this statement was first written.")
    )
    checked_on = models.DateField(help_text=_("When the site was last tested."))
    checked_how = models.CharField(max_length=250)
    contact_email = models.EmailField()
    answer_within = models.CharField(max_length=60, default="10 working days")
    issues = StreamField(
        [("issue", AccessIssueBlock())],
        blank=True,
        help_text=_("What does not work yet, whom it affects, and when it will be mended."),
    )
    enforcement = RichTextField(features=PROSE, max_length=2000)

    content_panels = [
        *HubPage.content_panels,
        "introduction",
        FieldRowPanel(["compliance", "prepared_on"]),
        FieldRowPanel(["checked_on", "answer_within"]),
        "checked_how",
        "contact_email",
        "issues",
        "enforcement",
    ]
    search_fields = [*HubPage.search_fields, index.SearchField("introduction")]

    page_description = _("What the law asks us to say, with the known issues as rows.")

    class Meta:
        verbose_name = _("accessibility statement")

    def clean(self) -> None:
        super().clean()
        if self.compliance == self.Compliance.FULL and self.issues:
            said = _("There are issues below: the site is not fully compliant.")
            raise ValidationError({"compliance": said})

    def issues_by_kind(self) -> list[tuple[str, list]]:
        """The issues under the three headings of the law, those without one left out."""
        kinds = AccessIssueBlock.KINDS
        rows = [(issue.value.get("kind") or "mend", issue.value) for issue in self.issues]
        return [
            (label, found)
            for kind, label in kinds
            if (found := [value for name, value in rows if name == kind])
        ]

    def overdue(self, day: date) -> list:
        """Issues that were to be mended before this day, as (position, value)."""
        return [
            (position, issue.value)
            for position, issue in enumerate(self.issues)
            if issue.value.get("planned_on") and issue.value["planned_on"] < day
        ]

    def own_findings(self) -> list[Finding]:
        """Issues whose day has passed: mended, or promised anew."""
        return [
            Finding(
                "overdue issue",
                _("“%(issue)s” was to be mended by %(day)s. Take it out, or give a new day.")
                % {"issue": value["summary"], "day": f"{value['planned_on']:%d %B %Y}"},
                ("issues", position, "planned_on"),
            )
            for position, value in self.overdue(timezone.localdate())
        ]


class ContactPage(BodyPage):
    """How to reach the hub: the area offices from their records, then contact cards."""

    max_count_per_parent = 1

    page_description = _("The area offices, and who answers what.")

    class Meta:
        verbose_name = _("contact page")

    def get_context(self, request, *args, **kwargs) -> dict:  # noqa: ANN001
        context = super().get_context(request, *args, **kwargs)
        context["offices"] = Area.objects.exclude(office_phone="", office_email="")
        return context
