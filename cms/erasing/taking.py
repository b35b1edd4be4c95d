"""Everything about one person as one file: a page to read, the same as data, and their files."""

import io
import json
import zipfile
from datetime import datetime

from django.db import models
from django.template.loader import render_to_string
from django.utils import timezone

from .person import Person
from .stores import looked

#: Keys and seals of ours: they say nothing of anybody and could open something.
SECRETS = ("seal", "hash", "token", "secret", "key", "mark", "fingerprint")


def as_zip(people: list[Person]) -> bytes:
    """`everything.html`, `everything.json` and `files/…`, from the stores that erasing empties."""
    parts = [
        {"store": store, "what": str(found.what), "rows": [row_as_data(row) for row in found.rows]}
        for store, found in looked(people)
        if found.rows
    ]
    facts = {"made_at": timezone.localtime(), "people": people, "parts": parts}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("everything.html", render_to_string("cms/erasing/everything.html", facts))
        archive.writestr("everything.json", json.dumps(parts, indent=1, ensure_ascii=False))
        for number, (name, content) in enumerate(_files(people), 1):
            archive.writestr(f"files/{number}-{name}", content)
    return out.getvalue()


def _files(people: list[Person]) -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for _store, one in looked(people):
        found += [_opened(name, file) for name, file in one.files]
    return found


def _opened(name: str, file: models.fields.files.FieldFile) -> tuple[str, bytes]:
    safe = "".join(letter for letter in name if letter.isalnum() or letter in "._- ")[-80:]
    with file.open("rb") as content:
        return safe or "file", content.read()


def row_as_data(row: models.Model) -> dict:
    """`{"Kind": "pupil", "Label of a field": value}` of what the row says, in JSON's own types."""
    said = {"Kind": str(row._meta.verbose_name)}
    for field in row._meta.concrete_fields:
        if any(word in field.name for word in SECRETS) or field.is_relation:
            continue
        value = getattr(row, field.attname)
        if value not in (None, "", [], {}):
            said[str(field.verbose_name)[:1].upper() + str(field.verbose_name)[1:]] = _plain(value)
    return said


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return timezone.localtime(value).isoformat(timespec="minutes")
    if isinstance(value, dict | list | int | float | bool):
        return value
    return str(value)
