"""Ringing Huey: "there is work". The work itself is always a row, so a lost ring costs only time.

Nothing here ever raises, and a queue that does not answer costs a request a second or so once in
half a minute, not each time: after a failure this process stops ringing for a while, and the sweep
that runs every minute (cms.tasks) finds the rows by itself.
"""

import logging
import time
from collections.abc import Callable
from typing import Any

from django.db import transaction

from cms import sandbox

logger = logging.getLogger(__name__)

QUIET_SECONDS = 30

_quiet_until = 0.0


def ring(task: Callable[..., Any], *args: int, delay: float = 0) -> bool:
    """Enqueue a Huey task now, or in `delay` seconds. False when the queue did not take it."""
    global _quiet_until  # noqa: PLW0603 - one state for each process, on purpose
    if sandbox.is_on() or time.monotonic() < _quiet_until:
        return False
    try:
        if delay > 0:
            task.schedule(args=args, delay=delay)
        else:
            task(*args)
    except Exception as error:  # noqa: BLE001 - whatever the queue says, the row stands
        _quiet_until = time.monotonic() + QUIET_SECONDS
        logger.warning(
            "The queue did not answer (%s); the sweep will find it.", type(error).__name__
        )
        return False
    return True


def ring_on_commit(task: Callable[..., Any], *args: int, delay: float = 0) -> None:
    """Ring once this transaction is committed, once for each task and arguments.

    Raises TransactionManagementError outside a transaction: a promise belongs to a decision.
    """
    connection = transaction.get_connection()
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError(
            "Work is promised inside the transaction that decides it: use transaction.atomic()."
        )
    bell = _Bell(task, args, delay)
    if not any(bell == waiting for _savepoints, waiting, _robust in connection.run_on_commit):
        transaction.on_commit(bell, robust=True)


class _Bell:
    """A ring that is equal to another one for the same work, so that 5 000 mails ring once."""

    def __init__(self, task: Callable[..., Any], args: tuple[int, ...], delay: float):
        self.task, self.args, self.delay = task, args, delay

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Bell) and (self.task, self.args) == (other.task, other.args)

    def __hash__(self) -> int:
        return hash((id(self.task), self.args))

    def __call__(self) -> None:
        ring(self.task, *self.args, delay=self.delay)
