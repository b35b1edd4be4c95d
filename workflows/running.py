"""Carrying out the actions that an event promised: in order, each once, retried, restartable.

One job per event walks its ActionRun rows, one transaction each. A later action waits for the
earlier ones: a letter that says "confirmed" must not leave when the confirming failed. A job that
has been tried long enough fails; the case page shows it, with a button to start it again.
"""

from django.db import transaction
from django.utils import timezone

from cms import jobs
from cms.models import Job, User

from .actions import ActionProblemError, actions
from .models import ActionRun, Case, CaseEvent

KIND = "workflows.actions"


def job_key(event_id: int) -> str:
    return f"actions-{event_id}"


def queue_actions(event: CaseEvent, number: int) -> None:
    """Promise to carry out the event's actions, in the caller's transaction."""
    jobs.enqueue(KIND, key=job_key(event.pk), payload={"event": event.pk}, total=number)


@jobs.handlers(KIND)
def run_actions(run: jobs.JobRun) -> None:
    """Each action of the event from where the job stands; stops at the first that fails."""
    rows = ActionRun.objects.filter(event=run.payload["event"], index__gte=run.cursor)
    version = None
    for row in rows.select_related("event").order_by("index"):
        try:
            with run.chunk(to=row.index + 1, count=1):
                case = Case.objects.select_for_update().get(pk=row.event.case_id)
                if version is not None and version.pk == case.version_id:
                    case.version = version  # never changes, and is large
                _carry_out(row, case)
                version = case.version if Case.version.is_cached(case) else version
        except Exception as error:
            _note_failure(row.pk, error)
            raise


def _carry_out(row: ActionRun, case: Case) -> None:
    row.attempts += 1
    row.result = actions[row.type](row).run(case, row.options)[:300]
    row.state, row.problem, row.finished_at = ActionRun.State.DONE, "", timezone.now()
    row.save(update_fields=["attempts", "result", "state", "problem", "finished_at"])


def _note_failure(row_id: int, error: Exception) -> None:
    """Say on the row what went wrong: our own sentences only, never a foreign error's text."""
    if isinstance(error, (ActionProblemError, jobs.GiveUpError)):
        problem = str(error)
    else:
        problem = f"It stopped unexpectedly ({type(error).__name__})."
    with transaction.atomic():
        row = ActionRun.objects.select_for_update().get(pk=row_id)
        row.attempts += 1
        row.problem = problem[:300]
        row.save(update_fields=["attempts", "problem"])


@jobs.endings(KIND)
def give_up(job: Job) -> None:
    """The job will not be tried again by itself: what it did not get to is marked so."""
    ActionRun.objects.filter(event=job.payload["event"], state=ActionRun.State.READY).update(
        state=ActionRun.State.FAILED
    )


def restart_actions(event: CaseEvent, *, by: User) -> None:
    """Try an event's failed actions again, from the first that did not work, and note who asked.

    Raises jobs.JobIsRunningError while they are still being tried, Job.DoesNotExist.
    """
    from .webhooks import restart  # noqa: PLC0415 - webhooks is an action, which running runs

    with transaction.atomic():
        failed = list(event.runs.filter(state=ActionRun.State.FAILED))
        if not restart(failed):
            job = Job.objects.get(key=job_key(event.pk))
            jobs.restart(job.pk)
            event.runs.filter(state=ActionRun.State.FAILED).update(state=ActionRun.State.READY)
        CaseEvent.objects.create(
            case=event.case,
            kind=CaseEvent.Kind.NOTE,
            actor_id=by.pk,
            actor_name=str(by)[:160],
            summary=f"Started again what followed “{event.summary}”"[:250],
        )
