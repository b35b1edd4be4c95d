"""What a file has named so far: its keys, and the records behind them.

Kept in a nameless SQLite file of this process's own, which the system removes by itself, so that a
million rows need no more memory than ten thousand. Keys are kept as 64-bit hashes only: that two
different keys of a file of a million rows meet has odds of one to thirty million.
"""

import json
import sqlite3
from collections.abc import Hashable, Iterable

KILOBYTES_IN_MEMORY = 16_000


class Met:
    def __init__(self) -> None:
        self._db = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._db.executescript(
            f"PRAGMA cache_size = -{KILOBYTES_IN_MEMORY}; PRAGMA journal_mode = OFF;"
            "CREATE TABLE keys (hash INTEGER PRIMARY KEY, line INTEGER);"
            "CREATE TABLE records (pk INTEGER PRIMARY KEY);"
        )

    def repeats(self, lines: Iterable[tuple[Hashable, int]]) -> dict[int, int]:
        """Note these (key, line); line -> the earlier line of the same key, for those that have."""
        pairs = [(hash(key), line) for key, line in lines]
        before = self._db.total_changes
        self._db.execute("BEGIN")
        self._db.executemany("INSERT OR IGNORE INTO keys VALUES (?, ?)", pairs)
        self._db.execute("COMMIT")
        if self._db.total_changes - before == len(pairs):
            return {}
        found = self._db.execute(
            "SELECT hash, line FROM keys WHERE hash IN (SELECT value FROM json_each(?))",
            [json.dumps([key for key, _line in pairs])],
        )
        first = dict(found.fetchall())
        return {line: first[key] for key, line in pairs if first[key] != line}

    def name(self, pks: Iterable[int]) -> None:
        """The file names these records."""
        self._db.execute("BEGIN")
        self._db.executemany("INSERT OR IGNORE INTO records VALUES (?)", [(pk,) for pk in pks])
        self._db.execute("COMMIT")

    def named(self, pks: Iterable[int]) -> set[int]:
        """Those of these records that the file has named."""
        found = self._db.execute(
            "SELECT pk FROM records WHERE pk IN (SELECT value FROM json_each(?))",
            [json.dumps(list(pks))],
        )
        return {pk for (pk,) in found}

    def close(self) -> None:
        self._db.close()
