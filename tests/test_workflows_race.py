"""Two officers press at once: one moves the case, the other is told, and nothing happens twice."""

import threading
import time

import pytest
from django.db import connection
from django.db.models import QuerySet

from tests.casework import BOOKING
from workflows import engine
from workflows.compile import publish
from workflows.engine import StaleStageError, open_case, perform

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def case(centres):
    publish(BOOKING)
    return open_case(
        workflow_slug="course-booking",
        subject=centres["west"],
        title="One child",
        reference="SW-1",
        centre=centres["west"],
    )


@pytest.fixture
def slow(monkeypatch):
    """The moment between looking at the stage and moving the case, made long enough to meet in."""
    holds = engine._condition_holds

    def slowly(button, case):
        time.sleep(0.3)
        return holds(button, case)

    monkeypatch.setattr(engine, "_condition_holds", slowly)


def press_at_once(case, officer, number=3):
    """What each of several presses at the same moment came to."""
    results, ready = [], threading.Barrier(number)

    def press():
        ready.wait()
        try:
            perform(case.pk, "confirm", by=officer, expected_stage="new")
            results.append("moved")
        except StaleStageError as problem:
            results.append(str(problem))
        finally:
            connection.close()

    threads = [threading.Thread(target=press) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_of_presses_at_once_one_moves_the_case_and_the_others_are_told(case, officer, slow):
    results = press_at_once(case, officer)

    assert results.count("moved") == 1
    told = [result for result in results if result != "moved"]
    assert all("Ada Officer moved this case to “Confirmed”" in result for result in told)
    moved = case.events.get(kind="moved")
    assert [run.type for run in moved.runs.all()] == ["demo"]


@pytest.mark.services
def test_without_the_lock_the_same_presses_move_it_more_than_once(case, officer, slow, monkeypatch):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite lets one transaction write at a time, lock or no lock")
    monkeypatch.setattr(QuerySet, "select_for_update", lambda self, **kwargs: self.all())

    assert press_at_once(case, officer).count("moved") > 1
