"""Every cookie that this hub sets, as the cookies page tells visitors: names come from the code
that sets them, so that the list cannot fall behind.
"""

from dataclasses import dataclass

from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage
from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _

from forms import doors
from forms.family import doors as family
from pages.counting import OBJECTION_COOKIE

A_YEAR = 365 * 24 * 3600
FOLDED_MENU = "wagtail_sidebar_collapsed"  # set by a script of Wagtail's


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
            _("When staff sign in, and when you give the password of a closed page"),
            _("Keeps them signed in, or the page open"),
            _("Twelve hours"),
        ),
        Cookie(
            CookieStorage.cookie_name,
            _("When staff have saved or sent something"),
            _("Tells them on the next page whether it worked"),
            _("Until the next page"),
        ),
        Cookie(
            FOLDED_MENU,
            _("When staff fold the menu of their pages away"),
            _("Leaves it folded"),
            _("Until they close the browser"),
        ),
    ]


def all_stores() -> list[Cookie]:
    """What staff's own pages keep in a browser beside cookies, by the beginning of its name."""
    return [
        Cookie(
            "register-",
            _("When staff open the register of a course"),
            _("Keeps it and what is marked on it at hand while there is no connection"),
            _("Until the register ends"),
        ),
        Cookie(
            "wagtail:",
            _("When staff edit pages and pictures"),
            _("Remembers which panels are open, how wide they are, and the icons"),
            _("Until they empty the browser"),
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
