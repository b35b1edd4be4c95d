"""Posts to apply for: a list that shows those still open, and one page for each."""

from datetime import date

from django.db import models
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, FieldRowPanel, MultiFieldPanel
from wagtail.search import index

from pages import structured

from .base import BodyPage, HubPage


class VacancyIndexPage(BodyPage):
    """What can be applied for now, the next to close first. A post leaves the list by itself."""

    subpage_types = ["pages.VacancyPage"]
    max_count_per_parent = 1
    page_description = _("Posts that are open. Each leaves the list after its last day.")

    class Meta:
        verbose_name = _("list of vacancies")

    def get_context(self, request: HttpRequest, *args, **kwargs) -> dict:
        context = super().get_context(request, *args, **kwargs)
        children = VacancyPage.objects.child_of(self).live().select_related("centre__area")
        context["vacancies"] = children.filter(closes_on__gte=timezone.localdate()).order_by(
            "closes_on", "title"
        )
        return context


class VacancyPage(BodyPage):
    """One post. After its last day the page says so, and search engines are no longer told."""

    class Kind(models.TextChoices):
        FULL_TIME = "FULL_TIME", _("Full time")
        PART_TIME = "PART_TIME", _("Part time")
        CASUAL = "PER_DIEM", _("By the hour")
        TEMPORARY = "TEMPORARY", _("For a time")
        INTERN = "INTERN", _("Internship")
        VOLUNTEER = "VOLUNTEER", _("Voluntary")

    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.PART_TIME)
    hours = models.CharField(max_length=120, blank=True, help_text=_("Such as: 12 hours a week."))
    pay = models.CharField(max_length=120, blank=True, help_text=_("With the period it is for."))
    centre = models.ForeignKey(
        "cms.MusicCentre",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text=_("Left empty, it is for the whole county."),
    )
    published_on = models.DateField(_("advertised from"), default=timezone.localdate)
    closes_on = models.DateField(_("apply by"), help_text=_("The last day to apply."))

    parent_page_types = ["pages.VacancyIndexPage"]
    subpage_types = []
    page_description = _("A post to apply for, with its last day.")
    content_panels = [
        *HubPage.content_panels,
        MultiFieldPanel(
            [FieldRowPanel(["kind", "centre"]), FieldRowPanel(["hours", "pay"])], _("The post")
        ),
        FieldRowPanel(["published_on", "closes_on"]),
        FieldPanel("body"),
    ]
    search_fields = [*BodyPage.search_fields, index.FilterField("closes_on")]

    class Meta:
        verbose_name = _("vacancy")

    def is_open(self, today: date | None = None) -> bool:
        return (today or timezone.localdate()) <= self.closes_on

    def structured_data(self, request: HttpRequest | None = None) -> list[dict]:
        posting = [structured.vacancy(self)] if self.is_open() else []
        return [*posting, *super().structured_data(request)]
