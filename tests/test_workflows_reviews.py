"""Scoring: who is asked, independence, conflicts, what scores come to, ranks, conditions."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from cms import jobs
from cms.models import Job, OutboxMessage
from tests.panelwork import PANEL, a_case, a_panel, a_user, changed, sheet, submitted, to_the_panel
from workflows.blocks import to_data
from workflows.compile import check, compiled, publish
from workflows.engine import TransitionNotAllowedError, available_buttons, perform
from workflows.models import Case, Review, WorkflowDefinition
from workflows.reviews import ranking, reminders, rounds, scoring
from workflows.reviews.conflicts import known
from workflows.reviews.eligible import candidates
from workflows.reviews.rubrics import combined, reviewing, rubrics_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def panel(centres):
    officer, people = a_panel()
    return officer, people


@pytest.fixture
def made(panel, centres):
    return to_the_panel(a_case(centres["west"], centre=centres["west"]), panel[0])


def names_asked(made):
    return list(made.reviews.values_list("reviewer_name", flat=True))


def test_a_sheet_is_weighted_over_each_criterions_own_scale():
    rubric = rubrics_of(_plan())["audition"]

    assert rubric.total({"tone": 10, "rhythm": 5}) == Decimal("100.00")
    assert rubric.total({"tone": 0, "rhythm": 1}) == Decimal("0.00")
    assert rubric.total({"tone": 8, "rhythm": 4}) == Decimal("78.75")


def _plan():
    from workflows.plan import Plan

    return Plan(compiled(PANEL))


@pytest.mark.parametrize(
    ("how", "expected"),
    [("median", "50.00"), ("mean", "52.50"), ("drop_high_low", "50.00")],
)
def test_reviews_come_to_the_middle_the_mean_or_the_mean_without_the_ends(how, expected):
    totals = [Decimal(number) for number in (10, 40, 60, 100)]

    assert combined(totals, how) == Decimal(expected)
    assert combined([], how) is None
    assert combined([Decimal(20), Decimal(30)], how) == Decimal("25.00")


def test_the_editor_gives_back_the_sheet_and_the_scoring_that_was_published(db):
    version = publish(PANEL)
    definition = WorkflowDefinition.objects.get(slug="panel")

    assert compiled(to_data("panel", "Auditions", definition.stages)) == version.data
    assert publish(version.data) == version


@pytest.mark.parametrize(
    ("review", "code"),
    [
        ({"rubric": "nowhere"}, "review"),
        ({"scorers": []}, "review"),
        ({"scorers": ["wizards"]}, "review"),
        ({"needed": 40}, "review"),
        ({"combine": "lots"}, "review"),
        ({"scorers": ["ensembles_manager"]}, "not_blind"),
    ],
)
def test_what_is_wrong_with_a_scored_stage_stops_publishing(db, review, code):
    found = [one for one in check(changed(**review)) if one.level == "error"]

    assert found[0].code == code
    assert check(PANEL) == []


def test_a_condition_over_a_score_that_there_is_not_stops_publishing(db):
    data = changed()
    data["stages"][1]["buttons"][0]["show_if"]["clauses"][0]["score"] = "loudness"

    assert [one.code for one in check(data)] == ["score"]


def test_the_least_busy_are_asked_and_told_without_a_name(panel, centres):
    officer, people = panel
    asked = [names_asked(to_the_panel(a_case(centres["west"]), officer)) for _ in range(3)]

    assert asked == [
        ["Pat Alto", "Pia Bass"],
        ["Pola Cello", "Pat Alto"],
        ["Pia Bass", "Pola Cello"],
    ]
    letters = OutboxMessage.objects.filter(to=people[0].email, template="review-asked")
    assert letters.count() == 2
    assert not [one for one in letters if "Feather" in one.subject + one.text]


def test_running_the_action_twice_asks_nobody_twice(made):
    again = rounds.start(made.case, once=made.once, stage_key="panel")

    assert again == made
    assert made.reviews.count() == 2


def test_a_panellist_does_not_reach_the_case_by_scoring_it(made, panel):
    for user in panel[1]:
        assert not Case.objects.for_user(user).exists()
    assert Review.objects.for_user(panel[1][0]).count() == 1
    assert Review.objects.for_user(panel[1][2]).count() == 0


def test_who_may_open_the_case_by_another_role_is_not_asked_to_score_blind(panel, centres):
    people = panel[1]
    both = a_user("Ola Both", "panellist", "ensembles_manager")
    case = a_case(centres["west"])
    how = reviewing(case.version.plan, "panel")
    why = {one.user: one.why_not for one in candidates(case, how)}

    assert "would not be blind" in why[both]
    assert [why[user] for user in people] == ["", "", ""]


def test_a_panellist_of_another_centre_is_not_asked(panel, centres):
    from cms.roles import grant

    far = a_user("Far Away")
    grant(far, "panellist", centre=centres["east"])
    case = a_case(centres["west"], centre=centres["west"])

    assert far not in [c.user for c in candidates(case, reviewing(case.version.plan, "panel"))]


def test_a_submitted_review_is_locked_and_counts(made):
    first, second = made.reviews.all()
    submitted(first, tone=10, rhythm=5)
    with pytest.raises(scoring.LockedReviewError):
        scoring.save(first.pk, sheet(0, 1), by=first.reviewer, rev=99)

    row = ranking.score_of(made.case)
    assert (row.score, row.reviews, row.waiting, row.is_complete) == (Decimal(100), 1, 1, False)
    submitted(second, tone=0, rhythm=1)
    row = ranking.score_of(made.case)
    assert (row.score, row.spread, row.is_complete) == (Decimal(50), Decimal(100), True)


def test_an_incomplete_sheet_is_kept_and_not_submitted(made):
    review = made.reviews.first()
    with pytest.raises(scoring.IncompleteReviewError) as problem:
        scoring.submit(review.pk, scoring.Sheet({"tone": 3}), by=review.reviewer, rev=0)

    assert set(problem.value.problems) == {"score-rhythm", "recommendation"}
    review.refresh_from_db()
    assert (review.state, review.scores) == ("open", {"tone": 3})


def test_of_two_windows_the_second_is_told_and_overwrites_nothing(made):
    review = made.reviews.first()
    saved = scoring.save(review.pk, sheet(5, 3), by=review.reviewer, rev=0)
    with pytest.raises(scoring.OtherWindowError):
        scoring.save(review.pk, sheet(1, 1), by=review.reviewer, rev=0)
    with pytest.raises(scoring.OtherWindowError):
        scoring.submit(review.pk, sheet(1, 1), by=review.reviewer, rev=0)

    review.refresh_from_db()
    assert (review.scores, review.rev) == ({"tone": 5, "rhythm": 3}, saved.rev)


def test_nobody_elses_review_can_be_written(made, panel):
    review = made.reviews.first()
    for user in (panel[1][1], panel[1][2], panel[0]):
        with pytest.raises(Review.DoesNotExist):
            scoring.save(review.pk, sheet(), by=user, rev=0)


def test_a_role_taken_away_ends_the_scoring(made):
    from cms.roles import revoke

    review = made.reviews.first()
    revoke(review.reviewer, "panellist")

    with pytest.raises(Review.DoesNotExist):
        scoring.submit(review.pk, sheet(), by=review.reviewer, rev=0)


def test_a_review_is_reopened_with_a_reason_that_the_history_keeps(made, panel):
    review = submitted(made.reviews.first())
    with pytest.raises(rounds.ReviewProblemError, match="Say why"):
        scoring.reopen(review, " ", by=panel[0])
    scoring.reopen(review, "Scored the wrong child.", by=panel[0])

    assert ranking.score_of(made.case).score is None
    event = made.case.events.last()
    assert (event.summary, event.comment) == (
        "Pat Alto’s review was reopened",
        "Scored the wrong child.",
    )
    assert submitted(Review.objects.get(pk=review.pk), tone=1).is_submitted


def test_a_declared_conflict_asks_somebody_else_and_drops_the_scores(made):
    review = submitted(made.reviews.first())
    asked = rounds.recuse(review, "My neighbour.", by=review.reviewer)

    assert [one.reviewer_name for one in asked] == ["Pola Cello"]
    row = ranking.score_of(made.case)
    assert (row.reviews, row.waiting, row.recused, row.score) == (0, 2, 1, None)
    assert not Review.objects.for_user(review.reviewer).exists()


def test_the_ranking_completes_when_nobody_is_left_to_ask(made):
    first, second = made.reviews.all()
    third = rounds.recuse(first, "A cousin.", by=first.reviewer)[0]
    assert rounds.recuse(third, "A neighbour.", by=third.reviewer) == []
    submitted(second)

    row = ranking.ranking("panel", "panel")[0]
    assert (row.place, row.is_complete, row.is_short, row.recused) == (1, True, True, 2)
    assert "1 of 2 reviews have nobody" in made.case.events.filter(kind="review")[5].summary


def test_a_conflict_that_the_hub_knows_keeps_somebody_from_being_asked(panel, centres, monkeypatch):
    monkeypatch.setitem(
        known._entries, "test", lambda _case, people: {people[0].pk: "Teaches the applicant."}
    )
    made = to_the_panel(a_case(centres["west"]), panel[0])

    assert names_asked(made) == ["Pia Bass", "Pola Cello"]
    with pytest.raises(rounds.ReviewProblemError, match="Teaches the applicant"):
        rounds.ask(made, panel[1][0], by=panel[0])


def test_moderation_stands_beside_what_the_reviews_say(made, panel):
    with pytest.raises(rounds.ReviewProblemError, match="no score"):
        scoring.moderate(made, Decimal(70), "Too strict.", by=panel[0])
    submitted(made.reviews.first(), tone=5, rhythm=3)
    scoring.moderate(made, Decimal(70), "One panel was strict.", by=panel[0])

    row = ranking.score_of(made.case)
    assert (row.score, row.combined, row.is_moderated) == (Decimal(70), Decimal(50), True)
    for bad in (Decimal(101), Decimal(-1), Decimal("NaN")):
        with pytest.raises(rounds.ReviewProblemError):
            scoring.moderate(made, bad, "Why not", by=panel[0])


def test_equal_scores_share_a_place_and_the_next_counts_on(panel, centres):
    cases = [a_case(centres["west"]) for _ in range(4)]
    for case, tone in zip(cases, (4, 9, 4, 1), strict=True):
        for review in to_the_panel(case, panel[0]).reviews.all():
            submitted(review, tone=tone, rhythm=3)

    rows = ranking.ranking("panel", "panel")
    assert [(row.place, row.is_tied, row.case) for row in rows] == [
        (1, False, cases[1]),
        (2, True, cases[0]),
        (2, True, cases[2]),
        (4, False, cases[3]),
    ]


def test_the_ranking_costs_the_same_for_one_case_and_for_many(
    panel, centres, django_assert_num_queries
):
    for _ in range(3):
        to_the_panel(a_case(centres["west"]), panel[0])
        with django_assert_num_queries(3):
            ranking.ranking("panel", "panel")


def test_a_button_waits_for_a_score(made, panel):
    officer = panel[0]
    first, second = made.reviews.all()
    assert [one.key for one in available_buttons(made.case, officer)] == ["no"]
    submitted(first, tone=4, rhythm=3)
    with pytest.raises(TransitionNotAllowedError):
        perform(made.case.pk, "offer", by=officer)
    submitted(second, tone=10, rhythm=5)

    assert ranking.score_of(made.case).score >= 60
    assert perform(made.case.pk, "offer", by=officer).to_stage == "offered"


@pytest.mark.parametrize(
    ("clause", "before", "after"),
    [
        ({"score": "reviews", "op": "at_least", "value": 1}, False, True),
        ({"score": "missing", "op": "is", "value": 1}, False, True),
        ({"score": "tone", "op": "more_than", "value": 7}, False, True),
        ({"score": "recommends:yes", "op": "is", "value": 1}, False, True),
        ({"score": "recommends:no", "op": "at_least", "value": 1}, False, False),
        ({"score": "total", "op": "less_than", "value": 99, "stage": "panel"}, False, True),
        ({"score": "spread", "op": "at_most", "value": 10}, False, True),
    ],
)
def test_each_kind_of_score_can_be_asked_for(made, clause, before, after):
    from workflows.conditions import condition_holds

    rule = {"match": "any", "clauses": [clause]}
    assert condition_holds(rule, made.case) is before
    submitted(made.reviews.first())
    assert condition_holds(rule, made.case) is after


def test_reviewers_are_reminded_of_what_is_due_once_a_day(made, panel):
    made.due_at = timezone.now() + timedelta(days=1)
    made.save()
    submitted(made.reviews.first())
    for slot in ("a", "b"):
        job = jobs.enqueue(reminders.KIND, key=f"test-{slot}", payload={})
        jobs.run_job.call_local(job.pk if isinstance(job, Job) else Job.objects.last().pk)

    letters = OutboxMessage.objects.filter(template="review-reminder")
    assert [one.to for one in letters] == ["pia.bass@example.org"]


def test_forgetting_a_family_takes_its_reviews_along(made):
    from workflows.forgetting import anonymise, forget

    submitted(made.reviews.first(), for_panel="Wilhelmina plays well")
    anonymise(made.case, reference="ANON-1")
    assert not Review.objects.exclude(for_panel="", for_applicant="", comments={}).exists()
    forget(Case.objects.get())
    assert not Review.objects.exists()
