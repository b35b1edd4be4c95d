"""Who decides over a column of a record: its source, a person who edited it here, or a lock.

A roster brings new values for what its source owns. What somebody edited here stays as they left
it, and a locked column stays whatever anybody sends; the difference is reported beside the plan
(imports.plan), never fought over.
"""

from collections.abc import Iterable

from django.db import transaction
from django.db.models import Model
from django.utils import timezone

from cms import audit
from cms.models import User
from cms.models.roster import RosterRecord


def note_edits(record: Model, names: Iterable[str]) -> None:
    """Mark these columns of an unsaved record as edited here, today."""
    if isinstance(record, RosterRecord):
        today = timezone.localdate().isoformat()
        record.edited_fields = record.edited_fields | dict.fromkeys(names, today)


def set_locks(record: RosterRecord, names: Iterable[str], *, by: User) -> None:
    """Lock exactly these columns. A column that is unlocked goes back to its source."""
    wanted = sorted(set(names))
    opened = set(record.locked_fields) - set(wanted)
    if wanted == sorted(record.locked_fields):
        return
    with transaction.atomic():
        record.locked_fields = wanted
        record.edited_fields = {
            name: day for name, day in record.edited_fields.items() if name not in opened
        }
        record.save(update_fields=["locked_fields", "edited_fields"])
        audit.record(by, "change", record, {"locked": wanted})


def owner_of(record: RosterRecord, name: str) -> tuple[str, str]:
    """("source" | "edited" | "locked", the day of the edit or "")."""
    if name in record.locked_fields:
        return "locked", record.edited_fields.get(name, "")
    if name in record.edited_fields:
        return "edited", record.edited_fields[name]
    return "source", ""
