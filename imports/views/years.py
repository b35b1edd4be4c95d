# ruff: noqa: ANN001, ANN201 - the signatures are those of Django, which has no types
"""The year roll-over: rehearse it, look at it, carry it out, take it back."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cms import audit
from cms.school_year import academic_year
from imports import rollover
from imports.presenting import Receipt
from imports.resources import rosters
from imports.rights import APPROVE, UPLOAD, may
from imports.runs import NotNowError
from imports.undo import CannotUndoError

from .base import RosterView


def years() -> tuple[int, int]:
    """This school year, in case it was not rolled over in time, and the next."""
    now = academic_year(timezone.localdate())
    return now, now + 1


class RosterYears(RosterView):
    template_name = "imports/years.html"
    page_title = gettext_lazy("New school year")

    def get(self, request):
        listed = []
        for year in years():
            found = rollover.runs_of(year)
            for run in found:
                run.roster_title, run.receipt = rosters[run.roster].title, Receipt(run)
            states = {run.state for run in found}
            undone = {run.pk for run in found if run.undoings.filter(state="applied").exists()}
            listed.append(
                {
                    "start": year,
                    "label": f"{year}/{(year + 1) % 100:02}",
                    "day": rollover.first_day(year),
                    "runs": found,
                    "undone": undone,
                    "is_planned": "planned" in states,
                    "is_moving": bool(states & {"applying"}),
                    "is_done": "applied" in states and len(undone) < len(found),
                }
            )
        return self.show(years=listed)


class RosterYearAct(RosterView):
    """A button of a school year. `verb` comes from the address."""

    verb = ""
    right = UPLOAD

    def post(self, request, year):
        if year not in years():
            raise Http404
        if self.verb != "rehearse" and not may(request.user, APPROVE):
            return render(request, "403.html", status=403)
        try:
            done = getattr(rollover, self.verb)(year, by=request.user)
        except (NotNowError, CannotUndoError) as error:
            messages.error(request, str(error))
        else:
            said = {"button": f"year {self.verb}", "year": year}
            audit.record(request.user, "press", done[0], said)
            if self.verb == "rehearse":
                messages.success(request, _("Rehearsed. Nothing was changed: look at each part."))
        return redirect("roster_years")
