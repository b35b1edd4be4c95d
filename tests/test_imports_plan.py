"""From a file to its plan, to the records, and back: what was shown is what happens."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cms.models import (
    Area,
    Enrolment,
    Guardian,
    Instrument,
    Job,
    MusicCentre,
    MusicGroup,
    OutboxMessage,
    Pupil,
    PupilGuardian,
    School,
    Teacher,
    User,
)
from imports import runs
from imports.errors import UnreadableFile
from imports.exporting import roster_table
from imports.management.commands.roster_import import report, see_through
from imports.models import ImportRun, PlanRow
from imports.undo import CannotUndoError
from tests.roster_files import gias, gias_row, pupil_line, pupils, xlsx

pytestmark = pytest.mark.django_db
SCHOOLS = ("117137", "117138", "117139", "117140")


@pytest.fixture
def hill_school():
    return School.objects.create(urn="117137", name="Hill School")


@pytest.fixture
def instruments():
    names = (("Violin", "strings"), ("Flute", "woodwind"))
    return [Instrument.objects.create(name=n, slug=n.lower(), family=f) for n, f in names]


def planned(roster: str, content: bytes, **options) -> ImportRun:
    run = runs.receive(roster, [content], "roster.csv", **options)
    see_through(runs.start_planning(run))
    run.refresh_from_db()
    return run


def applied(roster: str, content: bytes, *, by=None, with_leavers=False, **options) -> ImportRun:
    run = planned(roster, content, **options)
    return carried_out(runs.approve(run, by=by, with_leavers=with_leavers), run)


def carried_out(job: Job, run: ImportRun) -> ImportRun:
    see_through(job)
    run.refresh_from_db()
    return run


def undone(run: ImportRun) -> ImportRun:
    reverse = runs.take_back(run, by=None)
    return carried_out(reverse.job, reverse)


def counts(run: ImportRun) -> dict[str, int]:
    return {name: number for name, number in run.counts.items() if number}


def rows_of(*models) -> dict:
    """Every column of every row, and every link: what must be the same after an undo."""
    tables = {}
    for model in models:
        tables[model._meta.db_table] = sorted(map(repr, model._base_manager.values_list()))
        for field in model._meta.many_to_many:
            through = field.remote_field.through
            links = through._base_manager.values_list()
            tables[through._meta.db_table] = sorted(repr(link[1:]) for link in links)
    return tables


def test_the_register_of_schools_creates_updates_leaves_alone_and_marks_as_left():
    first = gias(*(gias_row(urn, f"School {urn}") for urn in SCHOOLS))
    second = gias(
        gias_row("117137", "School 117137"),
        gias_row("117138", "Ash Academy"),
        gias_row("117139", "School 117139", closed_on="31-08-2026"),
        gias_row("117141", "New School"),
    )

    assert counts(applied("schools", first)) == {"rows": 4, "created": 4}
    assert counts(applied("schools", first)) == {"rows": 4, "unchanged": 4}
    run = applied("schools", second, is_full=True)

    assert counts(run) == {"rows": 4, "created": 1, "updated": 2, "unchanged": 1, "left": 1}
    changed = run.plan_rows.filter(action="update").order_by("line")
    assert [(row.before.get("name"), row.after.get("name")) for row in changed] == [
        ("School 117138", "Ash Academy"),
        (None, None),
    ]
    assert changed[1].after["closed_on"] == "2026-08-31"
    assert list(School.objects.exclude(left_at=None).values_list("urn", flat=True)) == ["117140"]
    closed = School.objects.get(urn="117139")
    assert (closed.laestab, closed.status, closed.pupils_on_roll) == ("9190139", "closed", 210)


def test_a_school_that_left_comes_back_with_the_next_file():
    everybody = gias(*(gias_row(urn, f"School {urn}") for urn in SCHOOLS))
    applied("schools", everybody)
    applied("schools", gias(*(gias_row(urn, f"School {urn}") for urn in SCHOOLS[:3])), is_full=True)

    run = applied("schools", everybody)

    assert counts(run) == {"rows": 4, "updated": 1, "unchanged": 3}
    assert not School.objects.exclude(left_at=None).exists()


def test_columns_that_are_not_ours_are_named_and_their_cells_never_stored(hill_school, instruments):
    run = applied("pupils", pupils(pupil_line(1)))

    assert run.mapping["ignored"] == ["SEN notes"]
    stored = repr(list(ImportRun.objects.values())) + repr(list(PlanRow.objects.values()))
    assert "not ours to keep" not in stored


FIVE = {
    14: {"dob": "31/02/2015"},
    20: {"id": "P00003"},
    30: {"surname": "=HYPERLINK(1)"},
    40: {"school": "117140"},
}


FAULTS = {"rows": 5_000, "refused": 2, "duplicates": 1, "repaired": 1}


def test_five_thousand_rows_with_five_faults(hill_school, instruments):
    closed = School.objects.create(
        urn="117140", name="Old", status="closed", closed_on="2020-08-31"
    )
    closed.successors.add(hill_school)
    lines = [pupil_line(number, **FIVE.get(number, {})) for number in range(5_000)]
    guardians = (
        "Guardian ID,First name,Last name,Mobile\nG1,Kim,Ash,7700900123\nG2,Jo,Oak,07700 900124\n"
    )
    before = rows_of(Pupil, Guardian, PupilGuardian)

    run = planned("pupils", pupils(*lines))
    phones = planned("guardians", guardians.encode())

    assert [
        (error["line"], error["cell"], error["column"], error["value"], error["problem"])
        for error in report(run)["errors"]
    ] == [
        (16, "D16", "DOB", "31/02/2015", "31/02/2015 is not a date: February has 28 days."),
        (22, "A22", "Pupil ID", "P00003", "Row 5 is about the same pupil already."),
        (32, "B32", "Surname", "=HYPERLINK(1)", "This is a formula, not a value."),
        (
            *(42, "E42", "School URN", "117140"),
            "School 117140 closed; read as its successor 117137, Hill School.",
        ),
    ]
    assert [error["problem"] for error in report(phones)["errors"]] == [
        "A leading 0 was missing; read as 07700900123."
    ]
    assert counts(run) == FAULTS | {"created": 4_997}

    run = carried_out(runs.approve(run, by=None), run)
    phones = carried_out(runs.approve(phones, by=None), phones)
    assert counts(run) == FAULTS | {"created": 4_997}
    assert Pupil.objects.count() == 4_997
    assert str(Guardian.objects.get(external_id="G1").phone) == "+447700900123"
    pupil = Pupil.objects.get(external_id="P00001")
    assert (pupil.legal_last_name, pupil.postcode, pupil.school) == (
        "Sample1",
        "SG4 9UJ",
        hill_school,
    )
    assert [str(instrument) for instrument in pupil.instruments.all()] == ["Violin"]

    again = applied("pupils", pupils(*lines))
    assert counts(again) == {
        "rows": 5_000, "unchanged": 4_997, "refused": 2, "duplicates": 1
    }  # fmt: skip

    assert counts(undone(run)) == {"rows": 4_997, "removed": 4_997}
    assert counts(undone(phones)) == {"rows": 2, "removed": 2}
    assert rows_of(Pupil, Guardian, PupilGuardian) == before


def test_the_plan_costs_the_same_number_of_queries_for_few_and_for_many_rows(
    hill_school, instruments
):
    def queries(count):
        run = runs.receive("pupils", [pupils(*map(pupil_line, range(count)))], "p.csv")
        with CaptureQueriesContext(connection) as planning:
            see_through(runs.start_planning(run))
        run.refresh_from_db()
        with CaptureQueriesContext(connection) as applying:
            see_through(runs.approve(run, by=None))
        undone(run)
        return len(planning), len(applying)

    assert queries(3) == queries(60)


def test_a_blank_cell_never_erases(hill_school, instruments):
    applied("pupils", pupils(pupil_line(1)))

    run = applied("pupils", b"Pupil ID,Forename,DOB,Postcode,Instrument\nP00001,Kit,,,\n")

    assert counts(run) == {"rows": 1, "updated": 1}
    pupil = Pupil.objects.get()
    assert (pupil.legal_first_name, pupil.postcode) == ("Kit", "SG4 9UJ")
    assert pupil.date_of_birth is not None
    assert pupil.instruments.count() == 1


def test_rows_without_a_key_and_new_rows_without_a_name_are_refused():
    run = planned("pupils", b"Pupil ID,Surname,Forename\n,Ash,Kim\nP1,,Jo\n")

    assert [(row.line, row.problems[0]["problem"]) for row in run.plan_rows.all()] == [
        (2, "Pupil ID is blank."),
        (3, "Legal last name is blank."),
    ]


def test_a_row_that_slipped_by_a_comma_is_refused_and_a_sound_one_with_a_tail_is_not():
    run = planned("pupils", b"Pupil ID,Surname,Forename\nP1,Ash, the younger,Kim\n")
    assert counts(run) == {"rows": 1, "refused": 1}
    assert run.plan_rows.get().problems[0]["hint"].startswith("It reaches to D2: is there a comma")

    run = planned("schools", gias(gias_row("117137", "Ash"), [*gias_row("117138", "Oak"), "", "9"]))
    assert counts(run) == {"rows": 2, "created": 2}
    assert run.plan_rows.get(line=3).problems[0]["level"] == "warning"


def test_a_file_without_the_key_column_is_refused_with_a_sentence():
    run = runs.receive("pupils", [b"Surname,Forename\nAsh,Kim\n"], "p.csv")

    with pytest.raises(UnreadableFile, match="No column of the file is the Pupil ID"):
        runs.start_planning(run)


def test_nothing_of_an_unreadable_file_is_kept(settings):
    folder = settings.PRIVATE_ROOT / "rosters"
    folder.mkdir(parents=True, exist_ok=True)
    kept = sorted(folder.iterdir())

    with pytest.raises(UnreadableFile):
        runs.receive("pupils", [b"\x89PNG\r\n\x1a\n" + b"\0" * 300], "p.csv")

    assert ImportRun.objects.count() == 0
    assert sorted(folder.iterdir()) == kept


def test_month_first_dates_are_read_so_only_when_proved_and_it_is_said(hill_school, instruments):
    lines = [pupil_line(n, dob=f"{n % 12 + 1}/{n % 28 + 1}/2012") for n in range(60)]

    run = applied("pupils", pupils(*lines))

    assert run.mapping["date_orders"] == {"date_of_birth": "mdy"}
    assert "writes the month first" in run.notes[-1]
    assert Pupil.objects.get(external_id="P00001").date_of_birth.isoformat() == "2012-02-02"


def test_too_many_leavers_of_one_school_are_held_while_the_rest_goes_on(instruments):
    for urn in SCHOOLS[:2]:
        School.objects.create(urn=urn, name=f"School {urn}")
    lines = [pupil_line(n, school=SCHOOLS[n % 2]) for n in range(60)]
    applied("pupils", pupils(*lines))
    half = [line for n, line in enumerate(lines) if n % 2 or n < 20][1:]
    half.append(pupil_line(99, school=SCHOOLS[0]))
    half.remove(lines[1])

    run = applied("pupils", pupils(*half), is_full=True)

    assert run.held == [{"scope": "School 117137", "leaving": 21, "of": 30, "percent": 70}]
    assert counts(run) == {"rows": 39, "created": 1, "unchanged": 38, "left": 1, "held": 21}
    assert Pupil.objects.exclude(left_at=None).count() == 1

    run = applied("pupils", pupils(*half), is_full=True, with_leavers=True)
    assert Pupil.objects.exclude(left_at=None).count() == 22


def test_a_record_that_was_changed_since_the_plan_is_shown_again_not_overwritten(
    hill_school, instruments
):
    applied("pupils", pupils(pupil_line(1), pupil_line(2)))
    run = planned("pupils", pupils(pupil_line(1, surname="Ash"), pupil_line(2, surname="Oak")))
    somebody = Pupil.objects.get(external_id="P00001")
    somebody.legal_last_name = "Elm"
    somebody.save()

    carried_out(runs.approve(run, by=None), run)

    assert counts(run) == {"rows": 2, "updated": 1, "conflicts": 1}
    assert list(
        Pupil.objects.order_by("external_id").values_list("legal_last_name", flat=True)
    ) == [
        "Elm",
        "Oak",
    ]
    row = run.plan_rows.get(outcome="conflict")
    assert row.problems[0]["problem"] == "Somebody changed the record since the plan was made."


def test_a_record_that_a_person_saved_is_compared_again_not_taken_for_unchanged(
    hill_school, instruments
):
    applied("pupils", pupils(pupil_line(1)))
    pupil = Pupil.objects.get()
    pupil.legal_last_name = "Elm"
    pupil.save(update_fields=["legal_last_name"])

    assert counts(planned("pupils", pupils(pupil_line(1)))) == {"rows": 1, "updated": 1}


def test_a_locked_column_is_kept_and_the_difference_reported(hill_school, instruments):
    applied("pupils", pupils(pupil_line(1)))
    Pupil.objects.update(locked_fields=["legal_last_name"])

    run = applied("pupils", pupils(pupil_line(1, surname="Ash", forename="Kit")))

    pupil = Pupil.objects.get()
    assert (pupil.legal_last_name, pupil.legal_first_name) == ("Sample1", "Kit")
    problem = run.plan_rows.get().problems[0]
    assert (problem["cell"], problem["value"]) == ("B2", "Ash")
    assert problem["problem"] == "Legal last name is locked here, so ours was kept."


def test_undo_restores_every_field_link_and_leaver_and_can_be_undone(hill_school, instruments):
    applied("pupils", pupils(*(pupil_line(n) for n in range(30))))
    before = rows_of(Pupil, School)
    changed = [pupil_line(n, instrument="Flute; Violin" if n % 2 else "") for n in range(2, 28)]
    run = applied("pupils", pupils(*changed, pupil_line(40)), is_full=True, with_leavers=True)
    after = rows_of(Pupil, School)
    assert counts(run) == {"rows": 27, "created": 1, "updated": 13, "unchanged": 13, "left": 4}

    reverse = undone(run)
    assert rows_of(Pupil, School) == before

    undone(reverse)
    assert rows_of(Pupil, School) == after


def test_undo_keeps_what_people_changed_since_and_lists_it(hill_school, instruments):
    run = applied("pupils", pupils(*map(pupil_line, range(4))))
    edited, linked, *_others = Pupil.objects.order_by("external_id")
    edited.known_as = "Kit"
    edited.save()
    guardian = Guardian.objects.create(first_name="Kim", last_name="Ash")
    PupilGuardian.objects.create(pupil=linked, guardian=guardian)

    reverse = undone(run)

    assert counts(reverse) == {"rows": 4, "removed": 2, "conflicts": 2}
    assert list(Pupil.objects.order_by("external_id")) == [edited, linked]
    assert [
        (row.key, row.problems[0]["problem"])
        for row in reverse.plan_rows.filter(outcome="conflict").order_by("key")
    ] == [
        ("P00000", "Somebody changed the record since; it was kept."),
        ("P00001", "Other records hang on it by now; it was kept."),
    ]
    with pytest.raises(CannotUndoError, match="undone already"):
        runs.take_back(run, by=None)


def test_only_one_import_of_a_roster_is_applied_at_a_time(hill_school, instruments):
    first = planned("pupils", pupils(pupil_line(1)))
    second = planned("pupils", pupils(pupil_line(2)))
    runs.approve(first, by=None)

    with pytest.raises(runs.NotNowError, match="Another import of pupils is being applied"):
        runs.approve(second, by=None)


def test_a_stopped_import_keeps_what_was_done_and_can_be_undone(
    hill_school, instruments, monkeypatch
):
    from imports import apply

    next_rows, carry_out, calls = apply.next_rows, apply.carry_out, []
    monkeypatch.setattr(apply, "next_rows", lambda run, after: next_rows(run, after, 10))
    before = rows_of(Pupil)
    run = planned("pupils", pupils(*map(pupil_line, range(40))))
    job = runs.approve(run, by=None)

    def stop_after_two(run, rows):
        calls.append(len(rows))
        done = carry_out(run, rows)
        if len(calls) == 2:
            runs.stop(ImportRun.objects.get(pk=run.pk))
        return done

    monkeypatch.setattr(apply, "carry_out", stop_after_two)
    carried_out(job, run)

    assert (run.state, counts(run)["created"], Pupil.objects.count()) == ("cancelled", 20, 20)
    monkeypatch.setattr(apply, "carry_out", carry_out)
    undone(run)
    assert rows_of(Pupil) == before


def test_the_receipt_is_mailed_once_to_whoever_approved(hill_school, instruments):
    officer = User.objects.create(username="roster-admin", email="rosters@example.org")

    run = applied("pupils", pupils(pupil_line(1), pupil_line(2, dob="soon")), by=officer)

    message = OutboxMessage.objects.get()
    assert (message.to, message.subject) == (
        "rosters@example.org",
        f"Import {run.pk} of pupils: applied",
    )
    assert "New: 1." in message.text
    assert "Refused: 1." in message.text


def test_an_excel_file_is_unchanged_the_second_time(hill_school, instruments):
    import datetime as dt

    content = xlsx(
        {"Pupils": [
            ["Pupil ID", "Surname", "Forename", "DOB", "School URN"],
            [1001, "Ash", "Kim", dt.datetime(2015, 3, 4), 117137],
        ]}
    )  # fmt: skip

    assert counts(applied("pupils", content)) == {"rows": 1, "created": 1}
    assert counts(applied("pupils", content)) == {"rows": 1, "unchanged": 1}
    Pupil.objects.update(source_hash="")
    assert counts(planned("pupils", content)) == {"rows": 1, "unchanged": 1}


@pytest.fixture
def a_whole_hub(hill_school, instruments):
    area = Area.objects.create(name="East", slug="east")
    MusicCentre.objects.create(
        name="Mid Herts", slug="mid-herts", area=area, address="1 Hill Road, Hilltown",
        postcode="SG4 9UJ",
    )  # fmt: skip
    applied("pupils", pupils(pupil_line(1), pupil_line(2)))
    applied(
        "teachers",
        b"Staff number,First name,Last name,Email,Phone,Instrument,Centres\n"
        b"T1,Jo,Oak,jo@example.org,01632 960001,Violin; Flute,Mid Herts\n",
    )
    applied(
        "guardians",
        b"Guardian ID,First name,Last name,Mobile,Pupil IDs\nG1,Kim,Ash,07700 900123,P00001;P00002\n",
    )
    applied(
        "groups",
        b"Group ID,Group name,Centre,Teacher,Day,Start time\nB1,Band,mid-herts,T1,Sat,9.30am\n",
    )
    applied(
        "enrolments", b"Pupil ID,Group ID,Start date\nP00001,B1,05/09/2026\nP00002,B1,05/09/2026\n"
    )
    applied(
        "awards", b"Award ID,Pupil ID,Award,Grade,Date\nA1,P00001,Music Medal,Silver,01/07/2026\n"
    )


def test_each_roster_goes_in_with_its_links(a_whole_hub):
    group = MusicGroup.objects.get()
    assert (group.centre.slug, group.weekday, f"{group.starts_at:%H:%M}") == (
        "mid-herts",
        6,
        "09:30",
    )
    assert [teacher.staff_number for teacher in group.teachers.all()] == ["T1"]
    assert Teacher.objects.get().instruments.count() == 2
    assert Enrolment.objects.filter(group=group, status="active").count() == 2
    assert sorted(Guardian.objects.get().pupils.values_list("external_id", flat=True)) == [
        "P00001",
        "P00002",
    ]


@pytest.mark.parametrize(
    "roster",
    ["schools", "centres", "pupils", "teachers", "guardians", "groups", "enrolments", "awards"],
)
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_what_is_exported_imports_as_nothing_changed(a_whole_hub, roster, kind):
    table, count, _content_type = roster_table(roster, kind)

    run = planned(roster, table.read())

    assert counts(run) == {"rows": count, "unchanged": count}


def test_the_stock_engine_of_import_export_reads_by_the_same_declaration(a_whole_hub):
    import tablib

    from imports.resources import rosters

    data = tablib.Dataset(headers=["Pupil ID", "Legal first name", "Legal last name", "Known as",
        "Date of birth", "Year override", "School URN", "Postcode", "Instruments"])  # fmt: skip
    data.append(["P9", "Kim", "Ash", "", "03/04/2015", "", "117137", "sg49uj", "Flute"])

    result = rosters["pupils"]().import_data(data, raise_errors=True)

    assert result.totals["new"] == 1
    pupil = Pupil.objects.get(external_id="P9")
    assert (pupil.date_of_birth.isoformat(), pupil.postcode) == ("2015-04-03", "SG4 9UJ")
    assert [str(instrument) for instrument in pupil.instruments.all()] == ["Flute"]
