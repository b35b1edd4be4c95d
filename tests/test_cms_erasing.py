"""The officer's page: look, take out, be asked twice, erase; and what stays that is somebody else's."""

import io
import json
import re
import zipfile

import pytest
from django.contrib.auth import get_user_model
from django.db import DatabaseError, connection, transaction

from cms import audit
from cms.erasing import Person, erase
from cms.erasing.taking import as_zip
from cms.models import AccessLogEntry, Erasure, Guardian, Pupil, PupilGuardian
from cms.roles import grant
from forms.models import Submission
from tests.canaries import FIRST, MAIL, NAME, book
from tests.journeys import Family, a_course_date, answers_of_a_family, publish_songwriter

pytestmark = pytest.mark.django_db
ADDRESS = "/admin/people/"
WHO = {"first": FIRST, "last": NAME, "born": "02/05/2014", "email": "", "phone": ""}


@pytest.fixture
def dpo(client):
    user = get_user_model().objects.create_user("dpo")
    grant(user, "data_protection")
    client.force_login(user)
    return user


@pytest.fixture
def child():
    pupil = Pupil.objects.create(
        legal_first_name=FIRST, legal_last_name=NAME, date_of_birth="2014-05-02"
    )
    adult = Guardian.objects.create(first_name="Rowan", last_name=NAME, email=MAIL)
    PupilGuardian.objects.create(pupil=pupil, guardian=adult)
    return pupil


def sealed_in(page):
    return re.search(r'name="people" value="([^"]+)"', page.text)[1]


def test_looking_changes_nothing_and_erasing_asks_twice_and_wants_a_reason(client, dpo, child):
    looked = client.post(ADDRESS, WHO)
    assert "What is kept, and where" in looked.text
    assert Pupil.objects.exists()

    people = sealed_in(looked)
    assert NAME not in people
    without = client.post(ADDRESS, {"people": people, "reason": " "})
    assert (without.status_code, "Say why" in without.text) == (422, True)
    asked = client.post(ADDRESS, {"people": people, "reason": "Letter of 3 May"})
    assert "Erase all of this for good?" in asked.text
    assert Pupil.objects.exists()

    done = client.post(
        ADDRESS, {"people": sealed_in(asked), "reason": "Letter of 3 May", "sure": "1"}, follow=True
    )
    assert not Pupil.objects.exists()
    entry = Erasure.objects.get()
    assert entry.reference in done.text
    assert NAME not in f"{entry.people} {entry.result} {done.text}"
    assert list(AccessLogEntry.objects.filter(action="erase").values_list("actor", flat=True)) == [
        "dpo",
        "dpo",
    ]


def test_from_a_pupil_the_adults_who_answer_for_no_other_child_are_meant_too(client, dpo, child):
    shared = Guardian.objects.create(first_name="Sam", last_name="Reed", email="sam@example.org")
    other = Pupil.objects.create(legal_first_name="Robin", legal_last_name="Reed")
    for pupil in (child, other):
        PupilGuardian.objects.create(pupil=pupil, guardian=shared)

    page = client.get(f"{ADDRESS}?pupil={child.pk}").text

    assert MAIL in page
    assert "sam@example.org" not in page


def test_everything_comes_out_as_a_page_as_data_and_with_the_files(
    client, dpo, centres, child, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        book(centres["east"])
    people = sealed_in(client.post(ADDRESS, WHO | {"email": MAIL}))

    answer = client.post(ADDRESS, {"people": people, "reason": "A request", "take": "1"})

    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        names = archive.namelist()
        page = archive.read("everything.html").decode()
        data = json.loads(archive.read("everything.json"))
    assert FIRST in page
    assert MAIL in page
    assert {"Rosters", "Answers and files"} <= {part["store"] for part in data}
    assert any(name.startswith("files/") for name in names)
    assert "resume_hash" not in page.lower()
    assert AccessLogEntry.objects.filter(action="export", detail__reason="A request").exists()


def test_others_do_not_reach_it_and_a_page_that_was_open_too_long_begins_again(client, child):
    for role in ("hub_manager", "bookings", "safeguarding_lead"):
        user = get_user_model().objects.create_user(role)
        grant(user, role)
        client.force_login(user)
        assert client.get(ADDRESS).status_code == 302
    admin = get_user_model().objects.create_superuser("admin", password="x")
    client.force_login(admin)
    client.post(ADDRESS, {"people": "forged", "reason": "x", "sure": "1"})
    assert Pupil.objects.exists()
    assert client.post(ADDRESS, {"first": "Only"}).status_code == 422


def test_of_a_booking_for_two_only_the_childs_part_goes(dpo, django_capture_on_commit_callbacks):
    publish_songwriter()
    a_course_date()
    family = Family()
    with django_capture_on_commit_callbacks(execute=True):
        family.start()
        family.walk(answers_of_a_family(children=2))
        family.send()
    robin = Person.made("Robin", "Ashdown", born="2016-11-20")

    erase([robin], reason="A request", by=dpo)

    kept = Submission.objects.get()
    assert kept.answers["child"][1] == {}
    assert kept.answers["child"][0]["child_name"]["first"] == "Wren"
    assert kept.answers["email"] == "rowan.ashdown@example.org"
    assert "Robin" not in str(kept.labels)
    assert "Wren" in str(kept.labels)


def test_a_namesake_of_another_birthday_is_somebody_else(dpo, child):
    Pupil.objects.create(legal_first_name=FIRST, legal_last_name=NAME, date_of_birth="2011-01-01")

    erase([Person.made(FIRST, NAME, born="2014-05-02")], reason="A request", by=dpo)

    assert [str(born) for born in Pupil.objects.values_list("date_of_birth", flat=True)] == [
        "2011-01-01"
    ]


def test_the_chain_holds_after_a_name_was_taken_out_and_still_finds_a_change(dpo, child):
    entry = audit.record(dpo, "export", child, {"reason": f"For {FIRST} {NAME}"})
    erase([Person.made(FIRST, NAME, born="2014-05-02")], reason="A request", by=dpo)
    entry.refresh_from_db()
    assert entry.detail == {"reason": "For [erased]"}
    assert audit.verify().is_whole

    with audit._unlocked(), connection.cursor() as cursor:
        cursor.execute("UPDATE cms_accesslogentry SET actor = 'x' WHERE id = %s", [entry.pk])

    assert audit.verify().broken_at == entry.pk


def test_the_database_refuses_a_change_again_afterwards(dpo, child):
    audit.record(dpo, "export", child, {"reason": f"For {FIRST} {NAME}"})
    erase([Person.made(FIRST, NAME, born="2014-05-02")], reason="A request", by=dpo)

    with pytest.raises(DatabaseError), transaction.atomic():
        AccessLogEntry.objects.update(actor="x")


def test_nothing_is_found_of_somebody_who_is_not_there(dpo):
    with zipfile.ZipFile(io.BytesIO(as_zip([Person.made("No", "Body")]))) as archive:
        assert "Nothing is kept." in archive.read("everything.html").decode()
