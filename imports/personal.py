"""The store "Roster imports": files, plans and corrections with a person in them (cms.erasing).

A line goes from the plan that has it, and from what an undo would bring back. A stored file cannot
be cut, so one with the person in it is shredded; its run keeps its counts.
"""

import io
import zipfile
from collections.abc import Iterable
from pathlib import Path

from django.conf import settings
from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.utils.translation import gettext as _

from cms.erasing.kernel import guardians_of, pupils_of
from cms.erasing.person import Person, written
from cms.erasing.stores import DELETED, Found, Order, stores

from . import sealed
from .models import Correction, FormerKey, ImportRun, NotSamePerson, PlanRow

ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be", "cp1252")


@stores("Roster imports")
def imports(person: Person, order: Order | None) -> Iterable[Found]:
    lines = list(_naming(person, PlanRow, "before", "after", "problems"))
    mended = list(_naming(person, Correction, "cells"))
    runs = [run for run in ImportRun.objects.exclude(stored_name="") if _is_in_file(person, run)]
    keys = {"pupils": pupils_of(person), "guardians": guardians_of(person)}
    former = [
        row
        for roster, people in keys.items()
        for model in (FormerKey, NotSamePerson)
        for row in model.objects.filter(roster=roster, record_id__in=[one.pk for one in people])
    ]
    waiting = [path for path in _incoming() if _speaks_of(person, path.read_bytes())]
    yield Found(_("Lines of plans and of what was carried out"), lines, DELETED)
    yield Found(_("Lines that were corrected"), mended, DELETED)
    yield Found(_("Files that were uploaded"), runs, _("Shredded; the counts stay."))
    yield Found(_("Former keys and look-alikes"), former, DELETED)
    yield Found(_("Files that wait to be read"), [], DELETED, number=len(waiting))
    if order:
        for row in (*lines, *mended, *former):
            row.delete()
        for run in runs:
            sealed.shred(run.stored_name)
            state = ImportRun.State.DISCARDED if run.state in _IDLE else run.state
            ImportRun.objects.filter(pk=run.pk).update(stored_name="", state=state)
        for path in waiting:
            path.unlink(missing_ok=True)


_IDLE = (ImportRun.State.UPLOADED, ImportRun.State.PLANNED)


def _naming(person: Person, model: type, *columns: str) -> Iterable:
    """Rows in which the last name or an address stands, and which then really are about them."""
    words = written([*person.emails, *([person.last] if person.last else [])])
    rows = _with_text(model._base_manager.all(), columns)
    wanted = Q(pk=None)
    for word in words:
        for column in columns:
            wanted |= Q(**{f"{column}_text__icontains": word})
    for row in rows.filter(wanted).iterator(chunk_size=1000):
        if any(person.is_in(_flat(getattr(row, column))) for column in columns):
            yield row


def _with_text(rows: QuerySet, columns: tuple[str, ...]) -> QuerySet:
    return rows.annotate(**{f"{column}_text": Cast(column, TextField()) for column in columns})


def _flat(value: object) -> object:
    """Cells of a file have headings of their own: a name is then both its words in one line."""
    if isinstance(value, dict) and not any(isinstance(one, dict) for one in value.values()):
        cells = [str(one) for one in value.values() if one]
        return [value, *(f"{one} {other}" for one in cells for other in cells if one != other)]
    return value


def _is_in_file(person: Person, run: ImportRun) -> bool:
    """A file that cannot be opened any more can be read by nobody."""
    try:
        with sealed.unseal(run.stored_name) as stream:
            return _speaks_of(person, stream.read())
    except (sealed.BrokenSealError, FileNotFoundError):
        return False


def _speaks_of(person: Person, content: bytes) -> bool:
    """Whether one of the addresses, or both names, stand anywhere in a text file or a workbook."""
    parts = [content, *_members(content)]
    return any(_has(person, part) for part in parts)


def _has(person: Person, content: bytes) -> bool:
    low = content.lower()

    def stands(word: str) -> bool:
        return any(word.lower().encode(code, "ignore") in low for code in ENCODINGS)

    named = person.first and person.last and stands(person.first) and stands(person.last)
    return bool(named) or any(stands(address) for address in person.emails)


def _members(content: bytes) -> list[bytes]:
    if not content.startswith(b"PK"):
        return []
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return [archive.read(name) for name in archive.namelist() if name.endswith(".xml")]
    except (zipfile.BadZipFile, RuntimeError, OSError):
        return []


def _incoming() -> list[Path]:
    folder = Path(settings.DATA_DIR) / "incoming"
    return [path for path in folder.rglob("*") if path.is_file()] if folder.is_dir() else []
