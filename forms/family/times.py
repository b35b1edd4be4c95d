"""Appointments in the family folder: which times there are, choosing one, another, none.

Only what was offered to the case of this folder is shown, and until the cut-off of its session.
"""

from itertools import groupby

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from forms.addresses import see_other
from forms.family.doors import for_family
from forms.family.folder import Opened
from forms.family.views import case_page, opened
from workflows import family
from workflows.appointments import booking, letters
from workflows.appointments.models import AppointmentOffer
from workflows.appointments.oncase import FamilyTime


def _time(page: Opened, purpose: str) -> FamilyTime:
    """One of them; 404 for any that is not there."""
    found = next((one for one in page.times if one.purpose == purpose), None)
    if found is None:
        raise Http404("There is no such page.")
    return found


def _back(page: Opened) -> str:
    return reverse("family:case", args=[page.case.reference])


def _actor(request: HttpRequest, page: Opened) -> booking.Actor:
    return booking.Actor(family=family.name_for(page.case, request.family.address))


@for_family
@require_http_methods(["GET", "HEAD", "POST"])
def choose(request: HttpRequest, reference: str, purpose: str) -> HttpResponse:
    """The times that are free, by day; POST takes one."""
    page = opened(request, reference)
    if not _time(page, purpose).may_choose:
        return _no_more(request, reference)
    if request.method != "POST":
        return _choices(request, page, purpose)
    chosen = request.POST.get("slot", "")
    if not chosen.isdigit() or len(chosen) > 17:
        return _choices(request, page, purpose, problem=_("Choose a time"), status=422)
    try:
        booking.book(page.case.pk, int(chosen), purpose=purpose, actor=_actor(request, page))
    except booking.TooLateError:
        return _no_more(request, reference)
    except booking.AppointmentError as problem:
        return _choices(request, page, purpose, problem=str(problem), status=409)
    return see_other(_back(page) + "#times")


def _choices(
    request: HttpRequest, page: Opened, purpose: str, *, problem: str = "", status: int = 200
) -> HttpResponse:
    offer = AppointmentOffer.objects.filter(case=page.case, purpose=purpose).first()
    free = booking.choices(offer, page.case, timezone.now()) if offer else []
    days = [
        {"day": day, "slots": list(slots)}
        for day, slots in groupby(free, key=lambda slot: timezone.localtime(slot.starts_at).date())
    ]
    errors = [{"id": "id_slot_1" if free else "id_none", "message": problem}] if problem else []
    context = {
        "opened": page,
        "time": _time(page, purpose),
        "days": days,
        "errors": errors,
        "back_url": _back(page),
    }
    return render(request, "family/times.html", context, status=status)


def _no_more(request: HttpRequest, reference: str) -> HttpResponse:
    notice = _(
        "The time can no longer be changed here. Nothing was changed. "
        "Please write to us below, and we will help."
    )
    return case_page(request, reference, status=409, notice=notice)


@for_family
@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: HttpRequest, reference: str, purpose: str) -> HttpResponse:
    """Ask whether it is meant; POST gives the time back."""
    page = opened(request, reference)
    time = _time(page, purpose)
    if not time.may_cancel:
        return _no_more(request, reference)
    if request.method == "POST":
        try:
            booking.cancel(time.appointment.pk, actor=_actor(request, page))
        except booking.AppointmentError:
            return _no_more(request, reference)
        return see_other(_back(page) + "#times")
    context = {"opened": page, "time": time, "back_url": _back(page)}
    return render(request, "family/time_cancel.html", context)


@for_family
@require_safe
def calendar(request: HttpRequest, reference: str, purpose: str) -> HttpResponse:
    """The booked time for a diary."""
    page = opened(request, reference)
    time = _time(page, purpose)
    if time.appointment is None:
        raise Http404("There is no such page.")
    time.appointment.case = page.case
    entry = letters.calendar_entry(time.appointment, request.family.address)
    response = HttpResponse(entry.content, content_type=entry.content_type)
    response["Content-Disposition"] = 'attachment; filename="appointment.ics"'
    return response
