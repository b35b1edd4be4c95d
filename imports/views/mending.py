# ruff: noqa: ANN001, ANN201 - the signatures are those of Django, which has no types
"""Mending rows of a plan: one in the page, many by a workbook that comes back."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cms import audit, exports
from imports import errorbook, mending, runs
from imports.errors import UnreadableFile
from imports.models import PlanRow
from imports.rights import APPROVE, UPLOAD

from .base import RunView

CELL = "cell-"
REFUSED = (mending.NotMendableError, runs.NotNowError, UnreadableFile)


class RosterMend(RunView):
    """The cells of one row, mended in the page."""

    right = UPLOAD

    def post(self, request, pk, row):
        cells = {
            name.removeprefix(CELL): text
            for name, text in request.POST.items()
            if name.startswith(CELL)
        }
        try:
            mending.mend(self.run, row, cells, by=request.user, always="always" in request.POST)
        except PlanRow.DoesNotExist:
            messages.error(request, _("That row was planned again meanwhile."))
        except REFUSED as error:
            messages.error(request, str(error))
        else:
            audit.record(request.user, "change", self.run, {"row": row, "columns": sorted(cells)})
            messages.success(request, _("The row was read again."))
        return redirect(reverse("roster_run", args=[pk]) + "?show=problems")


class RosterLetDecide(RunView):
    """A column that somebody edited here goes back to its source."""

    right = APPROVE

    def post(self, request, pk, row):
        name = request.POST.get("column", "")
        try:
            mending.let_file_decide(self.run, row, name)
        except PlanRow.DoesNotExist:
            messages.error(request, _("That row was planned again meanwhile."))
        except REFUSED as error:
            messages.error(request, str(error))
        else:
            audit.record(request.user, "change", self.run, {"row": row, "given_back": name})
        return redirect(reverse("roster_run", args=[pk]) + "?show=problems")


class RosterWorkbook(RunView):
    """Their own sheet with the bad cells marked, out and back in."""

    right = UPLOAD

    def get(self, request, pk):
        try:
            file = errorbook.write(self.run)
        except UnreadableFile as error:
            messages.error(request, str(error))
            return self.back()
        audit.record(request.user, "export", self.run, {"what": "error workbook"})
        response = HttpResponse(file, content_type=exports.CONTENT_TYPES["xlsx"])
        response["Content-Disposition"] = f'attachment; filename="import-{pk}-to-mend.xlsx"'
        return response

    def post(self, request, pk):
        upload = request.FILES.get("workbook")
        if upload is None:
            messages.error(request, _("Choose the mended workbook first."))
            return self.back()
        try:
            mended = errorbook.read_back(self.run, upload.file, upload.size)
            if mended:
                mending.correct(self.run, mended, by=request.user)
        except REFUSED as error:
            messages.error(request, str(error))
            return self.back()
        audit.record(request.user, "change", self.run, {"what": "workbook", "rows": len(mended)})
        said = ngettext("%(n)s row was mended.", "%(n)s rows were mended.", len(mended))
        messages.success(request, said % {"n": len(mended)})
        return self.back()


class RosterConflicts(RunView):
    """The rows that were overtaken, planned again as a run of their own."""

    right = UPLOAD

    def post(self, request, pk):
        try:
            again = mending.plan_conflicts_again(self.run, by=request.user)
        except REFUSED as error:
            messages.error(request, str(error))
            return self.back()
        audit.record(request.user, "add", again)
        return redirect("roster_run", pk=again.pk)
