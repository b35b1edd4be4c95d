"""Files that families sent, kept in private storage under a random name.

The bytes are written before the row is, outside its transaction, and a row is removed before its
bytes are; so there may be bytes without a row for a moment, which `forget_strays` finds each
night, but never a row without its bytes.
"""

import hashlib
from collections.abc import Iterable, Iterator
from datetime import timedelta

from django.core.files.storage import Storage
from django.db import transaction
from django.utils import timezone

from cms import clock, jobs
from forms.incoming import Incoming
from forms.models import Attachment, Journey

FOLDER = "attachments"
#: All files of one journey together.
MOST_BYTES, MOST_FILES = 60 * 1024 * 1024, 40


class TooManyFilesError(Exception):
    """The journey holds as much as one may."""


def write(journey: Journey, question: str, files: Iterable[Incoming]) -> list[Attachment]:
    """Write the bytes of checked files; rows that are still to be saved (`keep`) or forgotten
    (`discard`). Raises TooManyFilesError. No transaction is needed, nor should one be open."""
    files = list(files)
    kept = Attachment.objects.filter(journey=journey).values_list("size", flat=True)
    sizes = [*kept, *(file.size for file in files)]
    if len(sizes) > MOST_FILES or sum(sizes) > MOST_BYTES:
        raise TooManyFilesError
    written: list[Attachment] = []
    try:
        for file in files:
            row = _write_one(journey, question, file)
            written.append(row)
    except BaseException:
        discard(written)
        raise
    return written


def _write_one(journey: Journey, question: str, incoming: Incoming) -> Attachment:
    digest = hashlib.sha256()
    for chunk in incoming.file.chunks():
        digest.update(chunk)
    row = Attachment(
        journey=journey,
        question=question,
        name=incoming.name,
        content_type=incoming.content_type,
        size=incoming.size,
        sha256=digest.hexdigest(),
        scan_status=incoming.scan,
    )
    incoming.file.seek(0)
    row.file.save("", incoming.file, save=False)
    return row


def keep(rows: Iterable[Attachment]) -> list[dict]:
    """Save the rows of written files: `[{"id", "name", "size"}]`, for the answer."""
    kept = []
    for row in rows:
        row.save()
        kept.append({"id": row.pk, "name": row.name, "size": row.size})
    return kept


def discard(rows: Iterable[Attachment]) -> None:
    """Remove written bytes whose rows were not saved after all."""
    for row in rows:
        row.file.delete(save=False)


def forget(journey: Journey, ids: Iterable[int]) -> None:
    """Remove rows now and their bytes once that is committed. Other journeys' ids do nothing."""
    wanted = list(ids)
    if not wanted:
        return
    rows = list(Attachment.objects.filter(journey=journey, pk__in=wanted))
    Attachment.objects.filter(pk__in=[row.pk for row in rows]).delete()
    for row in rows:
        _remove_once_committed(row)


def _remove_once_committed(row: Attachment) -> None:
    if name := row.file.name:  # none when the scanner refused it later
        storage = row.file.storage
        transaction.on_commit(lambda: storage.delete(name), robust=True)


def refused_in(journey: Journey) -> dict[str, list[str]]:
    """Names of files that the scanner refused after they had come, by question."""
    found: dict[str, list[str]] = {}
    refused = Attachment.objects.filter(journey=journey, scan_status=Attachment.Scan.INFECTED)
    for question, name in refused.values_list("question", "name"):
        found.setdefault(question, []).append(name)
    return found


def ids_in(value: object) -> set[int]:
    """The attachments that an answer, or any part of answers, holds."""
    if isinstance(value, dict):
        if {"id", "name", "size"} <= value.keys():
            return {value["id"]}
        return set().union(*map(ids_in, value.values()), set())
    if isinstance(value, list):
        return set().union(*map(ids_in, value), set())
    return set()


@jobs.handlers("forms.forget_stray_files")
def forget_strays(run: jobs.JobRun) -> None:
    """Remove bytes that no row knows and that are older than a day: a process was killed between
    writing them and saving the row."""
    storage = Attachment.file.field.storage
    for folder in sorted(_listed(storage, FOLDER, folders=True)):
        names = [f"{FOLDER}/{folder}/{name}" for name in _listed(storage, f"{FOLDER}/{folder}")]
        known = set(Attachment.objects.filter(file__in=names).values_list("file", flat=True))
        for name in names:
            if name not in known and _is_old(storage, name):
                storage.delete(name)


def _listed(storage: Storage, path: str, *, folders: bool = False) -> Iterator[str]:
    try:
        inside = storage.listdir(path)
    except FileNotFoundError:
        return
    yield from inside[0] if folders else inside[1]


def _is_old(storage: Storage, name: str) -> bool:
    try:
        return storage.get_modified_time(name) < timezone.now() - timedelta(days=1)
    except FileNotFoundError:
        return False


clock.daily("forms.forget_stray_files", at="03:25")
