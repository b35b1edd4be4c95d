"""A source is known again by its file, read as it was chosen once, and its changes are said."""

import pytest
from django.urls import reverse

from cms.models import Instrument, Pupil, School, Teacher, User
from cms.roles import grant
from imports import mending, profiles, runs
from imports.management.commands.roster_import import see_through
from imports.models import ImportRun, SourceProfile

pytestmark = pytest.mark.django_db
HEADINGS = "Number;Family;Given;Born;Year group;Postcode"
COLUMNS = {
    "external_id": ["Number"],
    "legal_last_name": ["Family"],
    "legal_first_name": ["Given"],
    "date_of_birth": ["Born"],
    "year_override": ["Year group"],
    "postcode": ["Postcode"],
}


@pytest.fixture
def officer(client):
    user = User.objects.create(username="roster-admin", email="rosters@example.org")
    grant(user, "roster_admin")
    client.force_login(user)
    return user


def file(*lines, headings=HEADINGS):
    return "\n".join([headings, *lines, ""]).encode()


def planned(run):
    see_through(runs.start_planning(run))
    run.refresh_from_db()
    return run


def applied(run):
    planned(run)
    see_through(runs.approve(run, by=None))
    run.refresh_from_db()
    return run


def known_source(*lines, **more):
    """A source that was named once, with its columns chosen by hand."""
    run = runs.receive("pupils", [file(*lines, **more)], "a.csv")
    profiles.remember(run, "Arbor, nightly")
    runs.remap(run, COLUMNS, is_full=False)
    return run


def counts(run):
    return {name: number for name, number in run.counts.items() if number}


def test_the_next_file_of_a_source_is_read_as_the_first_was(client, officer):
    first = runs.receive("pupils", [file("1;Ash;Kim;2/3/2015;7;SG4 9UJ")], "a.csv")
    page = reverse("roster_run", args=[first.pk])
    assert "Remember this source as" in client.get(page).content.decode()
    choice = {f"column-{name}": words[0] for name, words in COLUMNS.items()}
    client.post(page, choice | {"source": "Arbor, nightly"})

    second = runs.receive("pupils", [file("2;Oak;Jo;1/1/2014;8;SG4 9UJ")], "b.csv")

    profile = SourceProfile.objects.get()
    assert (profile.slug, second.profile) == ("arbor-nightly", profile)
    assert second.mapping["columns"] == COLUMNS
    assert second.notes[0] == "This is the file of “Arbor, nightly”."
    assert second.mapping["alarms"] == []
    assert planned(second).counts["created"] == 1


def test_a_value_mapped_once_is_known_in_every_row_and_in_the_next_file(officer):
    School.objects.create(urn="117137", name="Hill School")
    run = known_source(
        "1;Ash;Kim;2/3/2015;Seniors;SG4 9UJ", "2;Oak;Jo;1/1/2014;Seniors;", "3;Elm;Al;1/1/2014;7;"
    )
    assert counts(planned(run)) == {"rows": 3, "created": 1, "refused": 2}

    row = run.plan_rows.get(line=2)
    mending.mend(run, row.pk, {"year_override": "7"}, by=officer, always=True)
    assert counts(run) == {"rows": 3, "created": 3}
    assert set(run.plan_rows.values_list("after__year_override", flat=True)) == {7}
    see_through(runs.approve(run, by=officer))

    again = applied(runs.receive("pupils", [file("1;Ash;Kim;2/3/2015;Seniors;SG4 9UJ")], "a.csv"))
    assert counts(again) == {"rows": 1, "unchanged": 1}
    assert not again.plan_rows.exists()


def test_what_changed_in_a_sources_file_is_said_above_the_plan(client, officer):
    run = known_source("1;Ash;Kim;13/3/2015;7;SG4 9UJ")
    changed = b"Number,Family,Given,Born,House"
    lines = b"\n".join(b"%d,Ash,Kim,3/%d/2015,Red" % (n, n + 12) for n in range(1, 5))

    drifted = runs.receive(
        "pupils", [changed + b"\n" + lines + b"\n"], "b.csv", profile=run.profile
    )

    assert drifted.mapping["alarms"] == [
        "Columns that this source had before are gone: Year group, Postcode.",
        "Columns are new in this source's file: House.",
        "The delimiter was semicolons before and is commas now.",
        (
            "Column “Born” wrote the day first before; this file's dates can only be read with "
            "the month first."
        ),
    ]
    assert drifted.mapping["ignored"] == ["House"]
    page = client.get(reverse("roster_run", args=[drifted.pk])).content.decode()
    assert "Columns are new in this source&#x27;s file: House." in page
    assert "month first, by 4 dates" in page


def test_dates_that_prove_nothing_are_read_as_the_source_wrote_them_before():
    lines = [f"{n};Ash;Kim;3/{n + 12}/2015;7;" for n in range(1, 5)]
    known_source(*lines)

    again = runs.receive("pupils", [file("9;Oak;Jo;3/4/2015;7;")], "b.csv")

    assert again.mapping["date_orders"] == {"date_of_birth": "mdy"}
    assert planned(again).plan_rows.get().after["date_of_birth"] == "2015-03-04"


def test_a_blank_cell_erases_only_where_the_source_says_so():
    run = applied(known_source("1;Ash;Kim;2/3/2015;7;SG4 9UJ"))
    blank = file("1;Ash;Kim;2/3/2015;;")
    assert counts(applied(runs.receive("pupils", [blank], "b.csv"))) == {"rows": 1, "unchanged": 1}

    SourceProfile.objects.update(blank_erases=True)
    erased = applied(runs.receive("pupils", [blank], "b.csv"))

    pupil = Pupil.objects.get()
    assert counts(erased) == {"rows": 1, "updated": 1}
    assert (pupil.year_override, pupil.postcode, pupil.legal_last_name) == (None, "", "Ash")
    assert ImportRun.objects.filter(profile=run.profile).count() == 3


def test_cells_of_columns_that_are_not_used_are_stored_nowhere():
    secret = "told in confidence"
    run = applied(known_source(f"1;Ash;Kim;2/3/2015;7;;{secret}", headings=HEADINGS + ";Notes"))

    assert run.mapping["ignored"] == ["Notes"]
    kept = [run.mapping, run.notes, *run.plan_rows.values(), *Pupil.objects.values()]
    assert secret not in repr([*kept, *SourceProfile.objects.values()])


def test_teachers_come_with_their_instruments_centres_and_qualification(centres):
    Instrument.objects.create(slug="cello", name="Cello", family="strings")
    headings = "Staff number,First name,Last name,Instruments,Centres,Qualification,Date qualified"
    lines = (
        "T1,Kim,Ash,Cello,westbrook,Certificate for Music Educators,01/07/2024",
        "T2,Jo,Oak,,,,",
    )
    applied(runs.receive("teachers", [file(*lines, headings=headings)], "teachers.csv"))
    late = file("T2,Jo,Oak,,,,01/07/2199", headings=headings)
    refused = planned(runs.receive("teachers", [late], "teachers.csv"))

    kim, jo = Teacher.objects.order_by("staff_number")
    assert (kim.qualification, str(kim.qualified_on)) == (
        "Certificate for Music Educators",
        "2024-07-01",
    )
    assert [i.name for i in kim.instruments.all()] == ["Cello"]
    assert [c.slug for c in kim.centres.all()] == ["westbrook"]
    assert (jo.qualification, jo.qualified_on) == ("", None)
    assert counts(refused)["refused"] == 1
