"""The clock and the cases: each deadline once, each move once, one letter each morning."""

import copy
import datetime as dt

import pytest
import time_machine
from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils import timezone

from cms import jobs
from cms.models import OutboxMessage
from cms.roles import grant
from tests.casework import BOOKING
from workflows.compile import check, publish
from workflows.deadlines import MORNING, MOVES
from workflows.engine import open_case, perform
from workflows.models import Case

pytestmark = pytest.mark.django_db

START = dt.datetime(2026, 10, 22, 9, 0, tzinfo=dt.UTC)


def waiting_flow(days=14):
    data = copy.deepcopy(BOOKING)
    data["stages"][0] |= {"auto_after_days": days, "auto_button": "confirm"}
    return data


def opened(centre, reference="SW-1"):
    return open_case(
        workflow_slug="course-booking",
        subject=centre,
        title="One child",
        reference=reference,
        centre=centre,
        contact_name="Robin Canarybird",
    )


def run(kind, key):
    with transaction.atomic():
        job = jobs.enqueue(kind, key=key, payload={"slot": key})
    jobs.run_job.call_local(job.pk)
    job.refresh_from_db()
    return job.state


def test_a_passed_due_date_is_written_into_the_history_once(version, centres):
    with time_machine.travel(START, tick=False) as clock:
        case = opened(centres["west"])
        clock.move_to(START + dt.timedelta(days=2))
        run(MOVES, "too early")
        assert case.events.count() == 1

        clock.move_to(START + dt.timedelta(days=4))
        assert run(MOVES, "due") == "done"
        run(MOVES, "again")

    assert [e.summary for e in case.events.all()] == [
        "Opened",
        "The due date, 25 October 2026, has passed",
    ]


def test_due_means_the_end_of_the_london_day_across_the_clock_change(version, centres):
    with time_machine.travel(START, tick=False):
        case = opened(centres["west"])

    assert timezone.localtime(case.due_at).isoformat() == "2026-10-25T23:59:00+00:00"


def test_a_case_moves_on_by_itself_once_and_says_why(centres):
    publish(waiting_flow())
    with time_machine.travel(START, tick=False) as clock:
        case = opened(centres["west"])
        clock.move_to(START + dt.timedelta(days=13, hours=23))
        run(MOVES, "not yet")
        case.refresh_from_db()
        assert case.stage_key == "new"

        clock.move_to(START + dt.timedelta(days=20))
        run(MOVES, "after an outage")
        run(MOVES, "a second clock")

    case.refresh_from_db()
    moved = case.events.get(kind="moved")
    assert (case.stage_key, moved.actor_name) == ("confirmed", "The clock: 14 days in “New”")


def test_a_case_that_an_officer_moved_is_left_alone(centres, officer):
    publish(waiting_flow())
    with time_machine.travel(START, tick=False) as clock:
        case = opened(centres["west"])
        perform(case.pk, "confirm", by=officer)
        clock.move_to(START + dt.timedelta(days=30))
        run(MOVES, "late")

    assert case.events.filter(kind="moved").count() == 1


def test_officers_hear_once_a_day_how_many_and_never_whose(version, centres, officer):
    officer.email = "ada@example.org"
    officer.save()
    eastern = get_user_model().objects.create_user("eastern", email="eastern@example.org")
    grant(eastern, "bookings", centre=centres["east"])
    opened(centres["west"], "SW-1")
    opened(centres["west"], "SW-2")
    Case.objects.update(due_at=timezone.now() - dt.timedelta(days=1))

    run(MORNING, "first")
    run(MORNING, "doubled")

    letter = OutboxMessage.objects.get()
    assert (letter.to, letter.subject) == ("ada@example.org", "2 overdue in your inbox")
    assert "Canarybird" not in letter.text
    assert "/admin/cases/?tab=overdue" in letter.text


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"auto_after_days": 5, "auto_button": "fly"}, "auto"),
        ({"auto_after_days": None, "auto_button": "confirm"}, "auto"),
        ({"auto_after_days": 5, "auto_button": "decline"}, "auto"),
    ],
    ids=["no such button", "no days", "needs a comment"],
)
def test_an_automatic_move_that_cannot_work_is_found_before_publishing(change, code):
    data = copy.deepcopy(BOOKING)
    data["stages"][0] |= change

    assert [f.code for f in check(data)] == [code]


def test_automatic_moves_in_a_ring_are_found_before_publishing():
    data = waiting_flow(1)
    data["stages"][0]["buttons"][0]["to"] = "second"
    data["stages"].append(
        {
            "key": "second",
            "kind": "open",
            "roles": ["bookings"],
            "auto_after_days": 1,
            "auto_button": "back",
            "buttons": [
                {"key": "back", "label": "Back", "to": "new"},
                {"key": "end", "label": "End", "to": "confirmed"},
            ],
        }
    )

    assert [f.code for f in check(data)] == ["auto_loop", "auto_loop"]
