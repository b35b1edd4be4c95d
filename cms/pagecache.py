"""The content stamp, and what is remembered until it moves.

One number in the database is part of every key: publishing a page, changing a centre or a notice
adds one to it after commit, and everything kept before is never asked for again. That works across
worker processes with no service but the database; each process looks at the number at most once a
second. Whole pages are kept by cms.keptpages; here are their parts: values that several pages
need (`remembered` in every process, `shared` in one) and rendered pieces of a page (`part`). None
of them is ever about places left.
"""

import time
from collections.abc import Callable
from typing import Any, TypeVar

from django.conf import settings
from django.core.cache import cache
from django.db import models, transaction
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from cms.models import ContentStamp

T = TypeVar("T")
STAMP_SECONDS = 1.0
EARLY_SECONDS = 0.3
MOST_PARTS = 4000


class Known:
    """The stamp as this process last read it."""

    number = 0
    read_at = float("-inf")
    asked_at = float("-inf")

    def now(self) -> int | None:
        """The number, while it need not be asked for again."""
        return self.number if time.monotonic() - self.read_at <= STAMP_SECONDS else None

    def is_due(self) -> bool:
        """Shortly before it runs out, True for one caller: who reads it while others go on."""
        now = time.monotonic()
        early = STAMP_SECONDS - EARLY_SECONDS
        if now - self.read_at < early or now - self.asked_at < early:
            return False
        self.asked_at = now
        return True


known = Known()


def stamp(*, anew: bool = False) -> int:
    """The content stamp, at most STAMP_SECONDS old."""
    if anew or known.now() is None:
        began = time.monotonic()
        known.number = ContentStamp.objects.values_list("number", flat=True).first() or 0
        known.read_at = began
    return known.number


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
    known.read_at = float("-inf")


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


class _Parts:
    """What this process made under one stamp: {key: (until, value)}."""

    def __init__(self, number: int):
        self.stamp = number
        self.made: dict[tuple, tuple[float, Any]] = {}


_parts = _Parts(-1)


def shared(name: str, make: Callable[[], T], number: int | None = None) -> T:
    """What `make` returned in this process since content last changed, at most a minute ago.

    It is the very same object each time, for one language: whoever writes on a record copies it
    first. `number` is the stamp that was read before the page was, when one is being made: what is
    made from an older page is not taken for new.
    """
    global _parts  # noqa: PLW0603 - the pieces of the newest stamp
    if not settings.PAGE_CACHE_SECONDS:
        return make()
    number = stamp() if number is None else number
    parts = _parts
    if number != parts.stamp or len(parts.made) > MOST_PARTS:
        parts = _Parts(number)
        if number == known.number:
            _parts = parts
    key, now = (get_language(), name), time.monotonic()
    until, value = parts.made.get(key, (0.0, None))
    if until < now:
        value = make()
        parts.made[key] = (now + settings.PAGE_CACHE_SECONDS, value)
    return value


def shared_while_kept(request: HttpRequest | None, name: str, make: Callable[[], T]) -> T:
    """As `shared`, for one host, and only while a page is made that may itself be kept."""
    number = getattr(request, "content_stamp", None)
    if number is None:
        return make()
    return shared(f"{request.get_host().lower()}:{name}", make, number)


def part(request: HttpRequest | None, name: str, make: Callable[[], str]) -> str:
    """A rendered piece of a public page, made once for all pages that are made under one stamp.

    Only while a page is made that may itself be kept; everybody else gets it fresh.
    """
    if not hasattr(request, "page_query"):
        return make()
    return SafeString(shared_while_kept(request, f"part:{name}", make))


def shared_for(request: HttpRequest | None, name: str, make: Callable[[], T]) -> T:
    """As `shared`, for one host, on any page: what it makes is the same for every visitor.

    Staff, who alone have a session, get it fresh. All of one page is made under one stamp, so that
    nothing older is taken for new.
    """
    if request is None or not settings.PAGE_CACHE_SECONDS:
        return make()
    if settings.SESSION_COOKIE_NAME in request.COOKIES:
        return make()
    number = getattr(request, "content_stamp", None)
    if number is None:
        number = getattr(request, "made_under", None)
    if number is None:
        number = request.made_under = stamp()
    return shared(f"{request.get_host().lower()}:{name}", make, number)


def frame(request: HttpRequest | None, name: str, make: Callable[[], str]) -> str:
    """As `part`, on private pages too: nothing about a visitor may stand in it."""
    return SafeString(shared_for(request, f"frame:{name}", make))


def forget_parts() -> None:
    """Drop the pieces that this process has."""
    global _parts  # noqa: PLW0603
    _parts = _Parts(-1)
