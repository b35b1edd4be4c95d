"""Reserves stand in the order of their scores; a hand that changes it says why."""

import copy

import pytest

from cms.models import OutboxMessage
from tests.offering import a_group
from tests.panelwork import PANEL, a_case, a_panel, submitted, to_the_panel
from tests.test_workflows_releases import work
from workflows import queues, releases
from workflows.engine import perform
from workflows.models import DecisionEvent, ListEntry, Release
from workflows.offers import ReasonMissingError

pytestmark = pytest.mark.django_db

RESERVE = {"type": "join_list", "place": "choir"}


def flow():
    data = copy.deepcopy(PANEL)
    data["stages"][1]["buttons"] = [{"key": "heard", "label": "Heard", "to": "board"}]
    data["stages"][2:2] = [
        {
            "key": "board",
            "staff_name": "To decide",
            "kind": "decision",
            "roles": ["ensembles_manager"],
            "buttons": [
                {"key": "reserve", "label": "Reserve", "to": "kept", "actions": [RESERVE]},
                {"key": "offer", "label": "Offer", "to": "offered"},
                {"key": "no", "label": "Not now", "to": "not_now"},
            ],
        },
        {
            "key": "kept",
            "staff_name": "Reserve",
            "kind": "open",
            "roles": ["ensembles_manager"],
            "buttons": [{"key": "in", "label": "In", "to": "offered"}],
        },
    ]
    return data


@pytest.fixture
def heard(centres):
    """Officer and four heard cases, whose scores put them in the order 2, 4, 1, 3; 5 was not."""
    officer, _panel = a_panel(flow())
    a_group(seats=0)
    cases = []
    for tone in (5, 9, 2, 7):
        case = a_case(centres["west"])
        for review in to_the_panel(case, officer).reviews.all():
            submitted(review, tone=tone, rhythm=3)
        perform(case.pk, "heard", by=officer)
        cases.append(case)
    return officer, cases


def released(officer, cases, **by_hand):
    release = Release.objects.create(
        title="Results",
        workflow="panel",
        stage_key="board",
        buttons={"reserve": "reserve"},
        actor_name=str(officer),
    )
    for number, case in enumerate(cases):
        rank, reason = by_hand.get(f"case{number}", (None, ""))
        releases.decide(case.pk, "reserve", by=officer, rank=rank, reason=reason)
    releases.plan(release.pk, at=None, by=officer)
    work()
    return release


def the_list():
    return [entry.case for entry in queues.queue(a_group()).select_related("case")]


def test_reserves_stand_in_the_order_of_their_scores(heard):
    officer, cases = heard
    released(officer, cases)

    assert the_list() == [cases[1], cases[3], cases[0], cases[2]]
    assert [entry.rank for entry in queues.queue(a_group())] == [1, 2, 3, 4]
    assert ListEntry.objects.get(case=cases[1]).score


def test_a_place_by_hand_needs_a_reason_and_is_in_the_record(heard):
    officer, cases = heard
    with pytest.raises(ReasonMissingError, match="Say why it gets another"):
        releases.decide(cases[2].pk, "reserve", by=officer, rank=1)

    released(officer, cases, case2=(1, "Brings the missing part"))

    assert the_list()[:2] in ([cases[2], cases[1]], [cases[1], cases[2]])
    event = DecisionEvent.objects.get(case=cases[2])
    assert event.words == "Reserve, ranked 1 by hand"
    assert event.reason == "Brings the missing part"


def test_places_count_among_the_reserves_of_one_group(heard):
    officer, cases = heard
    for case, group in zip(cases, ("altos", "altos", "tenors", "tenors"), strict=True):
        decision = releases.decide(case.pk, "reserve", by=officer, group=group)
    assert releases.rank_of(decision) == 1
    assert releases.rank_of(cases[2].decision) == 2


def test_without_a_release_a_better_score_comes_first_too(heard):
    officer, cases = heard
    for case in cases:
        perform(case.pk, "reserve", by=officer)
    work()

    assert the_list() == [cases[1], cases[3], cases[0], cases[2]]


def test_nobody_scored_nobody_moved(officer, centres):
    a_panel(flow())
    pool = a_group(seats=0)
    cases = [a_case(centres["west"]) for _each in range(3)]
    for case in cases:
        queues.join(pool.pk, case)
    assert the_list() == cases
    assert OutboxMessage.objects.exists()


def test_the_desk_shows_the_place_and_asks_why(heard, client):
    officer, cases = heard
    officer.is_staff = True
    officer.save()
    client.force_login(officer)
    release = Release.objects.create(
        title="Results", workflow="panel", stage_key="board", actor_name=str(officer)
    )
    path = f"/admin/cases/decisions/{release.pk}/"
    for case in cases:
        releases.decide(case.pk, "reserve", by=officer)

    shown = client.get(path).content.decode()
    assert f'name="reason_{cases[0].pk}"' in shown
    assert "By scores: 1 (" in shown
    posted = {"do": "decide", f"outcome_{cases[0].pk}": "reserve", f"rank_{cases[0].pk}": "1"}
    answer = client.post(path, posted, follow=True).content.decode()
    assert "has a place by its scores" in answer
    client.post(path, {**posted, f"reason_{cases[0].pk}": "Needed"})
    cases[0].decision.refresh_from_db()
    assert cases[0].decision.rank == 1


def test_the_desk_costs_the_same_for_few_and_many(heard):
    officer, cases = heard
    from tests.costs import fewest_queries

    decisions = [releases.decide(case.pk, "reserve", by=officer) for case in cases]
    few = fewest_queries(lambda: releases.by_scores(decisions[:1]))
    assert fewest_queries(lambda: releases.by_scores(decisions)) <= few
