"""Keys that records had before: a pupil's number at the last school, a school's old URN.

Written when an import gives a record another key; a file that still says the old one finds the
record by it. What the record is called now always comes first.
"""

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from .models import FormerKey, ImportRun
from .rows import PlannedRow

if TYPE_CHECKING:
    from .records import Records


def find(records: "Records", roster: str, keys: Collection[tuple]) -> dict[tuple, int]:
    """Key -> record, for those of these keys that a record had once."""
    former = FormerKey.objects.filter(roster=roster)
    if not keys or not former.exists():
        return {}
    words = {records.key_text(key): key for key in keys}
    found = former.filter(key__among=words)
    return {words[text]: pk for text, pk in found.values_list("key", "record_id")}


def note(records: "Records", run: ImportRun, done: list[PlannedRow]) -> None:
    """Remember the old keys of the records that these rows have given new ones, or forget them
    again when the rows take that back."""
    names = records.roster.key
    changed = [row for row in done if set(names) <= row.before.keys() & row.after.keys()]
    if run.undoes_id:
        old = [_text(records, row.after, names) for row in changed]
        FormerKey.objects.filter(roster=run.roster, key__in=old).delete()
        return
    FormerKey.objects.bulk_create(
        [
            FormerKey(
                roster=run.roster, key=_text(records, row.before, names), record_id=row.record_id
            )
            for row in changed
            if all(row.before[name] for name in names)
        ],
        ignore_conflicts=True,
    )


def _text(records: "Records", values: dict[str, Any], names: tuple[str, ...]) -> str:
    return records.key_text(tuple(values[name] for name in names))
