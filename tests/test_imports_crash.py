"""kill -9 in the middle of a 5 000-row import: the same end as if nothing had happened."""

import random
import time

import pytest

from tests.harness import a_hub, wait_for

pytestmark = [pytest.mark.crash]
ROWS = 5_000
SLOW = ["tests.crash:short_leases", "tests.roster_crash:small_slow_chunks"]


def state(hub, run):
    return hub.sql("SELECT state FROM imports_importrun WHERE id = %s", run)[0][0]


def progress(hub, run):
    return hub.sql(
        "SELECT job.done FROM cms_job job JOIN imports_importrun run ON run.job_id = job.id "
        "WHERE run.id = %s",
        run,
    )[0][0]


def kill_often(hub, run, kills, seed, longest=0.15):
    """Start a consumer, let it get on, kill it somewhere, `kills` times; then let one finish."""
    chance = random.Random(seed)
    for _kill in range(kills):
        consumer = hub.start_consumer()
        if state(hub, run) not in ("planning", "applying"):
            break
        goal = progress(hub, run) + 1
        # A run that was killed after its last row has only its end left to do.
        wait_for(
            lambda goal=goal: (
                progress(hub, run) >= goal or state(hub, run) not in ("planning", "applying")
            ),
            60,
            "the import to get on",
        )
        time.sleep(chance.random() * longest)
        hub.kill(consumer)
    last = hub.start_consumer()
    wait_for(lambda: state(hub, run) not in ("planning", "applying"), 90, "the import to end")
    hub.stop(last)


def undisturbed(tmp_path):
    with a_hub(tmp_path) as hub:
        run = hub.call("tests.roster_crash:promise_planning", rows=ROWS)
        hub.call("tests.roster_crash:work_undisturbed", run=run)
        hub.call("tests.roster_crash:promise_applying", run=run)
        hub.call("tests.roster_crash:work_undisturbed", run=run)
        return hub.call("tests.roster_crash:tally", run=run)


def test_twenty_kills_of_an_import_leave_what_an_undisturbed_one_leaves(tmp_path):
    expected = undisturbed(tmp_path)
    with a_hub(tmp_path, patches=SLOW) as hub:
        run = hub.call("tests.roster_crash:promise_planning", rows=ROWS)
        kill_often(hub, run, 5, seed=1)
        assert state(hub, run) == "planned"
        hub.call("tests.roster_crash:promise_applying", run=run)
        kill_often(hub, run, 15, seed=2)

        assert hub.call("tests.roster_crash:tally", run=run) == expected
        assert expected["changes"] == expected["pupils"] == expected["planned"] == ROWS
        assert expected["receipts"] == 1

        undo = hub.call("tests.roster_crash:promise_undo", run=run)
        kill_often(hub, undo, 3, seed=3)
        assert hub.call("tests.roster_crash:tally", run=undo)["pupils"] == 0


def test_twin_with_the_work_outside_the_fence_the_log_does_not_fit_the_records(tmp_path):
    patches = [*SLOW, "tests.roster_crash:work_before_the_fence"]
    with a_hub(tmp_path, patches=patches) as hub:
        run = hub.call("tests.roster_crash:promise_planning", rows=ROWS)
        hub.call("tests.roster_crash:work_undisturbed", run=run)
        hub.call("tests.roster_crash:promise_applying", run=run)
        kill_often(hub, run, 12, seed=4, longest=0.5)
        ended = hub.call("tests.roster_crash:tally", run=run)

    assert ended["counts"].get("conflicts") or ended["changes"] != ROWS
