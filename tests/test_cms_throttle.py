"""Throttling: counted across workers, forgotten in time, and nobody's address is stored."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine

from cms import throttle
from cms.models import RateCount

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 10, 26, 12, 0, 10, tzinfo=ZoneInfo("Europe/London"))


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
