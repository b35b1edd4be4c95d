"""kill -9, SIGSTOP and SIGTERM on real consumers in the middle of a 5 000-row job."""

import random

import pytest

from tests.crash import CHUNK, ROWS
from tests.harness import a_hub, wait_for

pytestmark = [pytest.mark.crash]

WHOLE = {
    "rows": ROWS,
    "distinct": ROWS,
    "state": "done",
    "cursor": ROWS,
    "percent": 100,
    "receipts": 1,
}
SHORT = ["tests.crash:short_leases"]


def cursor(hub):
    return hub.sql("SELECT cursor FROM cms_job WHERE key = 'rows'")[0][0]


def is_over(hub):
    return hub.sql("SELECT state FROM cms_job WHERE key = 'rows'")[0][0] in ("done", "failed")


def owner(hub):
    """The pid of the consumer that has the job, or None."""
    name = hub.sql("SELECT owner FROM cms_job WHERE key = 'rows'")[0][0]
    return int(name.split(":")[1]) if name else None


def test_twenty_kills_lose_nothing_and_do_nothing_twice(tmp_path):
    chance = random.Random(20)
    with a_hub(tmp_path, patches=SHORT) as hub:
        hub.call("tests.crash:promise_rows")
        for _kill in range(20):
            consumer = hub.start_consumer()
            goal = cursor(hub) + chance.choice([1, 1, 2, 2]) * CHUNK
            wait_for(lambda goal=goal: cursor(hub) >= goal, what="the job to get on")
            hub.kill(consumer)
        assert not is_over(hub)
        hub.start_consumer()
        wait_for(lambda: is_over(hub) and hub.letters(), 60, "the job and its letter")

        assert hub.call("tests.crash:tally") == WHOLE
        assert len(hub.letters()) == 1


def gets_on(hub, goal):
    """Sweeps until the job has come so far. Several times, as each minute does: a stopped consumer
    may still be handed a ring, by a Redis that does not know that it stands still."""
    if is_over(hub) or cursor(hub) >= goal:
        return True
    hub.call("tests.crash:sweep")
    return False


def overtake(hub, times):
    """Stop the working consumer between two chunks for longer than its lease, so another works."""
    hub.call("tests.crash:promise_rows")
    consumers = [hub.start_consumer(), hub.start_consumer()]
    for _time in range(times):
        slow = wait_for(lambda: owner(hub), what="a worker")
        while True:
            hub.pause(slow)
            where = hub.folder / f"where-{slow}"
            if where.exists() and where.read_text() == "between" and not hub.is_locked():
                break
            hub.resume(slow)
        goal = cursor(hub) + 2 * CHUNK
        wait_for(lambda goal=goal: gets_on(hub, goal), what="the rival to get on")
        hub.resume(slow)
    wait_for(lambda: is_over(hub), 60, "the job to end")
    for consumer in consumers:
        hub.stop(consumer)  # lets a straggler finish whatever it still believes in
    return hub.call("tests.crash:tally")


def test_a_worker_that_was_stopped_beyond_its_lease_can_add_nothing(tmp_path):
    with a_hub(tmp_path, patches=SHORT) as hub:
        assert overtake(hub, times=3) == WHOLE


def test_twin_with_the_fence_off_rows_are_doubled(tmp_path):
    with a_hub(tmp_path, patches=[*SHORT, "tests.crash:no_fence"]) as hub:
        ended = overtake(hub, times=3)

    assert ended["rows"] > ROWS
    assert ended["distinct"] == ROWS


def test_a_polite_stop_ends_the_turn_and_loses_nothing(tmp_path):
    patches = [*SHORT, "tests.crash:short_turns"]
    with a_hub(tmp_path, patches=patches) as hub:
        hub.call("tests.crash:promise_rows")
        consumer = hub.start_consumer()
        wait_for(lambda: cursor(hub) >= 3 * CHUNK, what="the job to get on")
        hub.stop(consumer)
        assert 0 < cursor(hub) < ROWS
        assert hub.sql("SELECT state, owner FROM cms_job WHERE key = 'rows'") == [("ready", "")]

        hub.start_consumer()
        wait_for(lambda: is_over(hub), 60, "the job to end")
        assert hub.call("tests.crash:tally") == WHOLE
