"""A booking in the family folder: cancel, move to another date, add a child, answer anew.

Only for whoever booked, never for a young person who joined; every page says what will happen
before it does, works without a script, and answers a page that has grown old kindly.
"""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from forms import asking_more
from forms import doors as form_doors
from forms.addresses import right_place, see_other
from forms.family.doors import for_family
from forms.family.views import case_page, folder_of, opened
from forms.running import changing, moving, rejoining


def _booking(request: HttpRequest, reference: str) -> tuple:
    """The page of this booking and the booking; 404 for anybody else's, and for what is none."""
    page = opened(request, reference)
    booking = changing.booking_of(page.submission)
    if booking is None or not page.is_contact:
        raise Http404("There is no such page.")
    return page, booking


def _back(reference: str) -> str:
    return reverse("family:case", args=[reference])


def too_late(request: HttpRequest, reference: str) -> HttpResponse:
    """It can no longer be changed here: the page as it stands now, with why."""
    notice = _(
        "This booking can no longer be changed here. Nothing was changed. "
        "Please write to us below, and we will help."
    )
    return case_page(request, reference, status=409, notice=notice)


@for_family
@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: HttpRequest, reference: str) -> HttpResponse:
    """Whose place, then what is given back, then yes."""
    page, booking = _booking(request, reference)
    if not booking.is_open:
        return too_late(request, reference)
    known = {child.place.child_number for child in booking.children}
    sent = request.POST.getlist("child")
    chosen = {int(one) for one in sent if one.isdigit() and len(one) < 5} & known
    if request.method == "POST" and not chosen and len(known) == 1:
        chosen = known
    context = {
        "opened": page,
        "booking": booking,
        "chosen": chosen,
        "back_url": _back(reference),
        "errors": [],
    }
    if request.method != "POST":
        if len(known) == 1:
            context |= {"chosen": known, **_what_comes_back(booking, known)}
        return render(request, "family/booking_cancel.html", context)
    if not chosen:
        context["errors"] = [{"id": "id_child_1", "message": _("Choose whose place you cancel")}]
        return render(request, "family/booking_cancel.html", context, status=422)
    said = _what_comes_back(booking, chosen)
    if request.POST.get("agreed") != said["agreed"]:
        return render(request, "family/booking_cancel.html", context | said)
    try:
        changing.cancel(booking.submission, chosen)
    except (changing.TooLateError, changing.NotPossibleError):
        return too_late(request, reference)
    return case_page(request, reference, notice=_("It is cancelled. We have written to you."))


def _what_comes_back(booking: changing.Booking, chosen: set[int]) -> dict:
    """What is said before it is confirmed, and the mark that this very thing was agreed to."""
    back = changing.would_get_back(booking, chosen)
    numbers = "-".join(str(number) for number in sorted(chosen))
    return {"back": back, "agreed": f"{numbers}:{back.pence}"}


@for_family
@require_http_methods(["GET", "HEAD", "POST"])
def move(request: HttpRequest, reference: str) -> HttpResponse:
    """The dates that have room for all; POST takes one and gives up the old one, or neither."""
    page, booking = _booking(request, reference)
    if not booking.is_open:
        return too_late(request, reference)
    status, errors = 200, []
    if request.method == "POST":
        wanted = request.POST.get("date", "")
        try:
            to = int(wanted) if wanted.isdigit() and len(wanted) < 18 else None
            moving.move(booking.submission, to, agreed=_pence(request.POST.get(f"more-{to}")))
        except changing.TooLateError:
            return too_late(request, reference)
        except changing.NotPossibleError as problem:
            status, errors = 422, [{"id": "id_date_1", "message": str(problem)}]
        else:
            notice = _("Your booking has moved. We have written to you.")
            return case_page(request, reference, notice=notice)
    context = {
        "opened": page,
        "booking": booking,
        **_dates(booking),
        "errors": errors,
        "back_url": _back(reference),
    }
    return render(request, "family/booking_move.html", context, status=status)


def _dates(booking: changing.Booking) -> dict:
    """The dates to choose from, and those that the office has to look at first."""
    found = moving.others(booking)
    return {
        "choices": [one for one in found if not one.ask_because],
        "to_ask": [one for one in found if one.ask_because],
    }


def _pence(text: str | None) -> int:
    """What the page said that a date costs more; 0 when it said nothing that can be read."""
    plain = (text or "").removeprefix("-")
    return int(text) if plain.isascii() and plain.isdigit() and len(plain) < 9 else 0


@for_family
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, reference: str) -> HttpResponse:
    """Which part of the answers to give anew; POST begins it."""
    page, booking = _booking(request, reference)
    if not booking.is_open:
        return too_late(request, reference)
    status, errors = 200, []
    if request.method == "POST":
        try:
            changing.begin_anew(booking.submission, request.POST.get("part", ""))
        except changing.TooLateError:
            return too_late(request, reference)
        except changing.NotPossibleError as problem:
            status, errors = 422, [{"id": "id_part_1", "message": str(problem)}]
        else:
            return see_other(reverse("family:answer_begin", args=[reference]))
    context = {
        "opened": page,
        "booking": booking,
        "parts": changing.parts(booking.submission),
        "errors": errors,
        "back_url": _back(reference),
    }
    return render(request, "family/booking_change.html", context, status=status)


@for_family
@require_POST
def leave_it(request: HttpRequest, reference: str) -> HttpResponse:
    """Answers that the family began to give anew stay as they were."""
    page, _booking_of = _booking(request, reference)
    wanted = asking_more.open_request(page.case)
    if wanted is not None and wanted.is_own:
        changing.stop_anew(wanted)
    return see_other(_back(reference))


@for_family
@require_http_methods(["GET", "HEAD", "POST"])
def again(request: HttpRequest, reference: str) -> HttpResponse:
    """Another booking with what this family has told us: a brother or sister, or a new date."""
    page, booking = _booking(request, reference)
    date = rejoining.date_for(booking)
    if date is None:
        return case_page(
            request,
            reference,
            status=409,
            notice=_("There is nothing to book now. Please write to us below, and we will help."),
        )
    submissions = folder_of(request).submissions()
    if request.method == "POST":
        chosen = {int(one) for one in request.POST.getlist("child") if one.isdigit()}
        owner = form_doors.owner_token_or_new(request)
        journey = rejoining.begin(date, submissions, wanted=chosen, owner=owner)
        response = see_other(right_place(journey))
        form_doors.give_owner_cookie(response, owner)
        return response
    context = {
        "opened": page,
        "date": date,
        "is_sibling": booking.date.pk == date.pk,
        "children": rejoining.children(booking, date, submissions),
        "back_url": _back(reference),
    }
    return render(request, "family/booking_again.html", context)
