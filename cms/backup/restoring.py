"""Putting a backup in place of what is there."""

import json
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.core.cache import cache
from django.core.files.base import File
from django.core.files.storage import storages
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from cms.registry import Registry

from .checking import check
from .engines import engine
from .folder import FILES, KEYS, STORES, BackupError, read_manifest
from .taking import stored_names

#: What else must happen once the old rows are back, such as erasing again what was erased since.
#: Each says what is left to do by hand, or "".
after_restore: Registry[Callable[[], str]] = Registry("step after a restore")
#: What has to be noted of the rows that are about to be replaced.
before_restore: Registry[Callable[[], None]] = Registry("step before a restore")


def restore(folder: Path) -> list[str]:
    """Check a backup, then put it in place; what is left to do by hand, as sentences.

    Everybody is signed out. Files that the backup does not know are removed: take a backup of what
    is there first. Raises BackupError, and then nothing was changed unless it says so.
    """
    manifest = read_manifest(folder)
    live = engine()
    if manifest["engine"] != live.vendor:
        raise BackupError(
            f"The backup is of a {manifest['engine']} database, this hub runs on {live.vendor}. "
            "Set DATABASE_URL to a database of that kind."
        )
    _refuse_newer(manifest)
    if problems := check(folder):
        raise BackupError("The backup is not sound. " + " ".join(problems[:5]))
    for name in before_restore:
        before_restore[name]()
    live.load(folder)
    _put_files(folder, manifest)
    to_do = _put_keys(folder)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_session")
    cache.clear()
    to_do += filter(None, [after_restore[name]() for name in after_restore])
    if manifest["migrations"] != sorted(map(".".join, MigrationLoader(None).disk_migrations)):
        to_do.append("The backup is older than this release: run `manage.py migrate`.")
    return to_do


def _refuse_newer(manifest: dict) -> None:
    known = set(map(".".join, MigrationLoader(None, ignore_no_migrations=True).disk_migrations))
    ours = {name.split(".")[0] for name in known}
    newer = [
        name for name in manifest["migrations"] if name not in known and name.split(".")[0] in ours
    ]
    if newer:
        raise BackupError(
            f"The backup was taken by a newer release (it has {newer[-1]}). "
            "Install that release first."
        )


def _put_files(folder: Path, manifest: dict) -> None:
    for alias in STORES:
        store, root = storages[alias], folder / FILES / alias
        wanted = {key.split("/", 1)[1] for key in manifest["files"] if key.startswith(f"{alias}/")}
        for name in list(stored_names(store)):
            if name not in wanted:
                store.delete(name)
        for name in wanted:
            store.delete(name)
            with (root / name).open("rb") as source:
                kept = store.save(name, File(source))
            if kept != name:
                raise BackupError(
                    f"{name} was restored as {kept}: something else is writing. Stop the hub and "
                    "run the restore again."
                )


def _put_keys(folder: Path) -> list[str]:
    """Make the keys of the backup this installation's own, where that is ours to do."""
    path = folder / KEYS
    if not path.is_file():
        return ["The backup was taken without its keys: put SECRET_KEY back as it was then."]
    kept = json.loads(path.read_text())
    if kept["SECRET_KEY"] == settings.SECRET_KEY:
        return []
    own = settings.DATA_DIR / ".secret"
    if own.is_file() and own.read_text().strip() == settings.SECRET_KEY:
        own.write_text(kept["SECRET_KEY"])
        return ["The hub's secret is the backup's again: start the hub anew before using it."]
    fault = "The backup was made under another SECRET_KEY."
    return [f"{fault} Set SECRET_KEY to the one in keys.json, or add it to SECRET_KEY_FALLBACKS."]
