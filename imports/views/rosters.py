# ruff: noqa: ANN001, ANN201 - the signatures are those of Django, which has no types
"""The overview of all rosters, and taking one out."""

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin.paginator import WagtailPaginator
from wagtail.admin.widgets.button import HeaderButton

from cms import audit
from imports.exporting import roster_table
from imports.figures import ages, file_quality, freshness, growth, record_quality
from imports.models import ImportRun
from imports.resources import rosters
from imports.rights import EXPORT, UPLOAD, may

from .base import PER_PAGE, RosterView


class RosterIndex(RosterView):
    template_name = "imports/index.html"
    page_title = gettext_lazy("Roster imports")

    def get_breadcrumbs_items(self):
        return [*self.breadcrumbs_items, {"url": "", "label": self.page_title}]

    def get_header_buttons(self):
        quiet = HeaderButton(
            label=_("Quiet times"), url=reverse("roster_quiet"), icon_name="calendar"
        )
        board = HeaderButton(
            label=_("Sources"), url=reverse("roster_sources"), icon_name="download"
        )
        figures = HeaderButton(
            label=_("In figures"), url=reverse("roster_figures"), icon_name="view"
        )
        year = HeaderButton(
            label=_("New school year"), url=reverse("roster_years"), icon_name="calendar-alt"
        )
        if not may(self.request.user, UPLOAD):
            return [board, quiet, figures, year]
        return [
            board,
            quiet,
            figures,
            year,
            HeaderButton(
                label=_("Upload a roster"), url=reverse("roster_upload"), icon_name="upload"
            ),
        ]

    def get(self, request):
        found = ImportRun.objects.for_user(request.user).select_related("created_by")
        page = WagtailPaginator(found, PER_PAGE).get_page(request.GET.get("p"))
        for run in page.object_list:
            run.roster_title = rosters[run.roster].title
        return self.show(page=page, rosters=freshness())


class RosterFigures(RosterView):
    """Growth, freshness and quality, drawn and as tables that say the same."""

    template_name = "imports/figures.html"
    page_title = gettext_lazy("Rosters in figures")

    def get(self, request):
        roster = request.GET.get("roster", "pupils")
        if roster not in rosters:
            raise Http404
        return self.show(
            roster=roster,
            known=[(key, found.title) for key, found in rosters.items()],
            growth=growth(roster, timezone.localdate()),
            ages=ages(timezone.now()),
            files=file_quality(),
            records=record_quality(),
        )


class RosterExport(RosterView):
    """A whole roster as a file, for a reason that is written down."""

    right = EXPORT
    template_name = "imports/export.html"

    def get(self, request, roster):
        return self.ask(roster)

    def ask(self, roster, status=200, problem=""):
        if roster not in rosters:
            raise Http404
        self.page_title = _("Take out: %(roster)s") % {"roster": rosters[roster].title}
        return self.show(status, roster=roster, title=rosters[roster].title, problem=problem)

    def post(self, request, roster):
        reason = request.POST.get("reason", "").strip()[:200]
        if len(reason) < 5 or roster not in rosters:
            return self.ask(roster, 422, _("Say in a few words what the file is for."))
        kind = "xlsx" if request.POST.get("kind") == "xlsx" else "csv"
        file, count, content_type = roster_table(roster, kind)
        audit.record(
            request.user,
            "export",
            rosters[roster]._meta.model,
            {"reason": reason, "rows": count, "kind": kind},
        )
        response = HttpResponse(file, content_type=content_type)
        response["Content-Disposition"] = f'attachment; filename="{roster}.{kind}"'
        return response
