"""Two cases about one new child, handled at the same moment: the roster has the child once."""

import threading
import time

import pytest
from django.db import connection, transaction

from cms import enrolling
from cms.models import Enrolment, Guardian, MusicGroup, Pupil
from tests.test_workflows_outside_actions import applied
from workflows.actions import actions
from workflows.models import ActionRun

pytestmark = pytest.mark.django_db(transaction=True)
OPTIONS = {"group_question": "band"}


@pytest.fixture
def runs(centres):
    """The action of two cases, each for a group of its own, so that no group's lock helps."""
    found = []
    for name in ("County Choir", "County Band"):
        group = MusicGroup.objects.create(name=name, centre=centres["west"])
        case = applied({"type": "join_group", **OPTIONS}, band=f"{group.centre.slug}/{name}")
        event = case.events.latest("pk")
        found.append(
            ActionRun.objects.create(event=event, index=0, type="join_group", options=OPTIONS)
        )
    return found


@pytest.fixture
def slow(monkeypatch):
    """The moment between looking for a child and adding it, made long enough to meet in."""
    add = enrolling.add_pupil

    def slowly(*args, **kwargs):
        time.sleep(0.3)
        return add(*args, **kwargs)

    monkeypatch.setattr(enrolling, "add_pupil", slowly)


def carried_out_at_once(runs):
    """What each came to, each in a connection and a transaction of its own."""
    results, ready = [], threading.Barrier(len(runs))

    def carry_out(run):
        ready.wait()
        try:
            with transaction.atomic():
                results.append(actions[run.type](run).run(run.event.case, run.options))
        finally:
            connection.close()

    threads = [threading.Thread(target=carry_out, args=[run]) for run in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(results)


def test_one_new_child_in_two_cases_at_once_becomes_one_pupil_in_both_groups(runs, slow):
    assert carried_out_at_once(runs) == [
        "1 person joined County Band",
        "1 person joined County Choir",
    ]
    assert Pupil.objects.count() == 1
    assert Guardian.objects.count() <= 1
    assert Enrolment.objects.count() == 2


@pytest.mark.services
def test_without_its_turn_the_same_child_is_made_twice(runs, slow, monkeypatch):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite lets one transaction write at a time, turn or no turn")
    monkeypatch.setattr(enrolling, "newcomers_in_turn", lambda: None)

    carried_out_at_once(runs)

    assert Pupil.objects.count() == 2
