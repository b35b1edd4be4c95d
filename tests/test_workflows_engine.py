"""Opening a case, pressing buttons, and everything that must be refused."""

import pytest
from django.contrib.auth import get_user_model

from cms.roles import grant, revoke
from tests.casework import BOOKING
from workflows.compile import NotPublishableError, check, publish
from workflows.engine import (
    StaleStageError,
    TransitionNotAllowedError,
    available_buttons,
    open_case,
    perform,
)
from workflows.models import Case, CaseEvent, NeverChangesError, WorkflowVersion

pytestmark = pytest.mark.django_db


@pytest.fixture
def case(version, centres):
    return open_case(
        workflow_slug="course-booking",
        subject=centres["west"],
        title="One child, 14 March",
        reference="SW-0001",
        centre=centres["west"],
        contact_email="family@example.org",
    )


def test_confirming_moves_the_case_and_says_who_and_why(case, officer):
    event = perform(case.pk, "confirm", by=officer, expected_stage="new")

    case.refresh_from_db()
    assert (case.stage_key, case.stage_kind, case.public_status) == (
        "confirmed",
        "final",
        "Confirmed",
    )
    assert case.closed_at == event.at
    assert list(case.events.values_list("summary", "actor_name")) == [
        ("Opened", "The family"),
        ("Confirm place: New → Confirmed", "Ada Officer"),
    ]
    assert list(event.runs.values_list("index", "type", "options")) == [
        (0, "demo", {"message": "told"})
    ]


def test_a_case_of_another_area_does_not_exist_for_an_area_officer(case, centres):
    user = get_user_model().objects.create_user("eastern")
    grant(user, "bookings", area=centres["east"].area)

    with pytest.raises(Case.DoesNotExist):
        perform(case.pk, "confirm", by=user)
    assert available_buttons(case, user) == []


def test_the_wrong_role_is_refused_in_words(case, officer):
    with pytest.raises(TransitionNotAllowedError, match="“Decline” is for Hub manager"):
        perform(case.pk, "decline", by=officer, comment="No")
    assert case.events.count() == 1


def test_a_role_taken_away_is_refused_at_the_next_press(case, officer):
    revoke(officer, "bookings")

    with pytest.raises(Case.DoesNotExist):
        perform(case.pk, "confirm", by=officer)
    assert list(officer.groups.all()) == []


def test_a_press_on_a_stage_that_is_gone_says_who_moved_it(case, officer):
    perform(case.pk, "confirm", by=officer)

    with pytest.raises(StaleStageError, match="Ada Officer moved this case to “Confirmed”"):
        perform(case.pk, "confirm", by=officer, expected_stage="new")
    assert CaseEvent.objects.filter(kind="moved").count() == 1


def test_a_button_that_needs_a_reason_waits_for_one(case):
    manager = get_user_model().objects.create_user("manager")
    grant(manager, "hub_manager")

    with pytest.raises(TransitionNotAllowedError, match="needs a comment"):
        perform(case.pk, "decline", by=manager, comment="  ")
    assert perform(case.pk, "decline", by=manager, comment="Full").comment == "Full"


def test_publishing_the_same_again_makes_no_new_version(version):
    assert publish(BOOKING) == version
    assert WorkflowVersion.objects.count() == 1


def test_a_running_case_stays_on_the_version_it_began_with(case, officer):
    changed = {**BOOKING, "stages": [{**BOOKING["stages"][0], "staff_name": "Inbox"}]}
    changed["stages"] += BOOKING["stages"][1:]
    newer = publish(changed)

    case.refresh_from_db()
    assert newer.number == 2
    assert case.stage.staff_name == "New"
    assert [b.key for b in available_buttons(case, officer)] == ["confirm"]


def test_a_version_and_an_event_are_never_changed(case, version):
    with pytest.raises(NeverChangesError):
        version.save()
    with pytest.raises(NeverChangesError):
        case.events.first().save()
    with pytest.raises(NeverChangesError):
        CaseEvent.objects.update(comment="rewritten")


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        ({"stages": []}, ["no_stages"]),
        (
            {"stages": [{**BOOKING["stages"][0], "start": False}, *BOOKING["stages"][1:]]},
            ["no_start"],
        ),
        ({"stages": BOOKING["stages"][:1]}, ["target_gone", "target_gone", "no_end"]),
        (
            {"stages": [{**BOOKING["stages"][0], "roles": []}, *BOOKING["stages"][1:]]},
            ["no_owner", "no_presser"],
        ),
        (
            {"stages": [{**BOOKING["stages"][0], "buttons": []}, *BOOKING["stages"][1:]]},
            ["dead_end", "unreachable", "unreachable", "no_way_out"],
        ),
        (
            {"stages": [*BOOKING["stages"], {"staff_name": "Lost", "kind": "open"}]},
            ["no_owner", "dead_end", "unreachable"],
        ),
    ],
    ids=["empty", "no start", "targets gone", "no owner", "dead end", "lost stage"],
)
def test_what_would_strand_a_case_is_found_before_publishing(change, codes):
    assert sorted(f.code for f in check({**BOOKING, **change})) == sorted(codes)
    with pytest.raises(NotPublishableError):
        publish({**BOOKING, **change})
    assert WorkflowVersion.objects.count() == 0
