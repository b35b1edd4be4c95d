"""The System page of the admin: is the hub well, what was given up, a button to try it again."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.generic import View

from cms import audit, jobs
from cms.models import Job

from .states import all_states

PERMISSION = "cms.change_job"
SHOWN = 100


class SystemView(View):
    """GET says how things are; POST tries one failed job once more."""

    def dispatch(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        if not request.user.has_perm(PERMISSION):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest) -> HttpResponse:
        states = all_states()
        context = {
            "breadcrumbs_items": [
                {"url": reverse("wagtailadmin_home"), "label": _("Home")},
                {"url": "", "label": _("System")},
            ],
            "states": states,
            "unwell": sum(not state.is_well for state in states),
            "failed": Job.objects.filter(state=Job.State.FAILED).order_by("-pk")[:SHOWN],
            "running": Job.objects.filter(state=Job.State.RUNNING).order_by("pk")[:SHOWN],
        }
        return render(request, "cms/system.html", context)

    def post(self, request: HttpRequest) -> HttpResponse:
        chosen = request.POST.get("job", "")
        job = None
        if chosen.isdigit() and len(chosen) < 18:
            job = Job.objects.filter(pk=int(chosen)).first()
        if job is None:
            messages.error(request, _("There is no such job any more."))
            return redirect("system")
        try:
            jobs.restart(job.pk)
        except jobs.JobIsRunningError:
            messages.warning(request, _("Somebody was quicker: it runs again already."))
        else:
            audit.record(request.user, "restart", job)
            messages.success(request, _("It is tried again now."))
        return redirect("system")
