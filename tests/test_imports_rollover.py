"""The year roll-over: rehearsed, seen, carried out, and taken back to the letter."""

import io
import json
from datetime import date

import pytest
from django.core.management import call_command
from django.urls import reverse

from cms.models import (
    AcademicYear,
    Area,
    Enrolment,
    Ensemble,
    MusicCentre,
    MusicGroup,
    Pupil,
    Term,
)
from cms.roles import grant
from imports import rollover, runs
from imports.management.commands.roster_import import see_through

pytestmark = pytest.mark.django_db(transaction=True)
YEAR = 2026


@pytest.fixture(autouse=True)
def hub(db):
    """A junior band up to year 6 that leads to a youth band; four pupils and an adult."""
    west = Area.objects.create(name="West", slug="west")
    centre = MusicCentre.objects.create(
        name="Westbrook", slug="westbrook", area=west, address="1 Lane", postcode="SG4 9UJ"
    )
    junior, youth = (
        Ensemble.objects.create(name=name, slug=slug, level="centre", summary="-", max_year=most)
        for name, slug, most in (("Junior Band", "junior", 6), ("Youth Band", "youth", 13))
    )
    junior.leads_to.add(youth)
    groups = {
        slug: MusicGroup.objects.create(
            external_id=slug.upper(), name=found.name, centre=centre, ensemble=found
        )
        for slug, found in (("junior", junior), ("youth", youth))
    }
    born = {
        "stays": date(2016, 1, 1), "moves": date(2014, 10, 1), "leaves": date(2008, 1, 1),
        "adult": date(1980, 1, 1), "kept": date(2014, 10, 1),
    }  # fmt: skip
    for name, day in born.items():
        pupil = Pupil.objects.create(
            external_id=name, legal_first_name=name, legal_last_name="Example", date_of_birth=day,
            year_override=5 if name == "kept" else None,
        )  # fmt: skip
        old = name in {"leaves", "adult"}
        Enrolment.objects.create(pupil=pupil, group=groups["youth" if old else "junior"])
    this_year = AcademicYear.objects.create(start_year=YEAR - 1)
    Term.objects.create(
        academic_year=this_year, season="autumn", starts_on=date(2025, 9, 3),
        half_term_starts_on=date(2025, 10, 27), half_term_ends_on=date(2025, 10, 31),
        ends_on=date(2025, 12, 19),
    )  # fmt: skip


def everything():
    return [
        list(model.objects.order_by("pk").values_list())
        for model in (Pupil, Enrolment, MusicGroup, Term)
    ]


def see_all(done):
    for run in done:
        see_through(run.job)
        run.refresh_from_db()
        assert run.state == "applied", run.problem


def test_a_rehearsal_says_what_would_happen_and_changes_nothing():
    before = everything()
    terms, pupils, enrolments = rollover.rehearse(YEAR, by=None)
    assert everything() == before
    assert (terms.count("created"), pupils.count("left"), pupils.count("updated")) == (1, 1, 1)
    rows = enrolments.plan_rows.order_by("pk").values_list("action", "key")
    assert list(rows) == [
        ("update", "moves · JUNIOR"), ("create", "moves · YOUTH"), ("update", "leaves · YOUTH"),
    ]  # fmt: skip


def test_carried_out_it_is_exactly_that_and_undone_it_is_as_before():
    before = everything()
    rollover.rehearse(YEAR, by=None)
    see_all(rollover.carry_out(YEAR, by=None))

    assert Pupil.objects.get(external_id="leaves").left_at is not None
    assert Pupil.objects.get(external_id="adult").left_at is None
    assert Pupil.objects.get(external_id="kept").year_override == 6
    groups = Enrolment.objects.filter(pupil__external_id="moves").order_by("pk")
    assert list(groups.values_list("group__external_id", "status", "ends_on")) == [
        ("JUNIOR", "left", date(2026, 8, 31)), ("YOUTH", "active", None),
    ]  # fmt: skip
    stays = Enrolment.objects.get(pupil__external_id="stays")
    assert (stays.status, stays.group.external_id) == ("active", "JUNIOR")
    assert Term.objects.get(academic_year__start_year=YEAR).starts_on == date(2026, 9, 2)

    see_all(rollover.take_back(YEAR, by=None))
    assert everything() == before


def test_it_is_done_once_and_again_only_after_it_was_undone():
    rollover.rehearse(YEAR, by=None)
    see_all(rollover.carry_out(YEAR, by=None))
    with pytest.raises(runs.NotNowError, match="rolled over already"):
        rollover.rehearse(YEAR, by=None)
    see_all(rollover.take_back(YEAR, by=None))
    again = rollover.rehearse(YEAR, by=None)
    assert [run.count("rows") for run in again] == [1, 2, 3]


def test_a_record_that_changed_since_the_rehearsal_is_kept():
    rollover.rehearse(YEAR, by=None)
    Pupil.objects.filter(external_id="kept").update(year_override=9)
    see_all(rollover.carry_out(YEAR, by=None))
    assert Pupil.objects.get(external_id="kept").year_override == 9
    assert rollover.runs_of(YEAR)[1].count("conflicts") == 1


def test_where_nothing_says_where_to_a_person_is_asked_and_nobody_is_moved():
    Ensemble.objects.get(slug="junior").leads_to.clear()
    enrolments = rollover.rehearse(YEAR, by=None)[2]
    [row] = enrolments.plan_rows.filter(action="refused")
    assert "leads to no other group" in row.problems[0]["problem"]
    see_all(rollover.carry_out(YEAR, by=None))
    assert Enrolment.objects.get(pupil__external_id="moves").status == "active"


def test_the_command_line_rehearses_carries_out_and_undoes():
    before = everything()

    def command(*options):
        out = io.StringIO()
        call_command("roster_year", str(YEAR), *options, "--json", stdout=out)
        return json.loads(out.getvalue())["parts"]

    assert [part["status"] for part in command()] == ["planned"] * 3
    assert everything() == before
    assert [part["status"] for part in command("--yes")] == ["applied"] * 3
    assert everything() != before
    command("--undo")
    assert everything() == before


def test_the_screen_asks_for_the_right_to_approve(client, django_user_model, monkeypatch):
    from imports.views import years

    monkeypatch.setattr(years, "years", lambda: (YEAR,))
    user = django_user_model.objects.create_user("roster")
    grant(user, "roster_admin")
    client.force_login(user)
    assert client.get(reverse("roster_years")).status_code == 200
    client.post(reverse("roster_year_rehearse", args=[YEAR]))
    page = client.get(reverse("roster_years")).content.decode()
    assert "Carry out 2026/27, exactly this" in page
    client.post(reverse("roster_year_carry_out", args=[YEAR]))
    assert {run.state for run in rollover.runs_of(YEAR)} <= {"applying", "applied"}

    other = django_user_model.objects.create_user("editor")
    grant(other, "comms_editor")
    client.force_login(other)
    assert client.get(reverse("roster_years")).status_code == 404
    assert client.post(reverse("roster_year_take_back", args=[YEAR])).status_code == 404
