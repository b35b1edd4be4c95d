"""No date is ever oversold: 400 attempts from 16 processes at 20 places, and what proves the test."""

import pytest

from tests.harness import a_hub
from tests.trust import at_length

pytestmark = [pytest.mark.load]

RACE = {"processes": 16, "attempts": 25}


@pytest.mark.parametrize("round_", range(at_length(1, 20)))
def test_twenty_places_and_400_attempts_give_exactly_20(tmp_path, round_):
    with a_hub(tmp_path, patches=["tests.crash:slow_count"]) as hub:
        date = hub.call("tests.crash:a_course_date", capacity=20)
        ended = hub.call("tests.crash:race_for_places", course_date_id=date, **RACE)

    assert ended == {
        "answers": {"held": 20, "FullError": 380},
        "places": 20,
        "seats": list(range(1, 21)),
    }


def test_families_are_never_split(tmp_path):
    with a_hub(tmp_path, patches=["tests.crash:slow_count"]) as hub:
        date = hub.call("tests.crash:a_course_date", capacity=20)
        ended = hub.call(
            "tests.crash:race_for_places", course_date_id=date, processes=8, attempts=5, children=3
        )

    assert ended["answers"] == {"held": 6, "FullError": 34}
    assert ended["places"] == 18


def test_twin_with_the_lock_off_the_database_still_refuses_the_21st(tmp_path):
    patches = ["tests.crash:slow_count", "tests.crash:no_lock"]
    with a_hub(tmp_path, patches=patches) as hub:
        date = hub.call("tests.crash:a_course_date", capacity=20)
        ended = hub.call("tests.crash:race_for_places", course_date_id=date, **RACE)

    assert ended["answers"].get("IntegrityError", 0) > 0
    assert len(ended["seats"]) == len(set(ended["seats"]))


def test_twin_with_lock_and_seat_numbers_off_it_oversells(tmp_path):
    patches = ["tests.crash:slow_count", "tests.crash:no_lock"]
    with a_hub(tmp_path, patches=patches) as hub:
        date = hub.call("tests.crash:a_course_date", capacity=20)
        hub.call("tests.crash:drop_seat_constraint")
        ended = hub.call("tests.crash:race_for_places", course_date_id=date, **RACE)

    assert ended["places"] > 20, ended
