"""Private files on this machine's disk: one that does not fit leaves nothing behind.

Django writes a file in place, so that a full disk would leave the part of it that fitted.
"""

from contextlib import suppress
from pathlib import Path
from typing import Any

from django.core.files.base import File
from django.core.files.storage import FileSystemStorage


class PrivateFiles(FileSystemStorage):
    """Names in private storage are random, so that what lies under ours is ours to remove."""

    def _save(self, name: str, content: File[Any]) -> str:
        try:
            return super()._save(name, content)
        except OSError:
            with suppress(OSError):
                Path(self.path(name)).unlink()
            raise
