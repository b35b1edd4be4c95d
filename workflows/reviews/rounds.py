"""Beginning a review, asking people, and letting go of those who may not score.

Each verb is one transaction under a lock on the round, so that two officers, or an officer and
the hub itself, never ask one person twice or too many.
"""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from cms import mail
from cms.mailmarkup import site_link
from cms.models import User
from workflows.actions import in_days
from workflows.models import Case, CaseEvent

from .eligible import candidates
from .models import Review, ReviewRound
from .rubrics import Reviewing, reviewing


class ReviewProblemError(Exception):
    """It cannot be done. The message is a sentence for whoever tried."""


mail.declare(
    "review-asked",
    name=gettext_noop("Reviewers: something to review"),
    subject="{{ reference }} waits for your review",
    body="Hello {{ name }},\n\nPlease review {{ reference }}{{ due }}. If you know the people "
    "concerned, say so on its page instead: somebody else is asked then.\n\nTo review: {{ link }}",
    placeholders={
        "name": "Pat",
        "reference": "AU26-4K7P",
        "due": ", by 3 March 2026",
        "link": "https://hub.example.org/admin/reviews/1/",
    },
)


def how_scored(case: Case, stage_key: str | None = None) -> Reviewing:
    """How the case's stage is scored. Raises ReviewProblemError when it is not."""
    key = stage_key or case.stage_key
    how = reviewing(case.version.plan, key)
    if how is None:
        name = case.version.plan.by_key[key].staff_name if key in case.version.plan.by_key else key
        raise ReviewProblemError(f"“{name}” has no scoring sheet.")
    return how


def start(
    case: Case,
    *,
    once: str,
    stage_key: str | None = None,
    reviewers: list[User] | None = None,
    evenly: bool = True,
    part: str = "",
) -> ReviewRound:
    """Begin the next round of a case. The same `once` again answers the round that there is.

    `part` says what of the case it scores, when each part has a round of its own. `reviewers` are
    asked first; then, if `evenly`, the least busy of the others until there are
    enough. Raises ReviewProblemError for a stage that is not scored.
    """
    how = how_scored(case, stage_key)
    with transaction.atomic():
        Case.objects.select_for_update().get(pk=case.pk)
        begun = ReviewRound.objects.filter(once=once).first()
        if begun:
            return begun
        number = ReviewRound.objects.filter(case=case, stage_key=how.stage).count() + 1
        made = ReviewRound.objects.create(
            case=case,
            stage_key=how.stage,
            number=number,
            part=part,
            needed=how.needed,
            once=once,
            due_at=in_days(how.due_days) if how.due_days else None,
        )
        for user in reviewers or []:
            _ask(made, how, user)
        if evenly:
            fill(made, how)
    return made


def fill(made: ReviewRound, how: Reviewing) -> list[Review]:
    """Ask the least busy until there are enough; note it when there is nobody left to ask."""
    asked = set(made.reviews.values_list("reviewer", flat=True))
    wanted = made.needed - made.reviews.exclude(state=Review.State.RECUSED).count()
    free = [
        one.user
        for one in candidates(made.case, how)
        if not one.why_not and one.user.pk not in asked
    ]
    new = [_ask(made, how, user) for user in free[: max(wanted, 0)]]
    if len(new) < wanted:
        note(
            made.case,
            f"{wanted - len(new)} of {made.needed} reviews have nobody who could write them",
        )
    return new


def ask(made: ReviewRound, user: User, *, by: User) -> Review:
    """Ask one more person, by hand. Raises ReviewProblemError when that person may not."""
    with transaction.atomic():
        made = ReviewRound.objects.select_for_update().get(pk=made.pk)
        how = how_scored(made.case, made.stage_key)
        found = next((one for one in candidates(made.case, how) if one.user == user), None)
        if found is None:
            raise ReviewProblemError(f"{user} is not one of those who score here.")
        if found.why_not:
            raise ReviewProblemError(f"{user} cannot be asked: {found.why_not}")
        if made.reviews.filter(reviewer=user).exists():
            raise ReviewProblemError(f"{user} was asked already.")
        return _ask(made, how, user, by=by)


def _ask(made: ReviewRound, how: Reviewing, user: User, by: User | None = None) -> Review:
    review = Review.objects.create(round=made, reviewer=user, reviewer_name=str(user)[:160])
    note(made.case, f"{user} was asked for a review", by=by)
    if user.email:
        due = f", by {timezone.localtime(made.due_at):%-d %B %Y}" if made.due_at else ""
        mail.queue(
            "review-asked",
            to=user.email,
            context={
                "name": user.first_name or user.username,
                "reference": made.case.reference,
                "due": due,
                "link": site_link(f"/admin/reviews/{review.pk}/"),
            },
            key=f"review-asked-{review.pk}",
            record=review,
        )
    return review


def recuse(review: Review, reason: str, *, by: User | None) -> list[Review]:
    """Let somebody go who may not score, and ask somebody else. Whoever was asked now.

    A sheet that was submitted does not count any more. Raises ReviewProblemError.
    """
    reason = " ".join(reason.split())[:300]
    if not reason:
        raise ReviewProblemError("Say in a few words what the conflict is.")
    with transaction.atomic():
        made = ReviewRound.objects.select_for_update().get(pk=review.round_id)
        review = Review.objects.select_for_update().get(pk=review.pk)
        if review.state == Review.State.RECUSED:
            return []
        review.state, review.recused_because = Review.State.RECUSED, reason
        review.scores, review.comments, review.total = {}, {}, None
        review.for_panel = review.for_applicant = review.recommendation = ""
        review.submitted_at = None
        review.rev += 1
        review.save()
        note(made.case, f"{review.reviewer_name} does not review: conflict of interest", by=by)
        return fill(made, how_scored(made.case, made.stage_key))


def note(case: Case, summary: str, *, by: User | None = None, comment: str = "") -> CaseEvent:
    """A line in the case's history; never a score."""
    return CaseEvent.objects.create(
        case=case,
        kind=CaseEvent.Kind.REVIEW,
        actor_id=by.pk if by else None,
        actor_name=str(by)[:160] if by else "The hub",
        summary=summary[:250],
        comment=comment,
    )
