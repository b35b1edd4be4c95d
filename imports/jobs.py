"""The two jobs of imports: make a plan, carry it out. Thin: cms.jobs holds lease and fence.

Importing this module registers them (imports.apps). A job's payload is the key of its run.
"""

from django.utils import timezone

from cms import mail
from cms.jobs import GiveUpError, JobRun, endings, handlers
from cms.models import Job
from cms.pagecache import content_changed

from . import apply as applying
from . import guards, plan, sealed
from .errors import UnreadableFile
from .models import ImportRun
from .resources import rosters

State = ImportRun.State

mail.declare(
    "import-receipt",
    name="Roster import: receipt",
    subject="Import {{ number }} of {{ what }}: {{ outcome }}",
    body=(
        "The import of {{ what }} that you approved is now: {{ outcome }}.\n\n"
        "New: {{ created }}. Changed: {{ updated }}. Left: {{ left }}. Removed: {{ removed }}.\n"
        "Refused: {{ refused }}. Kept because somebody changed them meanwhile: {{ conflicts }}.\n\n"
        "Its page in the Rosters menu lists every row, and can take the import back."
    ),
    placeholders={
        "number": "12",
        "what": "pupils",
        "outcome": "applied",
        "created": "40",
        "updated": "3",
        "left": "0",
        "removed": "0",
        "refused": "1",
        "conflicts": "0",
    },
)


@handlers("imports.plan")
def make_plan(step: JobRun) -> None:
    run = ImportRun.objects.get(pk=step.payload["run"])
    step.describe(phase="Reading the file")
    try:
        plan.build(run, step)
    except UnreadableFile as error:
        raise GiveUpError(str(error)) from None
    with step.finish():
        run.state = State.PLANNED
        run.mapping["alarms"] = [*run.mapping.get("alarms", []), *guards.alarms(run)]
        run.save(update_fields=["state", "counts", "held", "mapping"])


@handlers("imports.apply")
def apply_plan(step: JobRun) -> None:
    run = ImportRun.objects.get(pk=step.payload["run"])
    step.describe(phase="Taking back" if run.undoes_id else "Applying")
    while rows := applying.next_rows(run, step.cursor):
        with step.chunk(to=rows[-1].pk, count=len(rows)):
            applying.carry_out(run, rows)
    with step.finish():
        _close(run, State.APPLIED)
        send_receipt(run)


@endings("imports.plan")
def plan_ended(job: Job) -> None:
    run = ImportRun.objects.get(pk=job.payload["run"])
    if job.state == Job.State.CANCELLED:
        run.state = State.UPLOADED
    else:
        run.state, run.problem = State.REFUSED, job.problem
        run.finished_at = timezone.now()
        sealed.shred(run.stored_name)
    run.plan_rows.all().delete()
    run.save()


@endings("imports.apply")
def apply_ended(job: Job) -> None:
    run = ImportRun.objects.get(pk=job.payload["run"])
    run.problem = job.problem
    _close(run, State.CANCELLED if job.state == Job.State.CANCELLED else State.FAILED)
    send_receipt(run)


def _close(run: ImportRun, state: str) -> None:
    run.state = state
    run.finished_at = timezone.now()
    run.counts = applying.result_counts(run)
    run.save(update_fields=["state", "finished_at", "counts", "problem"])
    # Its rows are written past all signals, and pages count some of them.
    content_changed(sender=rosters[run.roster]._meta.model)


def send_receipt(run: ImportRun) -> None:
    """Tell whoever approved what was done: counts, never names. Once, whatever happens."""
    person = run.approved_by or run.created_by
    if person is None or not person.email:
        return
    mail.queue(
        "import-receipt",
        to=person.email,
        context={
            "number": run.pk,
            "what": rosters[run.roster].title.lower(),
            "outcome": run.get_state_display().lower(),
            "created": run.count("created"),
            "updated": run.count("updated"),
            "left": run.count("left"),
            "removed": run.count("removed"),
            "refused": run.count("refused") + run.count("duplicates"),
            "conflicts": run.count("conflicts"),
        },
        key=f"import-receipt-{run.pk}-{run.state}",
    )
