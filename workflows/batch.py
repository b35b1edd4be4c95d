"""One button for many cases: first what would happen to each, then case by case, each on its own.

A batch is no transaction: every case is a press like any other, with its own lock, event and
actions, and one that is refused does not hold up the rest. It runs as a job, a few cases at a time,
and what was refused is told with why. Nothing is pressed twice: a case that the batch has moved no
longer stands in the stage that it was shown in.
"""

from dataclasses import dataclass, field

from django.db import transaction
from django.utils import timezone

from cms import jobs
from cms.models import Job, User

from . import casepage
from .engine import TransitionNotAllowedError, available_buttons, perform
from .inbox import Filters, Inbox
from .models import BatchRun, Case
from .plan import Button
from .querysets import CaseQuerySet

MOST = 1000
KIND = "workflows.batch"
CHUNK = 10


@dataclass
class Choice:
    """A button that at least one of the chosen cases has, and those that have it."""

    button: Button
    effects: str
    cases: list[Case] = field(default_factory=list)


def chosen(user: User, keys: list[str]) -> list[Case]:
    """The chosen cases that this user may see, at most MOST, oldest first."""
    wanted = [int(key) for key in keys[:MOST] if key.isdigit() and len(key) < 18]
    return _read(Case.objects.for_user(user).filter(pk__in=wanted).order_by("pk"))


def all_of(user: User, filters: Filters) -> list[Case]:
    """Every open case that a filter of the inbox finds, at most MOST, the most pressing first."""
    return _read(Inbox(user).cases(filters).open()[:MOST])


def _read(cases: CaseQuerySet) -> list[Case]:
    return list(
        cases.select_related("version", "centre__area", "area")
        .defer("version__data")
        .prefetch_related("subject")
    )


def preview(user: User, cases: list[Case]) -> list[Choice]:
    """Every button that could be pressed, for which of the cases, and what it would do."""
    found: dict[tuple[str, str, str], Choice] = {}
    memberships = list(user.memberships.values_list("role__name", "area_id", "centre_id"))
    for case in cases:
        for button in available_buttons(case, user, memberships=memberships):
            effects = casepage.effects(button, case.version.plan.by_key)
            key = (button.key, button.label, effects)
            found.setdefault(key, Choice(button, effects)).cases.append(case)
    return list(found.values())


def begin(
    user: User, stages: dict[int, str], button_key: str, *, label: str, comment: str
) -> BatchRun:
    """Promise to press the button on each case that still stands in the stage given."""
    with transaction.atomic():
        batch = BatchRun.objects.create(
            user=user,
            button_key=button_key[:60],
            label=label[:60],
            comment=comment,
            stages={str(key): stage for key, stage in list(stages.items())[:MOST]},
        )
        jobs.enqueue(KIND, key=f"batch-{batch.pk}", payload={"id": batch.pk}, total=len(stages))
    return batch


@jobs.handlers(KIND)
def carry_out(run: jobs.JobRun) -> None:
    """Press on, ten cases in a transaction; the outcome is written with them."""
    batch = BatchRun.objects.select_related("user").get(pk=run.payload["id"])
    keys = sorted(int(key) for key in batch.stages)
    while following := [key for key in keys if key > run.cursor][:CHUNK]:
        with run.chunk(to=following[-1], count=len(following)):
            for key in following:
                _press(batch, key)
            BatchRun.objects.filter(pk=batch.pk).update(done=batch.done, refused=batch.refused)
    with run.finish():
        BatchRun.objects.filter(pk=batch.pk).update(finished_at=timezone.now())


def _press(batch: BatchRun, key: int) -> None:
    # The officer may have lost the role since, so reach is looked at again for each case.
    case = Case.objects.for_user(batch.user).filter(pk=key).only("reference").first()
    if case is None:
        batch.refused.append(["–", "It is out of your reach now."])
        return
    try:
        perform(
            key,
            batch.button_key,
            by=batch.user,
            comment=batch.comment,
            expected_stage=batch.stages[str(key)],
        )
    except TransitionNotAllowedError as problem:
        batch.refused.append([case.reference, str(problem)])
    else:
        batch.done.append(case.reference)


@jobs.endings(KIND)
def stopped(job: Job) -> None:
    """It will not go on by itself: what was not reached is told as such."""
    batch = BatchRun.objects.get(pk=job.payload["id"])
    left = len(batch.stages) - len(batch.done) - len(batch.refused)
    if left:
        batch.refused.append(
            ["–", f"{left} were not reached: the work stopped. Choose them again."]
        )
    batch.finished_at = timezone.now()
    batch.save(update_fields=["refused", "finished_at"])


def progress(batch: BatchRun) -> dict:
    """How far it is, for the page."""
    total = len(batch.stages)
    done = len(batch.done) + len(batch.refused)
    return {"total": total, "done": min(done, total), "is_over": batch.finished_at is not None}
