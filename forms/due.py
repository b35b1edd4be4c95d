"""Which submissions have been kept for as long as was promised, and what is to be done with them.

Reads only. The nightly job (forms.retention) and the list in the admin ask the same functions, so
that what is shown beforehand is what happens. A submission whose case is open has not ended, and
one that somebody holds back is left alone: both are said, so that nobody forgets them there.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils import timezone

from workflows.models import Case
from workflows.plan import UNSUCCESSFUL as ENDED_BADLY

from .keeping import COMPLETED, UNSUCCESSFUL, answer_days, rule_for
from .models import FormVersion, Submission

ANSWERS = "answers"
OPEN_CASE, HELD = "open", "held"
BATCH = 200


@dataclass(frozen=True)
class Due:
    """What is to be done with one submission: `then` is delete, anonymise or answers (only `keys`).

    `held` says why it is not done although its day has come: its case is open, or staff hold it.
    """

    submission: Submission
    case: Case | None
    outcome: str
    then: str
    on: datetime
    keys: frozenset[str] = field(default=frozenset())
    held: str = ""


class Promises:
    """The policies of every form, read once."""

    def __init__(self) -> None:
        self.compiled: dict[int, dict] = {}
        self.newest: dict[int, tuple[int, dict]] = {}
        self.form_of: dict[int, int] = {}
        for version in FormVersion.objects.only("form_id", "number", "compiled"):
            self.compiled[version.pk] = version.compiled
            self.form_of[version.pk] = version.form_id
            if version.number > self.newest.get(version.form_id, (0, {}))[0]:
                self.newest[version.form_id] = (version.number, version.compiled)

    def of(self, version_id: int) -> tuple[dict, dict]:
        """The compiled version, and the newest one of its form."""
        return self.compiled[version_id], self.newest[self.form_of[version_id]][1]

    def soonest(self) -> int:
        """The fewest days after which anything at all may be due."""
        days = [
            number
            for version in self.compiled
            for number in (
                rule_for(self.compiled[version], UNSUCCESSFUL).days,
                rule_for(self.compiled[version], COMPLETED).days,
                *answer_days(self.compiled[version]).values(),
            )
        ]
        return min(days, default=0)


def candidates(promises: Promises, by: datetime) -> QuerySet[Submission]:
    """Those that could be due by then; most are not."""
    return (
        Submission.objects.filter(
            anonymised_at=None, submitted_at__lte=by - timedelta(days=promises.soonest())
        )
        .select_related("offering", "version__form")
        .defer("answers", "labels", "price", "version__compiled", "version__form__data")
        .order_by("pk")
    )


def due(submissions: Iterable[Submission], promises: Promises, by: datetime) -> Iterator[Due]:
    """What is due for some submissions by then. One query, for their cases."""
    rows = list(submissions)
    cases = {
        case.reference: case
        for case in Case.objects.filter(reference__in=[row.reference for row in rows])
        .select_related("version", "subject_type")
        .order_by()
    }
    for row in rows:
        found = _due(row, cases.get(row.reference), promises, by)
        if found is not None:
            yield found


def _due(row: Submission, case: Case | None, promises: Promises, by: datetime) -> Due | None:
    compiled, newest = promises.of(row.version_id)
    outcome, ended = outcome_of(case), ended_at(row, case)
    held = OPEN_CASE if case is not None and case.is_open else HELD if row.hold_reason else ""
    rule = rule_for(compiled, outcome, newest=newest)
    on = ended + timedelta(days=rule.days)
    if on <= by:
        return Due(row, case, outcome, rule.then, on, held=held)
    days = {
        key: number
        for key, number in answer_days(compiled, newest=newest).items()
        if key not in row.dropped and ended + timedelta(days=number) <= by
    }
    if not days:
        return None
    on = ended + timedelta(days=max(days.values()))
    return Due(row, case, outcome, ANSWERS, on, frozenset(days), held)


def outcome_of(case: Case | None) -> str:
    """How it ended, or would have: unsuccessful where its final stage says so."""
    if case is None or case.is_open or case.stage_key not in case.version.plan.by_key:
        return COMPLETED
    return UNSUCCESSFUL if case.stage.outcome == ENDED_BADLY else COMPLETED


def ended_at(row: Submission, case: Case | None) -> datetime:
    """When days begin to count: the end of the case, or of the course when that is later.

    An open case has not ended: then it is the moment that it is kept from counting from.
    """
    ended = case.closed_at if case is not None and case.closed_at else row.submitted_at
    if row.offering is not None and outcome_of(case) == COMPLETED:
        ended = max(ended, row.offering.ends_at)
    return ended


def everything_due(
    rows: QuerySet[Submission] | None = None, *, by: datetime | None = None
) -> Iterator[Due]:
    """All that is due by then, or now, among those rows. For lists; the job goes by its cursor."""
    by = by or timezone.now()
    promises = Promises()
    found = candidates(promises, by)
    if rows is not None:
        found = found.filter(pk__in=rows.order_by().values("pk"))
    last = 0
    while batch := list(found.filter(pk__gt=last)[:BATCH]):
        yield from due(batch, promises, by)
        last = batch[-1].pk
