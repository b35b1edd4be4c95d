"""Running cases keep their version until somebody takes them along, with every stage said."""

import copy

import pytest
from django.urls import reverse

from cms import jobs
from cms.models import Job, OutboxMessage
from tests.casework import BOOKING
from tests.test_workflows_desks import new_case
from workflows import moving
from workflows.compile import publish
from workflows.engine import perform
from workflows.models import Case, MoveRun

pytestmark = pytest.mark.django_db


def second_version():
    """ "New" is called "To check" and has another key; its id stays. A stage is added."""
    data = copy.deepcopy(BOOKING)
    first = publish(BOOKING).plan.start
    data["stages"][0] |= {"id": first.id, "key": "to_check", "staff_name": "To check"}
    data["stages"].insert(
        1,
        {
            "key": "waiting",
            "staff_name": "Waiting",
            "kind": "waiting",
            "roles": ["bookings"],
            "buttons": [{"key": "on", "label": "On", "to": "confirmed"}],
        },
    )
    return publish(data)


def run_job(run):
    jobs.run_job.call_local(Job.objects.get(key=f"move-{run.pk}").pk)
    run.refresh_from_db()
    return run


def test_a_preview_counts_and_proposes_the_stage_with_the_same_id(version, officer, centres):
    cases = [new_case(centres["west"], number) for number in range(3)]
    perform(cases[0].pk, "confirm", by=officer)
    newer = second_version()

    target, rows = moving.preview("course-booking", officer)

    assert target == newer
    assert [(row.stage.key, row.number, row.proposed) for row in rows] == [("new", 2, "to_check")]


def test_cases_are_taken_along_logged_and_nothing_is_sent(version, officer, centres, client):
    cases = [new_case(centres["west"], number) for number in range(2)]
    before = [(case.stage_since, case.due_at) for case in cases]
    newer = second_version()
    client.force_login(officer)
    page = client.get(reverse("cases:move", args=["course-booking"])).content.decode()
    answer = client.post(
        reverse("cases:move", args=["course-booking"]), {f"to-{version.pk}-new": "waiting"}
    )

    run = run_job(MoveRun.objects.get())

    moved = list(Case.objects.order_by("pk"))
    assert "Take 2 cases along" in page
    assert (answer.status_code, run.moved, run.refused) == (302, 2, [])
    assert {(case.version, case.stage_key, case.stage_kind) for case in moved} == {
        (newer, "waiting", "waiting")
    }
    assert [(case.stage_since, case.due_at) for case in moved] == before
    assert moved[0].events.last().summary == (
        "Taken from version 1 of the process to version 2: New → Waiting"
    )
    assert OutboxMessage.objects.count() == 0
    assert "2 cases are in version 2" in client.get(answer.url).content.decode()


def test_a_stage_without_a_target_moves_nothing(version, officer, centres):
    new_case(centres["west"])
    second_version()

    for to in ("", "confirmed", "nowhere"):
        with pytest.raises(moving.MappingError, match="Choose where cases in “New”"):
            moving.begin("course-booking", officer, {f"to-{version.pk}-new": to})

    assert MoveRun.objects.count() == 0
    assert Case.objects.get().version == version


def test_a_case_that_an_officer_finished_meanwhile_is_left_alone(version, officer, centres):
    cases = [new_case(centres["west"], number) for number in range(2)]
    second_version()
    run = moving.begin("course-booking", officer, {f"to-{version.pk}-new": "to_check"})
    perform(cases[0].pk, "confirm", by=officer)

    run_job(run)

    assert run.moved == 1
    assert [case.version.number for case in Case.objects.order_by("pk")] == [1, 2]


def test_only_a_designer_may_take_cases_along(version, centres, client, django_user_model):
    from cms.roles import grant

    user = django_user_model.objects.create_user("centre")
    grant(user, "centre_admin")
    client.force_login(user)

    answer = client.get(reverse("cases:move", args=["course-booking"]))

    assert answer.status_code in (302, 403)
