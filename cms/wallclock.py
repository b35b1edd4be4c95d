"""What time it is: the machine's clock, or the one that a rehearsal was given.

`timezone.now` is replaced once, when this package is first imported and so before any model is;
whoever asks Django what time it is asks here. The other time holds in one thread (or task) alone.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from functools import wraps

from django.utils import timezone

_instead: ContextVar[datetime | None] = ContextVar("time_instead", default=None)
_machine = timezone.now


@wraps(_machine)  # under its name too: migrations write it down
def now() -> datetime:
    return _instead.get() or _machine()


@contextmanager
def instead(moment: datetime) -> Iterator[None]:
    """Until the block ends it is that moment here, and stays it."""
    before = _instead.set(moment)
    try:
        yield
    finally:
        _instead.reset(before)


def turn_to(moment: datetime) -> None:
    """Turn the clock of the `instead` block that this is in."""
    if _instead.get() is None:
        raise RuntimeError("Only a clock of one's own can be turned.")
    _instead.set(moment)


timezone.now = now
