"""Reminding families of what they were asked: at half time, and on the day before the last."""

from datetime import date, time, timedelta

from django.utils import timezone

from cms import clock, jobs
from forms import asking_more
from forms.models import MoreRequest

CHUNK = 50
AT = time(10, 15)


def moments(asked: date, answer_by: date) -> list[date]:
    """The days on which to remind: half time, and the day before; for two days or less, one."""
    half = asked + (answer_by - asked) / 2
    return sorted({half, answer_by - timedelta(days=1)} - {asked})


@jobs.handlers("forms.remind_of_more")
def remind(run: jobs.JobRun) -> None:
    """A letter to each family for which a moment has come since the last; an outage sends one."""
    today = timezone.localdate()
    waiting = MoreRequest.objects.open().filter(answer_by__gte=today).order_by("pk")
    while batch := list(waiting.filter(pk__gt=run.cursor).select_related("case")[:CHUNK]):
        with run.chunk(to=batch[-1].pk, count=len(batch)):
            for request in batch:
                remind_once(request, today)


def remind_once(request: MoreRequest, today: date) -> None:
    """One family, if a moment has come since its last letter; in the caller's transaction."""
    asked = timezone.localtime(request.asked_at).date()
    come = sum(moment <= today for moment in moments(asked, request.answer_by))
    still = MoreRequest.objects.filter(pk=request.pk, reminders=request.reminders)
    if come > request.reminders and still.update(reminders=come):
        request.reminders = come
        asking_more.tell(request, asking_more.REMIND)


clock.daily("forms.remind_of_more", at=f"{AT:%H:%M}")
