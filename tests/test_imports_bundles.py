"""OneRoster and School Data Sync: one bundle becomes the hub's rosters, in the order they need."""

import io
import json
import zipfile

import pytest
from django.core.management import call_command

from cms.models import Area, Enrolment, Guardian, MusicCentre, MusicGroup, Pupil, School, Teacher
from imports.bundles import open_bundle
from imports.errors import UnreadableFile

pytestmark = pytest.mark.django_db

ONEROSTER = {
    "manifest": "propertyName,value\nmanifest.version,1.0\nfile.users,bulk\nfile.enrollments,bulk\n",
    "orgs": "sourcedId,status,name,type,identifier,parentSourcedId\n"
    "o1,,Hill School,school,117137,\no2,,Mid Herts,school,,\n",
    "users": "sourcedId,status,enabledUser,orgSourcedIds,role,givenName,familyName,email,phone,"
    "agentSourcedIds\n"
    "t1,,true,o2,teacher,Jo,Oak,jo@example.org,01632 960001,\n"
    "p1,,true,o1,student,Kim,Ash,,,g1\n"
    "p2,,true,o1,student,Sam,Ash,,,g1\n"
    "g1,,true,o1,guardian,Ali,Ash,ali@example.org,07700900123,\n",
    "demographics": "sourcedId,birthDate,sex\np1,2015-03-04,female\np2,2015-03-05,male\n",
    "classes": "sourcedId,status,title,schoolSourcedId\nc1,,Wind Band,o2\nc2,,Maths,o1\n",
    "enrollments": "sourcedId,classSourcedId,userSourcedId,role,beginDate,endDate\n"
    "e1,c1,t1,teacher,,\ne2,c1,p1,student,2026-09-05,\n",
}


@pytest.fixture
def places():
    School.objects.create(urn="117137", name="Hill School")
    area = Area.objects.create(name="East", slug="east")
    MusicCentre.objects.create(
        name="Mid Herts", slug="mid-herts", area=area, address="1 Hill Road", postcode="SG4 9UJ"
    )


def zipped(tmp_path, tables):
    path = tmp_path / "bundle.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in tables.items():
            archive.writestr(f"{name}.csv", content)
    return path


def command(path, *options):
    out, code = io.StringIO(), 0
    try:
        call_command("roster_import", "oneroster", str(path), *options, "--json", stdout=out)
    except SystemExit as stop:
        code = stop.code
    return code, json.loads(out.getvalue())


def test_a_oneroster_zip_goes_in_with_all_its_links(tmp_path, places):
    path = zipped(tmp_path, ONEROSTER)

    code, planned = command(path, "--dry-run")
    assert (code, planned["created"], planned["refused"]) == (1, 6, 1)
    assert Pupil.objects.count() == 0

    code, answer = command(path, "--yes")

    assert (code, answer["status"]) == (1, "applied")
    assert {name: answer[name] for name in ("rows", "created", "refused")} == {
        "rows": 7,
        "created": planned["created"],
        "refused": 1,
    }
    [error] = answer["errors"]
    assert (error["file"], error["line"], error["value"]) == ("classes.csv", 3, "Hill School")
    pupil = Pupil.objects.get(external_id="p1")
    assert (pupil.school.urn, pupil.date_of_birth.isoformat()) == ("117137", "2015-03-04")
    group = MusicGroup.objects.get()
    assert (group.centre.slug, [t.staff_number for t in group.teachers.all()]) == (
        "mid-herts",
        ["t1"],
    )
    assert [(e.pupil.external_id, e.starts_on.isoformat()) for e in Enrolment.objects.all()] == [
        ("p1", "2026-09-05")
    ]
    assert [p.external_id for p in Guardian.objects.get().pupils.order_by("pk")] == ["p1", "p2"]
    assert Teacher.objects.get().phone.as_e164 == "+441632960001"


def test_only_enrolments_in_groups_of_the_bundle_leave_by_absence(tmp_path, places):
    command(zipped(tmp_path, ONEROSTER), "--yes")
    ours = MusicGroup.objects.create(name="County Choir", centre=MusicCentre.objects.get())
    pupil = Pupil.objects.get(external_id="p1")
    Enrolment.objects.create(pupil=pupil, group=ours)
    fewer = ONEROSTER | {"enrollments": ONEROSTER["enrollments"].replace("e2,c1,p1", "e2,c1,p2")}

    _code, answer = command(zipped(tmp_path, fewer), "--full", "--yes")

    assert (answer["created"], answer["left"]) == (1, 1)
    assert set(
        Enrolment.objects.filter(left_at=None).values_list("group__name", "pupil__external_id")
    ) == {
        ("County Choir", "p1"),
        ("Wind Band", "p2"),
    }
    assert Pupil.objects.filter(left_at=None).count() == 2


def test_a_delta_says_itself_who_leaves(tmp_path, places):
    command(zipped(tmp_path, ONEROSTER), "--yes")
    delta = ONEROSTER | {
        "manifest": ONEROSTER["manifest"].replace("bulk", "delta"),
        "users": ONEROSTER["users"]
        .replace("p1,,", "p1,tobedeleted,")
        .replace("p2,,", "p9,tobedeleted,"),
    }

    code, answer = command(zipped(tmp_path, delta), "--full", "--yes")

    assert (code, answer["left"], answer["created"]) == (1, 1, 0)
    assert Pupil.objects.exclude(left_at=None).get().external_id == "p1"
    assert Enrolment.objects.filter(left_at=None).count() == 1


def test_the_british_school_data_sync_layout_in_a_folder(tmp_path, places):
    tables = {
        "School": "DfE Number,Name\n117137,Hill School\nMH,Mid Herts\n",
        "Student": "ID,School DfE Number,First Name,Last Name,Birthdate\np1,117137,Kim,Ash,04/03/2015\n",
        "Teacher": "ID,School DfE Number,First Name,Last Name\nt1,MH,Jo,Oak\n",
        "Section": "ID,School DfE Number,Section Name\nc1,MH,Wind Band\n",
        "StudentEnrollment": "Section ID,ID\nc1,p1\n",
        "TeacherRoster": "Section ID,ID\nc1,t1\n",
    }
    for name, content in tables.items():
        (tmp_path / f"{name}.csv").write_text(content)

    code, answer = command(tmp_path, "--yes")

    assert (code, answer["created"]) == (0, 4)
    assert Enrolment.objects.get().group.teachers.get().staff_number == "t1"


@pytest.mark.parametrize(
    ("tables", "sentence"),
    [
        ({"notes": "a,b\n1,2\n"}, "This is neither OneRoster"),
        ({"users": "\x00", "orgs": "a\n"}, "users.csv: "),
        (
            {"users": "sourcedId,role\n", "orgs": "sourcedId\no1\n", "bomb": " " * 30_000_000},
            "The zip",
        ),
    ],
)
def test_what_is_no_bundle_is_refused_with_a_sentence(tmp_path, tables, sentence):
    path = tmp_path / "bundle.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in tables.items():
            archive.writestr(f"{name}.csv", content)

    with pytest.raises(UnreadableFile, match=sentence):
        open_bundle(path)
