"""The desk for sessions in the admin: list, editor with a preview of slots, one session, copies.

Each view finds its session through `AppointmentSession.objects.for_user`; one out of reach is a
404. Looking at who has booked is written to the access log.
"""

from datetime import date

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.generic import View

from cms import audit
from workflows.plan import Plan

from . import booking, clashes, day, giving, slots
from .forms import SessionForm
from .models import AppointmentSession

LISTED = 200


class SessionsView(View):
    """Only for those whose role has sessions; panels go by their own list."""

    permission = "workflows.change_appointmentsession"

    def dispatch(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        if not request.user.has_perm(self.permission):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def session(self, pk: int) -> AppointmentSession:
        reach = AppointmentSession.objects.for_user(self.request.user, "change")
        return get_object_or_404(reach.select_related("centre", "workflow"), pk=pk)


def trail(*steps: tuple[str, str]) -> list[dict]:
    """The trail of the slim header, from the admin's home to here."""
    start = [
        {"url": reverse("wagtailadmin_home"), "label": _("Home")},
        {"url": reverse("appointments:list"), "label": _("Appointments")},
    ]
    return [*start, *({"url": url, "label": label} for url, label in steps)]


def of_session(session: AppointmentSession, here: str = "") -> list[dict]:
    """The trail to a session, or to a page below it."""
    url = reverse("appointments:session", args=[session.pk]) if here else ""
    return trail((url, session.name), *([("", here)] if here else []))


class ListView(View):
    """Every session within reach, the next first; those of a panel see their own."""

    def get(self, request: HttpRequest) -> HttpResponse:
        if not request.user.has_perm("workflows.view_case"):
            raise PermissionDenied
        reach = AppointmentSession.objects.reachable(request.user)
        is_past = request.GET.get("when") == "past"
        ended = Q(ends_at__lte=timezone.now())
        rows = reach.filter(ended if is_past else ~ended).select_related("centre", "workflow")
        rows = rows.order_by("-starts_at" if is_past else "starts_at", "pk")
        sessions = slots.with_occupancy(list(rows[:LISTED]))
        own = AppointmentSession.objects.for_user(request.user, "change")
        mine = set(own.filter(pk__in=[one.pk for one in sessions]).values_list("pk", flat=True))
        for one in sessions:
            one.warnings = [] if is_past or one.cancelled_at else clashes.of_session(one)
            one.may_edit = one.pk in mine
        context = {
            "sessions": sessions,
            "is_past": is_past,
            "may_add": request.user.has_perm("workflows.change_appointmentsession"),
            "breadcrumbs_items": trail(),
        }
        return render(request, "workflows/appointments/list.html", context)


class EditView(SessionsView):
    """A new session or an old one; "Show the times" saves nothing."""

    def get(self, request: HttpRequest, pk: int | None = None) -> HttpResponse:
        session = self.session(pk) if pk else AppointmentSession()
        return self.show(SessionForm(instance=session, user=request.user))

    def post(self, request: HttpRequest, pk: int | None = None) -> HttpResponse:
        session = self.session(pk) if pk else AppointmentSession()
        before = slots.place_facts(session) if pk else None
        form = SessionForm(request.POST, instance=session, user=request.user)
        if not form.is_valid():
            return self.show(form, status=422)
        people = list(form.cleaned_data["people"])
        if "preview" in request.POST:
            preview = slots.planned(session)
            return self.show(form, preview=preview, warnings=self.warnings(session, people))
        try:
            slots.save(session, people, before=before)
        except slots.SessionProblemError as problem:
            form.add_error(None, str(problem))
            return self.show(form, status=422)
        audit.record(request.user, "change" if pk else "add", session)
        for warning in self.warnings(session, people):
            messages.warning(request, warning)
        messages.success(request, _("Saved. The free times were made anew."))
        return redirect("appointments:session", pk=session.pk)

    @staticmethod
    def warnings(session: AppointmentSession, people: list) -> list[str]:
        found = clashes.of_session(session, people)
        version = session.workflow.versions.order_by("-number").first()
        if version and session.purpose not in purposes_of(version.plan):
            found.append(
                _("No button of this process offers “%(purpose)s” yet.")
                % {"purpose": session.purpose}
            )
        if not slots.planned(session):
            found.append(_("No time fits into these hours."))
        return found

    def show(self, form: SessionForm, *, status: int = 200, **more: object) -> HttpResponse:
        title = form.instance.name if form.instance.pk else _("New session")
        context = {
            "form": form,
            "session": form.instance,
            "title": title,
            "breadcrumbs_items": trail(("", title)),
            **more,
        }
        return render(self.request, "workflows/appointments/edit.html", context, status=status)


def purposes_of(plan: Plan) -> set[str]:
    """What the buttons of a process offer or book."""
    return {
        str(action.get("purpose"))
        for stage in plan.stages
        for button in stage.buttons
        for action in button.actions
        if action["type"] in ("offer_appointments", "book_appointment")
    }


class SessionView(SessionsView):
    """One session: its times, who has which, and what can be done with it."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        session = self.session(pk)
        audit.record(request.user, "inspect", session)
        by_slot: dict[int, list] = {}
        for line in day.lines(session, names=True):
            by_slot.setdefault(line.slot.pk, []).append(line)
        rows = [(slot, by_slot.get(slot.pk, [])) for slot in session.slots.all()]
        slots.with_occupancy([session])
        context = {
            "session": session,
            "rows": rows,
            "people": session.people.all(),
            "warnings": clashes.of_session(session),
            "waiting": len(giving.waiting(request.user, session)),
            "breadcrumbs_items": of_session(session),
        }
        return render(request, "workflows/appointments/session.html", context)


class CopyView(SessionsView):
    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        session = self.session(pk)
        try:
            wanted = date.fromisoformat(request.POST.get("day", ""))
        except ValueError:
            messages.error(request, _("Choose a day to copy it to."))
            return redirect("appointments:session", pk=pk)
        copied = slots.copy_to(session, wanted)
        audit.record(request.user, "add", copied)
        messages.success(request, _("Copied. Nobody has booked here yet."))
        return redirect("appointments:edit", pk=copied.pk)


class CallOffView(SessionsView):
    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        session = self.session(pk)
        try:
            number = booking.call_off(session.pk, by=request.user, why=request.POST.get("why", ""))
        except booking.AppointmentError as problem:
            messages.error(request, str(problem))
        else:
            audit.record(request.user, "change", session, {"called off": number})
            words = ngettext("%(n)s family was told.", "%(n)s families were told.", number)
            messages.success(request, _("Called off.") + " " + words % {"n": number})
        return redirect("appointments:session", pk=pk)


class AssignView(SessionsView):
    """Everybody who waits for a time: first the plan, then the plan carried out."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        session = self.session(pk)
        plan = giving.plan(request.user, session)
        context = {
            "session": session,
            "plan": plan,
            "number": sum(one.slot is not None for one in plan),
            "breadcrumbs_items": of_session(session, _("Give times")),
        }
        return render(request, "workflows/appointments/assign.html", context)

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        session = self.session(pk)
        pairs = []
        for text in request.POST.getlist("give"):
            case, _colon, slot = text.partition(":")
            if case.isdigit() and slot.isdigit() and len(text) < 36:
                pairs.append((int(case), int(slot)))
        done, refused = giving.apply(request.user, session, pairs)
        audit.record(request.user, "press", session, {"given": done, "refused": len(refused)})
        words = ngettext("%(n)s time was given.", "%(n)s times were given.", done)
        messages.success(request, words % {"n": done})
        for reference, why in refused:
            messages.warning(request, f"{reference}: {why}")
        return redirect("appointments:session", pk=pk)
