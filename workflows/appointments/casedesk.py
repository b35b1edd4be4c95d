"""Appointments on the case page: give a time, another one, or take it back, with a reason.

The case is found as in workflows.views; the sessions are those that the officer may change.
"""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from cms import audit
from cms.models import User
from workflows.models import Case
from workflows.views import DeskView, breadcrumbs

from . import booking, clashes, slots
from .models import Appointment, AppointmentOffer, AppointmentSession

SHOWN = 120


class ChangingView(DeskView):
    """For those who may change the case."""

    def changeable(self, pk: int) -> Case:
        case = self.case(pk)
        if not Case.objects.for_user(self.request.user, "change").filter(pk=case.pk).exists():
            raise PermissionDenied
        return case


class GiveView(ChangingView):
    """The free times that fit, each with what speaks against it."""

    def get(self, request: HttpRequest, pk: int, purpose: str) -> HttpResponse:
        return self.show(self.changeable(pk), purpose)

    def post(self, request: HttpRequest, pk: int, purpose: str) -> HttpResponse:
        case = self.changeable(pk)
        chosen = request.POST.get("slot", "")
        why = request.POST.get("why", "")
        reachable = {slot.pk for slot in free_for(request.user, case, purpose)}
        if not chosen.isdigit() or int(chosen) not in reachable:
            return self.show(case, purpose, problem=_("Choose one of the free times."), why=why)
        try:
            row = booking.book(
                case.pk, int(chosen), purpose=purpose, actor=booking.Actor(request.user), why=why
            )
        except booking.AppointmentError as problem:
            return self.show(case, purpose, problem=str(problem), why=why)
        audit.record(request.user, "change", case, {"appointment": row.pk})
        messages.success(request, _("Booked. The family is told."))
        return redirect("cases:case", pk=case.pk)

    def show(self, case: Case, purpose: str, *, problem: str = "", why: str = "") -> HttpResponse:
        free = free_for(self.request.user, case, purpose)
        context = {
            "case": case,
            "purpose": purpose,
            "current": booking.live(case, purpose),
            "rows": [(slot, clashes.of_slot(case, slot)) for slot in free[:SHOWN]],
            "problem": problem,
            "why": why,
            "breadcrumbs_items": breadcrumbs({"url": "", "label": case.reference}),
        }
        status = 422 if problem else 200
        return render(self.request, "workflows/appointments/give.html", context, status=status)


def free_for(user: User, case: Case, purpose: str) -> list:
    """The free slots of sessions that this officer may change and that fit the case, or any."""
    offer = AppointmentOffer.objects.filter(case=case, purpose=purpose).first()
    held = offer or AppointmentOffer(case=case, purpose=purpose)
    own = AppointmentSession.objects.for_user(user, "change")
    mine = set(own.filter(purpose=purpose).values_list("pk", flat=True))
    sessions = [one for one in booking.fitting_sessions(held, case) if one.pk in mine]
    now = timezone.now()
    return [slot for slot in slots.free_slots(sessions) if slot.starts_at > now]


class CancelView(ChangingView):
    def post(self, request: HttpRequest, pk: int, appointment: int) -> HttpResponse:
        case = self.changeable(pk)
        if not Appointment.objects.filter(pk=appointment, case=case).exists():
            raise Http404
        try:
            booking.cancel(
                appointment, actor=booking.Actor(request.user), why=request.POST.get("why", "")
            )
        except booking.AppointmentError as problem:
            messages.error(request, str(problem))
        else:
            audit.record(request.user, "change", case, {"appointment cancelled": appointment})
            messages.success(request, _("Cancelled. The family is told."))
        return redirect("cases:case", pk=case.pk)


class CloseView(ChangingView):
    """The family can choose no longer; what is booked stays."""

    def post(self, request: HttpRequest, pk: int, purpose: str) -> HttpResponse:
        case = self.changeable(pk)
        get_object_or_404(AppointmentOffer, case=case, purpose=purpose)
        booking.close_offers(case, [purpose])
        messages.success(request, _("The family can choose no longer."))
        return redirect("cases:case", pk=case.pk)
