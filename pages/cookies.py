"""Every cookie that this hub sets, as the cookies page tells visitors: names come from the code
that sets them, so that the list cannot fall behind.
"""

from dataclasses import dataclass

from django.conf import settings
from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _

from forms import doors
from forms.family import doors as family
from pages.counting import OBJECTION_COOKIE

A_YEAR = 365 * 24 * 3600


@dataclass(frozen=True)
class Cookie:
    name: str
    when: str
    what_for: str
    how_long: str


def all_cookies() -> list[Cookie]:
    """In the order in which somebody might meet them."""
    return [
        Cookie(
            doors.OWNER_COOKIE,
            _("When you begin a form"),
            _("Shows that the answers are yours, and nobody else's to see"),
            _("Until you close the browser"),
        ),
        Cookie(
            settings.CSRF_COOKIE_NAME,
            _("On the pages of a form that you have begun, and when you sign in"),
            _("Proves that you, and not another site, sent what is sent"),
            _("One year"),
        ),
        Cookie(
            family.COOKIE,
            _("When you open your family folder by a link from a letter"),
            _("Keeps the folder open for you"),
            _("Until you close the browser, or the folder"),
        ),
        Cookie(
            OBJECTION_COOKIE,
            _("When you ask not to be counted"),
            _("Remembers that, and nothing else"),
            _("One year"),
        ),
        Cookie(
            settings.SESSION_COOKIE_NAME,
            _("When staff sign in"),
            _("Keeps them signed in"),
            _("Twelve hours"),
        ),
    ]


def object_to_counting(response: HttpResponse) -> None:
    """The same value for everybody: it says that somebody objects, and not who."""
    response.set_cookie(
        OBJECTION_COOKIE,
        "1",
        max_age=A_YEAR,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )


def count_again(response: HttpResponse) -> None:
    response.delete_cookie(OBJECTION_COOKIE, samesite="Lax")
