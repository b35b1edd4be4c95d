"""Files that families send: checked by the question, kept in private storage under a random name.

The bytes are written before the row is, and a row is removed before its bytes are; so there may be
bytes without a row for a moment, which `forget_strays` finds, but never a row without its bytes.
"""

import hashlib
import re
from collections.abc import Iterable

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from forms.field_types.files import content_type_of
from forms.models import Attachment, Journey

UNSAFE = re.compile(r'[\x00-\x1f\x7f\\/:*?"<>|\u200e\u200f\u202a-\u202e\u2066-\u2069]+')


def safe_name(name: str) -> str:
    """A file's own name as words to show, never as a path: no separators, controls or tricks."""
    words = UNSAFE.sub(" ", name).strip(" .")
    stem, dot, ending = words.rpartition(".")
    if not dot:
        return words[:120] or "file"
    return f"{stem[:110].strip()}.{ending[:9]}"


def keep(journey: Journey, question: str, uploads: Iterable[UploadedFile]) -> list[dict]:
    """Store uploads that a question has accepted: `[{"id", "name", "size"}]`, for the answer."""
    return [_keep_one(journey, question, upload) for upload in uploads]


def _keep_one(journey: Journey, question: str, upload: UploadedFile) -> dict:
    digest = hashlib.sha256()
    for chunk in upload.chunks():
        digest.update(chunk)
    attachment = Attachment(
        journey=journey,
        question=question,
        name=safe_name(upload.name or ""),
        content_type=content_type_of(upload),
        size=upload.size,
        sha256=digest.hexdigest(),
    )
    upload.seek(0)
    attachment.file.save("", upload, save=False)
    try:
        attachment.save()
    except BaseException:
        attachment.file.delete(save=False)
        raise
    return {"id": attachment.pk, "name": attachment.name, "size": attachment.size}


def forget(journey: Journey, ids: Iterable[int]) -> None:
    """Remove rows now and their bytes once that is committed. Other journeys' ids do nothing."""
    wanted = list(ids)
    if not wanted:
        return
    rows = list(Attachment.objects.filter(journey=journey, pk__in=wanted))
    Attachment.objects.filter(pk__in=[row.pk for row in rows]).delete()
    for row in rows:
        stored = row.file
        transaction.on_commit(lambda stored=stored: stored.storage.delete(stored.name), robust=True)


def ids_in(value: object) -> set[int]:
    """The attachments that an answer, or any part of answers, holds."""
    if isinstance(value, dict):
        if {"id", "name", "size"} <= value.keys():
            return {value["id"]}
        return set().union(*map(ids_in, value.values()), set())
    if isinstance(value, list):
        return set().union(*map(ids_in, value), set())
    return set()
