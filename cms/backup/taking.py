"""Taking a backup while the hub goes on working."""

import hashlib
import json
import shutil
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import BinaryIO

from django.apps import apps
from django.conf import settings
from django.core.files.storage import Storage, storages
from django.db import DatabaseError, connection, models
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from cms.models import AccessLogEntry
from cms.room import disk_is_full, no_room

from .engines import Query, Tick, engine
from .folder import FILES, FORMAT, KEYS, PIECE, STORES, BackupError, sha256, write_manifest

#: Columns that name stored files without being FileFields: (model, field, storage).
other_files: list[tuple[str, str, str]] = []


def backup(folder: Path, *, with_keys: bool = True, tick: Tick = lambda: None) -> dict:
    """Write a backup to `folder`, which must be new or empty; its manifest.

    `tick` is called every moment or so: a job keeps its lease with it. Raises BackupError; when
    that is for want of room, nothing of it is left behind.
    """
    if folder.exists() and any(folder.iterdir()):
        raise BackupError(f"{folder} is not empty. A backup is written to a new folder.")
    try:
        return _backup(folder, with_keys=with_keys, tick=tick)
    except (OSError, DatabaseError, BackupError) as error:
        if not disk_is_full(error):
            raise
        shutil.rmtree(folder, ignore_errors=True)
        raise BackupError(no_room(folder, "Nothing of this backup is kept.")) from None


def _backup(folder: Path, *, with_keys: bool, tick: Tick) -> dict:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)
    live = engine()
    newest = AccessLogEntry.objects.order_by("-pk").values_list("pk", "seal").first()
    named: set[str] = set()
    files = _copy_files(folder, {}, tick)
    sums = live.dump(folder, tick, lambda query: named.update(named_files(query)))
    files = _copy_files(folder, files, tick)
    if with_keys:
        _write_keys(folder / KEYS)
    manifest = {
        "format": FORMAT,
        "made_at": timezone.now().isoformat(),
        "engine": live.vendor,
        "versions": {name: version(name) for name in ("django", "wagtail", "huey")},
        "migrations": sorted(map(".".join, MigrationRecorder(connection).applied_migrations())),
        "tables": sums,
        "database": {"name": live.dump_name, "sha256": sha256(folder / live.dump_name)},
        "keys": sha256(folder / KEYS) if with_keys else None,
        "files": files,
        "access_log": newest,
        "erased": sorted(_erased(named - files.keys())),
    }
    write_manifest(folder, manifest)
    return manifest


def file_columns() -> Iterator[tuple[str, str, str]]:
    """(table, column, storage) of everything in the database that names a stored file."""
    private = storages["private"]
    for model in apps.get_models():
        for field in model._meta.local_concrete_fields:
            if isinstance(field, models.FileField):
                store = "private" if field.storage == private else "default"
                yield model._meta.db_table, field.column, store
    for label, name, store in other_files:
        model = apps.get_model(label)
        yield model._meta.db_table, model._meta.get_field(name).column, store


def named_files(query: Query) -> dict[str, str]:
    """Every file that a row of this copy names: {"private/letters/a.pdf": table}."""
    return {
        f"{store}/{name}": table
        for table, column, store in file_columns()
        for (name,) in query(f'SELECT "{column}" FROM "{table}" WHERE "{column}" <> \'\'')  # noqa: S608
    }


def _erased(missing: set[str]) -> set[str]:
    """Those files that went with their row while the backup was taken: nothing names them now.

    A row is erased before its file, so a file that is still named was lost, not erased.
    """
    if not missing:
        return set()
    with connection.cursor() as cursor:

        def live(sql: str) -> Iterator[tuple]:
            cursor.execute(sql)
            return iter(cursor.fetchall())

        return missing - named_files(live).keys()


def stored_names(store: Storage, folder: str = "") -> Iterator[str]:
    """Every file of a storage."""
    try:
        folders, files = store.listdir(folder)
    except FileNotFoundError:
        return
    yield from (f"{folder}/{name}".lstrip("/") for name in files)
    for inner in folders:
        yield from stored_names(store, f"{folder}/{inner}".lstrip("/"))


def _copy_files(folder: Path, copied: dict, tick: Tick) -> dict:
    """Copy what is not in `copied` yet; {"default/images/a.jpg": {"bytes": n, "sha256": h}}."""
    found = dict(copied)
    for alias in STORES:
        for name in stored_names(storages[alias]):
            key = f"{alias}/{name}"
            if key in found or name.startswith("ready/"):
                continue
            tick()
            target = folder / FILES / alias / name
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            try:
                source = storages[alias].open(name, "rb")
            except FileNotFoundError:  # removed since it was listed
                continue
            with source, target.open("wb") as copy:
                found[key] = _copied(source, copy)
    return found


def _copied(source: BinaryIO, copy: BinaryIO) -> dict:
    """What was copied: its length in bytes and its SHA-256."""
    length, digest = 0, hashlib.sha256()
    while piece := source.read(PIECE):
        copy.write(piece)
        digest.update(piece)
        length += len(piece)
    return {"bytes": length, "sha256": digest.hexdigest()}


def _write_keys(path: Path) -> None:
    keys = {
        "SECRET_KEY": settings.SECRET_KEY,
        "SECRET_KEY_FALLBACKS": list(settings.SECRET_KEY_FALLBACKS),
    }
    path.touch(mode=0o600)
    path.write_text(json.dumps(keys))
