"""The roster screens and commands: who may, what they answer, and that nothing slips out."""

import io
import json
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.urls import reverse

from cms.models import AccessLogEntry, Area, Instrument, MusicCentre, Pupil, School, User
from cms.roles import grant
from imports import runs
from imports.management.commands.roster_import import see_through
from imports.models import ImportRun
from tests.roster_files import gias, gias_row, pupil_line, pupils

pytestmark = pytest.mark.django_db
UPLOAD = "/admin/rosters/upload/"


@pytest.fixture
def roster_admin(client):
    user = User.objects.create(username="roster-admin", email="rosters@example.org")
    grant(user, "roster_admin")
    client.force_login(user)
    return user


@pytest.fixture
def hill_school():
    Instrument.objects.create(name="Violin", slug="violin", family="strings")
    return School.objects.create(urn="117137", name="Hill School")


def upload(client, content: bytes, roster="pupils", name="roster.csv", **more):
    file = SimpleUploadedFile(name, content)
    return client.post(UPLOAD, {"roster": roster, "file": file, **more})


def planned(content: bytes, roster="pupils") -> ImportRun:
    run = runs.receive(roster, [content], "roster.csv")
    see_through(runs.start_planning(run))
    run.refresh_from_db()
    return run


def test_a_roster_goes_from_upload_to_receipt_and_back(client, roster_admin, hill_school):
    page = upload(client, pupils(pupil_line(1), pupil_line(2, dob="31/02/2015")))
    run = ImportRun.objects.get()
    assert (page.status_code, page.url) == (302, reverse("roster_run", args=[run.pk]))

    columns = client.get(page.url)
    assert "1 column of the file is not used" in columns.content.decode()
    data = {field.html_name: field.value() or "" for field in columns.context["form"]}
    data.pop("is_full")
    assert client.post(page.url, data).status_code == 302
    assert client.get(page.url).templates[0].name == "imports/progress.html"
    run.refresh_from_db()
    see_through(run.job)

    plan = client.get(page.url).content.decode()
    assert "31/02/2015 is not a date: February has 28 days." in plan
    assert "D3" in plan
    assert "Sample1" in client.get(page.url + "?show=create").content.decode()
    assert Pupil.objects.count() == 0

    client.post(reverse("roster_approve", args=[run.pk]))
    run.refresh_from_db()
    see_through(run.job)
    assert Pupil.objects.count() == 1
    assert "Undo this import" in client.get(page.url).content.decode()

    back = client.post(reverse("roster_undo", args=[run.pk]))
    reverse_run = ImportRun.objects.get(undoes=run)
    assert back.url == reverse("roster_run", args=[reverse_run.pk])
    see_through(reverse_run.job)
    assert Pupil.objects.count() == 0
    assert list(AccessLogEntry.objects.exclude(record_type="cms.user").values_list("action", flat=True)) == [
        "add", "inspect", "inspect", "inspect", "inspect", "press", "inspect", "press",
    ]  # fmt: skip


def test_a_whole_system_in_a_zip_becomes_one_import_for_each_roster(client, roster_admin):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("orgs.csv", "sourcedId,name\no1,Hill School\n")
        archive.writestr(
            "users.csv",
            "sourcedId,role,givenName,familyName\np1,student,Kim,Ash\nt1,teacher,Jo,Oak\n",
        )

    page = upload(client, out.getvalue(), roster="oneroster", name="bundle.zip")

    assert (page.status_code, page.url) == (302, "/admin/rosters/")
    assert list(ImportRun.objects.order_by("pk").values_list("roster", flat=True)) == [
        "pupils",
        "teachers",
    ]


def test_columns_can_be_chosen_by_hand(client, roster_admin, hill_school):
    upload(client, b"Number of child,Family,Given\nP1,Ash,Kim\n")
    run = ImportRun.objects.get()
    page = reverse("roster_run", args=[run.pk])
    choice = {
        "column-external_id": "Number of child",
        "column-legal_last_name": "Family",
        "column-legal_first_name": "Given",
    }

    refused = client.post(page, {})
    assert refused.status_code == 422
    assert "No column of the file is the Pupil ID" in refused.content.decode()
    doubled = client.post(page, choice | {"column-legal_first_name": "Family"})
    assert doubled.status_code == 422
    assert client.post(page, choice).status_code == 302
    run.refresh_from_db()
    see_through(run.job)
    run.refresh_from_db()

    assert run.counts["created"] == 1


@pytest.mark.parametrize(
    ("content", "status", "sentence"),
    [
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 300, 422, "not a table but a file of type image/png"),
        (b"1,2,3\n", 422, "no row of column headings"),
        (b"\n", 422, "The file is empty."),
        (b"", 400, "The file is empty."),
    ],
)
def test_a_file_that_is_no_roster_gets_a_clear_page(
    client, roster_admin, content, status, sentence
):
    page = upload(client, content)

    assert page.status_code == status
    assert sentence in page.content.decode()
    assert not ImportRun.objects.exists()


def test_no_file_and_too_large_a_file_get_a_clear_page(client, roster_admin, monkeypatch):
    assert client.post(UPLOAD, {"roster": "pupils"}).status_code == 400

    monkeypatch.setattr("imports.runs.MAX_BYTES", 1_000)
    page = upload(client, pupils(*map(pupil_line, range(100))))
    assert page.status_code == 413
    assert "larger than" in page.content.decode()

    monkeypatch.setattr("imports.views.uploading.MAX_BYTES", -200_000)
    assert upload(client, b"a,b\n").status_code == 413
    assert not ImportRun.objects.exists()


def addresses(run: ImportRun) -> list[tuple[str, str]]:
    """Every roster address, with the method that it answers."""
    own = ["approve", "stop", "discard", "undo", "again"]
    return [
        ("get", reverse("rosters")),
        ("get", UPLOAD),
        ("post", UPLOAD),
        ("get", reverse("roster_export", args=["pupils"])),
        ("post", reverse("roster_export", args=["pupils"])),
        ("get", reverse("roster_run", args=[run.pk])),
        ("post", reverse("roster_run", args=[run.pk])),
        *(("get", reverse(f"roster_{name}", args=[run.pk])) for name in ("progress", "errors", "file")),
        *(("post", reverse(f"roster_{name}", args=[run.pk])) for name in own),
        ("post", reverse("roster_decide", args=[run.pk, 1])),
        ("post", reverse("roster_mend", args=[run.pk, 1])),
        ("get", reverse("roster_sources")),
        ("get", reverse("roster_source", args=[1])),
        ("post", reverse("roster_source", args=[1])),
        ("post", reverse("roster_chase", args=[1])),
        ("get", reverse("roster_quiet")),
        ("post", reverse("roster_quiet")),
        ("post", reverse("roster_quiet_end", args=[1])),
        ("post", reverse("roster_let", args=[run.pk, 1])),
        ("get", reverse("roster_workbook", args=[run.pk])),
        ("post", reverse("roster_workbook", args=[run.pk])),
        ("post", reverse("roster_conflicts", args=[run.pk])),
        ("post", reverse("roster_release", args=[run.pk])),
        ("get", reverse("roster_figures")),
        ("get", reverse("roster_years")),
        *(
            ("post", reverse(f"roster_year_{verb}", args=[2026]))
            for verb in ("rehearse", "carry_out", "take_back")
        ),
    ]  # fmt: skip


def test_every_roster_address_is_in_this_crawl(hill_school):
    from imports.urls import urlpatterns

    run = planned(pupils(pupil_line(1)))

    reached = {address for _method, address in addresses(run)}
    assert len(reached) == len(urlpatterns)


@pytest.mark.parametrize(
    ("role", "centre"),
    [("comms_lead", None), ("bookings", None), ("centre_admin", None), ("roster_admin", "west")],
)
def test_other_roles_and_other_scopes_reach_no_roster(client, hill_school, role, centre):
    run = planned(pupils(pupil_line(1)))
    user = User.objects.create(username="somebody")
    if centre:
        area = Area.objects.create(name="West", slug="west")
        centre = MusicCentre.objects.create(
            name="West", slug="west", area=area, address="1 Hill Road", postcode="SG4 9UJ"
        )
    grant(user, role, centre=centre)
    client.force_login(user)

    answers = {getattr(client, method)(url).status_code for method, url in addresses(run)}

    assert answers == {404}
    run.refresh_from_db()
    assert run.state == "planned"


def test_who_may_upload_may_not_approve(client, hill_school):
    from django.contrib.auth.models import Group, Permission

    role = Group.objects.create(name="School office")
    wanted = ("upload_roster", "view_importrun", "access_admin")
    role.permissions.set(Permission.objects.filter(codename__in=wanted))
    user = User.objects.create(username="office")
    user.memberships.create(role=role)
    user.groups.add(role)
    client.force_login(user)
    run = planned(pupils(pupil_line(1)))

    assert client.post(reverse("roster_approve", args=[run.pk])).status_code == 403
    assert client.post(reverse("roster_export", args=["pupils"])).status_code == 403
    page = client.get(reverse("roster_run", args=[run.pk])).content.decode()
    assert "must approve this plan" in page
    assert reverse("roster_approve", args=[run.pk]) not in page


def test_a_get_of_a_button_changes_nothing(client, roster_admin, hill_school):
    run = planned(pupils(pupil_line(1)))

    for name in ("approve", "stop", "discard", "undo", "again"):
        assert client.get(reverse(f"roster_{name}", args=[run.pk])).status_code == 405
    run.refresh_from_db()
    assert run.state == "planned"


def test_a_button_pressed_twice_says_that_it_is_too_late(client, roster_admin, hill_school):
    run = planned(pupils(pupil_line(1)))
    client.post(reverse("roster_approve", args=[run.pk]))

    page = client.post(reverse("roster_approve", args=[run.pk]), follow=True)

    assert "so that cannot be done with it" in page.content.decode().replace("&quot;", '"')


def test_pages_of_a_run_are_never_kept_by_a_cache(client, roster_admin, hill_school):
    run = planned(pupils(pupil_line(1)))

    answer = client.get(reverse("roster_run", args=[run.pk]))

    assert "no-store" in answer["Cache-Control"]


def test_a_whole_roster_goes_out_for_a_reason_that_is_logged_and_cannot_run(
    client, roster_admin, hill_school
):
    Pupil.objects.create(external_id="P1", legal_first_name="@SUM(1)", legal_last_name="=1+1")
    address = reverse("roster_export", args=["pupils"])

    assert client.post(address, {"reason": ""}).status_code == 422
    answer = client.post(address, {"reason": "Photo consent round", "kind": "csv"})

    line = b"".join(answer).decode("utf-8-sig").splitlines()[1]
    assert line.startswith("P1,'@SUM(1),'=1+1,")
    entry = AccessLogEntry.objects.get(action="export")
    assert (entry.record_type, entry.detail) == (
        "cms.pupil",
        {"reason": "Photo consent round", "rows": 1, "kind": "csv"},
    )


def test_the_file_as_uploaded_comes_back_and_its_download_is_logged(
    client, roster_admin, hill_school
):
    content = pupils(pupil_line(1))
    run = planned(content)

    answer = client.get(reverse("roster_file", args=[run.pk]))

    assert b"".join(answer) == content
    assert AccessLogEntry.objects.exclude(record_type="cms.user").get().action == "download"


def test_the_problems_go_out_as_a_table(client, roster_admin, hill_school):
    run = planned(pupils(pupil_line(1, dob="=cmd()")))

    table = b"".join(client.get(reverse("roster_errors", args=[run.pk]))).decode("utf-8-sig")

    assert table.splitlines()[1].startswith("2,D2,DOB,'=cmd(),")


def test_pages_of_a_plan_cost_the_same_for_few_and_for_many_rows(
    client, roster_admin, hill_school, django_assert_max_num_queries
):
    def queries(count):
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        run = planned(pupils(*(pupil_line(n, dob="never") for n in range(count))))
        client.get(reverse("roster_run", args=[run.pk]))
        with CaptureQueriesContext(connection) as counted:
            client.get(reverse("roster_run", args=[run.pk]))
        return len(counted)

    assert queries(1) == queries(40)


# --- the command line -------------------------------------------------------------------------
def command(tmp_path, content: bytes, *options, feed="schools"):
    path = tmp_path / "roster.csv"
    path.write_bytes(content)
    out, code = io.StringIO(), 0
    try:
        call_command("roster_import", feed, str(path), *options, "--json", stdout=out)
    except SystemExit as stop:
        code = stop.code
    return code, json.loads(out.getvalue())


SCHOOLS = [gias_row(f"11713{n}", f"School {n}") for n in range(8)]


def test_the_command_line_dry_runs_applies_and_says_so_in_its_exit_code(tmp_path):
    content = gias(*SCHOOLS, gias_row("1171", "Wrong"))

    code, answer = command(tmp_path, content, "--dry-run")
    assert (code, answer["status"], answer["created"], School.objects.count()) == (
        1,
        "dry run",
        8,
        0,
    )
    assert answer["errors"] == [
        {
            "line": 10, "cell": "A10", "column": "URN", "value": "1171", "level": "refused",
            "problem": "This is not a number of the right form.", "hint": "Like 117137.",
        }
    ]  # fmt: skip

    code, answer = command(tmp_path, content)
    assert (code, answer["status"], School.objects.count()) == (1, "discarded", 0)

    code, answer = command(tmp_path, gias(*SCHOOLS), "--yes")
    assert (code, answer["status"], answer["created"]) == (0, "applied", 8)

    out = io.StringIO()
    call_command("roster_export", "schools", str(tmp_path / "out.csv"), stdout=out)
    code, answer = command(tmp_path, (tmp_path / "out.csv").read_bytes(), "--yes")
    assert (code, answer["unchanged"]) == (0, 8)


def test_the_command_line_refuses_a_file_and_stops_at_the_guard_rail(tmp_path):
    assert command(tmp_path, b"\x89PNG\r\n\x1a\n" + b"\0" * 300)[0] == 2
    assert command(tmp_path, b"Surname\nAsh\n")[1]["problem"].startswith("No column of the file")
    command(tmp_path, gias(*SCHOOLS), "--yes")

    code, answer = command(tmp_path, gias(*SCHOOLS[:4]), "--full", "--yes")

    assert (code, answer["left"], answer["held"]) == (3, 0, 4)
    assert School.objects.filter(left_at=None).count() == 8


def test_the_command_line_undoes(tmp_path):
    _code, answer = command(tmp_path, gias(*SCHOOLS), "--yes")
    out = io.StringIO()

    call_command("roster_undo", str(answer["run"]), "--json", stdout=out)

    assert json.loads(out.getvalue())["removed"] == 8
    assert School.objects.count() == 0
