# ruff: noqa: ANN001, ANN201 - the signatures are those of Django, which has no types
"""A file comes in, and what is left of it can be taken out again."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cms import audit
from imports import runs, sealed
from imports.errors import UnreadableFile
from imports.exporting import errors_table
from imports.forms import BUNDLE, UploadForm
from imports.reader import MAX_BYTES
from imports.resources import rosters
from imports.rights import UPLOAD

from .base import RosterView, RunView


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
