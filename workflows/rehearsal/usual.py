"""What workflows themselves bring to rehearsals: the clock's deadlines, the case page, webhooks."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from django.template.loader import render_to_string
from django.utils import timezone

from cms.clock import LONDON
from cms.models import Job
from workflows import deadlines
from workflows.models import Case, WebhookCall
from workflows.running import KIND as ACTIONS
from workflows.webhooks import KIND as WEBHOOK

from .parts import Clockwork, People, Screen, clockworks, play_jobs, request_of, screens, tell_jobs

play_jobs(ACTIONS)


def _due(case: Case) -> Iterator[datetime]:
    """When this case falls due, is told of, or moves on by itself: only what is still to come."""
    stage = case.stage
    if case.is_open and case.due_at and case.noted_due_at != case.due_at:
        yield case.due_at
    if stage.escalate_after_days and case.is_open and not case.escalated_at:
        yield deadlines.days_before(case.stage_since, -stage.escalate_after_days)
    if stage.auto_button and stage.auto_after_days:
        yield deadlines.days_before(case.stage_since, -stage.auto_after_days)
    if stage.auto_button and stage.auto_on:
        yield datetime.combine(date.fromisoformat(stage.auto_on), time(), LONDON)


def _keep(case: Case, people: People) -> None:
    deadlines.keep(Case.objects.filter(pk=case.pk))


clockworks("deadlines")(Clockwork(_due, _keep))


def _morning(case: Case) -> Iterator[datetime]:
    """The first morning on which it is overdue: from then on each, until somebody acts."""
    if case.is_open and case.due_at:
        day = timezone.localtime(case.due_at, LONDON).date()
        at = datetime.combine(day, time(7, 30), LONDON)
        yield (
            at
            if at >= case.due_at
            else datetime.combine(day + timedelta(days=1), time(7, 30), LONDON)
        )


def _tell(case: Case, people: People) -> None:
    for user in people:
        deadlines.tell_officer(user, among=Case.objects.filter(pk=case.pk))


clockworks("morning")(Clockwork(_morning, _tell))


@tell_jobs(WEBHOOK)
def _webhook(job: Job) -> str:
    row = WebhookCall.objects.get(run_id=job.payload["run"])
    facts = ", ".join(row.body["facts"]) or "no facts"
    return f"{row.url} would be told, signed: {row.body['from']} to {row.body['to']}, {facts}"


def _pages(case: Case, people: People) -> Iterator[tuple[str, str]]:
    for role, user in people.by_role.items():
        yield role, f"The case, as {user} sees it"


def _page(case: Case, people: People, role: str) -> str:
    from workflows.views import case_context  # noqa: PLC0415 - views draw, and rehearse

    user = people.by_role[role]
    if not Case.objects.for_user(user).filter(pk=case.pk).exists():
        return render_to_string("workflows/rehearsal/no_page.html", {"user": user, "case": case})
    request = request_of(user, path="/admin/cases/")
    return render_to_string("workflows/case.html", case_context(user, case), request=request)


screens("case")(Screen(_pages, _page))
