"""The screens of the day: the running order on a tablet, its lines alone, the sheet to print.

For whoever runs the session by role and scope, and for the people of its panel, who read no name
where they score without names. Works as plain forms; a small script only fetches the lines anew.
"""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.generic import View

from cms import audit
from cms.models import User

from . import day, nameless
from .desk import trail
from .models import AppointmentSession


class PanelView(View):
    """Only for staff who may see the day of this very session."""

    def dispatch(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        if not request.user.has_perm("workflows.view_case"):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def session(self, pk: int) -> AppointmentSession:
        reach = AppointmentSession.objects.reachable(self.request.user)
        return get_object_or_404(reach.select_related("centre"), pk=pk)


def day_context(session: AppointmentSession, user: User) -> dict:
    found = day.lines(session, names=nameless.may_read_names(user, session))
    labels = dict(day.Day.choices)
    return {
        "session": session,
        "lines": [(line, [(key, labels[key]) for key in line.next_states]) for line in found],
        "over": sum(line.appointment.day_state in ("done", "no_show") for line in found),
        "now": timezone.now(),
    }


class RunningView(PanelView):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        session = self.session(pk)
        audit.record(request.user, "inspect", session)
        context = day_context(session, request.user)
        context["breadcrumbs_items"] = trail(("", session.name), ("", _("Running order")))
        return render(request, "workflows/appointments/running.html", context)


class LinesView(PanelView):
    """The lines alone, for the open page; that it was opened is in the access log already."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        context = day_context(self.session(pk), request.user)
        return render(request, "workflows/appointments/_lines.html", context)


class SheetView(PanelView):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        session = self.session(pk)
        audit.record(request.user, "inspect", session)
        context = day_context(session, request.user)
        context["people"] = session.people.all()
        context["breadcrumbs_items"] = trail(("", session.name), ("", _("Day sheet")))
        return render(request, "workflows/appointments/sheet.html", context)


class MarkView(PanelView):
    """One mark, or the last one undone. Who was slower is told what the other did."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        session = self.session(pk)
        numbers = [request.POST.get(name, "") for name in ("appointment", "version")]
        if not all(text.isdigit() and len(text) < 18 for text in numbers):
            messages.error(request, _("That was no line of this session."))
            return redirect("appointments:day", pk=pk)
        key, version = map(int, numbers)
        try:
            if request.POST.get("to") == "undo":
                row = day.undo(session, key, version=version, by=request.user)
            else:
                to = request.POST.get("to", "")
                row = day.mark(session, key, to, version=version, by=request.user)
        except day.DayError as problem:
            messages.warning(request, str(problem))
        else:
            audit.record(request.user, "change", row, {"day": row.day_state})
        return redirect(reverse("appointments:day", args=[pk]) + f"#line-{key}")
