"""Who is in the folder: its cookie, and the guard that each of its pages stands behind.

The cookie is set when a link is used and not before, only for /family/, and ends with the browser.
Pages before that have no token to guard them, so they ask where a POST comes from; those after it
have Django's token as well.
"""

from collections.abc import Callable
from functools import wraps
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from forms.addresses import see_other
from forms.doors import private
from forms.family import links
from forms.family.language import speak_to
from forms.models import FamilySession

COOKIE, PATH, SALT = "family", "/family/", "family folder"


def token_of(request: HttpRequest) -> str:
    """The token that this browser sent and we signed, or ""."""
    return request.get_signed_cookie(COOKIE, default="", salt=SALT)


def give_cookie(response: HttpResponse, token: str) -> None:
    """Until the browser is closed or the session ends, whichever is first."""
    response.set_signed_cookie(
        COOKIE,
        token,
        salt=SALT,
        path=PATH,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )


def take_cookie(response: HttpResponse) -> None:
    """Leave nothing of the folder in this browser."""
    response.delete_cookie(COOKIE, path=PATH, samesite="Lax")


def signed_in(request: HttpRequest) -> FamilySession | None:
    """The session of this browser, or None."""
    return links.session_of(token_of(request))


def for_family(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Only for who is signed in; anybody else is asked to, and led back here afterwards."""

    @private
    @wraps(view)
    def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        session = signed_in(request)
        if session is None:
            wanted = urlencode({"next": request.path}) if request.method == "GET" else ""
            response = see_other(f"{reverse('family:home')}{'?' if wanted else ''}{wanted}")
            if COOKIE in request.COOKIES:
                take_cookie(response)
            return response
        request.family = session
        speak_to(session)
        return view(request, *args, **kwargs)

    return guarded
