"""A bad row is mended where it is: in the page, or in their own workbook that comes back."""

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from openpyxl import load_workbook

from cms.models import Instrument, Pupil, School, User
from cms.roles import grant
from imports import errorbook, mending, runs
from imports.errors import UnreadableFile
from imports.management.commands.roster_import import see_through
from imports.models import Correction, ImportRun
from tests.roster_files import pupil_line, pupils, xlsx

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def hill_school():
    Instrument.objects.create(name="Violin", slug="violin", family="strings")
    return School.objects.create(urn="117137", name="Hill School")


@pytest.fixture
def roster_admin(client):
    user = User.objects.create(username="roster-admin", email="rosters@example.org")
    grant(user, "roster_admin")
    client.force_login(user)
    return user


def planned(content: bytes, **options) -> ImportRun:
    run = runs.receive("pupils", [content], "roster.csv", **options)
    see_through(runs.start_planning(run))
    run.refresh_from_db()
    return run


def counts(run):
    run.refresh_from_db()
    return {name: number for name, number in run.counts.items() if number}


BAD = pupils(
    pupil_line(1), pupil_line(2, dob="31/02/2015"), pupil_line(3, school="999999", dob="x")
)


def test_a_refused_row_is_mended_in_the_page_and_planned_again(client, roster_admin):
    run = planned(BAD)
    row = run.plan_rows.get(line=3)
    before = list(run.plan_rows.exclude(line=3).order_by("pk").values())
    page = client.get(reverse("roster_run", args=[run.pk]) + "?show=problems").content.decode()
    assert 'name="cell-date_of_birth" value="31/02/2015"' in page

    mend = reverse("roster_mend", args=[run.pk, row.pk])
    assert client.post(mend, {"cell-legal_last_name": "Other"}).status_code == 302
    assert not Correction.objects.exists()
    assert client.post(mend, {"cell-date_of_birth": "28/02/2015"}).status_code == 302

    assert counts(run) == {"rows": 3, "created": 2, "refused": 1}
    assert run.plan_rows.get(line=3).after["date_of_birth"] == "2015-02-28"
    assert list(run.plan_rows.exclude(line=3).order_by("pk").values()) == before
    see_through(runs.approve(run, by=roster_admin))
    assert Pupil.objects.get(external_id="P00002").date_of_birth.isoformat() == "2015-02-28"


def test_a_row_still_wrong_is_refused_again_and_a_mended_key_may_be_another_rows(roster_admin):
    run = planned(pupils(pupil_line(1), pupil_line(2, id=""), pupil_line(3, dob="1/1/15")))

    mending.mend(run, run.plan_rows.get(line=4).pk, {"date_of_birth": "32/1/2015"}, by=roster_admin)
    assert counts(run) == {"rows": 3, "created": 1, "refused": 2}
    mending.mend(run, run.plan_rows.get(line=3).pk, {"external_id": "P00001"}, by=roster_admin)

    assert counts(run) == {"rows": 3, "created": 1, "refused": 1, "duplicates": 1}
    assert run.plan_rows.get(line=3).problems[0]["problem"].startswith("Row 2 is about the same")


def test_whoever_a_mended_row_names_does_not_leave(roster_admin):
    Pupil.objects.create(external_id="P00002", legal_first_name="A", legal_last_name="B")
    run = planned(pupils(pupil_line(1), pupil_line(2, id="P=2")), is_full=True)
    run.plan_rows.filter(line=3).update(
        has_problems=True,
        problems=[{"field": "external_id", "column": "Pupil ID", "level": "refused"}],
    )
    assert counts(run) == {"rows": 2, "created": 2, "left": 1}

    mending.mend(run, run.plan_rows.get(line=3).pk, {"external_id": "P00002"}, by=roster_admin)

    assert counts(run) == {"rows": 2, "created": 1, "updated": 1}


def test_the_workbook_is_their_sheet_with_bad_cells_marked_and_comes_back(client, roster_admin):
    run = planned(BAD)
    answer = client.get(reverse("roster_workbook", args=[run.pk]))
    book = load_workbook(io.BytesIO(answer.content))
    sheet = book.active

    assert [cell.value for cell in sheet[1]][-2:] == ["SEN notes", errorbook.ROW]
    assert [row[-1].value for row in sheet.iter_rows(min_row=2)] == [2, 3, 4]
    marked = {
        cell.coordinate: cell.comment.text
        for row in sheet.iter_rows(min_row=2)
        for cell in row
        if cell.comment
    }
    assert marked.keys() == {"D3", "D4", "E4"}
    assert "31/02/2015 is not a date: February has 28 days." in marked["D3"]
    assert sheet["D3"].fill.start_color.rgb.endswith("F8C9C4")
    assert sheet["D2"].fill.fill_type is None

    sheet["D3"], sheet["D4"], sheet["E4"] = "28/02/2015", "01/03/2015", "117137"
    sheet["B2"] = "Somebody else"  # a row that was right is not read again
    out = io.BytesIO()
    book.save(out)
    back = SimpleUploadedFile("mended.xlsx", out.getvalue())
    client.post(reverse("roster_workbook", args=[run.pk]), {"workbook": back})

    assert counts(run) == {"rows": 3, "created": 3}
    assert run.plan_rows.get(line=2).after["legal_last_name"] == "Sample1"
    assert run.plan_rows.get(line=4).after["school"] == "117137"


def test_another_workbook_is_refused_with_a_sentence():
    run = planned(BAD)
    other = xlsx({"Sheet": [["A", "B"], ["1", "2"]]})

    with pytest.raises(UnreadableFile, match="no column “Row in the first file”"):
        errorbook.read_back(run, io.BytesIO(other), len(other))


def test_a_large_file_is_mended_by_a_worker(client, roster_admin, monkeypatch):
    monkeypatch.setattr(mending, "AT_ONCE_BYTES", 10)
    run = planned(BAD)
    row = run.plan_rows.get(line=3)

    client.post(reverse("roster_mend", args=[run.pk, row.pk]), {"cell-date_of_birth": "28/02/2015"})
    run.refresh_from_db()
    assert run.state == "planning"
    see_through(run.job)

    assert counts(run) == {"rows": 3, "created": 2, "refused": 1}
    assert run.state == "planned"


def test_rows_that_were_overtaken_are_shown_again_in_a_plan_of_their_own(client, roster_admin):
    pupil = Pupil.objects.create(
        external_id="P00001", legal_first_name="Kim", legal_last_name="Ash"
    )
    run = planned(pupils(pupil_line(1), pupil_line(2)))
    pupil.legal_first_name = "Kimberley"
    pupil.save()
    see_through(runs.approve(run, by=roster_admin))
    assert counts(run)["conflicts"] == 1
    assert Pupil.objects.get(pk=pupil.pk).legal_first_name == "Kimberley"

    answer = client.post(reverse("roster_conflicts", args=[run.pk]))
    again = ImportRun.objects.latest("pk")
    assert answer.url == reverse("roster_run", args=[again.pk])
    see_through(again.job)

    assert counts(again) == {"rows": 1, "updated": 1}
    assert again.plan_rows.get().before["legal_first_name"] == "Kimberley"


def test_who_may_not_upload_may_not_mend(client):
    run = planned(BAD)
    user = User.objects.create(username="reader", email="reader@example.org")
    client.force_login(user)
    addresses = [
        reverse("roster_mend", args=[run.pk, run.plan_rows.first().pk]),
        reverse("roster_workbook", args=[run.pk]),
        reverse("roster_conflicts", args=[run.pk]),
    ]

    assert {client.post(address).status_code for address in addresses} <= {302, 404}
    assert not Correction.objects.exists()
