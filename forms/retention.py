"""Every night, what was promised to be forgotten by now is forgotten.

Journeys that nobody finished are deleted with their files, the places they held and the letters
that carry their links; three days before, whoever left an e-mail address is told, once. What was
sent in goes by the policy of its form (forms.keeping), found by forms.due, done by
forms.forgetting. How many, is counted by night and form; of whom, nowhere.
"""

from datetime import datetime, timedelta

from django.db.models import F
from django.utils import timezone

from cms import clock, jobs, places
from cms.models import OutboxMessage
from forms import attachments, forgetting, letters, resume
from forms.due import ANSWERS, Due, Promises, candidates, due
from forms.figures import tally
from forms.keeping import ANONYMISE, DELETE, UNFINISHED
from forms.models import ForgottenCount, Journey, Submission

REMIND_BEFORE = timedelta(days=3)
CHUNK = 50
READ_AHEAD = 500


@jobs.handlers("forms.forget_unfinished")
def forget_unfinished(run: jobs.JobRun) -> None:
    """Delete what was promised to be deleted by now."""
    expired = Journey.objects.expired().order_by("pk")
    while batch := list(expired.filter(pk__gt=run.cursor)[:CHUNK]):
        with run.chunk(to=batch[-1].pk, count=len(batch)):
            for journey in batch:
                forget(journey)


def forget(journey: Journey) -> None:
    """Delete one unfinished journey and all that hangs on it. Call it inside a transaction.

    It may have been sent or taken up again since it was read: then it is left alone.
    """
    locked = Journey.objects.expired().select_for_update(of=("self",)).filter(pk=journey.pk).first()
    if locked is None:
        return
    places.release(locked.holder)
    attachments.forget(locked, locked.attachments.values_list("pk", flat=True))
    OutboxMessage.objects.filter(
        record_type=Journey._meta.label_lower, record_id=str(locked.pk)
    ).delete()
    form = locked.version.form_id
    tally(locked)
    locked.delete()
    count(form, UNFINISHED, DELETE)


@jobs.handlers("forms.forget_submissions")
def forget_submissions(run: jobs.JobRun) -> None:
    """Delete, anonymise or shorten what was sent in, once its time is over."""
    now, promises = timezone.now(), Promises()
    rows = candidates(promises, now)
    while batch := list(rows.filter(pk__gt=run.cursor)[:READ_AHEAD]):
        found = [item for item in due(batch, promises, now) if not item.held]
        for start in range(0, len(found), CHUNK):
            part = found[start : start + CHUNK]
            with run.chunk(to=part[-1].submission.pk, count=len(part)):
                for item in part:
                    _carry_out(item, promises, now)
        if batch[-1].pk > run.cursor:
            with run.chunk(to=batch[-1].pk):
                pass


def _carry_out(item: Due, promises: Promises, now: datetime) -> None:
    """Ask again with the row locked: its case may have been opened, or somebody holds it back."""
    locked = (
        Submission.objects.select_for_update(of=("self",))
        .select_related("version", "journey", "offering")
        .filter(pk=item.submission.pk, anonymised_at=None)
        .first()
    )
    still = next(iter(due([locked], promises, now)), None) if locked else None
    if still is None or still.held:
        return
    because = {"outcome": still.outcome, "since": still.on.date().isoformat()}
    if still.then == ANSWERS:
        forgetting.drop_answers(locked, still.keys, because=because)
    elif still.then == ANONYMISE:
        forgetting.anonymise(locked, still.case, because=because)
    else:
        forgetting.delete(locked, still.case, because=because)
    count(promises.form_of[item.submission.version_id], still.outcome, still.then)


def count(form_id: int, outcome: str, then: str) -> None:
    """One more for this night's report."""
    row, _made = ForgottenCount.objects.get_or_create(
        day=timezone.localdate(), form_id=form_id, outcome=outcome, then=then
    )
    ForgottenCount.objects.filter(pk=row.pk).update(number=F("number") + 1)


@jobs.handlers("forms.remind_unfinished")
def remind_unfinished(run: jobs.JobRun) -> None:
    """Tell those who left an address that their form ends in three days. A day's worth of them."""
    until = timezone.now() + REMIND_BEFORE
    due = (
        Journey.objects.unfinished()
        .filter(expires_at__gt=until - timedelta(days=1), expires_at__lte=until)
        .exclude(resume_hash="")
        .order_by("pk")
    )
    while batch := list(due.filter(pk__gt=run.cursor)[:CHUNK]):
        with run.chunk(to=batch[-1].pk, count=len(batch)):
            for journey in batch:
                resume.send_link(journey, journey.resume_email, template=letters.REMINDER)


clock.daily("forms.forget_unfinished", at="03:10")
clock.daily("forms.forget_submissions", at="03:15")
clock.daily("forms.remind_unfinished", at="10:00")
