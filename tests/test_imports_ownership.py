"""Source-owned, edited here, locked: shown on the record, respected by rosters, reported."""

import pytest
from django.urls import reverse

from cms.models import AccessLogEntry, Instrument, Pupil, School, User
from cms.roles import grant
from imports import runs
from imports.management.commands.roster_import import see_through
from tests.roster_files import pupil_line, pupils

pytestmark = pytest.mark.django_db


@pytest.fixture
def pupil():
    Instrument.objects.create(name="Violin", slug="violin", family="strings")
    School.objects.create(urn="117137", name="Hill School")
    applied(pupils(pupil_line(1)))
    return Pupil.objects.get()


@pytest.fixture
def boss(client):
    user = User.objects.create_superuser("boss", "boss@example.org", "x")
    client.force_login(user)
    return user


def planned(content):
    run = runs.receive("pupils", [content], "roster.csv")
    see_through(runs.start_planning(run))
    run.refresh_from_db()
    return run


def applied(content):
    run = planned(content)
    see_through(runs.approve(run, by=None))
    return run


def edit(client, pupil, **values):
    address = reverse("cms_pupil_modeladmin_edit", args=[pupil.pk])
    form = client.get(address).context["form"]
    data = {name: form[name].value() or "" for name in form.fields} | values
    data["instruments"] = list(pupil.instruments.values_list("pk", flat=True))
    assert client.post(address, data).status_code == 302
    pupil.refresh_from_db()


def test_what_a_person_edited_here_is_kept_and_the_difference_reported(client, boss, pupil):
    edit(client, pupil, legal_first_name="Kim")
    assert list(pupil.edited_fields) == ["legal_first_name"]

    run = planned(pupils(pupil_line(1, surname="Ash")))
    row = run.plan_rows.get()

    assert row.after.keys() == {"legal_last_name", "source_hash"}
    [problem] = [p for p in row.problems if p["field"] == "legal_first_name"]
    assert "to “Kim”, so ours was kept" in problem["problem"]
    assert problem["value"] == "Child1"
    page = client.get(reverse("roster_run", args=[run.pk]) + "?show=problems").content.decode()
    assert "Let the file decide" in page


def test_the_file_may_be_let_to_decide(client, boss, pupil):
    edit(client, pupil, legal_first_name="Kim")
    run = planned(pupils(pupil_line(1, surname="Ash")))
    let = reverse("roster_let", args=[run.pk, run.plan_rows.get().pk])

    client.post(let, {"column": "legal_last_name"})
    assert run.plan_rows.get().after.keys() == {"legal_last_name", "source_hash"}
    client.post(let, {"column": "legal_first_name"})

    assert run.plan_rows.get().after["legal_first_name"] == "Child1"
    see_through(runs.approve(run, by=boss))
    pupil.refresh_from_db()
    assert (pupil.legal_first_name, pupil.edited_fields) == ("Child1", {})


def test_columns_are_locked_and_unlocked_on_the_record(client, boss, pupil):
    inspect = reverse("cms_pupil_modeladmin_inspect", args=[pupil.pk])
    locks = reverse("cms_pupil_modeladmin_locks", args=[pupil.pk])
    assert "Its source: the next roster may change it" in client.get(inspect).content.decode()

    client.post(locks, {"locked": ["legal_last_name", "source_hash"]})
    pupil.refresh_from_db()
    assert pupil.locked_fields == ["legal_last_name"]
    assert "Locked: no roster changes it" in client.get(inspect).content.decode()
    run = planned(pupils(pupil_line(1, surname="Ash")))
    assert not run.counts["updated"]

    client.post(locks, {})
    pupil.refresh_from_db()
    assert pupil.locked_fields == []
    assert AccessLogEntry.objects.filter(detail__locked=["legal_last_name"]).count() == 1


def test_only_who_may_change_the_record_may_lock_it(client, pupil):
    user = User.objects.create(username="looker")
    grant(user, "roster_admin")
    client.force_login(user)
    from cms.models import Pupil as Model

    may = Model.objects.for_user(user, "change").exists()
    status = client.post(
        reverse("cms_pupil_modeladmin_locks", args=[pupil.pk]), {"locked": ["known_as"]}
    ).status_code
    pupil.refresh_from_db()

    assert (status == 302 and pupil.locked_fields == ["known_as"]) if may else status == 404

    client.force_login(User.objects.create(username="nobody"))
    client.post(reverse("cms_pupil_modeladmin_locks", args=[pupil.pk]), {"locked": []})
    assert Pupil.objects.get().locked_fields == pupil.locked_fields
