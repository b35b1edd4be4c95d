"""The access log: who saw, took or changed which personal record, and proof that it is whole.

`record` is the only writer. Each row is sealed with a hash over itself and the seal before it, so
a row that is altered, removed or slipped in later breaks the chain from there on. The database
refuses UPDATE and DELETE by itself. Never put an answer, a name of a child or a search text that
may hold one into `detail`: keys, counts and reasons only.

Call `record` last in a transaction: on PostgreSQL its lock is held until that transaction ends.
"""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import connection, models, transaction
from django.utils import timezone

from cms import secrecy
from cms.models import AccessLogEntry

FIRST_SEAL = "0" * 64
CHAIN_LOCK = 0x6875_6261  # any number that nothing else locks on


@dataclass(frozen=True)
class Verdict:
    """`broken_at` is the key of the first row that does not fit; None when the chain is whole."""

    checked: int
    broken_at: int | None
    head: str

    @property
    def is_whole(self) -> bool:
        return self.broken_at is None


def record(
    user: AbstractBaseUser | None,
    action: str,
    obj: models.Model | type[models.Model],
    detail: dict | None = None,
) -> AccessLogEntry:
    """Note that `user` (None: the hub itself) did `action` to `obj`, a row or a whole model.

    Actions in use: list, inspect, add, change, delete, export, download, press, restart, sign,
    erase, pseudonymise.
    Writes one row, sealed, inside the caller's transaction or in one of its own.
    """
    row = AccessLogEntry(
        at=timezone.now(),
        user_id=user.pk if user else None,
        actor=(str(user) if user else "The hub")[:150],
        action=action,
        record_type=obj._meta.label_lower,
        record_id="" if isinstance(obj, type) else str(obj.pk),
        detail=json.loads(json.dumps(detail or {})),
    )
    with transaction.atomic():
        _lock_chain()
        last = AccessLogEntry.objects.order_by("-id").values_list("seal", flat=True).first()
        row.seal = _seal(row, last or FIRST_SEAL)
        row.save(force_insert=True)
    return row


def verify(*, anchor: tuple[int, str] | None = None) -> Verdict:
    """Recompute every seal, oldest first. Reads 2,000 rows at a time; changes nothing.

    `anchor` is a (key, seal) kept elsewhere, such as in a backup: it must still be in the chain,
    which is what shows that the newest rows were not cut off.
    """
    last, checked = FIRST_SEAL, 0
    anchored = anchor is None
    mended = _pseudonymised()
    for row in AccessLogEntry.objects.order_by("id").iterator(chunk_size=2000):
        if row.seal != _seal(row, last) and not mended.get(row.pk, set()) & _proofs(row):
            return Verdict(checked, row.pk, last)
        last, checked = row.seal, checked + 1
        anchored = anchored or (row.pk, row.seal) == tuple(anchor)
    return Verdict(checked, None if anchored else anchor[0], last)


def entries_with_words() -> Iterator[AccessLogEntry]:
    """Rows whose detail holds words that somebody typed, such as the reason of an export."""
    rows = AccessLogEntry.objects.exclude(detail={}).order_by("pk")
    yield from rows.iterator(chunk_size=2000)


def pseudonymise(row: AccessLogEntry, detail: dict) -> None:
    """Replace what a row says by words without the person; its seal, and so the chain, stays.

    A further row, sealed into the chain, proves what the old one says now. The proof needs our own
    secret, so that nobody who can only write to the database makes one.
    """
    with transaction.atomic():
        with _unlocked(), connection.cursor() as cursor:
            cursor.execute(
                f"UPDATE {AccessLogEntry._meta.db_table} SET detail = {_json()} WHERE id = %s",  # noqa: S608
                [json.dumps(detail), row.pk],
            )
        row.refresh_from_db()
        record(None, "pseudonymise", row, {"row": row.pk, "proof": _proof(row)})


def _json() -> str:
    return "CAST(%s AS jsonb)" if connection.vendor == "postgresql" else "%s"


@contextmanager
def _unlocked() -> Iterator[None]:
    """Without the triggers that refuse a change, for one statement of this transaction."""
    guard = import_module("cms.migrations.0007_audit_append_only")
    guard.remove(connection)
    yield
    guard.install(connection)


def _proof(row: AccessLogEntry, key: str = "") -> str:
    return secrecy.seal(f"pseudonymised:{row.pk}:{_seal(row, row.seal)}", key)


def _proofs(row: AccessLogEntry) -> set[str]:
    """As made under this secret or an older one."""
    return {_proof(row, key) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)}


def _pseudonymised() -> dict[int, set[str]]:
    """{key of a row: proofs of what it may say} from the chain's own later rows."""
    found: dict[int, set[str]] = {}
    rows = AccessLogEntry.objects.filter(action="pseudonymise")
    for detail in rows.values_list("detail", flat=True):
        found.setdefault(detail["row"], set()).add(detail["proof"])
    return found


def _lock_chain() -> None:
    """One writer at a time. SQLite's IMMEDIATE transactions are that already."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [CHAIN_LOCK])


def _seal(row: AccessLogEntry, last: str) -> str:
    content = [
        last,
        _instant(row.at),
        row.user_id,
        row.actor,
        row.action,
        row.record_type,
        row.record_id,
        row.detail,
    ]
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()
