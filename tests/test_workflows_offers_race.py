"""Offers against public sale, with more places in the middle: never one too many, nobody split."""

import pytest

from tests.harness import a_hub

pytestmark = [pytest.mark.load]


def test_offers_and_public_sale_never_take_one_too_many(tmp_path):
    with a_hub(tmp_path) as hub:
        date = hub.call("tests.offerrace:a_rush")
        ended = hub.call("tests.offerrace:race", course_date_id=date)

    assert ended["taken"] <= ended["capacity"] == 20, ended
    assert ended["split"] == [], ended
    assert ended["accepted"] > 0, ended
    assert set(ended["answers"]) <= {
        "held",
        "asked",
        "more places",
        "FullError",
        "OfferOverError",
    }, ended


def test_twin_without_the_lock_offers_and_public_sale_take_one_too_many(tmp_path):
    patches = ["tests.offerrace:slow_sale", "tests.crash:no_lock"]
    for rush in range(6):  # chance decides who meets whom: on a busy machine one may miss
        with a_hub(tmp_path / str(rush), patches=patches) as hub:
            date = hub.call("tests.offerrace:a_rush")
            hub.call("tests.crash:drop_seat_constraint")
            ended = hub.call("tests.offerrace:race", course_date_id=date)
        if ended["taken"] > ended["capacity"]:
            break

    assert ended["taken"] > ended["capacity"], ended


RACE = "tests.offerrace"


def test_of_eight_offers_of_one_place_at_once_one_is_made_and_seven_are_told(tmp_path):
    with a_hub(tmp_path, patches=[f"{RACE}:slow_count"]) as hub:
        ended = hub.call(f"{RACE}:last_place", **hub.call(f"{RACE}:one_place"))

    assert ended == {"answers": {"offered": 1, "NoPlaceError": 7}, "seats": 1}


def test_twin_with_the_lock_off_the_database_still_refuses_the_second_offer(tmp_path):
    with a_hub(tmp_path, patches=[f"{RACE}:slow_count", f"{RACE}:no_lock"]) as hub:
        ended = hub.call(f"{RACE}:last_place", **hub.call(f"{RACE}:one_place"))

    assert ended["answers"].get("IntegrityError", 0) > 0
    assert ended["seats"] == 1


def test_twin_with_lock_and_constraint_off_one_place_is_offered_twice(tmp_path):
    with a_hub(tmp_path, patches=[f"{RACE}:slow_count", f"{RACE}:no_lock"]) as hub:
        made = hub.call(f"{RACE}:one_place")
        hub.call(f"{RACE}:drop_seat_constraint")
        ended = hub.call(f"{RACE}:last_place", **made)

    assert ended["seats"] > 1
