"""What an import keeps: the file two weeks, its rows a month, afterwards counts and hashes."""

import os
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from cms.models import Instrument, School
from imports import runs, sealed
from imports.management.commands.roster_import import see_through
from imports.models import ImportRun
from imports.retention import purge_files, purge_rows
from imports.undo import CannotUndoError
from tests.roster_files import pupil_line, pupils

pytestmark = pytest.mark.django_db


@pytest.fixture
def run():
    Instrument.objects.create(name="Violin", slug="violin", family="strings")
    School.objects.create(urn="117137", name="Hill School")
    run = runs.receive("pupils", [pupils(pupil_line(1), pupil_line(2, dob="soon"))], "ash.csv")
    see_through(runs.start_planning(run))
    return ImportRun.objects.get(pk=run.pk)


def age(run, **days):
    past = timezone.now() - timedelta(**days)
    ImportRun.objects.filter(pk=run.pk).update(
        created_at=past, finished_at=run.finished_at and past
    )


def test_a_file_is_shredded_after_two_weeks_and_a_plan_that_waits_goes_with_it(run):
    name = run.stored_name
    age(run, days=13)
    assert purge_files() == 0

    age(run, days=15)
    assert purge_files() == 1
    run.refresh_from_db()
    assert (run.state, run.stored_name, run.plan_rows.count()) == ("discarded", "", 0)
    with pytest.raises(FileNotFoundError):
        sealed.unseal(name)


def test_the_rows_of_an_import_are_emptied_after_a_month(run):
    see_through(runs.approve(run, by=None))
    run.refresh_from_db()
    counts = run.counts
    age(run, days=29)
    assert purge_rows() == 0

    age(run, days=31)
    assert purge_rows() == 1
    run.refresh_from_db()
    assert "Sample1" not in repr(list(run.plan_rows.values()))
    assert (run.counts, run.original_name, run.changes.count()) == (counts, "", 1)
    assert purge_rows() == 0
    with pytest.raises(CannotUndoError, match="erased"):
        runs.take_back(run, by=None)


def test_a_file_that_could_not_be_read_leaves_the_watched_folder_after_two_weeks(
    settings, tmp_path
):
    settings.DATA_DIR = tmp_path
    folder = tmp_path / "incoming" / "ash" / "refused"
    folder.mkdir(parents=True)
    for name, days in (("old.csv", 15), ("new.csv", 13)):
        (folder / name).write_text("pupils")
        then = (timezone.now() - timedelta(days=days)).timestamp()
        os.utime(folder / name, (then, then))

    purge_old_things()
    assert [path.name for path in folder.iterdir()] == ["new.csv"]


def purge_old_things():
    from cms import jobs

    with transaction.atomic():
        job = jobs.enqueue("imports.purge", key="tonight", payload={})
    jobs.run_job.call_local(job.pk)
    job.refresh_from_db()
    assert job.state == "done"
