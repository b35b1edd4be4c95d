"""The page that lists the parts of a long form. Which can be started, forms.tasklist says."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from forms import doors, journeys, tasklist
from forms.addresses import address, closing_of, own_journey, right_place, see_other, timer_of

STATUSES = {
    tasklist.COMPLETED: (_("Completed"), ""),
    tasklist.INCOMPLETE: (_("Incomplete"), "marigold"),
    tasklist.CANNOT_START: (_("Cannot start yet"), "quiet"),
}


@doors.private
@require_safe
def task_list(request: HttpRequest, form: str, key: str) -> HttpResponse:
    """The parts of a long form, and how far each of them is."""
    journey = own_journey(request, form, key)
    seen = journeys.walked(journey)
    compiled = journey.version.compiled
    if journey.submitted_at or seen.exit or not tasklist.is_wanted(compiled):
        return see_other(right_place(journey))
    found = tasklist.tasks(compiled, seen)
    shown = [
        {
            "title": task.title,
            "url": address(journey, task.key) if task.key else "",
            "status": STATUSES[task.status][0],
            "colour": STATUSES[task.status][1],
        }
        for task in found
    ]
    last = tasklist.INCOMPLETE if seen.is_complete else tasklist.CANNOT_START
    shown.append(
        {
            "title": _("Check your answers and send them"),
            "url": address(journey, "check") if seen.is_complete else "",
            "status": STATUSES[last][0],
            "colour": STATUSES[last][1],
        }
    )
    context = {
        "tasks": shown,
        "completed": sum(task.status == tasklist.COMPLETED for task in found),
        "total": len(found),
        "form_title": journey.version.title,
        "timer": timer_of(journey),
        "closing": closing_of(journey),
        "extend_url": address(journey, "extend"),
        "save_url": address(journey, "save"),
        "colleagues_url": address(journey, "colleagues"),
    }
    return render(request, "forms/tasks.html", context)
