"""Which answers a stage of the process hides from somebody, for lists and files of answers."""

from collections.abc import Iterable
from dataclasses import dataclass

from cms.models import User
from forms.models import Submission
from workflows.hiding import NOTHING, hidden_from, mask_for, role_keys
from workflows.masks import Mask
from workflows.models import Case
from workflows.plan import Stage


@dataclass(frozen=True)
class Veil:
    """What is hidden of one submission; the mask blacks it out in other answers."""

    keys: frozenset[str] = frozenset()
    mask: Mask = NOTHING

    def cell(self, key: str, value: object, *, instead: str = "") -> object:
        """The answer to a question as it may be shown: numbers and days stay such."""
        if key in self.keys:
            return instead
        return self.mask(value) if isinstance(value, str) else value


OPEN = Veil()


def withheld(user: User, submissions: Iterable[Submission]) -> dict[str, Veil]:
    """`{reference: veil}` of those of which this user is not shown everything.

    One query, and one more when the stage of any of them hides something.
    """
    by_reference = {row.reference: row for row in submissions}
    cases = (
        Case.objects.filter(reference__in=by_reference)
        .select_related("version", "centre")
        .defer("version__data")
        .order_by()
    )
    found, memberships = {}, None
    for case in cases:
        if not case.stage.hidden:
            continue
        if memberships is None:
            memberships = list(user.memberships.values_list("role__name", "area_id", "centre_id"))
        case.subject = by_reference[case.reference]
        keys = hidden_from(case, user, memberships)
        if keys:
            found[case.reference] = Veil(keys, mask_for(case, keys))
    return found


def never_asked(user: User, stages: Iterable[Stage]) -> frozenset[str]:
    """Keys of questions and steps that no list is filtered by for this user: some stage of the
    process hides them, and the number of rows would tell."""
    entries = [one for stage in stages for one in stage.hidden]
    if not entries or user.is_superuser:
        return frozenset()
    held = role_keys(user)
    return frozenset(key for one in entries if held & {*one.roles} for key in one.questions)
