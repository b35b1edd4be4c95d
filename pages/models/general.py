"""Page types without a subject of their own: home, text, audiences, policies, contact."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, FieldRowPanel, MultiFieldPanel
from wagtail.fields import RichTextField, StreamField
from wagtail.models import Page
from wagtail.search import index

from cms.models import Area
from pages import notices
from pages.blocks.links import CardBlock
from pages.blocks.text import PROSE, DetailsBlock

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

    class Meta:
        verbose_name = _("home page")

    def banners(self) -> list:
        return notices.banners_for(self.path, every_closure=True)

    def route(self, request, path_components: list[str]):  # noqa: ANN001, ANN201
        """Find the page of an address at once; Wagtail would ask twice for each part of it."""
        if not path_components:
            return super().route(request, path_components)
        addresses = {}
        for length in range(len(path_components) + 1):
            part = "".join(f"{slug}/" for slug in path_components[:length])
            addresses[f"{self.url_path}{part}"] = path_components[length:]
        found = Page.objects.filter(url_path__in=addresses).order_by("-depth").specific().first()
        if found is None or found.pk == self.pk:
            return super().route(request, path_components)
        return found.route(request, addresses[found.url_path])


class StandardPage(BodyPage):
    class Meta:
        verbose_name = _("standard page")


class AudiencePage(BodyPage):
    """Where one audience starts: families, young people, schools, partners."""

    class Audience(models.TextChoices):
        FAMILIES = "families", _("Families")
        YOUNG_PEOPLE = "young_people", _("Young people")
        SCHOOLS = "schools", _("Schools")
        PARTNERS = "partners", _("Partners")
        ADULTS = "adults", _("Adults")

    audience = models.CharField(max_length=12, choices=Audience.choices)
    ways_in = StreamField([("card", CardBlock())], blank=True, max_num=8)

    content_panels = [*HubPage.content_panels, "audience", "ways_in", "body"]

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

    content_panels = [
        *HubPage.content_panels,
        MultiFieldPanel([FieldRowPanel(["version", "in_force_from"]), "changes"], _("Version")),
        FieldPanel("for_young_people"),
        FieldPanel("body"),
    ]
    search_fields = [*BodyPage.search_fields, index.SearchField("for_young_people")]

    class Meta:
        verbose_name = _("policy page")


class AccessibilityStatementPage(HubPage):
    """The accessibility statement, with its known issues as a list that can be worked off."""

    introduction = RichTextField(features=PROSE, max_length=3000)
    checked_on = models.DateField(help_text=_("When the site was last tested."))
    checked_how = models.CharField(max_length=250)
    contact_email = models.EmailField()
    answer_within = models.CharField(max_length=60, default="10 working days")
    issues = StreamField(
        [("issue", DetailsBlock())],
        blank=True,
        help_text=_("What does not work yet, whom it affects, and when it will be mended."),
    )
    enforcement = RichTextField(features=PROSE, max_length=2000)

    content_panels = [
        *HubPage.content_panels,
        "introduction",
        FieldRowPanel(["checked_on", "answer_within"]),
        "checked_how",
        "contact_email",
        "issues",
        "enforcement",
    ]
    search_fields = [*HubPage.search_fields, index.SearchField("introduction")]

    class Meta:
        verbose_name = _("accessibility statement")


class ContactPage(BodyPage):
    """How to reach the hub: the area offices from their records, then contact cards."""

    max_count_per_parent = 1

    class Meta:
        verbose_name = _("contact page")

    def get_context(self, request, *args, **kwargs) -> dict:  # noqa: ANN001
        context = super().get_context(request, *args, **kwargs)
        context["offices"] = Area.objects.exclude(office_phone="", office_email="")
        return context
