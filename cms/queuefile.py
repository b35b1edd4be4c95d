"""How the queue's own file is written where SQLite keeps it.

The queue is a doorbell and never the record: after a power cut the sweep rings again. So its file
waits for no disk at each ring (NORMAL, which keeps it whole); what it rings for does (FULL).
"""

import sqlite3


class QueueConnection(sqlite3.Connection):
    def __init__(self, *args: object, **kwargs: object):
        super().__init__(*args, **kwargs)
        self.execute("PRAGMA synchronous=NORMAL")
