"""How long an import's personal data is kept: the file two weeks, its rows a month.

Afterwards the run still says what it was: counts, hash of the file, who and when, which records
were touched and by which kind of change; never a value. Undo is possible until then.
"""

from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from cms import clock
from cms.jobs import JobRun, handlers

from . import arrivals, sealed
from .models import ImportRun

KEEP_FILE = timedelta(days=14)
KEEP_ROWS = timedelta(days=30)
IDLE = (ImportRun.State.UPLOADED, ImportRun.State.PLANNED)


@handlers("imports.purge")
def purge(step: JobRun) -> None:
    """Erase what is past its time. Safe to run twice."""
    purge_files()
    purge_rows()
    arrivals.forget_refused(timezone.now() - KEEP_FILE)


clock.daily("imports.purge", at="03:10")


def purge_files() -> int:
    """Shred files of runs that were uploaded two weeks ago. A plan still waiting is discarded."""
    old = ImportRun.objects.exclude(stored_name="").filter(
        created_at__lt=timezone.now() - KEEP_FILE
    )
    old = old.exclude(state__in=[ImportRun.State.PLANNING, ImportRun.State.APPLYING])
    count = 0
    for run in old:
        sealed.shred(run.stored_name)
        with transaction.atomic():
            run.stored_name = ""
            if run.state in IDLE:
                run.state, run.finished_at = ImportRun.State.DISCARDED, timezone.now()
                run.plan_rows.all().delete()
            run.save(update_fields=["stored_name", "state", "finished_at"])
        count += 1
    return count


def purge_rows() -> int:
    """Empty the rows of runs that ended a month ago; what is left names no one."""
    over = Q(finished_at__lt=timezone.now() - KEEP_ROWS)
    count = 0
    for run in ImportRun.objects.filter(over, purged_at=None):
        with transaction.atomic():
            run.plan_rows.update(key="", before={}, after={}, problems=[], has_problems=False)
            run.corrections.all().delete()
            run.purged_at = timezone.now()
            run.original_name = ""
            run.save(update_fields=["purged_at", "original_name"])
        count += 1
    return count
