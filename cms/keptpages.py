"""Whole public pages, kept as they were sent until what they show changes.

Only what Wagtail served to a visitor without a session is kept: never a form, never a person's
page. A page is kept under the content stamp (cms.pagecache), its host and its path. Of a query only
the parameters that its type names (`query_parameters`) count, and only if they asked for something
that exists; whatever else stands in an address neither splits nor changes what is kept.

Places left are not in the stamp, because every booking would then wait for one row: a page that
shows them (it says `data-places`) is kept for LIVE_SECONDS from the moment it was asked for. The
booking itself never trusts any of this.

Two ways in: a middleware outside all that set headers, so that those are kept too; and
cms.keptfirst around the WSGI application, which answers from memory without waking Django.
"""

import gzip
import hashlib
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.utils.cache import patch_cache_control, patch_vary_headers

from cms import findpage, pagecache
from cms.pagecache import stamp

LIVE_SECONDS = 4
# So long before a page runs out one visitor has it made anew, while the others still get this one.
EARLY_SECONDS = 1.0
ANEW, ASK = "hub.make_anew", "hub.ask_stamp"  # said of a request by cms.keptfirst; no header can
PAGE_VIEW = "wagtail_serve"
SHOWS_PLACES = b"data-places"
MOST_BYTES = 48_000_000
# Not pages, so not worth a look at the stamp; /healthz must answer while the database does not.
NEVER_PAGES = (
    *("/healthz", "/readyz", "/admin/", "/apply/", "/family/", "/resume/"),
    *("/media/", "/static/"),
)
NOT_KEPT = {"content-length", "content-encoding", "content-type", "vary", "cache-control", "etag"}


@dataclass(frozen=True)
class Kept:
    """One page as it was served. `packed` is the same, compressed; `live` shows places left."""

    body: bytes
    packed: bytes
    content_type: str
    etag: str
    headers: tuple[tuple[str, str], ...]
    live: bool

    def answer(self, accepts: str, known: str) -> HttpResponse:
        """What is sent to somebody who accepts these encodings and knows these ETags."""
        packed = "gzip" in accepts
        if self.etag in known:
            response = HttpResponseNotModified()
        else:
            body = self.packed if packed else self.body
            response = HttpResponse(body, content_type=self.content_type)
            response["Content-Length"] = str(len(body))
            if packed:
                response["Content-Encoding"] = "gzip"
        for name, value in self.headers:
            response.headers.setdefault(name, value)
        response["ETag"] = self.etag
        patch_vary_headers(response, ["Accept-Encoding"])
        patch_cache_control(response, public=True, no_cache=True)  # keep it, and ask each time
        return response


class _Near:
    """What this process has in memory, all of it made under one stamp.

    A thread that is still making a page under an older stamp adds it to the older one of these.
    """

    def __init__(self, number: int):
        self.stamp = number
        self.size = 0
        self.pages: dict[tuple[str, str, str], tuple[float, Kept]] = {}
        self.asks: dict[tuple[str, str], tuple[str, ...]] = {}  # what a path listens to
        self.sent: dict[tuple, Any] = {}  # ready for the wire, by page and encoding
        self.renewed: dict[tuple[str, str, str], float] = {}  # pages that somebody is making

    def add(self, where: tuple[str, str], asked: str, kept: Kept, seconds: float) -> None:
        if self.size < MOST_BYTES:
            self.pages[(*where, asked)] = (time.monotonic() + seconds, kept)
            self.size += len(kept.body) + len(kept.packed)

    def is_due(self, key: tuple[str, str, str], until: float) -> bool:
        """Shortly before a page runs out, True for one caller: who makes it while others go on."""
        now = time.monotonic()
        if until - now > EARLY_SECONDS or self.renewed.get(key, 0.0) > now:
            return False
        self.renewed[key] = until
        return True


_near = _Near(-1)


def _near_under(number: int) -> _Near:
    global _near  # noqa: PLW0603 - that of the newest stamp
    near = _near
    if near.stamp != number or near.size >= MOST_BYTES:
        near = _Near(number)
        if number == pagecache.known.number:
            _near = near
    return near


def in_memory() -> _Near:
    """What this process has under the newest stamp that it knows."""
    return _near


def forget() -> None:
    """Drop the pages that this process has in memory; what other processes keep stays."""
    global _near  # noqa: PLW0603
    _near = _Near(-1)


def _may_be_kept(request: HttpRequest) -> bool:
    return (
        bool(settings.PAGE_CACHE_SECONDS)
        and request.method in {"GET", "HEAD"}
        and not request.path.startswith(NEVER_PAGES)
        and settings.SESSION_COOKIE_NAME not in request.COOKIES
        and (request.is_secure() or not settings.SECURE_SSL_REDIRECT)
    )


def narrowed(query: str, names: Iterable[str]) -> str:
    """Of a query string, the parameters with these names: each once, in order, without empty ones.

    Raises ValueError for more parameters than anybody needs.
    """
    names = set(names)
    found = dict(parse_qsl(query, max_num_fields=40)) if query and names else {}
    return urlencode(sorted((name, value) for name, value in found.items() if name in names))


def not_as_asked(request: HttpRequest) -> None:
    """A view says: the query asked for what there is not. The answer is right, and not kept."""
    request.is_as_asked = False


def take_parts(request: HttpRequest) -> None:
    """A view says: its answer is nobody's to keep, but may be put together from what is kept."""
    if settings.PAGE_CACHE_SECONDS and settings.SESSION_COOKIE_NAME not in request.COOKIES:
        request.content_stamp, request.page_query = stamp(), ((), "")


class PageCacheMiddleware:
    """Answers from what is kept, and keeps what may be."""

    def __init__(self, get_response: Callable):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not _may_be_kept(request):
            return self.get_response(request)
        began, number = time.monotonic(), stamp(anew=ASK in request.META)
        where = (request.get_host().lower(), request.META["PATH_INFO"])
        kept = None
        if ANEW not in request.META:
            kept = _find(number, where, request.META.get("QUERY_STRING", ""))
        if kept is None:
            request.content_stamp = number
            response = self.get_response(request)
            if request.method != "GET" or not _is_public_page(request, response):
                return response
            kept = self._keep(request, response, number, where, began)
            if kept is None:
                return response
        return kept.answer(
            request.headers.get("Accept-Encoding", ""), request.headers.get("If-None-Match", "")
        )

    def process_view(self, request: HttpRequest, _view, args: tuple, _kwargs) -> None:  # noqa: ANN001
        """Find the page of an address, before Wagtail would."""
        if hasattr(request, "content_stamp") and request.resolver_match.view_name == PAGE_VIEW:
            findpage.route(request, args[0])

    def _keep(self, request, response, number, where, began) -> Kept | None:  # noqa: ANN001
        names, asked = request.page_query
        near = _near_under(number)
        near.asks[where] = names
        if not getattr(request, "is_as_asked", True):
            return None
        body = response.content
        kept = Kept(
            body,
            gzip.compress(body, compresslevel=6, mtime=0),
            response["Content-Type"],
            f'"{hashlib.sha256(body).hexdigest()[:24]}"',
            tuple(pair for pair in response.items() if pair[0].lower() not in NOT_KEPT),
            SHOWS_PLACES in body,
        )
        seconds = float(settings.PAGE_CACHE_SECONDS)
        if kept.live:
            seconds = min(seconds, LIVE_SECONDS - (time.monotonic() - began))
        if seconds > 0:
            near.add(where, asked, kept, seconds)
            cache.set(_key(number, where, asked), kept, seconds)
        return kept


def _key(number: int, where: tuple[str, str], asked: str) -> str:
    name = hashlib.sha256("\0".join((*where, asked)).encode()).hexdigest()[:40]
    return f"page:{number}:{name}"


def _find(number: int, where: tuple[str, str], query: str) -> Kept | None:
    """The kept page for an address, from this process or another one of this hub."""
    near, asked = _near_under(number), ""
    if query:
        names = near.asks.get(where)
        if names is None:
            return None
        try:
            asked = narrowed(query, names)
        except ValueError:
            return None
    until, kept = near.pages.get((*where, asked), (0.0, None))
    if until > time.monotonic():
        return kept
    kept = cache.get(_key(number, where, asked))
    if kept is not None and not kept.live:  # how old a live one is, only its own process knows
        near.add(where, asked, kept, settings.PAGE_CACHE_SECONDS / 2)
    return kept


def _is_public_page(request: HttpRequest, response: HttpResponse) -> bool:
    match = request.resolver_match
    closed = ("no-store", "private")
    return (
        response.status_code == 200
        and match is not None
        and match.view_name == PAGE_VIEW
        and hasattr(request, "page_query")
        and not response.streaming
        and not response.cookies
        and response.get("Content-Type", "").startswith("text/html")
        and not any(word in response.get("Cache-Control", "") for word in closed)
    )


def listen_to(request: HttpRequest, names: tuple[str, ...]) -> None:
    """Before a page is served: of the query it may see these parameters and no others."""
    try:
        asked = narrowed(request.META.get("QUERY_STRING", ""), names)
    except ValueError:
        asked = ""
        not_as_asked(request)
    request.page_query = (names, asked)
    request.META["QUERY_STRING"] = asked
    request.__dict__.pop("GET", None)  # it is read from QUERY_STRING when next asked for
