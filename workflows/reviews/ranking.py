"""What reviews come to: one case's score, the ordered rows of a stage. Others build on it.

    ranking("auditions", "panel")                        # every case that was in review there
    ranking("auditions", "panel", group_by="instrument") # places count anew in each group
    score_of(case)                                       # its latest round, or None

Rows come best first, those without a score last. Equal scores share a place: 1, 2, 2, 4. A case
whose reviewers were recused still has its row, with as many reviews as there are.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import groupby

from workflows.models import Case, WorkflowVersion
from workflows.querysets import CaseQuerySet

from .models import Review, ReviewRound
from .rubrics import Reviewing, combined, reviewing


@dataclass(frozen=True)
class Row:
    """One case in review. Scores are percentages, Decimal with two places, or None.

    `score` is what counts: the moderated score, else `combined`. `spread` is highest less lowest.
    `place` is None without a score; `is_tied` when others share it. `waiting` reviews are still to
    come; `recused` people were let go. `recommendations` is `{key: how many}`.
    """

    case: Case
    round: ReviewRound
    score: Decimal | None
    combined: Decimal | None
    reviews: int
    needed: int
    waiting: int
    recused: int
    spread: Decimal | None
    recommendations: Mapping[str, int]
    criteria: Mapping[str, Decimal] = field(default_factory=dict)
    group: str = ""
    place: int | None = None
    is_tied: bool = False

    @property
    def is_moderated(self) -> bool:
        return self.round.moderated is not None

    @property
    def is_complete(self) -> bool:
        """No review is to come any more, and there is at least one."""
        return self.reviews > 0 and self.waiting == 0

    @property
    def is_short(self) -> bool:
        """Complete with fewer reviews than were wanted, because nobody else may write one."""
        return self.is_complete and self.reviews < self.needed


def score_of_round(made: ReviewRound) -> Row:
    """What one round comes to now."""
    return _row(made, reviewing(made.case.version.plan, made.stage_key))


def _row(made: ReviewRound, how: Reviewing | None) -> Row:
    reviews = list(made.reviews.all())
    done = [one for one in reviews if one.is_submitted]
    totals = [one.total for one in done]
    way = how.combine if how else "median"
    score = combined(totals, way)
    keys = [one.key for one in how.rubric.criteria] if how else []
    return Row(
        case=made.case,
        round=made,
        score=made.moderated if made.moderated is not None else score,
        combined=score,
        reviews=len(done),
        needed=made.needed,
        waiting=sum(one.is_open for one in reviews),
        recused=sum(one.state == Review.State.RECUSED for one in reviews),
        spread=max(totals) - min(totals) if totals else None,
        recommendations=dict(Counter(one.recommendation for one in done if one.recommendation)),
        criteria={
            key: combined([Decimal(one.scores[key]) for one in done if key in one.scores], way)
            for key in keys
            if any(key in one.scores for one in done)
        },
    )


def score_of(case: Case, stage_key: str | None = None) -> Row | None:
    """What the case's latest round comes to: of that stage, or of whichever came last."""
    rounds = ReviewRound.objects.filter(case=case)
    if stage_key:
        rounds = rounds.filter(stage_key=stage_key)
    made = rounds.select_related("case").prefetch_related("reviews").last()
    return score_of_round(made) if made else None


def of_cases(groups: Mapping[int, str]) -> dict[int, Row]:
    """Each case's row, placed among these alone, by its key; none for a case never in review.

    `groups` is `{key of a case: name}`: places count anew in each.
    """
    rounds = (
        ReviewRound.objects.filter(case__in=list(groups))
        .select_related("case__version")
        .defer("case__version__data")
        .prefetch_related("reviews")
        .order_by("pk")
    )
    latest = {made.case_id: made for made in rounds}
    rows = (replace(score_of_round(made), group=groups[pk]) for pk, made in latest.items())
    return {row.case.pk: row for row in placed(rows)}


def ranking(
    workflow: WorkflowVersion | str,
    stage_key: str,
    *,
    group_by: str | None = None,
    cases: CaseQuerySet | None = None,
) -> list[Row]:
    """Every case that was in review in the stage, best first; with groups, group by group.

    `workflow` is a slug, for all of its versions, or one version. `group_by` is the key of a
    question: a case that gave several answers to it stands in each of those groups, one whose parts
    were scored by themselves with each part in its own; None means
    what the stage itself says, "" no groups. `cases` narrows, such as to what a user may see.
    """
    reachable = Case.objects.all() if cases is None else cases
    if isinstance(workflow, str):
        reachable = reachable.filter(version__definition__slug=workflow)
    else:
        reachable = reachable.filter(version=workflow)
    rounds = (
        ReviewRound.objects.filter(stage_key=stage_key, case__in=reachable.order_by().values("pk"))
        .select_related("case__version")
        .defer("case__version__data")  # the plan is kept by its hash
        .prefetch_related("reviews", *(["case__subject"] if group_by != "" else []))
        .order_by("case", "-number")
    )
    rows = []
    for _case, of_case in groupby(rounds, key=lambda one: one.case_id):
        for made in _latest(of_case):
            how = reviewing(made.case.version.plan, stage_key)
            wanted = (how.group_by if how else "") if group_by is None else group_by
            groups = [made.part_name] if made.part and wanted else _groups(made.case, wanted)
            rows += [replace(_row(made, how), group=name) for name in groups]
    return placed(rows)


def _latest(of_case: Iterable[ReviewRound]) -> Iterable[ReviewRound]:
    """The newest round of each part of a case, of rounds that come newest first."""
    found: dict[str, ReviewRound] = {}
    for made in of_case:
        found.setdefault(made.part, made)
    return found.values()


def _groups(case: Case, key: str) -> list[str]:
    tell = getattr(case.subject, "case_answer", None) if key else None
    return (tell(key) if tell else []) or [""]


def placed(rows: Iterable[Row]) -> list[Row]:
    """The rows in order, each with its place within its group."""

    def order(row: Row) -> tuple:
        return (row.group, row.score is None, -(row.score or 0), row.case.reference)

    found = []
    for _group, of_group in groupby(sorted(rows, key=order), key=lambda row: row.group):
        ordered = list(of_group)
        same = Counter(row.score for row in ordered)
        scores = [row.score for row in ordered]
        for row in ordered:
            if row.score is None:
                found.append(row)
                continue
            place = scores.index(row.score) + 1
            found.append(replace(row, place=place, is_tied=same[row.score] > 1))
    return found
