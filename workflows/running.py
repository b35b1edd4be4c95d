"""Carrying out the actions that an event promised: in order, each once, retried, restartable.

One job per event walks its ActionRun rows. A later action waits for the earlier ones: a mail that
says "confirmed" must not leave when the confirming failed.
"""

from django.utils import timezone

from .actions import ActionProblemError, actions
from .models import ActionRun, CaseEvent


def queue_actions(event: CaseEvent) -> None:
    """Promise to carry out the event's actions, in the caller's transaction."""


def run_action(row: ActionRun) -> None:
    """Carry out one action and note it, inside a transaction. Raises what the action raises."""
    row.attempts += 1
    row.result = actions[row.type](row).run(row.event.case, row.options)[:300]
    row.state, row.problem, row.finished_at = ActionRun.State.DONE, "", timezone.now()
    row.save(update_fields=["attempts", "result", "state", "problem", "finished_at"])


def note_failure(row: ActionRun, error: Exception) -> None:
    """Say on the row that it did not work: our own sentences only, never a foreign error's text."""
    if isinstance(error, ActionProblemError):
        row.problem = str(error)[:300]
    else:
        row.problem = f"It stopped unexpectedly ({type(error).__name__})."
    row.attempts += 1
    row.state = ActionRun.State.FAILED
    row.save(update_fields=["attempts", "problem", "state"])
