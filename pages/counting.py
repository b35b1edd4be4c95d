"""What of a visit is counted, and whose visits are not: between the web server and the page cache.

Counted: pages that were shown, the site a visitor came from, words searched for, steps of a form.
Not counted: programs, visitors whose browser asks not to be followed (Do Not Track, Global Privacy
Control), those who pressed "Do not count my visits", and whoever has a session, which is staff.
Nor is anybody who reads what to do when worried about a child: a page below /safeguarding/.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from urllib.parse import urlsplit

from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, HttpResponse, parse_cookie

from pages import counts
from pages.models.counts import DailyCount

Kind = DailyCount.Kind
OBJECTION_COOKIE = "not-counted"
PROGRAMS = re.compile(
    r"bot|crawl|spider|slurp|preview|fetch|monitor|check|scan|curl|wget|python|java/|go-http|"
    r"headless|lighthouse|feed|facebookexternalhit|whatsapp|http-?client|okhttp|axios",
    re.IGNORECASE,
)
HOST = re.compile(r"(?=.*[a-z])[a-z0-9-]+(\.[a-z0-9-]+)+")
STEPS = {"forms:start": "start", "forms:check": "check", "forms:done": "done"}
FORM_STEPS = {"forms:step", "forms:item"}
PAGES = {"wagtail_serve", "pages:search"}
WORRIED = "/safeguarding/"


class CountingMiddleware:
    """Sits outside the page cache, so that a kept page is counted like one that was made."""

    def __init__(self, get_response: Callable):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code in (200, 304) and request.method == "GET":
            for kind, what in _happened(request, response):
                counts.count(kind, what)
        return response


def objects(request: HttpRequest) -> bool:
    """Whether this browser has pressed "Do not count my visits"."""
    return _objects(request.META)


def refuses(request: HttpRequest) -> bool:
    """Whether the visitor's browser, or the visitor, has said not to be counted."""
    return _refuses(request.META)


def count_kept(environ: dict) -> None:
    """A page that was answered before any middleware was asked (cms.keptfirst)."""
    path = path_of(environ)
    if environ["REQUEST_METHOD"] == "GET" and WORRIED not in path and _is_somebody_reading(environ):
        counts.count(Kind.PAGE, path)
        if "HTTP_REFERER" in environ and (host := came_from(WSGIRequest(environ))):
            counts.count(Kind.REFERRER, host)


def path_of(environ: dict) -> str:
    """The address as `request.path` has it."""
    path = environ.get("SCRIPT_NAME", "") + environ["PATH_INFO"]
    return path if path.isascii() else WSGIRequest(environ).path


def _read(request: HttpRequest) -> list[tuple[str, str]]:
    host = came_from(request)
    return [(Kind.PAGE, request.path), *([(Kind.REFERRER, host)] if host else [])]


# What follows reads the environment of WSGI, which is also `request.META`: a kept page is answered
# thousands of times a second, and a request object would be most of its cost.


def _objects(environ: dict) -> bool:
    cookies = environ.get("HTTP_COOKIE", "")
    return OBJECTION_COOKIE in cookies and parse_cookie(cookies).get(OBJECTION_COOKIE) == "1"


def _refuses(environ: dict) -> bool:
    return environ.get("HTTP_DNT") == "1" or environ.get("HTTP_SEC_GPC") == "1" or _objects(environ)


def _has_a_session(environ: dict) -> bool:
    cookies = environ.get("HTTP_COOKIE", "")
    name = settings.SESSION_COOKIE_NAME
    return name in cookies and name in parse_cookie(cookies)


@lru_cache(maxsize=2000)
def _is_a_program(agent: str) -> bool:
    return not agent or bool(PROGRAMS.search(agent))


def _is_somebody_reading(environ: dict) -> bool:
    return not (
        _is_a_program(environ.get("HTTP_USER_AGENT", "")[:500])
        or environ.get("HTTP_SEC_PURPOSE")
        or environ.get("HTTP_PURPOSE")
        or _has_a_session(environ)
        or _refuses(environ)
    )


def _happened(request: HttpRequest, response: HttpResponse) -> list[tuple[str, str]]:
    if WORRIED in request.path:
        return []
    # Without a match the page came from the page cache, which keeps pages alone.
    match = request.resolver_match
    name = match.view_name if match else "wagtail_serve"
    if name in FORM_STEPS or name in STEPS:
        found = [(Kind.STEP, f"{match.kwargs['form']}/{match.kwargs.get('step', STEPS.get(name))}")]
    elif name in PAGES and (response.status_code == 304 or _is_page(response)):
        found = [*_read(request), *getattr(response, "happened", ())]
    else:
        return []
    return found if _is_somebody_reading(request.META) else []


def _is_page(response: HttpResponse) -> bool:
    return response.get("Content-Type", "").startswith("text/html")


def came_from(request: HttpRequest) -> str:
    """The host of another site that linked here; "" for our own, for none and for a number."""
    try:
        host = urlsplit(request.headers.get("Referer", "")).hostname or ""
    except ValueError:
        return ""
    host = host.removeprefix("www.")
    ours = request.get_host().rpartition(":")[0] or request.get_host()
    return host if HOST.fullmatch(host) and host != ours.removeprefix("www.") else ""
