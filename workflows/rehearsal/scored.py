"""What reviews bring to rehearsals: invented reviewers, their sheets, and their reminders.

Nobody real is asked for a review in a rehearsal: within it the scoring roles are held by invented
people alone, as many as the stage wants.
"""

from collections.abc import Iterator
from datetime import datetime, time, timedelta

from django.utils import timezone

from cms.clock import LONDON
from cms.models import Membership
from cms.roles import group_of
from workflows.models import Case, Review
from workflows.plan import Plan
from workflows.reviews import reminders, scoring
from workflows.reviews.rubrics import Rubric, reviewing
from workflows.reviews.scoring import Sheet

from .parts import CannotRehearseError, Clockwork, Move, Offer, People, clockworks, moves

SHEETS = {
    "best": "with the best scores",
    "middle": "with middling scores",
    "worst": "with low ones",
}
MORNING = time(8)


def wanted(plan: Plan) -> dict[str, int]:
    """`{role: people}` who score anywhere in a process."""
    found: dict[str, int] = {}
    for stage in plan.stages:
        how = reviewing(plan, stage.key)
        for role in how.scorers if how else ():
            found[role] = max(found.get(role, 0), how.needed)
    return found


def without_others(role: str, invented: list[int]) -> None:
    """Take the role from everybody who is not invented; undone with the rest."""
    Membership.objects.filter(role=group_of(role)).exclude(user__in=invented).delete()


def _open(case: Case) -> list[Review]:
    found = Review.objects.filter(round__case=case, round__stage_key=case.stage_key)
    return list(found.filter(state=Review.State.OPEN).order_by("pk"))


def _offered(case: Case) -> Iterator[Offer]:
    for number, review in enumerate(_open(case)[:1], start=1):
        for key, words in SHEETS.items():
            yield Offer(f"{number}:{key}", f"Score it {words}", review.reviewer_name)


def _score(case: Case, key: str) -> None:
    """The next reviewer who is asked sends a sheet."""
    _number, _colon, kind = key.partition(":")
    review = next(iter(_open(case)), None)
    if review is None or kind not in SHEETS:
        raise CannotRehearseError("Nobody is asked for a review now.")
    rubric = reviewing(case.version.plan, case.stage_key).rubric
    sheet = _sheet(rubric, kind)
    scoring.submit(review.pk, sheet, by=review.reviewer, rev=review.rev)


def _sheet(rubric: Rubric, kind: str) -> Sheet:
    scores = {
        one.key: {
            "best": one.maximum,
            "middle": (one.minimum + one.maximum) // 2,
            "worst": one.minimum,
        }[kind]
        for one in rubric.criteria
    }
    said = {one.key: "Rehearsed." for one in rubric.criteria if one.comment == "required"}
    chosen = [key for key, _label in rubric.recommendations]
    return Sheet(scores, said, (chosen[-1] if kind == "worst" else chosen[0]) if chosen else "")


moves("review")(Move(_offered, _score))


def _mornings(case: Case) -> Iterator[datetime]:
    """The first morning on which a review is due soon: from then on each, until it is sent."""
    due = [one.round.due_at for one in _open(case) if one.round.due_at]
    if due:
        soon = timezone.localtime(min(due) - reminders.SOON, LONDON)
        at = datetime.combine(soon.date(), MORNING, LONDON)
        yield at if at >= soon else at + timedelta(days=1)


def _remind(case: Case, people: People) -> None:
    for user in {review.reviewer for review in _open(case) if review.reviewer}:
        reminders.tell(user)


clockworks("reminders of reviews")(Clockwork(_mornings, _remind))
