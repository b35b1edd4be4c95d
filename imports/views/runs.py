# ruff: noqa: ANN001, ANN201 - the signatures are those of Django, which has no types
"""One run: its columns, its plan, its buttons, its receipt."""

from django.contrib import messages
from django.http import JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from wagtail.admin.paginator import WagtailPaginator

from cms import audit
from imports import profiles, runs
from imports.errors import UnreadableFile
from imports.forms import ColumnsForm
from imports.lookalikes import decide
from imports.mapping import Mapping
from imports.models import ImportRun, PlanRow
from imports.plan import open_table
from imports.presenting import Receipt, progress_of, samples, shown_rows, tabs
from imports.resources import rosters
from imports.rights import APPROVE, UPLOAD, may
from imports.undo import CannotUndoError

from .base import PER_PAGE, RunView

State = ImportRun.State


class RosterRun(RunView):
    """The run as it is now: choosing columns, waiting, the plan, or the receipt."""

    def get(self, request, pk):
        audit.record(request.user, "inspect", self.run)
        if self.run.state == State.UPLOADED:
            return self._columns()
        if self.run.is_moving:
            self.template_name = "imports/progress.html"
            return self.show(run=self.run, progress=progress_of(self.run))
        return self._plan(request)

    def _columns(self, form=None, problem="", status=200):
        self.template_name = "imports/columns.html"
        try:
            table, close = open_table(self.run)
        except UnreadableFile as error:
            return self.show(error.status, run=self.run, problem=str(error))
        try:
            mapping = Mapping.from_json(self.run.mapping)
            roster = rosters[self.run.roster]
            form = form or ColumnsForm(
                roster=roster, table=table, mapping=mapping, initial={"is_full": self.run.is_full}
            )
            rows = samples(form, roster, table, mapping)
        finally:
            close()
        return self.show(
            status, run=self.run, form=form, rows=rows, mapping=mapping, problem=problem
        )

    def post(self, request, pk):
        """The columns were chosen: read the file with them."""
        if not may(request.user, UPLOAD):
            return render(request, "403.html", status=403)
        try:
            table, close = open_table(self.run)
            close()
            form = ColumnsForm(
                request.POST,
                roster=rosters[self.run.roster],
                table=table,
                mapping=Mapping.from_json(self.run.mapping),
            )
            if not form.is_valid():
                return self._columns(form, status=422)
            if title := form.cleaned_data["source"].strip():
                profiles.remember(self.run, title)
            runs.remap(self.run, form.columns(), is_full=form.cleaned_data["is_full"])
            runs.start_planning(self.run)
        except UnreadableFile as error:
            return self._columns(problem=str(error), status=error.status)
        except runs.NotNowError as error:
            messages.error(request, str(error))
        return self.back()

    def is_mendable(self):
        return (
            self.run.state == State.PLANNED
            and bool(self.run.stored_name)
            and may(self.request.user, UPLOAD)
        )

    def _plan(self, request):
        self.template_name = "imports/plan.html"
        listed = tabs(self.run)
        show = request.GET.get("show") or next((tab.key for tab in listed if tab.count), "")
        query = request.GET.get("q", "").strip()[:60]
        scope = request.GET.get("scope")
        rows = shown_rows(self.run, show, query, scope)
        page = WagtailPaginator(rows, PER_PAGE).get_page(request.GET.get("p"))
        return self.show(
            run=self.run,
            receipt=Receipt(self.run),
            mendable=self.is_mendable(),
            tabs=listed,
            show_tab=show,
            query=query,
            scope=scope,
            held=[hold for hold in self.run.held if not hold.get("released")],
            page=page,
        )


class RosterProgress(RunView):
    """How far a run has come, for the script that moves the bar."""

    def get(self, request, pk):
        return JsonResponse(progress_of(self.run))


class RosterAct(RunView):
    """A button of a run's page. `verb` comes from the address."""

    verb = ""
    right = APPROVE

    def post(self, request, pk):
        try:
            getattr(self, self.verb)(request)
        except (runs.NotNowError, CannotUndoError) as error:
            messages.error(request, str(error))
        return self.back()

    def approve(self, request):
        runs.approve(self.run, by=request.user, with_leavers="with_leavers" in request.POST)
        audit.record(request.user, "press", self.run, {"button": "approve"})

    def release(self, request):
        scope = request.POST.get("scope", "")
        number = runs.release(self.run, scope)
        said = {"button": "release", "scope": scope, "leavers": number}
        audit.record(request.user, "press", self.run, said)
        messages.success(request, _("%(n)s leavers will go with the rest.") % {"n": number})

    def stop(self, request):
        runs.stop(self.run)
        audit.record(request.user, "press", self.run, {"button": "stop"})

    def discard(self, request):
        runs.discard(self.run)
        audit.record(request.user, "press", self.run, {"button": "discard"})

    def undo(self, request):
        reverse_run = runs.take_back(self.run, by=request.user)
        audit.record(request.user, "press", self.run, {"button": "undo"})
        self.run = reverse_run


class RosterDecide(RunView):
    """One answer to "is it the same person?"."""

    right = APPROVE

    def post(self, request, pk, row):
        is_same = request.POST.get("answer") == "same"
        try:
            decide(self.run, row, is_same=is_same, by=request.user)
        except PlanRow.DoesNotExist:
            messages.error(request, _("That was decided already."))
        else:
            audit.record(request.user, "press", self.run, {"row": row, "same_person": is_same})
        return redirect(reverse("roster_run", args=[pk]) + "?show=ask")


class RosterPlanAgain(RunView):
    """Back to the columns, to read the same file differently or as the records are now."""

    right = UPLOAD

    def post(self, request, pk):
        try:
            runs.reopen(self.run)
        except runs.NotNowError as error:
            messages.error(request, str(error))
        return self.back()
