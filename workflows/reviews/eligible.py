"""Who could be asked to score a case, and how much each of them has to do already."""

from dataclasses import dataclass

from django.db.models import Count, Q

from cms.access import held_by, read_held
from cms.models import User
from cms.roles import ROLES
from workflows.engine import roles_for
from workflows.models import Case

from .conflicts import conflicts
from .models import Review
from .rubrics import Reviewing


@dataclass(frozen=True)
class Candidate:
    """Somebody in a scoring role. `why_not` is empty for those who can be asked."""

    user: User
    load: int
    why_not: str = ""


def candidates(case: Case, how: Reviewing) -> list[Candidate]:
    """Everybody in a scoring role for this case, the least busy first."""
    names = [str(ROLES[role].label) if role in ROLES else role for role in how.scorers]
    people = list(
        User.objects.filter(is_active=True, memberships__role__name__in=names)
        .distinct()
        .annotate(load=Count("reviews", Q(reviews__state=Review.State.OPEN), distinct=True))
        .order_by("load", "pk")
    )
    read_held(people)
    people = [user for user in people if _held_here(case, user) & set(how.scorers)]
    barred = conflicts(case, people)
    return [
        Candidate(user, user.load, barred.get(user.pk) or _why_not_blind(case, how, user))
        for user in people
    ]


def _held_here(case: Case, user: User) -> set[str]:
    held = [(one.role, one.area, one.centre) for one in held_by(user)]
    return roles_for(case, user, held) or set()


def _why_not_blind(case: Case, how: Reviewing, user: User) -> str:
    """Who may open the case is told there who it is."""
    if how.is_blind and Case.objects.for_user(user).filter(pk=case.pk).exists():
        return "Another role lets them open the case, so they would not be blind."
    return ""


def may_still_score(review: Review) -> bool:
    """Whether the reviewer still holds a role that scores the case, and is still blind to it."""
    from .rubrics import reviewing  # noqa: PLC0415 - read only when asked

    case, user = review.round.case, review.reviewer
    how = reviewing(case.version.plan, review.round.stage_key)
    if user is None or how is None or not user.is_active:
        return False
    held = roles_for(case, user)
    if held is None or not held & set(how.scorers):
        return False
    return not _why_not_blind(case, how, user)
