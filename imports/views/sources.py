# ruff: noqa: ANN001, ANN201 - the signatures are those of Django, which has no types
"""The board of all sources: what came last, what is due, what went wrong; and their settings."""

from django.conf import settings
from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cms import audit
from imports import arrivals
from imports.figures import source_board
from imports.forms import SourceForm
from imports.models import SourceProfile
from imports.rights import APPROVE

from .base import RosterView


class Sources(RosterView):
    template_name = "imports/sources.html"
    page_title = gettext_lazy("Sources")

    def get(self, request):
        return self.show(sources=source_board())


class SourceEdit(RosterView):
    """The settings of one source."""

    right = APPROVE
    template_name = "imports/source.html"

    def get(self, request, pk, form=None, status=200, link=""):
        source = get_object_or_404(SourceProfile, pk=pk)
        self.page_title = source.title
        form = form or SourceForm(instance=source)
        return self.show(
            status, form=form, source=source, link=link, folder=arrivals.folder_of(source)
        )

    def post(self, request, pk):
        source = get_object_or_404(SourceProfile, pk=pk)
        if "new_link" in request.POST:
            token = arrivals.new_link(source)
            audit.record(request.user, "change", source, {"what": "new link"})
            return self.get(
                request, pk, link=settings.SITE_URL + reverse("roster_send", args=[token])
            )
        form = SourceForm(request.POST, instance=source)
        if not form.is_valid():
            return self.get(request, pk, form, 422)
        form.save()
        audit.record(request.user, "change", source, {"fields": sorted(form.changed_data)})
        messages.success(request, _("The source was saved."))
        return redirect("roster_sources")


class SourceChase(RosterView):
    right = APPROVE

    def post(self, request, pk):
        source = get_object_or_404(SourceProfile, pk=pk)
        if arrivals.chase(source, by=request.user):
            audit.record(request.user, "press", source, {"button": "chase"})
            messages.success(request, _("The contact was asked for the next file."))
        else:
            messages.error(request, _("Nobody was asked: is there a contact address?"))
        return redirect("roster_sources")
