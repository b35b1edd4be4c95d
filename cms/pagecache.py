"""Whole public pages, kept until what they show changes.

One number in the database, the content stamp, is part of every key: publishing a page, changing a
centre or a notice adds one to it after commit, and everything kept before is never asked for
again. That works across worker processes with no service but the database; each process looks at
the number at most once a second. Places left are not in the number, because every booking would
then wait for one row: a page that shows them (it says `data-places`) is kept for LIVE_SECONDS.
Only pages that Wagtail served to a visitor without a session are kept: never a form, never a
person's page. The booking itself never trusts any of this.
"""

import gzip
import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from django.conf import settings
from django.core.cache import cache
from django.db import models, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.utils.cache import patch_cache_control, patch_vary_headers

from cms.models import ContentStamp

T = TypeVar("T")
LIVE_SECONDS = 4
SHOWS_PLACES = b"data-places"
STAMP_SECONDS = 1.0
# Not pages, so not worth a look at the stamp; /healthz must answer while the database does not.
NEVER_PAGES = ("/healthz", "/readyz", "/admin/", "/apply/", "/resume/", "/media/", "/static/")


class _Known:
    """The stamp as this process last read it."""

    number = 0
    read_at = float("-inf")


def stamp() -> int:
    """The content stamp, at most STAMP_SECONDS old."""
    now = time.monotonic()
    if now - _Known.read_at > STAMP_SECONDS:
        _Known.number = ContentStamp.objects.values_list("number", flat=True).first() or 0
        _Known.read_at = now
    return _Known.number


def content_changed(**_signal: object) -> None:
    """What is kept is out of date once this transaction has committed. Cheap to repeat."""
    waiting = transaction.get_connection().run_on_commit
    if not any(entry[1] is _next_stamp for entry in waiting):
        transaction.on_commit(_next_stamp)


def _next_stamp() -> None:
    with transaction.atomic():
        stamps = ContentStamp.objects.select_for_update()
        if not stamps.update(number=models.F("number") + 1):
            ContentStamp.objects.get_or_create(pk=1, defaults={"number": 1})
    _Known.read_at = float("-inf")


def watch(*watched: type[models.Model]) -> None:
    """Rows of these models are shown on public pages: saving or deleting one changes content."""
    for model in watched:
        for signal in (models.signals.post_save, models.signals.post_delete):
            signal.connect(content_changed, sender=model, dispatch_uid=f"stamp-{model._meta.label}")


def remembered(name: str, make: Callable[[], T]) -> T:
    """What `make` returned since content last changed, at most a minute ago. It must pickle."""
    if not settings.PAGE_CACHE_SECONDS:
        return make()
    key = f"remembered:{stamp()}:{name}"
    found = cache.get(key)
    if found is None:
        found = make()
        cache.set(key, found, settings.PAGE_CACHE_SECONDS)
    return found


@dataclass(frozen=True)
class Kept:
    """One page as it was served. `packed` is the same, compressed."""

    body: bytes
    packed: bytes
    content_type: str
    etag: str


def _may_be_kept(request: HttpRequest) -> bool:
    return (
        settings.PAGE_CACHE_SECONDS
        and request.method in {"GET", "HEAD"}
        and not request.META.get("QUERY_STRING")
        and not request.path.startswith(NEVER_PAGES)
        and settings.SESSION_COOKIE_NAME not in request.COOKIES
    )


def _is_public_page(request: HttpRequest, response: HttpResponse) -> bool:
    match = request.resolver_match
    closed = ("no-store", "private")
    return (
        response.status_code == 200
        and match is not None
        and match.view_name == "wagtail_serve"
        and not response.streaming
        and not response.cookies
        and response.get("Content-Type", "").startswith("text/html")
        and not any(word in response.get("Cache-Control", "") for word in closed)
    )


class PageCacheMiddleware:
    """Answers from what is kept, and keeps what may be. Sits outside sessions and language."""

    def __init__(self, get_response: Callable):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not _may_be_kept(request):
            return self.get_response(request)
        key = f"page:{stamp()}:{request.get_host()}:{request.path}"
        kept = cache.get(key)
        if kept is None:
            response = self.get_response(request)
            if request.method != "GET" or not _is_public_page(request, response):
                return response
            kept = self._keep(key, response)
        return _answer(request, kept)

    def _keep(self, key: str, response: HttpResponse) -> Kept:
        body = response.content
        kept = Kept(
            body,
            gzip.compress(body, compresslevel=6, mtime=0),
            response["Content-Type"],
            f'"{hashlib.sha256(body).hexdigest()[:24]}"',
        )
        seconds = settings.PAGE_CACHE_SECONDS
        cache.set(key, kept, min(seconds, LIVE_SECONDS) if SHOWS_PLACES in body else seconds)
        return kept


def _answer(request: HttpRequest, kept: Kept) -> HttpResponse:
    if kept.etag in request.headers.get("If-None-Match", ""):
        response = HttpResponseNotModified()
    else:
        packed = "gzip" in request.headers.get("Accept-Encoding", "")
        body = kept.packed if packed else kept.body
        response = HttpResponse(body, content_type=kept.content_type)
        response["Content-Length"] = str(len(body))
        if packed:
            response["Content-Encoding"] = "gzip"
    response["ETag"] = kept.etag
    patch_vary_headers(response, ["Accept-Encoding"])
    patch_cache_control(response, public=True, no_cache=True)  # keep it, and ask each time
    return response
