"""How long a form keeps answers is part of the form, on by default, and a promise to families."""

from datetime import timedelta

import pytest
from django.utils import timezone

from forms import journeys
from forms.compile import check, compiled
from forms.keeping import ANONYMISE, DEFAULTS, DELETE, Rule, answer_days, filled_in, rule_for
from forms.package import shape_findings
from tests.journeys import publish_form
from workflows.compile import compiled as compiled_workflow

FORM = {
    "slug": "borrow",
    "title": "Borrow an instrument",
    "steps": [
        {
            "key": "you",
            "title": "You",
            "questions": [
                {"key": "name", "type": "name", "label": "Name"},
                {
                    "key": "health",
                    "type": "longtext",
                    "label": "Health",
                    "settings": {"restricted": "health"},
                },
                {
                    "key": "proof",
                    "type": "file",
                    "label": "Proof",
                    "settings": {"restricted": "evidence", "keep_days": 5},
                },
            ],
        }
    ],
}


def test_a_form_that_says_nothing_keeps_nothing_for_ever():
    form = compiled(FORM)

    assert form["retention"] == DEFAULTS
    assert rule_for(form, "unfinished") == Rule(28, DELETE)
    assert rule_for(form, "unsuccessful") == Rule(60, DELETE)
    assert rule_for(form, "completed") == Rule(2192, ANONYMISE)
    assert answer_days(form) == {"health": 30, "proof": 5}


def test_what_is_said_stands_beside_the_defaults():
    form = compiled(FORM | {"retention": {"completed": {"days": 90}, "answers": {"evidence": 9}}})

    assert form["retention"]["completed"] == {"days": 90, "then": ANONYMISE}
    assert form["retention"]["unfinished"] == {"days": 28}
    assert answer_days(form) == {"health": 30, "proof": 5}


def test_compiling_again_changes_nothing():
    form = compiled(FORM | {"retention": {"completed": {"days": 90, "then": "delete"}}})

    assert compiled(form)["retention"] == form["retention"]


def test_a_version_from_before_policies_existed_has_the_defaults():
    assert filled_in(None) == DEFAULTS
    assert rule_for({"steps": []}, "completed") == Rule(2192, ANONYMISE)


@pytest.mark.parametrize(
    ("promised", "now", "kept"),
    [
        ({"days": 60}, {"days": 90}, Rule(60, ANONYMISE)),
        ({"days": 60}, {"days": 30}, Rule(30, ANONYMISE)),
        ({"days": 60, "then": "delete"}, {"days": 30, "then": "anonymise"}, Rule(30, DELETE)),
    ],
)
def test_a_new_version_may_shorten_a_promise_and_never_lengthens_it(promised, now, kept):
    old = compiled(FORM | {"retention": {"completed": promised}})
    new = compiled(FORM | {"retention": {"completed": now}})

    assert rule_for(old, "completed", newest=new) == kept


@pytest.mark.parametrize(
    "retention",
    [
        {"completed": {"days": 0}},
        {"completed": {"days": 10_000}},
        {"completed": {"days": 5, "then": "keep"}},
        {"unfinished": {"days": 5, "then": "anonymise"}},
        {"forever": {"days": 5}},
        {"answers": {"health": -1}},
    ],
)
def test_a_package_with_another_policy_is_refused(retention):
    found = shape_findings({"package": 1, "form": FORM | {"retention": retention}})
    assert [finding.code for finding in found] == ["shape"]


@pytest.mark.parametrize(
    "retention", [{"completed": {"days": None}}, {"unsuccessful": {"days": True, "then": "delete"}}]
)
def test_a_draft_without_a_number_of_days_is_not_published(retention):
    assert [f.code for f in check(compiled(FORM | {"retention": retention}))] == ["retention"]


def test_a_question_may_not_be_kept_for_no_number_of_days():
    form = compiled(FORM)
    form["steps"][0]["questions"][0]["settings"]["keep_days"] = "soon"

    assert [(f.code, f.question) for f in check(form)] == [("retention", "name")]


def test_the_end_of_a_stage_is_in_the_plan_only_where_it_was_said():
    stages = [
        {"key": "no", "staff_name": "No", "kind": "final", "outcome": "unsuccessful"},
        {"key": "yes", "staff_name": "Yes", "kind": "final", "outcome": ""},
    ]
    plan = compiled_workflow({"slug": "w", "title": "W", "stages": stages})

    assert [stage.get("outcome") for stage in plan["stages"]] == ["unsuccessful", None]


@pytest.mark.django_db
def test_a_journey_is_kept_for_as_long_as_its_own_version_says():
    version = publish_form(FORM | {"retention": {"unfinished": {"days": 3}}})
    journey = journeys.begin(version, owner="owner")

    left = journey.expires_at - timezone.now()
    assert timedelta(days=2, hours=23) < left <= timedelta(days=3)
