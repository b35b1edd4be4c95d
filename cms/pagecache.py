"""The content stamps, and what is remembered until one of them moves.

There is a number in the database for each model that public pages show, and their sum is part of
every key: publishing a page, changing a centre or a notice adds one after commit, and everything
kept before is never asked for again. That works across worker processes with no service but the
database; each process looks at the numbers, in one query, at most once a second. Whole pages are
kept by cms.keptpages; here are their parts: values that several pages need (`remembered` in every
process, `shared` in one), those that only some models can change (`lasting`) and rendered pieces
of a page (`part`). None of them is ever about places left.
"""

import time
from collections.abc import Callable
from functools import cache as cache_here
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
    """The stamps as this process last read them: their sum, and each by the label of its model."""

    number = 0
    numbers: dict[str, int] = {}
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
    """The sum of all content stamps, at most STAMP_SECONDS old."""
    if anew or known.now() is None:
        began = time.monotonic()
        known.numbers = dict(ContentStamp.objects.values_list("of", "number"))
        known.number = sum(known.numbers.values())
        known.read_at = began
    return known.number


class _Moves:
    """What one transaction changed: the labels of models, "" for it may be anything."""

    def __init__(self) -> None:
        self.of: set[str] = set()
        self.__qualname__ = "content_changed"  # by which Django's log names what failed

    def __call__(self) -> None:
        stamps = ContentStamp.objects.filter(of__in=self.of)
        with transaction.atomic():
            there = set(stamps.select_for_update().order_by("of").values_list("of", flat=True))
            if new := sorted(self.of - there):
                ContentStamp.objects.bulk_create(
                    [ContentStamp(of=label) for label in new], ignore_conflicts=True
                )
            stamps.update(number=models.F("number") + 1)
        known.read_at = float("-inf")


def content_changed(*, sender: type[models.Model] | None = None, **_signal: object) -> None:
    """What is kept is out of date once this transaction has committed. Cheap to repeat.

    With the model that changed, what other models alone are made into stays (`lasting`).
    """
    of = sender._meta.label if sender else ""
    waiting = transaction.get_connection().run_on_commit
    moves = next((entry[1] for entry in waiting if isinstance(entry[1], _Moves)), None)
    if moves is None:
        moves = _Moves()
        moves.of.add(of)
        # What was saved stands whether or not this succeeds: kept pages then last out their minute.
        transaction.on_commit(moves, robust=True)
    moves.of.add(of)


_watched: set[type[models.Model]] = set()


def watch(*watched: type[models.Model]) -> None:
    """Rows of these models are shown on public pages: saving or deleting one changes content."""
    _watched.update(watched)
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
_lasting: dict[tuple, tuple[float, tuple[int, ...], Any]] = {}  # key: (until, stamps, value)


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


@cache_here
def _labels(of: tuple[type[models.Model], ...]) -> tuple[str, ...]:
    """The stamps of these models and of those made from them, and that of anything."""
    found = [model for model in _watched if issubclass(model, of)]
    for model in of:
        if not any(issubclass(one, model) for one in found):
            raise ValueError(f"Nobody watches {model._meta.label}.")
    return ("", *sorted(model._meta.label for model in found))


def lasting(name: str, of: tuple[type[models.Model], ...], make: Callable[[], T]) -> T:
    """As `shared`, and it stays while nothing of these models has changed. `make` reads no other.

    Naming Page stands for every type of page.
    """
    if not settings.PAGE_CACHE_SECONDS:
        return make()
    stamp()
    numbers = tuple(known.numbers.get(label, 0) for label in _labels(of))
    key, now = (get_language(), name), time.monotonic()
    until, made_under, value = _lasting.get(key, (0.0, (), None))
    if until < now or made_under != numbers:
        value = make()
        if len(_lasting) > MOST_PARTS:
            _lasting.clear()
        _lasting[key] = (now + settings.PAGE_CACHE_SECONDS, numbers, value)
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
    _lasting.clear()
