"""Scanning again what could not be scanned when it came: every ten minutes, until it is said.

A file in which something is found later is never opened and its bytes are removed. A family that
has not sent its form yet is asked for the file again.
"""

from django.core.files import File
from django.db import transaction

from cms import clock, jobs
from forms import virusscan
from forms.models import Attachment, Journey

CHUNK = 20


@jobs.handlers("forms.scan_files")
def scan_files(run: jobs.JobRun) -> None:
    """Ask the scanner about every file that it has said nothing of."""
    if not virusscan.is_configured():
        return
    unscanned = Attachment.objects.filter(
        scan_status__in=[Attachment.Scan.WAITING, Attachment.Scan.NONE]
    ).order_by("pk")
    while batch := list(unscanned.filter(pk__gt=run.cursor)[:CHUNK]):
        for row in batch:
            try:
                with row.file.open() as content:
                    is_clean = virusscan.is_clean(File(content).chunks())
            except FileNotFoundError:
                is_clean = None  # forgotten at this very moment
            except virusscan.ScannerDownError:
                return  # the next run tries again; until then it stays unopened
            with run.chunk(to=row.pk, count=1):
                if is_clean:
                    unscanned.filter(pk=row.pk).update(scan_status=Attachment.Scan.CLEAN)
                elif is_clean is False:
                    refuse(row)


def refuse(row: Attachment) -> None:
    """Never open this file; ask for it again where that is still possible."""
    storage, name = row.file.storage, row.file.name
    with transaction.atomic():
        journey = Journey.objects.select_for_update(of=("self",)).filter(pk=row.journey_id).first()
        changed = Attachment.objects.filter(pk=row.pk, file=name).update(
            scan_status=Attachment.Scan.INFECTED, file=""
        )
        if not changed:
            return
        if journey and journey.submitted_at is None:
            journey.answers = without(journey.answers, row.pk)
            journey.rev += 1
            journey.save(update_fields=["answers", "rev"])
        transaction.on_commit(lambda: storage.delete(name), robust=True)


def without(value: object, attachment: int) -> object:
    """Answers without one attachment; a question that it alone answered was never asked."""
    if isinstance(value, list):
        return [without(one, attachment) for one in value if not _is(one, attachment)]
    if isinstance(value, dict):
        return {
            key: without(one, attachment)
            for key, one in value.items()
            if not (isinstance(one, list) and one and all(_is(x, attachment) for x in one))
        }
    return value


def _is(value: object, attachment: int) -> bool:
    return isinstance(value, dict) and value.get("id") == attachment and "size" in value


clock.every("forms.scan_files", minutes=10)
