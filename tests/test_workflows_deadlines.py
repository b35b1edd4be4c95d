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


def escalating(**more):
    data = copy.deepcopy(BOOKING)
    data["stages"][0] |= {"escalate_after_days": 5, "escalate_to": "hub_manager", **more}
    return data


def a_manager():
    user = get_user_model().objects.create_user("boss", first_name="Bo", email="bo@example.org")
    grant(user, "hub_manager")
    return user


def test_what_waits_too_long_is_told_to_another_role_once_and_stands_in_its_inbox(centres):
    from workflows.inbox import Filters, Inbox

    manager = a_manager()
    publish(escalating())
    with time_machine.travel(START, tick=False) as clock:
        case = opened(centres["west"])
        before = Inbox(manager).cases(Filters()).count()
        for days in (4, 5, 6):
            clock.move_to(START + dt.timedelta(days=days, hours=2))
            run(MOVES, f"day {days}")

    letter = OutboxMessage.objects.get(template="staff-escalated")
    assert (letter.to, "Canarybird" in letter.text) == ("bo@example.org", False)
    assert case.events.last().summary == "Hub manager was told: 5 days in “New”"
    assert (before, list(Inbox(manager).cases(Filters()))) == (0, [case])


def test_the_next_stay_in_the_stage_is_told_anew(centres, officer):
    a_manager()
    data = escalating()
    data["stages"].append(
        {
            "key": "other",
            "staff_name": "Other",
            "kind": "open",
            "roles": ["bookings"],
            "buttons": [{"key": "back", "label": "Back", "to": "new"}],
        }
    )
    data["stages"][0]["buttons"].append({"key": "on", "label": "On", "to": "other"})
    publish(data)
    with time_machine.travel(START, tick=False) as clock:
        case = opened(centres["west"])
        for stay in range(2):
            clock.shift(dt.timedelta(days=6))
            run(MOVES, f"stay {stay}")
            perform(case.pk, "on", by=officer)
            perform(case.pk, "back", by=officer)

    assert OutboxMessage.objects.filter(template="staff-escalated").count() == 2


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"escalate_to": ""}, "Choose the role that is told"),
        ({"escalate_after_days": None}, "needs from 1 to 366 days"),
        ({"escalate_to": "nobody"}, "There is no role called “nobody”"),
        ({"auto_on": "25/10/2026", "auto_button": "confirm"}, "reads like 2026-10-25"),
        ({"auto_on": "2026-10-25"}, "Choose which button is pressed automatically"),
    ],
)
def test_an_unfinished_escalation_or_day_is_found_before_publishing(db, change, words):
    found = [finding.message for finding in check(escalating(**change))]

    assert any(words in message for message in found)


def slots(start, end, minutes=1):
    """Tick both of two clocks each so many minutes, and run what they promise."""
    from cms import clock as hub_clock
    from cms.models import Job

    with time_machine.travel(start, tick=False) as moment:
        while dt.datetime.now(dt.UTC) < end:
            for _clock in range(2):
                hub_clock.tick()
            for job in Job.objects.filter(state="ready", kind=MOVES):
                jobs.run_job.call_local(job.pk)
            moment.shift(dt.timedelta(minutes=minutes))


def test_from_a_day_on_a_case_moves_at_the_beginning_of_that_london_day(centres):
    data = escalating(auto_on="2026-10-26", auto_button="confirm")
    publish(data)
    midnight = dt.datetime(2026, 10, 26, 0, 0, tzinfo=dt.UTC)  # summer time ended the day before
    with time_machine.travel(START, tick=False):
        case = opened(centres["west"])
    slots(midnight - dt.timedelta(minutes=45), midnight, minutes=15)
    case.refresh_from_db()
    assert case.stage_key == "new"

    slots(midnight, midnight + dt.timedelta(minutes=31), minutes=15)

    case.refresh_from_db()
    assert (case.stage_key, case.events.filter(kind="moved").count()) == ("confirmed", 1)
    assert case.events.last().actor_name == "The clock: 2026-10-26 has come"


def test_three_days_across_the_clock_change_are_three_days_on_the_wall(centres):
    publish(waiting_flow(days=3))
    opened_at = dt.datetime(2026, 10, 23, 9, 0, tzinfo=dt.UTC)  # ten in the morning, summer time
    with time_machine.travel(opened_at, tick=False):
        case = opened(centres["west"])
    due = dt.datetime(2026, 10, 26, 10, 0, tzinfo=dt.UTC)  # ten in the morning, winter time
    slots(due - dt.timedelta(minutes=30), due, minutes=15)
    case.refresh_from_db()
    before = case.stage_key

    slots(due, due + dt.timedelta(minutes=16), minutes=15)

    case.refresh_from_db()
    assert (before, case.stage_key) == ("new", "confirmed")


def test_after_six_hours_without_a_clock_two_clocks_catch_up_once(centres):
    publish(waiting_flow(days=3))
    with time_machine.travel(START, tick=False):
        cases = [opened(centres["west"], f"SW-{number}") for number in range(3)]
    due = START + dt.timedelta(days=3)
    slots(due - dt.timedelta(minutes=30), due - dt.timedelta(minutes=15), minutes=15)
    from cms.models import Job

    ran = Job.objects.filter(kind=MOVES).count()

    slots(due + dt.timedelta(hours=6), due + dt.timedelta(hours=6, minutes=2))

    assert Job.objects.filter(kind=MOVES).count() == ran + 1
    assert [case.events.filter(kind="moved").count() for case in cases] == [1, 1, 1]
