"""Throttling: counted across workers, forgotten in time, and nobody's address is stored."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import transaction

from cms import signin, throttle
from cms.models import RateCount

pytestmark = pytest.mark.django_db

#: The clock's own windows, which other tests do without.
WINDOW_END = throttle._window_end

NOON = datetime(2026, 10, 26, 12, 0, 10, tzinfo=ZoneInfo("Europe/London"))


@pytest.fixture(autouse=True)
def _real_windows(_no_window_ends_by_chance, monkeypatch):
    monkeypatch.setattr(throttle, "_window_end", WINDOW_END)


def test_the_one_beyond_the_limit_is_told_when_to_come_back():
    with time_machine.travel(NOON, tick=False):
        counts = [throttle.count("submit", "192.0.2.7", limit=3, seconds=300) for _ in range(3)]
        with pytest.raises(throttle.TooOftenError) as refused:
            throttle.count("submit", "192.0.2.7", limit=3, seconds=300)

    assert counts == [1, 2, 3]
    assert refused.value.retry_after == 290


def test_others_and_other_things_are_counted_by_themselves():
    with time_machine.travel(NOON, tick=False):
        for what, who in (("submit", "a"), ("submit", "b"), ("start", "a")):
            assert throttle.count(what, who, limit=1, seconds=300) == 1


def test_the_next_window_starts_again_and_the_old_row_goes():
    with time_machine.travel(NOON, tick=False) as clock:
        throttle.count("submit", "a", limit=1, seconds=300)
        clock.shift(timedelta(minutes=5))
        assert throttle.count("submit", "a", limit=1, seconds=300) == 1
        assert throttle.forget_old() == 1
        assert throttle.forget_old() == 0


def test_what_is_counted_is_not_stored_in_words():
    throttle.count("resume", "sam@example.org", limit=5, seconds=60)

    row = RateCount.objects.values_list("key", flat=True).get()
    assert "sam" not in row
    assert len(row) == 64


def test_behind_the_proxy_each_caller_is_counted_alone_and_nobody_can_pretend(rf, settings):
    said = {"X-Forwarded-For": "203.0.113.9, 198.51.100.7"}
    settings.SECURE_PROXY_SSL_HEADER = None
    assert throttle.client_address(rf.get("/", headers=said)) == "127.0.0.1"

    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert throttle.client_address(rf.get("/", headers=said)) == "198.51.100.7"
    assert throttle.client_address(rf.get("/")) == "127.0.0.1"


def test_one_caller_behind_the_proxy_does_not_shut_the_door_on_another(client, settings, db):
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

    def try_to_sign_in(number, address):
        data = {"username": f"user-{number}", "password": "wrong"}
        return client.post("/admin/login/", data, headers={"X-Forwarded-For": address}).status_code

    answers = [try_to_sign_in(number, "198.51.100.7") for number in range(signin.PER_ADDRESS + 1)]
    assert answers[-1] == 429
    assert try_to_sign_in(0, "198.51.100.8") == 200


@time_machine.travel(NOON, tick=False)
def test_a_count_stands_whatever_becomes_of_what_it_counts():
    @transaction.atomic
    def write_and_fail():
        throttle.count("other", "a", limit=9, seconds=60)
        raise LookupError

    for _try in range(2):
        with pytest.raises(LookupError):
            throttle.counted(write_and_fail, "submit", "a", limit=2, seconds=60)
    done = []
    with pytest.raises(throttle.TooOftenError):
        throttle.counted(lambda: done.append(1), "submit", "a", limit=2, seconds=60)

    assert not done
    assert list(RateCount.objects.values_list("count", flat=True)) == [3]
    assert throttle.counted(lambda: "done", "submit", "b", limit=2, seconds=60) == "done"
