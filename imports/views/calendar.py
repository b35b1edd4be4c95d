# ruff: noqa: ANN001, ANN201 - the signatures are those of Django, which has no types
"""Quiet times: when nothing is imported, or only new records are added."""

from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext_lazy

from cms import audit
from imports.forms import QuietTimeForm
from imports.models import QuietTime
from imports.rights import APPROVE

from .base import RosterView


class QuietTimes(RosterView):
    """The list, and a form for one more."""

    template_name = "imports/quiet.html"
    page_title = gettext_lazy("Quiet times")

    def get(self, request, form=None, status=200):
        times = QuietTime.objects.filter(last_day__gte=timezone.localdate())
        return self.show(status, times=times, form=form or QuietTimeForm())

    def post(self, request):
        form = QuietTimeForm(request.POST)
        if not form.is_valid():
            return self.get(request, form, 422)
        audit.record(request.user, "add", form.save())
        return redirect("roster_quiet")

    def dispatch(self, request, *args, **kwargs):
        self.right = APPROVE if request.method == "POST" else self.right
        return super().dispatch(request, *args, **kwargs)


class QuietTimeEnd(RosterView):
    right = APPROVE

    def post(self, request, pk):
        found = get_object_or_404(QuietTime, pk=pk)
        audit.record(request.user, "delete", found)
        found.delete()
        return redirect("roster_quiet")
