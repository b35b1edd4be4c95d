"""Reports in the Wagtail admin: who has seen, taken or changed which record.

The access log is read here and written nowhere but in cms.audit. No export: a list of who looked
at whom is as sensitive as the records.
"""

import django_filters
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from wagtail.admin.filters import DateRangePickerWidget, WagtailFilterSet
from wagtail.admin.ui.tables import Column, DateColumn
from wagtail.admin.views.reports import ReportView

from .models import AccessLogEntry

ACTIONS = {
    "list": _("Looked through a list"),
    "inspect": _("Opened"),
    "add": _("Added"),
    "change": _("Changed"),
    "delete": _("Deleted"),
    "export": _("Took as a file"),
    "download": _("Downloaded"),
    "press": _("Pressed a button"),
    "restart": _("Tried a job again"),
    "anonymise": _("Made anonymous"),
    "forget": _("Deleted some answers"),
    "erase": _("Erased everything about a person"),
    "pseudonymise": _("Took a person's name out of a reason"),
    "hold": _("Held back from deletion"),
    "release": _("No longer held back"),
}


class AccessLogFilterSet(WagtailFilterSet):
    """Record type and key together answer "who has seen this child's record?"."""

    actor = django_filters.CharFilter(label=_("Who"), lookup_expr="icontains")
    action = django_filters.ChoiceFilter(label=_("Did what"), choices=list(ACTIONS.items()))
    record_type = django_filters.CharFilter(
        label=_("Kind of record"),
        lookup_expr="iendswith",
        help_text=_("Such as pupil, guardian, place or case."),
    )
    record_id = django_filters.CharFilter(label=_("Its key"))
    at = django_filters.DateFromToRangeFilter(label=_("When"), widget=DateRangePickerWidget)

    class Meta:
        model = AccessLogEntry
        fields = ["actor", "action", "record_type", "record_id", "at"]


class AccessLogReport(ReportView):
    """For whoever may see the access log: the safeguarding lead, and superusers."""

    FORMATS = ()
    model = AccessLogEntry
    page_title = _("Access log")
    header_icon = "history"
    filterset_class = AccessLogFilterSet
    default_ordering = "-id"
    index_url_name = "access_log"
    index_results_url_name = "access_log_results"
    columns = [
        DateColumn("at", label=_("When")),
        Column("actor", label=_("Who")),
        Column(
            "action", label=_("Did what"), accessor=lambda row: ACTIONS.get(row.action, row.action)
        ),
        Column("record_type", label=_("Kind of record")),
        Column("record_id", label=_("Its key")),
        Column("detail", label=_("Why, and how much"), accessor=lambda row: _said(row.detail)),
    ]

    def dispatch(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        if not request.user.has_perm("cms.view_accesslogentry"):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)


def _said(detail: dict) -> str:
    return ", ".join(f"{name}: {value}" for name, value in detail.items())
