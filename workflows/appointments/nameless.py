"""The day as a blind panel sees it: number, initial and time in place of a name.

Who scores a player in a later stage that hides names hides them on the day as well, so that nobody
scores a person whose name they read an hour before. Whoever runs the session by their role reads
the names: somebody has to call them in.
"""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from cms.models import User
from workflows.models import Case, WorkflowVersion
from workflows.reviews.blind import hidden_keys, mask_of
from workflows.reviews.rubrics import Reviewing, reviewing

from . import facts
from .models import AppointmentSession


def may_read_names(user: User, session: AppointmentSession) -> bool:
    """Whether this person runs the session; who only sits on its panel does not."""
    return AppointmentSession.objects.for_user(user).filter(pk=session.pk).exists()


def warm(cases: Iterable[Case]) -> None:
    """Fetch each version once, with the plan that says what is hidden."""
    cases = list(cases)
    versions = WorkflowVersion.objects.in_bulk({case.version_id for case in cases})
    for case in cases:
        case.version = versions[case.version_id]


def masked(case: Case, sheet: facts.Sheet, number: int) -> facts.Sheet:
    """The sheet without what a stage of the case's process hides from its reviewers."""
    who, rows = sheet.who, sheet.rows
    for how in _blind_stages(case):
        keys, mask = hidden_keys(case, how), mask_of(case, how)
        questions = {fact["question"] for fact in facts.facts(case) if fact["key"] in keys}
        rows = [(name, mask(words)) for name, words in rows if name not in questions]
        who = _label(sheet.who, number) if "name" in how.hide else mask(who)
    return facts.Sheet(who, rows)


def _blind_stages(case: Case) -> list[Reviewing]:
    plan = case.version.plan
    found = [reviewing(plan, stage.key) for stage in plan.stages]
    return [how for how in found if how and how.is_blind]


def _label(who: str, number: int) -> str:
    return _("Player %(number)s, %(initial)s.") % {"number": number, "initial": who[:1].upper()}
