"""The pages for saving a journey and coming back to it by link. The rules are in resume.py."""

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from cms import throttle
from forms import doors, resume
from forms.addresses import address, own_journey, right_place, see_other

LINKS_PER_JOURNEY, LINKS_SECONDS = 6, 3600
TRIES_PER_LINK, TRIES_PER_ADDRESS, TRIES_SECONDS = 5, 30, 600


@doors.private
@require_http_methods(["GET", "HEAD", "POST"])
def save(request: HttpRequest, form: str, key: str) -> HttpResponse:
    """Ask where to send the link; POST sends it."""
    journey = own_journey(request, form, key)
    if journey.submitted_at:
        return see_other(address(journey, "done"))
    context = {
        "journey": journey,
        "form_title": journey.version.title,
        "back_url": right_place(journey),
        "email": request.POST.get("email", "").strip()[:254],
    }
    if request.method != "POST":
        return render(request, "forms/save.html", context)
    try:
        validate_email(context["email"])
    except ValidationError:
        errors = [{"id": "id_email", "message": "Enter an e-mail address like name@example.org"}]
        return render(request, "forms/save.html", context | {"errors": errors}, status=422)
    throttle.count("save", journey.key, limit=LINKS_PER_JOURNEY, seconds=LINKS_SECONDS)
    journey = resume.send_link(journey, context["email"])
    return render(request, "forms/saved.html", context | {"journey": journey})


@doors.private
@require_http_methods(["GET", "HEAD", "POST"])
def come_back(request: HttpRequest, token: str) -> HttpResponse:
    """A link was opened: ask for the e-mail address. POST hands the journey to this browser."""
    try:
        throttle_reading = request.method == "POST"
        if throttle_reading:
            here = throttle.client_address(request)
            throttle.count("resume", here, limit=TRIES_PER_ADDRESS, seconds=TRIES_SECONDS)
            throttle.count("resume-link", token, limit=TRIES_PER_LINK, seconds=TRIES_SECONDS)
        resume.find(token)
        if not throttle_reading:
            return render(request, "forms/resume.html", {"email": ""})
        owner = doors.owner_token_or_new(request)
        journey = resume.use(token, email=request.POST.get("email", ""), owner=owner)
    except resume.NoSuchLinkError:
        return render(request, "forms/gone.html", status=404)
    except resume.WrongAddressError:
        errors = [
            {
                "id": "id_email",
                "message": "Enter the e-mail address that the link was sent to",
            }
        ]
        context = {"email": request.POST.get("email", "")[:254], "errors": errors}
        return render(request, "forms/resume.html", context, status=422)
    response = see_other(right_place(journey))
    doors.give_owner_cookie(response, owner)
    return response
