"""Filling in a sheet: saved as a draft, submitted once, reopened by the officer with a reason.

Two windows of one reviewer meet at the row's `rev`: the second to save is told, and its words are
shown to it beside what was saved. A submitted sheet changes by `reopen` alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from cms.models import User

from .eligible import may_still_score
from .models import Review, ReviewRound
from .ranking import score_of_round
from .rounds import ReviewProblemError, how_scored, note
from .rubrics import CENT, Rubric

LONGEST = 4000


class LockedReviewError(ReviewProblemError):
    """The sheet was submitted already, or given up."""


class OtherWindowError(ReviewProblemError):
    """The sheet was saved elsewhere since it was opened here. `review` is how it stands."""

    def __init__(self, review: Review):
        super().__init__(
            "You have saved this review in another window since you opened it here. "
            "Nothing of that was overwritten. Look at both, then save again."
        )
        self.review = review


class IncompleteReviewError(ReviewProblemError):
    """The sheet cannot be submitted yet. `problems` is `{field: sentence}`."""

    def __init__(self, problems: Mapping[str, str]):
        super().__init__("Some of the sheet is still to be filled in.")
        self.problems = problems


@dataclass(frozen=True)
class Sheet:
    """What stands in a sheet, read from what was posted."""

    scores: dict[str, int] = field(default_factory=dict)
    comments: dict[str, str] = field(default_factory=dict)
    recommendation: str = ""
    for_panel: str = ""
    for_applicant: str = ""

    @classmethod
    def read(cls, rubric: Rubric, data: Mapping[str, str]) -> "Sheet":
        """Anything that the rubric does not know is left out; NUL and overlong text are cut."""

        def text(name: str) -> str:
            return data.get(name, "").replace("\0", "").strip()[:LONGEST]

        scores, comments = {}, {}
        for one in rubric.criteria:
            posted = data.get(f"score-{one.key}", "")
            if posted in {str(at) for at, _words in one.scale}:
                scores[one.key] = int(posted)
            if one.comment != "none" and (said := text(f"comment-{one.key}")):
                comments[one.key] = said
        chosen = data.get("recommendation", "")
        return cls(
            scores=scores,
            comments=comments,
            recommendation=chosen if chosen in dict(rubric.recommendations) else "",
            for_panel=text("for_panel"),
            for_applicant=text("for_applicant"),
        )

    @classmethod
    def of(cls, review: Review) -> "Sheet":
        return cls(
            review.scores,
            review.comments,
            review.recommendation,
            review.for_panel,
            review.for_applicant,
        )


def save(review_id: int, sheet: Sheet, *, by: User, rev: int) -> Review:
    """Keep a draft. The review with its new `rev`; saving the same again changes nothing.

    Raises Review.DoesNotExist, LockedReviewError, OtherWindowError.
    """
    with transaction.atomic():
        review = _locked(review_id, by)
        if sheet == Sheet.of(review):
            return review
        _check_rev(review, rev)
        return _write(review, sheet)


def submit(review_id: int, sheet: Sheet, *, by: User, rev: int) -> Review:
    """Save and submit, once. Raises what `save` raises, and IncompleteReviewError.

    An incomplete sheet is kept as a draft.
    """
    with transaction.atomic():
        review = _locked(review_id, by)
        rubric = how_scored(review.round.case, review.round.stage_key).rubric
        if sheet != Sheet.of(review):
            _check_rev(review, rev)
            _write(review, sheet)
        problems = rubric.missing(sheet.scores, sheet.comments, sheet.recommendation)
        if not problems:
            review.state = Review.State.SUBMITTED
            review.total = rubric.total(sheet.scores)
            review.submitted_at = timezone.now()
            review.rev += 1
            review.save()
            note(review.round.case, f"{review.reviewer_name} has submitted a review", by=by)
    if problems:
        raise IncompleteReviewError(problems)
    return review


def _locked(review_id: int, by: User) -> Review:
    review = (
        Review.objects.for_user(by)
        .select_for_update(of=("self",))
        .select_related("round__case__version", "reviewer")
        .defer("round__case__version__data")
        .get(pk=review_id)
    )
    if not review.is_open:
        raise LockedReviewError("You have submitted this review. It can no longer be changed.")
    if not may_still_score(review):
        raise Review.DoesNotExist
    if review.round.case.stage_key != review.round.stage_key:
        raise LockedReviewError("This case has moved on. Your review is no longer needed.")
    return review


def _check_rev(review: Review, rev: int) -> None:
    if review.rev != rev:
        raise OtherWindowError(review)


def _write(review: Review, sheet: Sheet) -> Review:
    review.scores, review.comments = sheet.scores, sheet.comments
    review.recommendation = sheet.recommendation
    review.for_panel, review.for_applicant = sheet.for_panel, sheet.for_applicant
    review.saved_at = timezone.now()
    review.rev += 1
    review.save()
    return review


def reopen(review: Review, reason: str, *, by: User) -> Review:
    """Give a submitted sheet back; the history says why. Raises ReviewProblemError."""
    reason = reason.strip()
    if not reason:
        raise ReviewProblemError("Say why it is reopened.")
    with transaction.atomic():
        review = Review.objects.select_for_update(of=("self",)).get(pk=review.pk)
        if not review.is_submitted:
            raise ReviewProblemError("Only a submitted review can be reopened.")
        review.state, review.total, review.submitted_at = Review.State.OPEN, None, None
        review.rev += 1
        review.save()
        note(
            review.round.case,
            f"{review.reviewer_name}’s review was reopened",
            by=by,
            comment=reason,
        )
    return review


def moderate(made: ReviewRound, score: Decimal | None, reason: str, *, by: User) -> ReviewRound:
    """Put another percentage in place of the combined one, or take it back with None.

    Raises ReviewProblemError: without a reason, a number out of range, or nothing to moderate.
    """
    reason = reason.strip()
    if not reason:
        raise ReviewProblemError("Say why the score is moderated.")
    if score is not None and not (score.is_finite() and 0 <= score <= 100):
        raise ReviewProblemError("A moderated score is a number from 0 to 100.")
    with transaction.atomic():
        made = ReviewRound.objects.select_for_update().get(pk=made.pk)
        if score_of_round(made).combined is None:
            raise ReviewProblemError("There is no score to moderate yet.")
        made.moderated = score.quantize(CENT) if score is not None else None
        made.moderated_reason, made.moderated_by = reason, str(by)[:160]
        made.moderated_at = timezone.now()
        made.save()
        what = "moderated" if score is not None else "put back to what the reviews say"
        note(made.case, f"The score was {what}", by=by, comment=reason)
    return made
