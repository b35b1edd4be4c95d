"""What runs inside harness hubs for the tests that kill an import: builders, a tally, patches."""

import hashlib
import time

from cms.models import Instrument, Job, OutboxMessage, Pupil, School, User
from imports import apply, jobs, plan, runs
from imports.models import Change, ImportRun, PlanRow
from tests.roster_files import pupil_line, pupils

PAUSE = 0.02  # seconds before each chunk: where a killed worker is usually found


def promise_planning(rows):
    """An uploaded roster whose reading is promised, and an officer to write to. Returns its run."""
    Instrument.objects.create(name="Violin", slug="violin", family="strings")
    School.objects.create(urn="117137", name="Hill School")
    officer = User.objects.create(username="officer", email="officer@example.org")
    run = runs.receive("pupils", [pupils(*map(pupil_line, range(rows)))], "p.csv", by=officer)
    runs.start_planning(run)
    return run.pk


def promise_applying(run):
    found = ImportRun.objects.get(pk=run)
    runs.approve(found, by=found.created_by)


def promise_undo(run):
    return runs.take_back(ImportRun.objects.get(pk=run), by=None).pk


def tally(run):
    """How it ended, and a digest of every row and link that the import is about."""
    found = ImportRun.objects.get(pk=run)
    digest = hashlib.sha256()
    for row in Pupil.objects.order_by("external_id").values_list(
        "external_id", "legal_first_name", "legal_last_name", "date_of_birth", "postcode",
        "school__urn", "source_hash", "instruments__name",
    ):  # fmt: skip
        digest.update(repr(row).encode())
    return {
        "state": found.state,
        "counts": {name: number for name, number in found.counts.items() if number},
        "planned": PlanRow.objects.filter(run=run).count(),
        "changes": Change.objects.filter(run=run).count(),
        "pupils": Pupil.objects.count(),
        "receipts": OutboxMessage.objects.filter(template="import-receipt").count(),
        "digest": digest.hexdigest(),
    }


def work_undisturbed(run):
    from imports.management.commands.roster_import import see_through

    see_through(Job.objects.get(pk=ImportRun.objects.get(pk=run).job_id))


# --- patches -------------------------------------------------------------------------------------
def small_slow_chunks():
    """Many chunks with a pause before each, so that kills find the import at many places."""
    next_rows, batches = apply.next_rows, plan.batches

    def fewer(run, after):
        time.sleep(PAUSE)
        return next_rows(run, after, 100)

    def paused(rows):
        for batch in batches(rows):
            time.sleep(PAUSE)
            yield batch

    apply.next_rows = fewer
    plan.BATCH = 100
    plan.batches = paused


def work_before_the_fence():
    """A twin: the rows are written first, and the cursor moved in a transaction of its own."""

    def apply_plan(step):
        run = ImportRun.objects.get(pk=step.payload["run"])
        while rows := apply.next_rows(run, step.cursor):
            apply.carry_out(run, rows)
            time.sleep(PAUSE)
            with step.chunk(to=rows[-1].pk, count=len(rows)):
                pass
        with step.finish():
            jobs._close(run, ImportRun.State.APPLIED)

    jobs.handlers._entries["imports.apply"] = apply_plan
