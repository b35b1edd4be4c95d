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
    patches = ["tests.crash:slow_count", "tests.crash:no_lock"]
    with a_hub(tmp_path, patches=patches) as hub:
        date = hub.call("tests.offerrace:a_rush")
        hub.call("tests.crash:drop_seat_constraint")
        ended = hub.call("tests.offerrace:race", course_date_id=date)

    assert ended["taken"] > ended["capacity"], ended
