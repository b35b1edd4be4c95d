"""Which erasures were carried out, so that an older backup cannot bring the person back.

A row says who asked, who did it, when, and what went; and, sealed, who was erased. The same line
stands in a file beside the backups, because a restore replaces the rows. The names go after
`NAMES_FOR`: keep no backup for longer than that, or erase again by hand after restoring it.
"""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy

from cms import clock, secrecy
from cms.backup import after_restore, before_restore
from cms.jobs import JobRun, handlers
from cms.models import Erasure

from .person import Person, from_data
from .stores import Order, looked

NAMES_FOR = timedelta(days=400)
FILE = "erasures.jsonl"
PURPOSE = b"hub erasures v1"
TO_DO = gettext_lazy(
    "Erasures are not replayed yet: start the hub anew, then run manage.py replay_erasures."
)


def path() -> Path:
    return settings.BACKUP_DIR / FILE


def sealed(people: list[Person]) -> str:
    text = json.dumps([person.as_data() for person in people])
    return secrecy.cipher(PURPOSE).encrypt(text.encode()).decode()


def opened(text: str, *, for_seconds: int | None = None) -> list[Person]:
    """The people of a line; none once the names are gone. Raises InvalidToken, also when it was
    sealed longer ago than that."""
    if not text:
        return []
    plain = secrecy.cipher(PURPOSE).decrypt(text.encode(), ttl=for_seconds)
    return [from_data(one) for one in json.loads(plain)]


def note(entry: Erasure) -> None:
    """Write a row's line beside the backups, at once and for good."""
    lines = _lines() | {entry.reference: _line(entry)}
    _write(lines)


def _line(entry: Erasure) -> dict:
    return {
        "reference": entry.reference,
        "at": entry.at.isoformat(),
        "people": entry.people,
        "reason": entry.reason,
        "by": entry.by_name,
        "result": entry.result,
    }


def _lines() -> dict[str, dict]:
    if not path().is_file():
        return {}
    found = map(json.loads, path().read_text().splitlines())
    return {line["reference"]: line for line in found}


def _write(lines: dict[str, dict]) -> None:
    path().parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = path().with_suffix(".part")
    part.touch(mode=0o600)
    part.write_text("".join(json.dumps(line) + "\n" for line in lines.values()))
    part.replace(path())


@before_restore("erasures")
def keep_what_only_rows_say() -> None:
    """What was erased on a host that does not share the file stands in the rows alone."""
    try:
        rows = list(Erasure.objects.all())
    except DatabaseError:  # an empty database: there is nothing to keep
        return
    if rows:
        _write(_lines() | {row.reference: _line(row) for row in rows})


@after_restore("erasures")
def again_after_a_restore() -> str:
    """Erase once more whoever was erased after the backup was taken; what is left to do, if any."""
    try:
        replay()
    except Exception:  # noqa: BLE001 - older tables or another secret: the restore itself is done
        return str(TO_DO) if _lines() else ""
    return ""


def replay(*, only_what_waits: bool = False, tick: Callable[[], None] = lambda: None) -> int:
    """Carry out every erasure of the ledger once more; how many. Safe to run at any time.

    `only_what_waits`: those that kept something back, and those this database has not seen.
    Raises InvalidToken when the lines were sealed under a secret that is gone.
    """
    lines = _lines()
    known = {row.reference: row for row in Erasure.objects.all()}
    for row in known.values():
        lines.setdefault(row.reference, _line(row))
    done = 0
    for line in lines.values():
        seen = known.get(line["reference"])
        if only_what_waits and seen is not None and not seen.result.get("kept"):
            continue
        tick()
        people = opened(line["people"])
        with transaction.atomic():
            entry, _made = Erasure.objects.get_or_create(
                reference=line["reference"],
                defaults={
                    "at": datetime.fromisoformat(line["at"]),
                    "people": line["people"],
                    "reason": line["reason"],
                    "by_name": line["by"],
                    "result": line["result"],
                },
            )
            order = Order(entry.reference, entry.reason, None)
            kept = [
                {"store": store, "what": str(found.what), "why": str(found.kept)}
                for store, found in looked(people, order)
                if found.kept
            ]
            entry.result = {**entry.result, "kept": kept}
            entry.save(update_fields=["result"])
        done += bool(people)
    return done


def waiting() -> list[str]:
    """References that stand beside the backups and not in the database: still to be replayed."""
    known = set(Erasure.objects.values_list("reference", flat=True))
    return sorted(_lines().keys() - known)


@handlers("cms.replay_erasures")
def each_night(run: JobRun) -> None:
    """Replay, so that what was held back goes once it is let go; then forget old names."""
    replay(only_what_waits=True, tick=run.extend)
    before = timezone.now() - NAMES_FOR
    Erasure.objects.filter(at__lt=before).update(people="")
    lines = _lines()
    for line in lines.values():
        if datetime.fromisoformat(line["at"]) < before:
            line["people"] = ""
    if lines:
        _write(lines)
    with run.finish():
        pass


clock.daily("cms.replay_erasures", at="04:10")
