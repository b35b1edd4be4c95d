"""New rows carried out by one statement: the same records, log and conflicts as row by row."""

import pytest

from cms.models import Award, Instrument, MusicCentre, MusicGroup, Pupil, School
from imports import apply, runs, setwise
from imports.management.commands.roster_import import see_through
from imports.models import ImportRun, PlanRow
from tests.roster_files import pupil_line, pupils

pytestmark = pytest.mark.django_db(transaction=True)
ROWS = 30


@pytest.fixture(autouse=True)
def hub(settings):
    Instrument.objects.create(name="Violin", slug="violin", family="strings")
    Instrument.objects.create(name="Cello", slug="cello", family="strings")
    School.objects.create(urn="117137", name="Hill School")
    School.objects.create(urn="117138", name="Dale School")


def planned(content, roster="pupils"):
    run = runs.receive(roster, [content], "file.csv")
    see_through(runs.start_planning(run))
    run.refresh_from_db()
    assert run.state == ImportRun.State.PLANNED, run.problem
    return run


def applied(run):
    see_through(runs.approve(run, by=None))
    run.refresh_from_db()
    return run


def a_file():
    lines = [pupil_line(number) for number in range(ROWS)]
    lines[3] = pupil_line(3, forename='Jo "Jo\\"', surname="Ó Briain", instrument="")
    lines[4] = pupil_line(4, instrument='"Violin; Cello"', dob="")
    lines[5] = pupil_line(5, school="", postcode="")
    lines[6] = pupil_line(6, surname="O'Neil | Smith", forename="a  b")
    lines[3] = lines[3].replace('Jo "Jo\\"', '"Jo ""Jo\\"""')
    return pupils(*lines)


def records():
    names = [field.name for field in Pupil._meta.concrete_fields if field.name != "id"]
    rows = Pupil.objects.order_by("external_id")
    return [
        (*row, tuple(pupil.instruments.order_by("name").values_list("name", flat=True)))
        for pupil, row in zip(rows, rows.values_list(*names), strict=True)
    ]


def test_one_statement_leaves_the_same_records_as_row_by_row(monkeypatch):
    run = applied(planned(a_file()))
    together = records()
    assert (run.count("created"), run.changes.count()) == (ROWS, ROWS)
    assert set(run.changes.values_list("record_id", flat=True)) == set(
        Pupil.objects.values_list("pk", flat=True)
    )
    see_through(runs.take_back(run, by=None).job)
    assert not Pupil.objects.exists()

    monkeypatch.setattr(setwise, "create", lambda *args: 0)
    again = applied(planned(a_file()))
    assert records() == together
    assert again.count("created") == ROWS


def test_clean_lines_are_planned_as_those_that_are_looked_at_one_by_one(monkeypatch):
    from imports.lines import LineReader

    def rows(run):
        found = run.plan_rows.order_by("line").values_list("line", "action", "key", "after")
        return [(*row, run.count("created")) for row in found]

    together = rows(planned(a_file()))
    monkeypatch.setattr(LineReader, "as_json", lambda self, lines: [None] * len(lines))
    assert rows(planned(a_file())) == together


def test_what_was_taken_or_is_gone_meanwhile_is_a_conflict_and_the_rest_is_done():
    run = planned(
        pupils(*(pupil_line(n, school="117138" if n == 7 else "117137") for n in range(9)))
    )
    Pupil.objects.create(external_id="P00002", legal_first_name="Came", legal_last_name="First")
    School.objects.filter(urn="117138").delete()
    applied(run)

    conflicts = run.plan_rows.filter(outcome=PlanRow.Outcome.CONFLICT)
    assert sorted(conflicts.values_list("key", flat=True)) == ["P00002", "P00007"]
    assert run.count("created") == 7
    assert run.count("conflicts") == 2
    assert Pupil.objects.get(external_id="P00002").legal_first_name == "Came"


def test_a_row_that_breaks_a_rule_of_the_database_does_not_take_the_others_with_it():
    area = "West"
    from cms.models import Area

    west = Area.objects.create(name=area, slug="west")
    MusicCentre.objects.create(
        name="Westbrook", slug="other", area=west, address="1 Lane", postcode="SG4 9UJ"
    )
    run = planned(
        b"Centre code,Name,Area,Address,Postcode\n"
        b"westbrook,Westbrook,West,1 Lane,SG4 9UJ\neast,Eastfield,West,2 Lane,SG4 9UJ\n",
        "centres",
    )
    applied(run)
    assert run.count("created") == 1
    assert run.count("conflicts") == 1
    assert MusicCentre.objects.filter(slug="east").exists()


def test_times_dates_and_links_arrive_as_they_do_one_by_one(centres, monkeypatch):
    groups = (
        b"Group ID,Name,Centre,Day,Starts at,Ends at\n"
        b"G1,Band,Westbrook,Monday,16:30,5.15pm\nG2,Choir,Eastfield,,,\n"
    )
    run = applied(planned(groups, "groups"))
    assert run.count("created") == 2
    band = MusicGroup.objects.get(external_id="G1")
    assert (band.centre.slug, band.weekday, str(band.starts_at)) == ("westbrook", 1, "16:30:00")
    again = planned(groups, "groups")
    assert (again.count("unchanged"), again.count("updated")) == (2, 0)

    applied(planned(pupils(pupil_line(1))))
    awards = b"Award ID,Pupil ID,Award,Awarded on\nA1,P00001,Music Medal,01/02/2024\n"
    applied(planned(awards, "awards"))
    assert f"{Award.objects.get().awarded_on:%d/%m/%Y}" == "01/02/2024"


def test_twin_without_the_look_at_what_is_taken_the_whole_chunk_would_fail(monkeypatch):
    """The statement's own check is what makes it fit: without it the database must refuse."""
    run = planned(pupils(*map(pupil_line, range(5))))
    Pupil.objects.create(external_id="P00002", legal_first_name="Came", legal_last_name="First")
    whole = setwise.Insertion._from

    def blind(self):
        found = whole(self)
        return found._replace(
            sql=found.sql.replace("NOT EXISTS (SELECT 1 FROM", "1 = 1 OR EXISTS (SELECT 1 FROM", 1)
        )

    monkeypatch.setattr(setwise.Insertion, "_from", blind)
    rows = apply.next_rows(run, 0)
    from django.db import transaction

    from imports.records import Records
    from imports.resources import rosters

    with transaction.atomic():
        made = setwise.create(run, Records(rosters["pupils"]), rows[0].pk, rows[-1].pk)
    assert made == 0
