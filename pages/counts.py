"""Daily counts of what is read and searched for, kept without knowing anybody.

A count is a day, a kind and a word or address: no IP address, no cookie, no visitor. It is added
to a buffer in this process, which a thread writes down every COUNT_EVERY_SECONDS; so a page from
the page cache costs no query. Each process adds to the same rows. What a killed process had not
yet written is lost, a few seconds of counts: they are an estimate, and no promise hangs on them.
"""

import atexit
import logging
import os
import re
import threading
from collections import Counter
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import Error, connection, connections, transaction
from django.utils import timezone

from cms import clock, jobs
from pages.models.counts import LONGEST, DailyCount

log = logging.getLogger(__name__)
Kind = DailyCount.Kind
MOST_KEYS = 5000
ROWS_AT_ONCE = 100
KEPT_DAYS = {Kind.SEARCH: 90, Kind.NOTHING: 90}
KEPT_DAYS_OTHERWISE = 400
MOST_WORDS, LONGEST_WORDS = 6, 60
WORDS = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")


class _Buffer:
    """What this process has counted and not yet written."""

    counts: Counter = Counter()
    lock = threading.Lock()
    process = 0


def count(kind: str, what: str) -> None:
    """One more of `what` today. Costs no query; what is beyond MOST_KEYS is not counted."""
    key = (_today(), kind, what[:LONGEST])
    with _Buffer.lock:
        if key in _Buffer.counts or len(_Buffer.counts) < MOST_KEYS:
            _Buffer.counts[key] += 1
    if _Buffer.process != os.getpid() and settings.COUNT_EVERY_SECONDS:
        _start_writing()


def _today() -> date:
    """The hub's day. As timezone.localdate, in a fifth of the time: every kept page asks for it."""
    return datetime.now(timezone.get_default_timezone()).date()


def words_of(query: str) -> str:
    """What of a search may be kept: a few words in small letters, or "" for anything else.

    Numbers are never kept, and nothing of a query that looks like a mail or web address, a phone
    number, a date or a reference, nor of a text too long to be a search.
    """
    if "@" in query or "/" in query or sum(c.isdigit() for c in query) > 3:
        return ""
    words = [word for word in query.casefold().split() if not any(c.isdigit() for c in word)]
    words = WORDS.findall(" ".join(words))
    kept = " ".join(words)
    return kept if len(words) <= MOST_WORDS and len(kept) <= LONGEST_WORDS else ""


# --- Writing down -------------------------------------------------------------------------------


def write_down() -> int:
    """Add what this process has counted to the rows of the day. Returns how many keys."""
    with _Buffer.lock:
        counts, _Buffer.counts = _Buffer.counts, Counter()
    # In one order in every process, so that two of them cannot wait for each other's rows.
    rows = sorted(counts.items())
    try:
        with transaction.atomic():
            for start in range(0, len(rows), ROWS_AT_ONCE):
                _add(rows[start : start + ROWS_AT_ONCE])
    except Error:
        with _Buffer.lock:
            _Buffer.counts.update(dict(rows[: MOST_KEYS - len(_Buffer.counts)]))
        raise
    return len(rows)


def _add(rows: list[tuple[tuple[date, str, str], int]]) -> None:
    table = connection.ops.quote_name(DailyCount._meta.db_table)
    values = ", ".join(["(%s, %s, %s, %s)"] * len(rows))
    adapt = connection.ops.adapt_datefield_value
    parameters = [
        value
        for (day, kind, what), number in rows
        for value in (adapt(day), str(kind), what, number)
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (day, kind, what, number) VALUES {values} "  # noqa: S608
            f"ON CONFLICT (kind, day, what) DO UPDATE "
            f"SET number = {table}.number + excluded.number",
            parameters,
        )


def _start_writing() -> None:
    """One thread a process, begun by its first count: threads do not come along through a fork."""
    with _Buffer.lock:
        if _Buffer.process == os.getpid():
            return
        _Buffer.process = os.getpid()
    stop = threading.Event()
    threading.Thread(target=_write_again_and_again, args=(stop,), daemon=True).start()
    atexit.register(_write_the_rest, stop)


def _write_again_and_again(stop: threading.Event) -> None:
    while not stop.wait(settings.COUNT_EVERY_SECONDS):
        _try_to_write()


def _write_the_rest(stop: threading.Event) -> None:
    stop.set()
    _try_to_write()


def _try_to_write() -> None:
    if not _Buffer.counts:
        return
    try:
        write_down()
    except Error as error:
        log.warning("Daily counts wait: the database did not take them: %s", type(error).__name__)
    finally:
        connections.close_all()


@jobs.handlers("pages.forget_counts")
def forget_counts(_run: jobs.JobRun) -> None:
    """Each night. Safe to run twice."""
    forget_old()


clock.daily("pages.forget_counts", at="03:30")


def forget_old() -> int:
    """Remove what is older than it may be kept: search words sooner than pages."""
    today, removed = timezone.localdate(), 0
    for kind in Kind:
        days = KEPT_DAYS.get(kind, KEPT_DAYS_OTHERWISE)
        old = DailyCount.objects.filter(kind=kind, day__lt=today - timedelta(days=days))
        removed += old.delete()[0] if old.exists() else 0
    return removed
