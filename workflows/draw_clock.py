"""What the clock does to draws: each at its minute, and all that are due every few minutes.

A date that staff give a draw has its seed promised at once, long before booking opens.
"""

from django.db.models.signals import post_save

from cms import clock, jobs
from cms.models import CourseDate

from . import draws

SWEEP = "workflows.draws"


@jobs.handlers(draws.DRAW)
def draw_one(run: jobs.JobRun) -> None:
    draws.run(run.payload["draw"])


@jobs.handlers(SWEEP)
def sweep(run: jobs.JobRun) -> None:
    """Catches up once after an outage."""
    draws.run_due()


def date_saved(sender: object, instance: CourseDate, **more: object) -> None:
    """A date was saved, perhaps with a draw."""
    if set(more.get("update_fields") or ()) != {"waiting_first"}:
        draws.draw_of(instance)


clock.every(SWEEP, minutes=5)
post_save.connect(date_saved, sender=CourseDate, dispatch_uid="promise-draw")
