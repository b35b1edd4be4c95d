"""Quiet times, old files, the same file again, and files that hold only a part."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from cms.models import Instrument, Pupil, School, User
from cms.roles import grant
from imports import runs
from imports.management.commands.roster_import import see_through
from imports.models import ImportRun, QuietTime
from tests.roster_files import pupil_line, pupils

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def hill_school():
    Instrument.objects.create(name="Violin", slug="violin", family="strings")
    return School.objects.create(urn="117137", name="Hill School")


def planned(*lines, **options):
    run = runs.receive("pupils", [pupils(*lines)], "roster.csv", **options)
    see_through(runs.start_planning(run))
    run.refresh_from_db()
    return run


def applied(run):
    see_through(runs.approve(run, by=None))
    run.refresh_from_db()
    return {name: number for name, number in run.counts.items() if number}


def quiet(kind, **more):
    today = timezone.localdate()
    days = {"first_day": today, "last_day": today + timedelta(days=3)} | more
    return QuietTime.objects.create(title="Exam week", kind=kind, **days)


def test_nothing_is_carried_out_in_a_quiet_time_but_an_undo():
    first = planned(pupil_line(1))
    applied(first)
    time = quiet("nothing")
    run = planned(pupil_line(2))

    with pytest.raises(runs.NotNowError, match=r"No import is carried out from .* Exam week\."):
        runs.approve(run, by=None)
    see_through(runs.take_back(first, by=None).job)
    assert Pupil.objects.count() == 0

    QuietTime.objects.filter(pk=time.pk).update(roster="schools")
    assert applied(run)["created"] == 1


def test_in_a_week_of_adds_only_new_rows_go_in_and_the_others_are_held():
    applied(planned(pupil_line(1), pupil_line(2)))
    quiet("adds")
    run = planned(pupil_line(1, surname="Ash"), pupil_line(3), is_full=True)

    assert applied(run) == {"rows": 2, "created": 1, "held": 2}
    pupils_now = Pupil.objects.order_by("external_id")
    assert [(p.external_id, p.legal_last_name, p.left_at) for p in pupils_now] == [
        ("P00001", "Sample1", None), ("P00002", "Sample2", None), ("P00003", "Sample3", None),
    ]  # fmt: skip


def test_last_terms_file_is_known_by_its_rows():
    old = [pupil_line(n) for n in range(6)]
    new = [pupil_line(n, surname="Ash") for n in range(6)]
    applied(planned(*old))
    later = planned(*new)
    applied(later)
    assert later.mapping["alarms"] == []

    again = planned(*old, pupil_line(9))

    today = timezone.localdate()
    assert again.mapping["alarms"] == [
        (
            "This looks like an old file: 6 of 6 changes would put back what import "
            f"{later.pk} replaced on {today:%d/%m/%Y}."
        )
    ]


def test_the_same_file_is_known_while_it_waits_and_when_it_was_applied():
    first = planned(pupil_line(1))
    assert f"as import {first.pk}, which still waits." in planned(pupil_line(1)).notes[-1]
    applied(first)
    assert "This very file was applied before" in planned(pupil_line(1)).notes[-1]


def test_a_file_that_names_nobody_of_a_school_is_pointed_out():
    School.objects.create(urn="117138", name="Vale School")
    applied(planned(*[pupil_line(n, school="117137" if n < 4 else "117138") for n in range(8)]))

    part = planned(*[pupil_line(n) for n in range(4)], is_full=True)

    assert part.mapping["alarms"] == [
        "The file names nobody of Vale School. Is it only a part of the roster?"
    ]
    assert part.counts["held"] == 4


def test_the_database_lets_one_run_of_a_roster_apply_at_a_time():
    ImportRun.objects.create(roster="pupils", state="applying")
    with pytest.raises(IntegrityError), transaction.atomic():
        ImportRun.objects.create(roster="pupils", state="applying")
    ImportRun.objects.create(roster="schools", state="applying")


def test_quiet_times_are_kept_by_those_who_approve(client):
    user = User.objects.create(username="roster-admin")
    grant(user, "roster_admin")
    client.force_login(user)
    page = reverse("roster_quiet")
    data = {
        "title": "Start of term", "kind": "adds", "roster": "", "first_day": "2099-09-01",
        "last_day": "2099-08-01",
    }  # fmt: skip

    assert client.post(page, data).status_code == 422
    assert client.post(page, data | {"last_day": "2099-09-07"}).status_code == 302
    assert "Start of term" in client.get(page).content.decode()
    client.post(reverse("roster_quiet_end", args=[QuietTime.objects.get().pk]))
    assert not QuietTime.objects.exists()
