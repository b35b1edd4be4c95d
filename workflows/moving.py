"""Taking running cases along to a newer version of their process.

A case keeps the version that it began with until somebody moves it on purpose. First a preview:
how many cases stand in each stage of an older version, and which stage of the new one they would
come to: the one with the same id or key, or what is chosen. Then a job moves them, each under its
own lock and written into its history; what stood still meanwhile is left alone. A move changes
whose turn it is by no button, so nothing is sent and no action runs, and the time in the stage and
the day that it is due stay as they were.
"""

from dataclasses import dataclass

from django.db import transaction
from django.db.models import Count
from django.utils import timezone

from cms import jobs
from cms.models import Job, User

from .engine import latest_version
from .models import Case, CaseEvent, MoveRun, WorkflowVersion
from .plan import FINAL, Stage

KIND = "workflows.move"
CHUNK = 25


class MappingError(ValueError):
    """The mapping leaves a stage out, or leads nowhere. The message says which."""


@dataclass(frozen=True)
class Row:
    """One stage of an older version: how many cases stand there, and where they would come to."""

    version: WorkflowVersion
    stage: Stage
    number: int
    proposed: str

    @property
    def field(self) -> str:
        return f"to-{self.version.pk}-{self.stage.key}"


def preview(slug: str, user: User) -> tuple[WorkflowVersion, list[Row]]:
    """The newest version, and where this user's running cases of older ones stand.

    Raises engine.NoSuchWorkflowError.
    """
    target = latest_version(slug)
    cases = Case.objects.for_user(user, "change").open()
    counted = (
        cases.filter(version__definition__slug=slug)
        .exclude(version=target)
        .order_by()
        .values("version", "stage_key")
        .annotate(number=Count("pk"))
    )
    versions = WorkflowVersion.objects.in_bulk({row["version"] for row in counted})
    rows = []
    for row in counted:
        version = versions[row["version"]]
        stage = version.plan.by_key[row["stage_key"]]
        rows.append(Row(version, stage, row["number"], _proposed(stage, target)))
    return target, sorted(rows, key=lambda row: (row.version.number, row.stage.key))


def _proposed(stage: Stage, target: WorkflowVersion) -> str:
    """The stage with the same id, else with the same key, if cases can stand in it; or ""."""
    may = [other for other in target.plan.stages if other.kind != FINAL]
    for same in ("id", "key"):
        for other in may:
            if getattr(other, same) == getattr(stage, same):
                return other.key
    return ""


def begin(slug: str, user: User, chosen: dict[str, str]) -> MoveRun:
    """Promise the move. `chosen` is `{Row.field: stage key}`. Raises MappingError."""
    target, rows = preview(slug, user)
    if not rows:
        raise MappingError("No running case stands in an older version.")
    ends = {stage.key for stage in target.plan.stages if stage.kind == FINAL}
    mapping: dict[str, dict[str, str]] = {}
    for row in rows:
        to = chosen.get(row.field, "")
        if to not in target.plan.by_key or to in ends:
            raise MappingError(
                f"Choose where cases in “{row.stage.staff_name}” (version {row.version.number}) "
                "come to. It must be a stage that is not finished. Nothing was moved."
            )
        mapping.setdefault(str(row.version.pk), {})[row.stage.key] = to
    with transaction.atomic():
        run = MoveRun.objects.create(version=target, user=user, mapping=mapping)
        jobs.enqueue(
            KIND,
            key=f"move-{run.pk}",
            payload={"id": run.pk},
            total=sum(row.number for row in rows),
        )
    return run


@jobs.handlers(KIND)
def carry_out(run: jobs.JobRun) -> None:
    """Move case after case, in the order of their keys; the count is written with them."""
    move = MoveRun.objects.select_related("version", "user").get(pk=run.payload["id"])
    while batch := list(_waiting(move).filter(pk__gt=run.cursor).order_by("pk")[:CHUNK]):
        with run.chunk(to=batch[-1].pk, count=len(batch)):
            for case in batch:
                _move(move, case.pk)
            MoveRun.objects.filter(pk=move.pk).update(moved=move.moved, refused=move.refused)
    with run.finish():
        MoveRun.objects.filter(pk=move.pk).update(finished_at=timezone.now())


def _waiting(move: MoveRun):
    cases = Case.objects.for_user(move.user, "change").open()
    return cases.filter(version__in=[int(version) for version in move.mapping])


def _move(move: MoveRun, case_id: int) -> None:
    case = Case.objects.select_for_update().get(pk=case_id)
    to = move.mapping.get(str(case.version_id), {}).get(case.stage_key)
    if to is None or not case.is_open:
        if case.is_open:
            move.refused.append([case.reference, "It came to a stage that nothing was chosen for."])
        return
    before, stage = case.stage, move.version.plan.by_key[to]
    number = case.version.number
    case.version, case.stage_key, case.stage_kind = move.version, stage.key, stage.kind
    case.save(update_fields=["version", "stage_key", "stage_kind"])
    CaseEvent.objects.create(
        case=case,
        kind=CaseEvent.Kind.NOTE,
        actor_id=move.user.pk,
        actor_name=str(move.user)[:160],
        summary=(
            f"Taken from version {number} of the process to version {move.version.number}: "
            f"{before.staff_name} → {stage.staff_name}"
        )[:250],
    )
    move.moved += 1


@jobs.endings(KIND)
def stopped(job: Job) -> None:
    """It will not go on by itself; the rest keep their version and can be moved again."""
    MoveRun.objects.filter(pk=job.payload["id"]).update(finished_at=timezone.now())
