"""How often one caller may do one thing: counted in the database, so all web workers agree.

For public addresses that cost or guess something: starting and submitting a journey, resume links,
signing in. What is counted is sealed with the installation's secret before it is stored, so the
table never holds an address or an e-mail; rows go when their window has passed.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from django.conf import settings
from django.db import connection, transaction
from django.http import HttpRequest
from django.utils import timezone

from cms import secrecy
from cms.models import RateCount

T = TypeVar("T")


class TooOftenError(Exception):
    """Answer 429 with Retry-After. `retry_after` is whole seconds until the window ends."""

    def __init__(self, retry_after: int):
        self.retry_after = retry_after
        super().__init__(f"Too many tries. Please try again in {retry_after} seconds.")


def count(what: str, who: str, *, limit: int, seconds: int) -> int:
    """Count one more `what` by `who` in the present window; how many so far.

    `what` is a short name such as "submit"; `who` an address, token or e-mail. Windows start at
    fixed times. Raises TooOftenError beyond `limit`. Call it outside a transaction: a refusal
    inside one would be rolled back with it and so never be counted.
    """
    now = timezone.now()
    ends_at = _window_end(now, seconds)
    number = _add_one(_seal(what, who), ends_at)
    if number > limit:
        raise TooOftenError(max(1, int((ends_at - now).total_seconds())))
    return number


def counted(act: Callable[[], T], what: str, who: str, *, limit: int, seconds: int) -> T:
    """Count one more `what` by `who` and do `act`, in one transaction: what it returns.

    The count stands whatever becomes of `act`, which undoes what it wrote itself when it raises:
    it is one statement, or a transaction. Raises TooOftenError beyond `limit`, and then nothing is
    done.
    """
    problem: Exception
    with transaction.atomic():
        try:
            count(what, who, limit=limit, seconds=seconds)
            return act()
        except Exception as error:  # noqa: BLE001 - raised again below, when the count is kept
            problem = error
    raise problem


def client_address(request: HttpRequest) -> str:
    """The address to count tries by: behind a trusted proxy, the one that the proxy saw."""
    if getattr(settings, "SECURE_PROXY_SSL_HEADER", None):
        forwarded = request.headers.get("X-Forwarded-For", "").split(",")[-1].strip()
        if forwarded:
            return forwarded
    return request.META.get("REMOTE_ADDR", "")


def forget_old() -> int:
    """Remove counts whose window has passed."""
    old = RateCount.objects.filter(window_ends_at__lt=timezone.now())
    return old.delete()[0] if old.exists() else 0


def _seal(what: str, who: str) -> str:
    return secrecy.seal(f"throttle:{what}:{who}")


def _window_end(now: datetime, seconds: int) -> datetime:
    start = int(now.timestamp()) // seconds * seconds
    return datetime.fromtimestamp(start, tz=UTC) + timedelta(seconds=seconds)


def _add_one(key: str, window_ends_at: datetime) -> int:
    # One statement, so that two workers cannot both read the same number. Both databases speak it.
    table = connection.ops.quote_name(RateCount._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (key, window_ends_at, count) VALUES (%s, %s, 1) "  # noqa: S608
            f"ON CONFLICT (key, window_ends_at) DO UPDATE SET count = {table}.count + 1 "
            "RETURNING count",
            [key, connection.ops.adapt_datetimefield_value(window_ends_at)],
        )
        return int(cursor.fetchone()[0])
