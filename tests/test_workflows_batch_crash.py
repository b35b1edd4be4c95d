"""A batch of a thousand cases: its progress is told, kill -9 loses nothing, nothing comes twice."""

import random

import pytest

from tests.harness import a_hub, wait_for

pytestmark = [pytest.mark.crash]

RUN, SHORT = "tests.batchrun", ["tests.crash:short_leases"]
NUMBER = 1000


def pressed(hub):
    return hub.sql("SELECT count(*) FROM workflows_caseevent WHERE kind = 'moved'")[0][0]


def state(hub, batch):
    return hub.sql(f"SELECT state FROM cms_job WHERE key = 'batch-{batch}'")[0][0]


def test_a_thousand_cases_are_pressed_once_each_through_kills(tmp_path):
    chance = random.Random(5)
    with a_hub(tmp_path, patches=SHORT) as hub:
        batch = hub.call(f"{RUN}:a_thousand", number=NUMBER)
        told = []
        for _kill in range(4):
            consumer = hub.start_consumer()
            goal = pressed(hub) + chance.randint(60, 160)
            wait_for(lambda goal=goal: pressed(hub) >= goal, what="the batch to get on")
            hub.kill(consumer)
            told.append(hub.call(f"{RUN}:standing", batch_id=batch)["done"])
        hub.start_consumer()
        wait_for(lambda: state(hub, batch) in ("done", "failed"), 240, "the batch")
        ended = hub.call(f"{RUN}:standing", batch_id=batch)

    assert told == sorted(set(told))
    assert 0 < told[0] <= told[-1] < NUMBER
    assert ended == {
        "total": NUMBER,
        "done": NUMBER,
        "is_over": True,
        "refused": 0,
        "moved": NUMBER,
        "twice": 0,
        "confirmed": NUMBER,
        "job": "done",
    }
