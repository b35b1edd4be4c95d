"""One reviewer in two windows, two officers at once: one wins, nothing is lost or done twice."""

import threading
from contextlib import suppress

import pytest
from django.db import connection
from django.db.models import QuerySet
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.panelwork import a_case, a_panel, sheet, to_the_panel
from workflows.models import Review
from workflows.reviews import ranking, rounds, scoring

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def made(centres):
    officer, _people = a_panel()
    return to_the_panel(a_case(centres["west"]), officer)


def at_once(*calls):
    """What each of several calls at the same moment came to."""
    results, ready = [], threading.Barrier(len(calls))

    def run(call):
        ready.wait()
        try:
            call()
            results.append("done")
        except (rounds.ReviewProblemError, Review.DoesNotExist) as problem:
            results.append(type(problem).__name__)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def submitting(review, tone):
    who = review.reviewer  # read here, not while another thread writes
    return lambda: scoring.submit(review.pk, sheet(tone), by=who, rev=0)


def slowly(monkeypatch, number):
    """Each of `number` threads has read the review before any of them writes it."""
    meeting = threading.Barrier(number)
    write = scoring._write

    def write_late(review, given):
        with suppress(threading.BrokenBarrierError):  # the lock keeps the others out, as it should
            meeting.wait(timeout=2)
        return write(review, given)

    monkeypatch.setattr(scoring, "_write", write_late)


def test_of_two_windows_that_submit_at_once_one_is_told(made, monkeypatch):
    review = made.reviews.first()
    slowly(monkeypatch, 2)
    results = at_once(submitting(review, 9), submitting(review, 1))

    assert sorted(results) == ["LockedReviewError", "done"]
    review.refresh_from_db()
    assert review.total == sheet_total(review)
    assert made.case.events.filter(summary__endswith="has submitted a review").count() == 1


def sheet_total(review):
    return rounds.how_scored(review.round.case, "panel").rubric.total(review.scores)


@pytest.mark.services
def test_without_the_lock_both_windows_submit(made, monkeypatch):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite lets one transaction write at a time, lock or no lock")
    review = made.reviews.first()
    slowly(monkeypatch, 2)
    monkeypatch.setattr(QuerySet, "select_for_update", lambda self, **_kwargs: self.all())

    assert at_once(submitting(review, 9), submitting(review, 1)) == ["done", "done"]


def test_two_who_give_up_at_once_ask_two_others_or_nobody_twice(made):
    first, second = made.reviews.select_related("reviewer")
    at_once(
        lambda: rounds.recuse(first, "A cousin.", by=first.reviewer),
        lambda: rounds.recuse(second, "A neighbour.", by=second.reviewer),
    )

    reviewers = list(made.reviews.values_list("reviewer", flat=True))
    assert len(reviewers) == len(set(reviewers)) == 3
    assert made.reviews.open().count() == 1


WINDOW = st.tuples(
    st.sampled_from(["save", "submit", "reload", "reopen"]),
    st.integers(0, 1),  # which window
    st.integers(0, 10),
)


@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(WINDOW, min_size=3, max_size=14))
def test_whatever_two_windows_do_a_submitted_sheet_changes_by_reopening_alone(made, steps):
    """Between submitting and reopening the sheet stays; no window overwrites what it has not seen."""
    review = made.reviews.first()
    review.state, review.total, review.submitted_at = Review.State.OPEN, None, None
    review.scores, review.recommendation = {}, ""
    review.save()
    seen = [review.rev, review.rev]
    for verb, window, tone in steps:
        before = Review.objects.get(pk=review.pk)
        try:
            now = step(verb, before, seen[window], tone)
        except rounds.ReviewProblemError:
            now = before
            after = Review.objects.get(pk=review.pk)
            assert (after.scores, after.state, after.rev) == (
                before.scores, before.state, before.rev,
            )  # fmt: skip
        else:
            if verb in ("save", "submit") and now.rev != before.rev:
                assert before.is_open
                assert seen[window] == before.rev or sheet(tone) == scoring.Sheet.of(before)
            if verb != "reopen":
                seen[window] = now.rev
        row = ranking.score_of_round(made.__class__.objects.get(pk=made.pk))
        stored = Review.objects.get(pk=review.pk)
        assert (row.reviews == 1) == stored.is_submitted
        assert row.score == (sheet_total(stored) if stored.is_submitted else None)


def step(verb, review, rev, tone):
    if verb == "save":
        return scoring.save(review.pk, sheet(tone), by=review.reviewer, rev=rev)
    if verb == "submit":
        return scoring.submit(review.pk, sheet(tone), by=review.reviewer, rev=rev)
    if verb == "reopen":
        return scoring.reopen(review, "To look again.", by=review.reviewer)
    return review
