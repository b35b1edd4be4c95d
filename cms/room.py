"""Whether an error says that a disk is full, and the sentence for whoever has to make room."""

import errno
import shutil
from pathlib import Path

from django.conf import settings

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
#: How SQLite, PostgreSQL and pg_dump say it.
WORDS = ("disk is full", "no space left")
#: What SQLite says on a disk so full that it cannot even be opened; it may mean other faults too.
PERHAPS = ("disk i/o error", "unable to open database file")
NOTHING = 1_048_576


def disk_is_full(error: BaseException) -> bool:
    """Whether the disk of our files, or the database's, has no room left."""
    if isinstance(error, OSError):
        return error.errno in FULL
    said = str(error).lower()
    if any(words in said for words in PERHAPS):
        return shutil.disk_usage(settings.DATA_DIR).free < NOTHING
    return any(words in said for words in WORDS)


def no_room(where: Path | str, undone: str) -> str:
    """The sentence: `where` has no room; `undone` says what that means."""
    return f"There is no room left on the disk of {where}. {undone} Make room, then start it again."
