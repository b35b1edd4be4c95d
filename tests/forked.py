"""Processes that start at the same moment, for races inside a hub (tests/harness.py)."""

import os
import time
from collections import Counter

from django.db import connection, connections


def all_at_once(function, items) -> dict[str, int]:
    """`function(item)` for each in a process of its own: how often each answer came, or error."""
    connections.close_all()
    start, pipes = time.time() + 0.5, []
    for item in items:
        read, write = os.pipe()
        if os.fork() == 0:
            time.sleep(max(0, start - time.time()))
            os.write(write, _said(function, item).encode())
            os._exit(0)
        os.close(write)
        pipes.append(read)
    answers = Counter()
    for pipe in pipes:
        with os.fdopen(pipe) as answer:
            answers[answer.read()] += 1
        os.wait()
    return dict(answers)


def _said(function, item) -> str:
    try:
        return function(item)
    except Exception as error:
        return type(error).__name__


def drop_constraint(model, name: str) -> None:
    """In a twin's own database: what would happen without the last line of the database."""
    constraint = next(c for c in model._meta.constraints if c.name == name)
    model._meta.constraints.remove(constraint)  # SQLite makes the table again from the rest
    with connection.schema_editor() as editor:
        editor.remove_constraint(model, constraint)
