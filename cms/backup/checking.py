"""Trying a backup: each byte as written, the database opened, a file wherever a row names one."""

import json
from collections.abc import Callable
from pathlib import Path

from django.conf import settings

from cms.registry import Registry

from .engines import PostgreSQL, Query, SQLite, Tick
from .folder import FILES, KEYS, BackupError, read_manifest, sha256
from .taking import named_files

Proof = Callable[[Query, tuple[str, ...]], str]
#: What else must be readable in a restored copy: given a query function and the keys, newest first,
#: the fault as a sentence, or "".
proofs: Registry[Proof] = Registry("proof of a backup")


def check(folder: Path, *, tick: Tick = lambda: None) -> list[str]:
    """Restore a backup to a scratch place and say what is wrong with it; [] when it is sound.

    `tick` is called every moment or so, as by `backup`.
    """
    try:
        manifest = read_manifest(folder)
        problems = _changed(folder, manifest, tick)
        return problems or _tried(folder, manifest, tick)
    except BackupError as error:
        return [str(error)]


def _changed(folder: Path, manifest: dict, tick: Tick) -> list[str]:
    """Files of the backup that are missing or not what was written."""
    expected = {f"{FILES}/{key}": entry["sha256"] for key, entry in manifest["files"].items()}
    expected[manifest["database"]["name"]] = manifest["database"]["sha256"]
    if manifest["keys"]:
        expected[KEYS] = manifest["keys"]
    problems = []
    for name, digest in expected.items():
        tick()
        path = folder / name
        if not path.is_file():
            problems.append(f"{name} is missing from the backup.")
        elif sha256(path) != digest:
            problems.append(f"{name} was changed or cut short after the backup was taken.")
    return problems


def _tried(folder: Path, manifest: dict, tick: Tick) -> list[str]:
    copy = {"sqlite": SQLite, "postgresql": PostgreSQL}[manifest["engine"]]()
    with copy.opened(folder, tick) as query:
        problems = copy.faults(query)
        sums = copy.sums(query, tick)
        expected = {*manifest["files"], *manifest.get("erased", ())}
        problems += [
            f"Table {name} does not hold the {counted['rows']} rows that were backed up."
            for name, counted in manifest["tables"].items()
            if sums.get(name) != counted
        ]
        problems += [
            f"A row of {table} names a file that is not in the backup: {name.partition('/')[2]}."
            for name, table in named_files(query).items()
            if name not in expected
        ]
        keys = _keys(folder, manifest)
        problems += filter(None, (proof(query, keys) for _name, proof in proofs.items()))
    return problems


def _keys(folder: Path, manifest: dict) -> tuple[str, ...]:
    """The backup's own keys; this installation's when the backup was taken without."""
    if not manifest["keys"]:
        return (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    kept = json.loads((folder / KEYS).read_text())
    return (kept["SECRET_KEY"], *kept["SECRET_KEY_FALLBACKS"])
