"""Where and what people learn: music centres, courses and ensembles, each page over its record."""

from datetime import date

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, HelpPanel, MultiFieldPanel
from wagtail.search import index

from cms.models import MusicCentre
from forms.auditions import rounds_for
from pages import listings, notices, structured
from pages.audiences import LEARNERS
from pages.open_forms import is_open

from .base import BodyPage, HubPage, RecordPage

SOON = 8


class CentreIndexPage(BodyPage):
    subpage_types = ["pages.CentrePage"]
    max_count_per_parent = 1

    speaks_to = LEARNERS
    page_description = _("All music centres, as a map and as a list.")

    class Meta:
        verbose_name = _("list of centres")

    def banners(self) -> list:
        return notices.banners_for(self, every_closure=True)

    def get_context(self, request, *args, **kwargs) -> dict:  # noqa: ANN001
        context = super().get_context(request, *args, **kwargs)
        context["areas"] = listings.centres_by_area(self)
        context["places"] = listings.centres_on_map()
        return context


class CentrePage(RecordPage):
    """One music centre: where, when, what meets there, and the days on which it does not."""

    centre = models.ForeignKey("cms.MusicCentre", models.PROTECT, related_name="pages")
    head = models.ForeignKey(
        "pages.PersonPage", models.SET_NULL, null=True, blank=True, related_name="+"
    )
    friends = models.TextField(
        blank=True, help_text=_("The parents and friends who raise money and help out.")
    )

    record_field = "centre"
    parent_page_types = ["pages.CentreIndexPage"]
    subpage_types = []
    content_panels = [
        *HubPage.content_panels,
        MultiFieldPanel(["centre", "head", "friends"], heading=_("The centre")),
        FieldPanel("body"),
    ]
    search_fields = [
        *BodyPage.search_fields,
        index.SearchField("friends"),
        index.RelatedFields(
            "centre",
            [
                index.SearchField("name"),
                index.SearchField("address"),
                index.SearchField("postcode"),
                index.SearchField("access"),
            ],
        ),
    ]

    speaks_to = LEARNERS
    page_description = _(
        "One music centre: where, when, what meets there. Fills itself from its record."
    )

    class Meta:
        verbose_name = _("music centre")

    def banners(self) -> list:
        return notices.banners_for(self, centre_id=self.centre_id)

    def get_context(self, request, *args, **kwargs) -> dict:  # noqa: ANN001
        context = super().get_context(request, *args, **kwargs)
        centre = MusicCentre.objects.select_related("area").get(pk=self.centre_id)
        today = timezone.localdate()
        dates = list(centre.dates.filter(ends_on__gte=today).select_related("term__academic_year"))
        context["centre"] = centre
        context["centre_dates"] = dates[:SOON]
        context["later_dates"] = dates[SOON:]
        context["groups"] = listings.ensembles_at(centre)
        context["dates"] = listings.next_course_dates(6, centre=centre)
        return context

    def structured_data(self, request=None) -> list[dict]:  # noqa: ANN001
        return [structured.place(self.centre, self.full_url), *super().structured_data(request)]


class CourseIndexPage(BodyPage):
    subpage_types = ["pages.CoursePage"]
    max_count_per_parent = 1

    speaks_to = LEARNERS
    page_description = _("All courses with their next dates.")

    class Meta:
        verbose_name = _("list of courses")

    def get_context(self, request, *args, **kwargs) -> dict:  # noqa: ANN001
        context = super().get_context(request, *args, **kwargs)
        context["courses"] = listings.courses_with_dates(self)
        return context


class CoursePage(RecordPage):
    """A programme that runs again and again: the page stays, its dates come and go."""

    course = models.ForeignKey("cms.Course", models.PROTECT, related_name="pages")

    record_field = "course"
    parent_page_types = ["pages.CourseIndexPage"]
    subpage_types = []
    content_panels = [
        *HubPage.content_panels,
        "course",
        HelpPanel(template="pages/panels/course_dates.html", heading=_("Dates of this course")),
        "body",
    ]
    search_fields = [
        *BodyPage.search_fields,
        index.RelatedFields("course", [index.SearchField("title"), index.SearchField("summary")]),
    ]

    speaks_to = LEARNERS
    page_description = _(
        "One course: dates, places left and prices fill themselves from its record."
    )

    class Meta:
        verbose_name = _("course")

    def get_context(self, request, *args, **kwargs) -> dict:  # noqa: ANN001
        context = super().get_context(request, *args, **kwargs)
        context["course"] = self.course
        context["dates"] = self.dates()
        context["refunds"] = listings.refunds_of(context["dates"])
        context["stories"] = listings.news_about_course(self.course_id)
        listings.with_pictures([self, *context["stories"]])
        return context

    def dates(self) -> list:
        """Dates still to come, with the places left on each. One query; read once a request."""
        if not hasattr(self, "_dates"):
            self._dates = listings.dates_of_course(self.course_id)
        return self._dates

    def structured_data(self, request=None) -> list[dict]:  # noqa: ANN001
        return [
            structured.course(self.course, self.dates(), self.full_url),
            *super().structured_data(request),
        ]


class EnsembleIndexPage(BodyPage):
    subpage_types = ["pages.EnsemblePage"]
    max_count_per_parent = 1

    speaks_to = LEARNERS
    page_description = _("All groups and ensembles, by level.")

    class Meta:
        verbose_name = _("list of ensembles")

    def get_context(self, request, *args, **kwargs) -> dict:  # noqa: ANN001
        context = super().get_context(request, *args, **kwargs)
        context["levels"] = listings.ensembles_by_level(self)
        context["today"] = timezone.localdate()
        return context


class EnsemblePage(RecordPage):
    """One group or ensemble: who it is for, when it meets, and where its members go next."""

    ensemble = models.ForeignKey("cms.Ensemble", models.PROTECT, related_name="pages")

    record_field = "ensemble"
    parent_page_types = ["pages.EnsembleIndexPage"]
    subpage_types = []
    content_panels = [*HubPage.content_panels, "ensemble", "body"]
    search_fields = [
        *BodyPage.search_fields,
        index.RelatedFields("ensemble", [index.SearchField("name"), index.SearchField("summary")]),
    ]

    speaks_to = LEARNERS
    page_description = _(
        "One group: when it meets, who it is for, what comes next. Fills itself from its record."
    )

    class Meta:
        verbose_name = _("ensemble")

    def banners(self) -> list:
        return notices.banners_for(self, centre_id=self.ensemble.centre_id)

    def get_context(self, request, *args, **kwargs) -> dict:  # noqa: ANN001
        context = super().get_context(request, *args, **kwargs)
        ensemble = self.ensemble
        context["ensemble"] = ensemble
        context["sections"] = ensemble.sections.select_related("instrument")
        context["leads_to"] = listings.ensemble_cards(ensemble.leads_to.all())
        context["fed_by"] = listings.ensemble_cards(ensemble.fed_by.all())
        context["can_apply"] = is_open("ensemble-audition")
        rounds = rounds_for(ensemble)
        context["audition_rounds"] = rounds
        context["auditions_close_on"] = self._auditions_close_on(rounds)
        context["auditions_open"] = context["auditions_close_on"] is not None
        context["has_calendar"] = ensemble.meets_weekly
        return context

    def _auditions_close_on(self, rounds: list[dict]) -> date | None:
        """The last day to apply, by the rounds where there are any; None: not open today."""
        if rounds:
            closes = [one["round"].closes_at for one in rounds if one["is_open"]]
            return timezone.localdate(min(closes)) if closes else None
        is_open_today = self.ensemble.auditions_are_open(timezone.localdate())
        return self.ensemble.auditions_close_on if is_open_today else None

    def structured_data(self, request=None) -> list[dict]:  # noqa: ANN001
        return [
            structured.music_group(self.ensemble, self.full_url),
            *super().structured_data(request),
        ]
