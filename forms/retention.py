"""Journeys that nobody finishes: one reminder, then they are deleted without a trace.

Each night deletes those whose time is over, with their files, the places they held and the letters
that carry their links. Three days before, whoever left an e-mail address is told, once.
"""

from datetime import timedelta

from django.utils import timezone

from cms import clock, jobs, places
from cms.models import OutboxMessage
from forms import attachments, letters, resume
from forms.models import Journey

REMIND_BEFORE = timedelta(days=3)
CHUNK = 50


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
    locked.delete()


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
clock.daily("forms.remind_unfinished", at="10:00")
