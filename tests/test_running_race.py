"""A booking that moves is never split nor in two places: families race for the last of a date."""

import pytest

from tests.harness import a_hub

pytestmark = [pytest.mark.load]
MOVERS = 12


def test_families_of_two_race_to_a_date_with_five_places(tmp_path):
    with a_hub(tmp_path, patches=["tests.courserace:slower"]) as hub:
        dates = hub.call("tests.courserace:two_dates", capacity=5, movers=MOVERS)
        ended = hub.call("tests.courserace:race_to_move", dates=dates, movers=MOVERS)

    assert ended == {
        "answers": {"moved": 2, "FullError": MOVERS - 2},
        "there": 4,
        "still_here": 2 * (MOVERS - 2),
        "split": 0,
        "seats": [1, 2, 3, 4],
    }


def test_the_twin_with_lock_and_seat_numbers_off_moves_more_than_fit(tmp_path):
    patches = ["tests.courserace:slower", "tests.crash:no_lock"]
    with a_hub(tmp_path, patches=patches) as hub:
        dates = hub.call("tests.courserace:two_dates", capacity=5, movers=MOVERS)
        hub.call("tests.crash:drop_seat_constraint")
        ended = hub.call("tests.courserace:race_to_move", dates=dates, movers=MOVERS)

    assert ended["there"] > 5, ended
