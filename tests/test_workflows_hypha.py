"""Hypha's five review workflows as packages without code, and every transition of each of them.

What leads where is written down here once more, after Hypha's public documentation ("Workflows"):
a package that loses or gains a transition fails. "more" stands for the stages that wait for the
applicant, which lead back to where they were asked from.
"""

from itertools import count
from pathlib import Path

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission

from cms.roles import ROLES, grant
from forms import package
from forms.findings import ERROR
from forms.models import FormDefinition
from forms.standins import stand_in
from tests.casework import run_until_over
from workflows.compile import compiled
from workflows.engine import TransitionNotAllowedError, latest_version, perform
from workflows.models import Case, ReviewRound
from workflows.plan import FAMILY
from workflows.reviews.rubrics import reviewing

FOLDER = Path(__file__).parent / "hypha"
PACKAGES = sorted(FOLDER.glob("*.json"))
ALL = pytest.mark.parametrize("path", PACKAGES, ids=lambda path: path.stem)
COMMUNITY = "Community reviewers"

DECIDED = {"almost": {"accepted", "discussion"}, "accepted": set(), "rejected": set()}
ONE_STAGE = {
    "received": {"more", "review", "determination", "almost", "accepted", "rejected"},
    "determination": {"discussion", "almost", "accepted", "rejected"},
    **DECIDED,
}
EXTERNAL = {
    "received": {"more", "internal_review", "determination", "rejected"},
    "internal_review": {"discussion", "received"},
    "discussion": {"more", "external_review", "determination", "internal_review", "rejected"},
    "external_review": {"external_discussion", "discussion"},
    "external_discussion": {
        "more", "determination", "external_review", "almost", "accepted", "rejected",
    },
    "determination": {"external_discussion", "almost", "accepted", "rejected"},
    **DECIDED,
    "almost": {"accepted", "external_discussion"},
}  # fmt: skip
DOCUMENTED = {
    "request": {
        **ONE_STAGE,
        "received": ONE_STAGE["received"] - {"review"} | {"internal_review"},
        "internal_review": {"discussion", "received"},
        "discussion": {
            "more", "determination", "internal_review", "almost", "accepted", "rejected",
        },
    },
    "request-same-time-review": {
        **ONE_STAGE,
        "received": ONE_STAGE["received"] - {"review"} | {"same_review"},
        "same_review": {"discussion", "received"},
        "discussion": {"more", "determination", "same_review", "rejected"},
    },
    "request-external-review": EXTERNAL,
    "request-community-review": {
        **EXTERNAL,
        "received": EXTERNAL["received"] | {"open_call"},
        "open_call": {"received", "rejected"},
        "internal_review": {"community_review", "discussion", "received", "rejected"},
        "community_review": {"discussion", "internal_review", "rejected"},
    },
    "concept-and-proposal": {
        "received": {"more", "internal_review", "concept_rejected"},
        "internal_review": {"concept_discussion", "received", "draft_proposal"},
        "concept_discussion": {
            "more", "concept_determination", "internal_review", "draft_proposal",
            "concept_rejected",
        },
        "concept_determination": {"concept_discussion", "draft_proposal", "concept_rejected"},
        "concept_rejected": set(),
        "draft_proposal": {"proposal_discussion", "external_review", "determination", "rejected"},
        "proposal_discussion": {
            "more", "proposal_internal_review", "external_review", "determination", "rejected",
        },
        "proposal_internal_review": {"proposal_review_discussion", "proposal_discussion"},
        "proposal_review_discussion": {
            "more", "external_review", "determination", "proposal_internal_review", "rejected",
        },
        "external_review": {"external_discussion", "proposal_review_discussion"},
        "external_discussion": {
            "more", "determination", "external_review", "almost", "accepted", "rejected",
        },
        "determination": {"external_discussion", "almost", "accepted", "rejected"},
        **DECIDED,
        "almost": {"accepted", "external_discussion"},
    },
}  # fmt: skip
numbers = count(1)


def leads_to(plan):
    """What leads where, with every stage that waits for an answer called "more"."""
    found = {}
    for stage in plan["stages"]:
        if stage["key"].endswith("more_info"):
            continue
        found[stage["key"]] = {
            "more" if button["to"].endswith("more_info") else button["to"]
            for button in stage["buttons"]
        }
    return found


@ALL
def test_it_leads_where_the_documentation_says(path):
    plan = compiled(package.read(path)["workflow"])

    assert leads_to(plan) == DOCUMENTED[path.stem]
    for stage in plan["stages"]:
        if stage["key"].endswith("more_info"):
            came_from = {
                one["key"]
                for one in plan["stages"]
                if stage["key"] in {button["to"] for button in one["buttons"]}
            }
            assert {button["to"] for button in stage["buttons"]} == came_from


def test_all_five_are_there():
    assert {path.stem for path in PACKAGES} == set(DOCUMENTED)


@pytest.fixture
def people(db):
    """One person in each role of the hub, and one in a group that the hub made itself."""
    own = Group.objects.create(name=COMMUNITY)
    own.permissions.set(Permission.objects.filter(codename="access_admin"))
    found = {}
    for role in [*ROLES, COMMUNITY]:
        user = get_user_model().objects.create_user(f"{role}-{next(numbers)}"[:140])
        user.email = f"{user.pk}@example.org"
        user.save()
        grant(user, role)
        found[role] = user
    for role in ("panellist", COMMUNITY):
        found[f"{role} 2"] = get_user_model().objects.create_user(f"{role}-two")
        grant(found[f"{role} 2"], role)
    return found


@pytest.fixture
def case_of(people):
    def make(path):
        package.load(path, publish=True)
        form = FormDefinition.objects.get(slug=path.stem)
        return stand_in(form.current_version, form.samples[0]["answers"])

    return make


def put(case, stage):
    """The case in that stage, as if it had come there."""
    Case.objects.filter(pk=case.pk).update(
        stage_key=stage.key, stage_kind=stage.kind, closed_at=None
    )


def stays(case, stage):
    return Case.objects.get(pk=case.pk).stage_key == stage.key


@pytest.mark.django_db
@ALL
def test_it_is_published_without_a_finding_that_stops_it(path, people):
    assert [one for one in package.check(package.read(path)) if one.level == ERROR] == []
    package.load(path, publish=True)
    assert latest_version(path.stem).number == 1


@pytest.mark.django_db
@ALL
def test_every_transition_is_made_by_the_right_role_and_refused_to_every_other(
    path, people, case_of
):
    case = case_of(path)
    walked = 0
    for stage in case.version.plan.stages:
        for button in stage.buttons:
            for role, user in people.items():
                put(case, stage)
                if role in button.roles:
                    event = perform(case.pk, button.key, by=user, comment="Because.")
                    assert (event.from_stage, event.to_stage) == (stage.key, button.to)
                    continue
                with pytest.raises((TransitionNotAllowedError, Case.DoesNotExist)):
                    perform(case.pk, button.key, by=user, comment="Because.")
                assert stays(case, stage)
            walked += press_as_the_family(case, stage, button)

    assert walked == sum(len(stage.buttons) for stage in case.version.plan.stages)


def press_as_the_family(case, stage, button):
    put(case, stage)
    if FAMILY in button.roles:
        event = perform(case.pk, button.key, by=None, as_family=True, comment="Here it is.")
        assert event.to_stage == button.to
    else:
        with pytest.raises(TransitionNotAllowedError, match="not for families"):
            perform(case.pk, button.key, by=None, as_family=True, comment="Here it is.")
        assert stays(case, stage)
    return 1


@pytest.mark.django_db
@ALL
def test_whoever_scores_is_asked_when_its_review_opens(path, people, case_of):
    case = case_of(path)
    staff = people["hub_manager"]
    for stage in case.version.plan.stages:
        how = reviewing(case.version.plan, stage.key)
        if how is None:
            continue
        origin, button = next(
            (one, button)
            for one in case.version.plan.stages
            for button in one.buttons
            if button.to == stage.key
        )
        put(case, origin)
        run_until_over(perform(case.pk, button.key, by=staff, comment="Please."))
        made = ReviewRound.objects.filter(case=case, stage_key=stage.key).last()

        asked = [review.reviewer for review in made.reviews.all()]
        assert len(asked) == how.needed
        assert all(
            set(how.scorers) & {role.removesuffix(" 2") for role, one in people.items() if one == u}
            for u in asked
        )
        for user in asked if how.is_blind else ():
            assert not Case.objects.for_user(user).exists()
