"""A plan made in many turns is the plan made in one; and the bench measures what it says."""

from contextlib import contextmanager

import pytest
from django.db import transaction

from cms.models import Instrument, Pupil, School
from imports import plan, runs
from imports.benches import Changed, FirstLoad, Unchanged
from imports.models import ImportRun
from tests.roster_files import pupil_line, pupils

pytestmark = pytest.mark.django_db


class TurnOver(BaseException):
    """As cms.jobs ends a turn: no Exception."""


class Turns:
    """A step whose turn is over after each chunk."""

    cursor = 0

    @contextmanager
    def chunk(self, *, to, count=0):
        with transaction.atomic():
            yield
        self.cursor = to
        raise TurnOver

    def extend(self):
        pass


@pytest.fixture
def full_run(monkeypatch):
    """A file of 70 pupils, one twice, that leaves out 5 of 40 known ones; small batches."""
    monkeypatch.setattr(plan, "BATCH", 10)
    monkeypatch.setattr("imports.leavers.BATCH", 2)
    school = School.objects.create(urn="117137", name="Hill School")
    Instrument.objects.create(name="Violin", slug="violin", family="strings")
    Pupil.objects.bulk_create(
        Pupil(external_id=f"P{n:05}", legal_first_name="A", legal_last_name="B", school=school)
        for n in range(95, 135)
    )
    lines = [pupil_line(n) for n in (*range(60, 130), 63)]
    run = runs.receive("pupils", [pupils(*lines)], "pupils.csv", is_full=True)
    run.state = ImportRun.State.PLANNING
    run.save()
    return run


def planned(run):
    rows = run.plan_rows.order_by("pk")
    return run.counts, run.held, list(rows.values_list("line", "action", "key", "after", "outcome"))


def make(run, *, is_same_process):
    step = Turns()
    turns = 0
    while True:
        turns += 1
        try:
            plan.build(run, step)
        except TurnOver:
            if not is_same_process:
                plan.Reading.forget()
            run = ImportRun.objects.get(pk=run.pk)
        else:
            return run, turns


@pytest.mark.parametrize("is_same_process", [True, False])
def test_a_plan_made_in_turns_has_each_row_once(full_run, is_same_process):
    plan.build(full_run, plan.Inline())
    expected = planned(full_run)
    assert full_run.counts["duplicates"] == 1
    assert full_run.counts["left"] + full_run.counts["held"] == 5

    run, turns = make(ImportRun.objects.get(pk=full_run.pk), is_same_process=is_same_process)

    assert turns > 8
    assert planned(run) == expected
    assert not plan.Reading.waiting


@pytest.mark.parametrize("case", [FirstLoad, Unchanged, Changed])
def test_the_bench_measures_ours_beside_the_engine_and_import_export(case):
    small = type("Small", (case,), {"rows": 200, "peer_rows": 60})()
    small.prepare()

    for _turn in range(2):
        assert all(figure > 0 for figure in (small.ours(), small.limit(), small.peer()))
