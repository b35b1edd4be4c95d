"""Letters to reviewers about what is due: at most one a day each, and how many, never whose."""

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_noop

from cms import clock, jobs, mail
from cms.mailmarkup import site_link
from cms.models import User

from .eligible import may_still_score
from .models import Review

KIND = "workflows.reviews"
SOON = timedelta(days=2)

mail.declare(
    "review-reminder",
    name=gettext_noop("Reviewers: reviews are due"),
    subject="{{ number }} of your reviews are due",
    body="Hello {{ name }},\n\n{{ number }} of the reviews that wait for you are due within two "
    "days, or were due before.\n\nTo review: {{ link }}",
    placeholders={
        "name": "Pat",
        "number": "3",
        "link": "https://hub.example.org/admin/reviews/",
    },
)


@jobs.handlers(KIND)
def remind(run: jobs.JobRun) -> None:
    """One letter to each reviewer with something due in an open case that is still in review."""
    due = Q(reviews__state=Review.State.OPEN, reviews__round__due_at__lte=timezone.now() + SOON)
    people = User.objects.filter(due, is_active=True, pk__gt=run.cursor).exclude(email="")
    for user in people.distinct().order_by("pk"):
        with run.chunk(to=user.pk, count=1):
            tell(user)


def tell(user: User) -> None:
    """The letter of this day to one reviewer, if anything is due; in the caller's transaction."""
    if number := len(due_of(user)):
        mail.queue(
            "review-reminder",
            to=user.email,
            context={
                "name": user.first_name or user.username,
                "number": number,
                "link": site_link("/admin/reviews/"),
            },
            key=f"review-reminder-{user.pk}-{timezone.localdate()}",
        )


def due_of(user: User) -> list[Review]:
    """The user's open reviews that are due soon, of cases that still stand in that stage."""
    found = Review.objects.for_user(user).open().select_related("round__case__version", "reviewer")
    return [
        one
        for one in found.filter(round__due_at__lte=timezone.now() + SOON)
        if one.round.case.stage_key == one.round.stage_key and may_still_score(one)
    ]


clock.daily(KIND, at="08:00")
