"""The pages before the folder: ask for a link, and use it. They set no cookie until it is used."""

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from cms import throttle
from forms.addresses import see_other
from forms.doors import comes_from_here, private
from forms.family import doors, links

ASKS_PER_PLACE, ASKS_PER_ADDRESS, ASKS_SECONDS = 60, 5, 3600
TRIES_PER_PLACE, TRIES_SECONDS = 60, 600


def ask(request: HttpRequest) -> HttpResponse:
    """The page that asks for an e-mail address; POST mails the link. The same answer for any."""
    wanted = safe_next(request.POST.get("next") or request.GET.get("next") or "")
    email = request.POST.get("email", "").strip()[:254]
    context = {"email": email, "next": wanted}
    if request.method != "POST":
        return render(request, "family/ask.html", context)
    if not comes_from_here(request):
        return render(request, "403.html", {"reason": "origin"}, status=403)
    try:
        validate_email(email)
    except ValidationError:
        message = _("Enter an e-mail address like name@example.org")
        errors = [{"id": "id_email", "message": message}]
        return render(request, "family/ask.html", context | {"errors": errors}, status=422)
    here = throttle.client_address(request)
    throttle.count("family-ask", here, limit=ASKS_PER_PLACE, seconds=ASKS_SECONDS)
    try:
        throttle.count("family-link", links.plain(email), limit=ASKS_PER_ADDRESS, seconds=3600)
    except throttle.TooOftenError:
        return see_other(reverse("family:sent"))  # the link that was sent last still works
    links.send(email, next_page=wanted)
    return see_other(reverse("family:sent"))


def safe_next(path: str) -> str:
    """A page of the folder, or "": nowhere else does a link lead."""
    is_here = path.startswith(doors.PATH) and "\\" not in path and "//" not in path
    return path[:200] if is_here and path.isascii() and path.isprintable() else ""


@private
@require_safe
def sent(request: HttpRequest) -> HttpResponse:
    """Look in your mail. It names no address: it is the same page for everybody."""
    return render(request, "family/sent.html", {"minutes": links.LINK_LASTS.seconds // 60})


@csrf_exempt  # no cookie yet, so no token: comes_from_here guards it
@private
@require_http_methods(["GET", "HEAD", "POST"])
def use_link(request: HttpRequest, token: str) -> HttpResponse:
    """A button to press; POST opens the folder in this browser. GET changes nothing."""
    try:
        here = throttle.client_address(request)
        throttle.count("family-use", here, limit=TRIES_PER_PLACE, seconds=TRIES_SECONDS)
        links.find(token)
        if request.method != "POST":
            return render(request, "family/use.html")
        if not comes_from_here(request):
            return render(request, "403.html", {"reason": "origin"}, status=403)
        opened, wanted = links.use(token)
    except links.NoSuchLinkError:
        return render(request, "family/gone.html", status=404)
    response = see_other(wanted or reverse("family:home"))
    doors.give_cookie(response, opened)
    return response
