"""The shape of a backup folder: its names, its manifest, its checksums."""

import hashlib
import json
from pathlib import Path
from typing import Any

FORMAT = 1
MANIFEST, SEAL, KEYS, FILES = "manifest.json", "manifest.sha256", "keys.json", "files"
STORES = ("default", "private")
PIECE = 1_048_576


class BackupError(Exception):
    """A sentence for whoever is on call: what could not be done, and what to do about it."""


def sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as source:
        while piece := source.read(PIECE):
            digest.update(piece)
    return digest.hexdigest()


def write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    """Last of all, so that a folder without one is a backup that was never finished."""
    path = folder / MANIFEST
    path.write_text(json.dumps(manifest, indent=1, sort_keys=True))
    (folder / SEAL).write_text(sha256(path) + "\n")


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest. Raises BackupError when there is none, or not the one that was written."""
    path = folder / MANIFEST
    if not path.is_file():
        raise BackupError(f"{folder} holds no finished backup: it has no {MANIFEST}.")
    seal = folder / SEAL
    if not seal.is_file() or seal.read_text().strip() != sha256(path):
        raise BackupError(f"{path} was changed after the backup was taken.")
    manifest = json.loads(path.read_text())
    if manifest.get("format") != FORMAT:
        raise BackupError(f"{folder} was written by a release whose backups this one cannot read.")
    return manifest
