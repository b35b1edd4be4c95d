"""Opening day: 200 families, kept places, add-ons, staff who change the number; and the twins."""

import pytest

from tests.harness import a_hub

pytestmark = [pytest.mark.load]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_two_hundred_families_at_twenty_places(tmp_path, seed):
    with a_hub(tmp_path, patches=["tests.crash:slow_count"]) as hub:
        date = hub.call("tests.placesrace:an_opening")
        ended = hub.call("tests.placesrace:rush", course_date_id=date, seed=seed)

    assert set(ended["answers"]) == {"booked", "full"}, ended
    # With families of one left at the end, every place goes.
    assert ended["taken"] == 20, ended
    assert ended["without_help"] <= 16, ended
    assert ended["split"] == [], ended
    assert ended["add_ons"] == ended["add_on_seats"] <= 6, ended
    assert ended["orphans"] == 0, ended


def test_twin_with_nothing_kept_the_others_take_the_kept_places(tmp_path):
    with a_hub(tmp_path, patches=["tests.placesrace:nothing_is_kept"]) as hub:
        date = hub.call("tests.placesrace:an_opening", equity=20)
        ended = hub.call("tests.placesrace:rush", course_date_id=date)

    assert ended["without_help"] > 0, ended


def test_twin_without_the_lock_add_ons_are_given_twice(tmp_path):
    patches = ["tests.crash:no_lock", "tests.placesrace:slow_add_ons"]
    with a_hub(tmp_path, patches=patches) as hub:
        date = hub.call("tests.placesrace:an_opening", capacity=200, equity=0)
        hub.call("tests.placesrace:drop_add_on_constraint")
        hub.call("tests.crash:drop_seat_constraint")
        ended = hub.call("tests.placesrace:rush", course_date_id=date, families=60)

    assert ended["add_ons"] > ended["add_on_seats"], ended


def test_the_number_changes_in_the_middle_of_the_rush(tmp_path):
    with a_hub(tmp_path) as hub:
        date = hub.call("tests.placesrace:an_opening", equity=0)
        clerk = hub.call("tests.placesrace:a_clerk")
        ended = hub.call("tests.placesrace:rush_with_changes", course_date_id=date, clerk=clerk)

    assert ended["answers"].keys() <= {"booked", "full", "changed", "refused"}, ended
    assert ended["answers"].get("changed"), ended
    assert ended["taken"] <= ended["capacity"], ended
    assert ended["split"] == [], ended


def between(tmp_path, patches=()):
    with a_hub(tmp_path, patches=patches) as hub:
        date = hub.call("tests.placesrace:an_opening", equity=0)
        clerk = hub.call("tests.placesrace:a_clerk")
        return hub.call(
            "tests.placesrace:sale_between_check_and_save", course_date_id=date, clerk=clerk
        )


def test_a_sale_between_the_check_and_the_saving_of_a_lower_number_waits(tmp_path):
    assert between(tmp_path) == {"taken": 2, "capacity": 3, "said": ["full"]}


def test_twin_without_the_staffs_lock_the_number_falls_below_what_is_taken(tmp_path):
    ended = between(tmp_path, ["tests.placesrace:staff_take_no_lock"])
    assert ended == {"taken": 5, "capacity": 3, "said": ["booked"]}
