"""Races about money: the last pound of the fund, and a payment against a hold that runs out."""

import pytest

from tests.harness import a_hub

pytestmark = [pytest.mark.load]

SLOW = ["tests.moneyrace:slow_fund"]


def test_the_last_pound_of_the_fund_goes_to_one_family(tmp_path):
    with a_hub(tmp_path, patches=SLOW) as hub:
        hub.call("tests.moneyrace:a_fund", claims=3)
        ended = hub.call("tests.moneyrace:race_for_the_fund", families=8)

    assert ended == {
        "answers": {"promised": 3, "waits": 5},
        "promises": 3,
        "claims": 3,
        "waiting": 5,
    }


def test_twin_with_the_lock_off_the_database_still_refuses(tmp_path):
    with a_hub(tmp_path, patches=[*SLOW, "tests.moneyrace:no_fund_lock"]) as hub:
        hub.call("tests.moneyrace:a_fund", claims=3)
        ended = hub.call("tests.moneyrace:race_for_the_fund", families=8)

    assert ended["answers"].get("IntegrityError", 0) > 0
    assert ended["promises"] <= 3


def test_twin_with_lock_and_numbers_off_the_fund_is_overspent(tmp_path):
    with a_hub(tmp_path, patches=[*SLOW, "tests.moneyrace:no_fund_lock"]) as hub:
        hub.call("tests.moneyrace:a_fund", claims=3)
        hub.call("tests.moneyrace:no_fund_numbers")
        ended = hub.call("tests.moneyrace:race_for_the_fund", families=8)

    assert ended["promises"] > 3, ended


def test_a_payment_that_meets_the_end_of_its_hold_is_a_place_or_a_refund(tmp_path):
    with a_hub(tmp_path) as hub:
        hub.call("tests.moneyrace:families_who_pay", number=6)
        ended = hub.call("tests.moneyrace:race_of_payment_against_expiry", number=6)

    assert ended["wrong"] == []
    assert ended["answers"]["told"] == 12


def test_twin_that_trusts_a_hold_that_ran_out_has_money_and_no_place(tmp_path):
    with a_hub(tmp_path, patches=["tests.moneyrace:trust_the_hold"]) as hub:
        hub.call("tests.moneyrace:families_who_pay", number=3)
        ended = hub.call("tests.moneyrace:race_of_payment_against_expiry", number=3)

    assert ended["wrong"], ended
