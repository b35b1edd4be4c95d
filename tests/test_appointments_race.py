"""Eight families take one time at once: one has it, seven are told; and what proves the test."""

import pytest

from tests.harness import a_hub

pytestmark = [pytest.mark.load]

RACE = "tests.appointmentrace"


def test_of_eight_families_at_once_one_has_the_time_and_seven_are_told(tmp_path):
    with a_hub(tmp_path, patches=[f"{RACE}:slow_seat"]) as hub:
        ended = hub.call(f"{RACE}:race", **hub.call(f"{RACE}:furnish"))

    assert ended == {"answers": {"booked": 1, "SlotTakenError": 7}, "seats": [1]}


def test_twin_with_the_lock_off_the_database_still_refuses_the_second(tmp_path):
    with a_hub(tmp_path, patches=[f"{RACE}:slow_seat", f"{RACE}:no_lock"]) as hub:
        ended = hub.call(f"{RACE}:race", **hub.call(f"{RACE}:furnish"))

    assert ended["answers"].get("IntegrityError", 0) > 0
    assert ended["seats"] == [1]


def test_twin_with_lock_and_constraint_off_it_is_given_twice(tmp_path):
    with a_hub(tmp_path, patches=[f"{RACE}:slow_seat", f"{RACE}:no_lock"]) as hub:
        made = hub.call(f"{RACE}:furnish")
        hub.call(f"{RACE}:drop_seat_constraint")
        ended = hub.call(f"{RACE}:race", **made)

    assert len(ended["seats"]) > 1
