"""Backups: one folder with the database, every stored file and the keys, proved to be whole.

    backup(folder)      # takes one while the hub runs; raises BackupError
    check(folder)       # restores it to a scratch place and says what is wrong with it: [] is sound
    restore(folder)     # checks it, puts it in place of what is there; raises BackupError

A folder holds `database.sqlite3` or `database.dump`, `files/<storage>/...`, `keys.json` and
`manifest.json`, which has the SHA-256 of each of them and the row count and checksum of each table
as they were in the one snapshot that was copied. Files are copied before the snapshot and again
after it, so every file that a row of the snapshot names is there.

A folder is as confidential as the hub itself: mode 0700, and with its keys it opens every answer.
What else must hold after a restore is said by those who own it: `proofs`, `before_restore`
and `after_restore`.
"""

from .checking import check, proofs
from .folder import BackupError, read_manifest
from .restoring import after_restore, before_restore, restore
from .taking import backup, other_files

__all__ = [
    "BackupError",
    "after_restore",
    "backup",
    "before_restore",
    "check",
    "other_files",
    "proofs",
    "read_manifest",
    "restore",
]
