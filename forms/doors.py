"""Who may come in: the owner's cookie, the guard of the start page, and how often one may ask.

A journey is opened by two secrets together: the key in its address and the cookie of the browser
that began it. Of the cookie only a hash is stored, and anyone without it is told that there is no
such page. The start page sets no cookie and is cached, so it cannot carry a token: what is posted
from it is guarded by where the browser says it comes from.
"""

from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _

from cms.secrecy import new_token
from forms.window import ClosedError, Window

OWNER_COOKIE = "apply"
OWNER_PATH = "/apply/"
TOKEN_LENGTH = 43  # of 256 bits in URL-safe base64

#: The largest request that is read at all; a question's own limit is smaller and says so itself.
MAX_BODY_BYTES = 60 * 1024 * 1024


def owner_token(request: HttpRequest) -> str:
    """The token that this browser sent, or ""."""
    token = request.COOKIES.get(OWNER_COOKIE, "")
    return token if len(token) == TOKEN_LENGTH else ""


def owner_token_or_new(request: HttpRequest) -> str:
    """One token for each browser, so that two journeys in it do not shut each other out."""
    return owner_token(request) or new_token()


def give_owner_cookie(response: HttpResponse, token: str) -> None:
    """Until the browser is closed: on a shared computer the next person finds nothing."""
    response.set_cookie(
        OWNER_COOKIE,
        token,
        path=OWNER_PATH,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )


def comes_from_here(request: HttpRequest) -> bool:
    """Whether a POST was sent from a page of ours.

    Every browser of today sends Origin with a POST to another site, and most say Sec-Fetch-Site.
    A client that sends neither is no browser, and has no cookie of anybody's to abuse.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site and site not in ("same-origin", "none"):
        return False
    origin = request.headers.get("Origin")
    if origin is None:
        return True
    sent = urlsplit(origin)
    own = {f"{request.scheme}://{request.get_host()}", *settings.CSRF_TRUSTED_ORIGINS}
    return f"{sent.scheme}://{sent.netloc}" in own


def private(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Nothing of the answer is kept by any cache, nor its address told to another site."""

    def answer(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        try:
            response = view(request, *args, **kwargs)
        except ClosedError as closed:
            response = closed_page(request, closed.window, is_begun=True)
        patch_cache_control(response, private=True, no_store=True)
        # Not "no-referrer": browsers then send `Origin: null`, and every step would be refused.
        response["Referrer-Policy"] = "same-origin"
        response["X-Robots-Tag"] = "noindex"
        return response

    return answer


def closed_page(
    request: HttpRequest, window: Window, *, title: str = "", is_begun: bool = False
) -> HttpResponse:
    """When the form opens, or that it closed."""
    context = {
        "window": window,
        "is_early": window.is_early(timezone.now()),
        "is_begun": is_begun,
        "form_title": title or _("This form is closed"),
    }
    return render(request, "forms/closed.html", context, status=410 if is_begun else 200)


def is_too_large(request: HttpRequest) -> bool:
    """Whether the request says that it is larger than we read. Nothing of it was read yet."""
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0) > MAX_BODY_BYTES
    except ValueError:
        return True
