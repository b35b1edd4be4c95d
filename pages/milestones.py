"""Awards counted for the public: how many there are, and when a round number is reached.

Only ever a number: whose awards they are stays in the roster, and the letter about a milestone
names nobody. Whoever is to be celebrated is asked first, by somebody who may read the roster.
"""

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from cms import clock, jobs, mail
from cms.models import Award
from cms.pagecache import content_changed
from pages.blocks.counters import Counter, counters
from pages.models import Milestone
from pages.stale import leads

MEDALS = "Music Medal"

mail.declare(
    "pages-milestone",
    name=gettext_noop("Staff: a milestone of awards is reached"),
    subject="{{ number }}: {{ award }}",
    body="Good news. With today's register there are {{ count }} awards of the kind "
    "“{{ award }}”: the {{ number }} that you were waiting for.\n\n"
    "Who won that one stays in the awards register. Ask the roster administrator to find the "
    "family and the teacher, and ask both before anything is published.",
    placeholders={"award": MEDALS, "number": "10,000", "count": "10,003"},
)


def awards_of(kind: str) -> QuerySet[Award]:
    """Awards whose name begins so. For counting alone: no row of it may reach a page."""
    return Award.objects.filter(title__istartswith=kind)


counters("music_medals")(Counter(_("Music Medals won"), lambda: awards_of(MEDALS)))


def reach(milestone: Milestone) -> bool:
    """Mark it reached and write to the leads, if there are so many now. True only the first time.

    Everything in one transaction, on one row that is locked: two processes tell it once.
    """
    count = awards_of(milestone.award).count()
    if count < milestone.number:
        return False
    with transaction.atomic():
        waiting = Milestone.objects.filter(pk=milestone.pk, reached_on=None)
        if not waiting.update(reached_on=timezone.localdate()):
            return False
        for user in leads():
            mail.queue(
                "pages-milestone",
                to=user.email,
                context={
                    "award": milestone.award,
                    "number": f"{milestone.number:,}",
                    "count": f"{count:,}",
                },
                key=f"pages-milestone-{milestone.pk}-{user.pk}",
            )
        content_changed(sender=Milestone)
    return True


@jobs.handlers("pages.milestones")
def look(run: jobs.JobRun) -> None:
    """Each hour, because awards come with imports at any time."""
    for milestone in Milestone.objects.filter(reached_on=None):
        reach(milestone)
    with run.finish():
        pass


clock.every("pages.milestones", minutes=60)
