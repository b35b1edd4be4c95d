"""The roster screens in the Wagtail admin: upload, columns, plan, progress, receipt, undo.

Each view asks for one right, finds its run through `ImportRun.objects.for_user`, calls one
function of imports.runs and answers. Every page of a run shows personal data: its opening goes
into the access log, and Wagtail's admin forbids caches to keep it.
"""

from typing import ClassVar

from django.contrib import messages
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import View
from wagtail.admin.paginator import WagtailPaginator
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin
from wagtail.admin.widgets.button import HeaderButton

from cms import audit

from . import runs, sealed
from .errors import UnreadableFile
from .exporting import errors_table, roster_table
from .forms import BUNDLE, ColumnsForm, UploadForm
from .lookalikes import decide
from .mapping import Mapping
from .models import ImportRun, PlanRow
from .plan import open_table
from .presenting import Receipt, freshness, progress_of, samples, shown_rows, tabs
from .reader import MAX_BYTES
from .resources import rosters
from .rights import APPROVE, EXPORT, UPLOAD, VIEW, may
from .undo import CannotUndoError

State = ImportRun.State
PER_PAGE = 50


class RosterView(WagtailAdminTemplateMixin, View):
    """Furniture and rights of every roster screen."""

    right: ClassVar[str] = VIEW
    header_icon = "upload"

    def dispatch(self, request, *args, **kwargs):
        if not may(request.user, VIEW):
            raise Http404
        if not may(request.user, self.right):
            return render(request, "403.html", status=403)
        return super().dispatch(request, *args, **kwargs)

    def get_breadcrumbs_items(self):
        items = [*self.breadcrumbs_items, {"url": reverse("rosters"), "label": _("Roster imports")}]
        if title := self.get_page_title():
            items.append({"url": "", "label": title})
        return items

    def get_context_data(self, **kwargs):
        rights = {name: may(self.request.user, name) for name in (UPLOAD, APPROVE, EXPORT)}
        return super().get_context_data(**kwargs) | {
            "may_upload": rights[UPLOAD],
            "may_approve": rights[APPROVE],
            "may_export": rights[EXPORT],
        }

    def show(self, status=200, **context):
        context = self.get_context_data(**context)
        return self.render_to_response(context, status=status)


class RunView(RosterView):
    """A screen of one run, which must be one that this person may see."""

    def dispatch(self, request, *args, **kwargs):
        if request.user.is_authenticated:
            found = ImportRun.objects.for_user(request.user).select_related(
                "created_by", "approved_by", "undoes", "job"
            )
            self.run = get_object_or_404(found, pk=kwargs["pk"])
        return super().dispatch(request, *args, **kwargs)

    def get_page_title(self):
        what = _("Undo of import %(pk)s") if self.run.undoes_id else _("Import %(pk)s")
        pk = self.run.undoes_id or self.run.pk
        return f"{rosters[self.run.roster].title}: " + what % {"pk": pk}

    def back(self):
        return redirect("roster_run", pk=self.run.pk)


class RosterIndex(RosterView):
    template_name = "imports/index.html"
    page_title = gettext_lazy("Roster imports")

    def get_breadcrumbs_items(self):
        return [*self.breadcrumbs_items, {"url": "", "label": self.page_title}]

    def get_header_buttons(self):
        if not may(self.request.user, UPLOAD):
            return []
        return [
            HeaderButton(
                label=_("Upload a roster"), url=reverse("roster_upload"), icon_name="upload"
            )
        ]

    def get(self, request):
        found = ImportRun.objects.for_user(request.user).select_related("created_by")
        page = WagtailPaginator(found, PER_PAGE).get_page(request.GET.get("p"))
        for run in page.object_list:
            run.roster_title = rosters[run.roster].title
        return self.show(page=page, rosters=freshness())


class RosterUpload(RosterView):
    template_name = "imports/upload.html"
    page_title = gettext_lazy("Upload a roster")
    right = UPLOAD

    def get(self, request):
        return self.show(form=UploadForm(initial={"roster": request.GET.get("roster", "pupils")}))

    def post(self, request):
        # Looked at before the body is read: a file of many gigabytes is not even received.
        if int(request.META.get("CONTENT_LENGTH") or 0) > MAX_BYTES + 100_000:
            form = UploadForm(initial={"roster": "pupils"})
            problem = _("The file is larger than %(size)s MB.") % {"size": MAX_BYTES // 1024**2}
            return self.show(413, form=form, problem=problem)
        form = UploadForm(request.POST, request.FILES)
        if not form.is_valid():
            return self.show(400, form=form)
        roster, file = form.cleaned_data["roster"], form.cleaned_data["file"]
        options = {"by": request.user, "is_full": form.cleaned_data["is_full"]}
        try:
            if roster == BUNDLE:
                received = runs.receive_bundle(file, **options)
            else:
                received = [runs.receive_upload(roster, file, **options)]
        except UnreadableFile as error:
            return self.show(error.status, form=form, problem=str(error))
        for run in received:
            audit.record(request.user, "add", run)
        if len(received) == 1:
            return redirect("roster_run", pk=received[0].pk)
        names = ", ".join(str(rosters[run.roster].title) for run in received)
        message = _("Read as %(names)s. Open and approve them in this order, the oldest first.")
        messages.success(request, message % {"names": names})
        return redirect("rosters")


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
            rows = samples(form, roster, table)
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
            runs.remap(self.run, form.columns(), is_full=form.cleaned_data["is_full"])
            runs.start_planning(self.run)
        except UnreadableFile as error:
            return self._columns(problem=str(error), status=error.status)
        except runs.NotNowError as error:
            messages.error(request, str(error))
        return self.back()

    def _plan(self, request):
        self.template_name = "imports/plan.html"
        listed = tabs(self.run)
        show = request.GET.get("show") or next((tab.key for tab in listed if tab.count), "")
        query = request.GET.get("q", "").strip()[:60]
        rows = shown_rows(self.run, show, query)
        page = WagtailPaginator(rows, PER_PAGE).get_page(request.GET.get("p"))
        return self.show(
            run=self.run,
            receipt=Receipt(self.run),
            tabs=listed,
            show_tab=show,
            query=query,
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


class RosterErrors(RunView):
    """The rows that need mending, as a table to work through."""

    def get(self, request, pk):
        audit.record(request.user, "export", self.run, {"what": "errors"})
        response = HttpResponse(errors_table(self.run), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="import-{self.run.pk}-errors.csv"'
        return response


class RosterFile(RunView):
    """The file as it was uploaded. Each download is logged."""

    right = UPLOAD

    def get(self, request, pk):
        if not self.run.stored_name or self.run.purged_at:
            raise Http404
        try:
            stream = sealed.unseal(self.run.stored_name)
        except (sealed.BrokenSealError, FileNotFoundError):
            raise Http404 from None
        audit.record(request.user, "download", self.run)
        response = HttpResponse(stream, content_type="application/octet-stream")
        name = "".join(c for c in self.run.original_name if c.isalnum() or c in ". -_") or "roster"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response


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
