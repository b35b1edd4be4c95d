"""Editing what the hub offers: areas, centres, courses, ensembles, partners, the year.

Public reference records only. Snippet views show any row to whoever may use the admin, choosers
included, so a record of a person must never be registered here (cms.modeladmin is for those).
None of these viewsets may be called `workflows`, `pages` or `forms`: Wagtail owns those addresses.
"""

from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, FieldRowPanel, MultiFieldPanel, TitleFieldPanel
from wagtail.admin.ui.tables import BooleanColumn
from wagtail.admin.viewsets.model import ModelViewSet
from wagtail.snippets.views.snippets import SnippetViewSetGroup

from .cataloguebase import CatalogueViewSet
from .coursedates import CourseDateViewSet
from .models import (
    AcademicYear,
    Area,
    CentreDate,
    Course,
    Ensemble,
    EnsembleSection,
    Genre,
    Instrument,
    Membership,
    MusicCentre,
    OrganisationType,
    Partner,
    ReturnDefinition,
    School,
    Term,
)


def _named(name="name"):
    return TitleFieldPanel(name, targets=["slug"]), FieldPanel("slug")


class AreaViewSet(CatalogueViewSet):
    model = Area
    icon = "globe"
    list_display = ["name", "office_phone", "office_email"]
    search_fields = ["name"]
    panels = [
        *_named(),
        FieldPanel("office_phone"),
        FieldPanel("office_email"),
        FieldPanel("office_address"),
        FieldPanel("postcodes"),
    ]


class MusicCentreViewSet(CatalogueViewSet):
    model = MusicCentre
    icon = "home"
    list_display = ["name", "area", "postcode", "opening_hours", BooleanColumn("is_open")]
    list_filter = ["area", "is_open"]
    search_fields = ["name", "address", "postcode"]
    select_related = ("area",)
    panels = [
        *_named(),
        FieldPanel("area"),
        MultiFieldPanel(
            [FieldPanel("address"), FieldPanel("postcode"), FieldPanel("access")],
            heading=_("Where it is"),
        ),
        FieldRowPanel([FieldPanel("phone"), FieldPanel("email")]),
        FieldPanel("opening_hours"),
        FieldPanel("host_school"),
        FieldPanel("is_open"),
    ]


class InstrumentViewSet(CatalogueViewSet):
    model = Instrument
    icon = "tag"
    list_display = ["name", "family"]
    list_filter = ["family"]
    search_fields = ["name"]
    panels = [*_named(), FieldPanel("family")]


class GenreViewSet(CatalogueViewSet):
    model = Genre
    icon = "tag"
    search_fields = ["name"]
    panels = [*_named()]


class CourseViewSet(CatalogueViewSet):
    model = Course
    icon = "doc-full"
    list_display = ["title", "code", "mode", "min_age", "max_age", BooleanColumn("for_beginners")]
    list_filter = ["mode", "for_beginners"]
    search_fields = ["title", "summary", "code"]
    panels = [
        *_named("title"),
        FieldPanel("code"),
        FieldPanel("summary"),
        MultiFieldPanel(
            [
                FieldRowPanel([FieldPanel("min_age"), FieldPanel("max_age")]),
                FieldRowPanel([FieldPanel("min_year"), FieldPanel("max_year")]),
                FieldPanel("for_beginners"),
            ],
            heading=_("Who it is for"),
            help_text=_("Ages and school years count on the first day of the date booked."),
        ),
        FieldPanel("mode"),
        FieldPanel("instruments"),
        FieldPanel("genres"),
        FieldPanel("access"),
        FieldPanel("form_slug"),
    ]


class EnsembleViewSet(CatalogueViewSet):
    model = Ensemble
    icon = "group"
    list_display = ["name", "level", "centre", "rehearses", BooleanColumn("has_auditions")]
    list_filter = ["level", "centre", "has_auditions"]
    search_fields = ["name", "summary"]
    select_related = ("centre",)
    panels = [
        *_named(),
        FieldPanel("level"),
        FieldPanel("summary"),
        FieldPanel("centre"),
        FieldRowPanel([FieldPanel("min_age"), FieldPanel("max_age")]),
        FieldRowPanel([FieldPanel("min_year"), FieldPanel("max_year")]),
        FieldPanel("entry_guide"),
        FieldRowPanel([FieldPanel("rehearses"), FieldPanel("weekday")]),
        FieldPanel("price_pence"),
        FieldPanel("for_beginners"),
        MultiFieldPanel(
            [
                FieldPanel("has_auditions"),
                FieldRowPanel([FieldPanel("auditions_open_on"), FieldPanel("auditions_close_on")]),
                FieldPanel("judged_on"),
            ],
            heading=_("Auditions"),
        ),
        FieldPanel("instruments"),
        FieldPanel("genres"),
        FieldPanel("leads_to"),
        FieldPanel("access"),
    ]


class EnsembleSectionViewSet(CatalogueViewSet):
    model = EnsembleSection
    icon = "list-ul"
    list_display = ["__str__", "ensemble", "instrument", "target", "reserve_size"]
    list_filter = ["ensemble", "instrument"]
    select_related = ("ensemble", "instrument")
    panels = [
        FieldPanel("ensemble"),
        FieldPanel("instrument"),
        FieldRowPanel([FieldPanel("target"), FieldPanel("reserve_size")]),
    ]


class PartnerViewSet(CatalogueViewSet):
    model = Partner
    icon = "group"
    list_display = ["name", "organisation_type", "function", "standing"]
    list_filter = ["organisation_type", "status", "areas"]
    search_fields = ["name", "summary"]
    select_related = ("organisation_type",)
    panels = [
        *_named(),
        FieldPanel("organisation_type"),
        FieldPanel("status"),
        FieldPanel("summary"),
        FieldPanel("website"),
        FieldRowPanel([FieldPanel("logo"), FieldPanel("logo_until")]),
        FieldPanel("function"),
        FieldPanel("areas"),
        FieldPanel("works_beyond_county"),
        FieldPanel("district"),
        FieldPanel("is_lead"),
    ]


class OrganisationTypeViewSet(CatalogueViewSet):
    model = OrganisationType
    icon = "tag"
    search_fields = ["name"]
    panels = [*_named()]


class SchoolViewSet(CatalogueViewSet):
    """Schools are public facts from the register; rosters of their pupils are not here."""

    model = School
    icon = "home"
    list_display = ["name", "urn", "phase", "town", "local_authority", "status"]
    list_filter = ["status", "phase", "local_authority"]
    search_fields = ["name", "urn", "postcode", "town"]
    panels = [
        FieldPanel("name"),
        FieldRowPanel([FieldPanel("urn"), FieldPanel("laestab")]),
        FieldRowPanel([FieldPanel("phase"), FieldPanel("kind")]),
        FieldRowPanel([FieldPanel("status"), FieldPanel("closed_on")]),
        FieldPanel("area"),
        FieldPanel("local_authority"),
        FieldPanel("street"),
        FieldRowPanel([FieldPanel("town"), FieldPanel("postcode")]),
        FieldRowPanel([FieldPanel("phone"), FieldPanel("email")]),
        FieldPanel("website"),
        FieldPanel("trust"),
        FieldPanel("successors"),
    ]


class AcademicYearViewSet(CatalogueViewSet):
    model = AcademicYear
    icon = "calendar"
    panels = [FieldPanel("start_year", help_text=_("The year in which it begins, such as 2026."))]


class TermViewSet(CatalogueViewSet):
    model = Term
    icon = "calendar"
    list_display = ["__str__", "starts_on", "half_term_starts_on", "half_term_ends_on", "ends_on"]
    list_filter = ["academic_year", "season"]
    select_related = ("academic_year",)
    panels = [
        FieldRowPanel([FieldPanel("academic_year"), FieldPanel("season")]),
        FieldRowPanel([FieldPanel("starts_on"), FieldPanel("ends_on")]),
        FieldRowPanel([FieldPanel("half_term_starts_on"), FieldPanel("half_term_ends_on")]),
    ]


class CentreDateViewSet(CatalogueViewSet):
    model = CentreDate
    icon = "date"
    list_display = ["__str__", "centre", "kind", "starts_on", "ends_on", "note"]
    list_filter = ["centre", "kind", "term"]
    search_fields = ["centre__name", "note"]
    select_related = ("centre", "term__academic_year")
    panels = [
        FieldRowPanel([FieldPanel("centre"), FieldPanel("term")]),
        FieldPanel("kind"),
        FieldRowPanel([FieldPanel("starts_on"), FieldPanel("ends_on")]),
        FieldPanel("note"),
    ]


class ReturnDefinitionViewSet(CatalogueViewSet):
    """Which numbers a data return asks for: data, so that a funder's new form needs no code."""

    model = ReturnDefinition
    icon = "table"
    list_display = ["title", "hide_below"]
    panels = [
        *_named("title"),
        FieldPanel("intro"),
        FieldPanel("hide_below"),
        FieldPanel("headings"),
    ]


class CatalogueGroup(SnippetViewSetGroup):
    menu_label = _("Catalogue")
    menu_name = "catalogue"
    menu_icon = "list-ul"
    menu_order = 330
    items = (
        CourseViewSet,
        CourseDateViewSet,
        EnsembleViewSet,
        EnsembleSectionViewSet,
        MusicCentreViewSet,
        CentreDateViewSet,
        TermViewSet,
        AcademicYearViewSet,
        PartnerViewSet,
        OrganisationTypeViewSet,
        SchoolViewSet,
        InstrumentViewSet,
        GenreViewSet,
        AreaViewSet,
        ReturnDefinitionViewSet,
    )


class MembershipViewSet(ModelViewSet):
    """Who holds which role where. Superusers only: no role carries these permissions."""

    model = Membership
    icon = "key"
    menu_label = _("Roles of staff")
    menu_name = "memberships"
    menu_order = 650
    add_to_settings_menu = True
    list_display = ["user", "role", "area", "centre"]
    list_filter = ["role", "area", "centre"]
    copy_view_enabled = False
    form_fields = ["user", "role", "area", "centre"]
    add_to_reference_index = False
