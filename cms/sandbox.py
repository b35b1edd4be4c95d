"""Running the real code so that nothing of it stays.

Everything inside happens in one transaction that is always undone, under a clock of its own and
with a cache of its own. What would be promised to the outside (letters, jobs) is recorded for
whoever looks, and never rung for; what talks to the outside by itself asks `refuse` first.

    with sandbox.nothing_stays(at=begins_at) as kept:
        perform(...)                  # the real verbs
        wallclock.turn_to(later)
        letters = kept.made_of(OutboxMessage)

The rows are there for this connection alone and only until the block ends. What a database never
takes back is the numbers it has given: on PostgreSQL the next real row may skip some.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from threading import get_ident
from typing import TypeVar

from django.core.cache import caches
from django.core.cache.backends.locmem import LocMemCache
from django.db import transaction
from django.db.models import Model
from django.db.models.signals import post_save

from cms import wallclock

Row = TypeVar("Row", bound=Model)


class OutsideError(Exception):
    """Something inside a rehearsal reached for the outside world."""


@dataclass
class Kept:
    """Rows of the watched models that were made inside, in order."""

    rows: list[Model] = field(default_factory=list)

    def made_of(self, model: type[Row]) -> list[Row]:
        return [row for row in self.rows if isinstance(row, model)]


_kept: ContextVar[Kept | None] = ContextVar("sandbox", default=None)


def is_on() -> bool:
    """Whether what is running now will be undone."""
    return _kept.get() is not None


def refuse(what: str) -> None:
    """Called by whatever talks to the outside. Raises OutsideError inside a sandbox."""
    if is_on():
        raise OutsideError(f"A rehearsal must not {what}.")


@contextmanager
def nothing_stays(*, at: datetime) -> Iterator[Kept]:
    """Undo all that happens inside. The clock says `at` until it is turned (wallclock.turn_to).

    On SQLite nobody else can write meanwhile, so be quick. Raises RuntimeError inside another.
    """
    if is_on():
        raise RuntimeError("One rehearsal cannot run inside another.")
    kept = Kept()
    with _cache_of_its_own(), wallclock.instead(at), transaction.atomic():
        token = _kept.set(kept)
        try:
            yield kept
        finally:
            _kept.reset(token)
            undo()


def undo() -> None:
    """Roll back the innermost transaction when it ends, with all its promises."""
    transaction.set_rollback(True)


@contextmanager
def _cache_of_its_own() -> Iterator[None]:
    # This thread's own entry: others go on with the real cache.
    real = {alias: caches[alias] for alias in caches}
    for alias in real:
        caches[alias] = LocMemCache(f"sandbox-{get_ident()}-{alias}", {})
    try:
        yield
    finally:
        for alias, backend in real.items():
            caches[alias].clear()
            caches[alias] = backend


def _remember(sender: type[Model], instance: Model, created: bool, **kwargs) -> None:
    kept = _kept.get()
    if kept is not None and created:
        kept.rows.append(instance)


def watch(*models: type[Model]) -> None:
    """Record rows of these models that are made inside a sandbox."""
    for model in models:
        post_save.connect(_remember, sender=model, dispatch_uid=f"sandbox.{model._meta.label}")
