"""Knowing people again: never twins, never silently when unsure, never asked twice."""

import csv
from datetime import date
from pathlib import Path

import pytest

from cms.models import Pupil, School, User
from imports import runs
from imports.lookalikes import decide
from imports.management.commands.roster_import import see_through
from imports.matching import Matcher, Person, first_names_agree, fold
from imports.models import ImportRun
from tests.roster_files import pupil_line, pupils

PEOPLE = (
    Path(__file__).resolve().parents[2]
    / "shared/data/people-duplicates/fake_1000_from_splink_demos.csv"
)
BORN = date(2015, 3, 4)
EMILY = Person(1, "Emily", "Ash", BORN, "SG4 9UJ")


@pytest.mark.parametrize(
    ("line", "verdict"),
    [
        (Person(0, "Emily", "Ash", BORN, "SG4 9UJ"), "same"),
        (Person(0, "emily", "ASH ", BORN, ""), "same"),
        (Person(0, "Emilly", "Ash", BORN, "SG4 9UJ"), "same"),
        (Person(0, "Ash", "Emily", BORN, "SG4 9UJ"), "same"),
        (Person(0, "Emily", "Ash", date(2015, 4, 3), "SG4 9UJ"), "same"),
        (Person(0, "Emma", "Ash", BORN, "SG4 9UJ"), "ask"),
        (Person(0, "Emily", "Ash", None, "SG4 9UJ"), "ask"),
        (Person(0, "Emily", "Ash", date(2012, 7, 9), "AL1 1AA"), "new"),
        (Person(0, "Noor", "Oak", BORN, "SG4 9UJ"), "new"),
    ],
)
def test_a_person_is_known_again_or_asked_about_or_new(line, verdict):
    assert Matcher([EMILY]).match(line).verdict == verdict


@pytest.mark.parametrize(
    "twins",
    [("emily", "emma"), ("jack", "james"), ("ava", "eva"), ("amelia", "amelie"), ("liam", "lia"),
     ("olivia", "oliver"), ("daniel", "daniela"), ("tom", "tim")],
)  # fmt: skip
def test_twins_never_become_one_child(twins):
    one, other = (Person(name, name, "Ash", BORN, "SG4 9UJ") for name in twins)

    assert Matcher([one]).match(other).verdict != "same"


def test_variants_of_a_name_agree_and_marks_do_not_matter():
    assert first_names_agree("muhammad", "mohammed")
    assert first_names_agree("elizabeth", "beth")
    assert fold("Zoë O’Neill-Łuczak") == "zoe oneill luczak"


@pytest.mark.skipif(not PEOPLE.exists(), reason="the outside files are not on this machine")
def test_a_thousand_duplicates_are_joined_with_precision_one():
    people, truth, first = [], {}, {}
    for row in csv.DictReader(PEOPLE.open(encoding="utf-8")):
        key, born = int(row["unique_id"]), date.fromisoformat(row["dob"])
        people.append(Person(key, row["first_name"], row["surname"], born, row["email"].strip()))
        truth[key] = row["cluster"]
    for person in people:
        first.setdefault(truth[person.key], person)
    matcher = Matcher(first.values())

    found = [(p, matcher.match(p)) for p in people if first[truth[p.key]] is not p]

    joined = [truth[p.key] == truth[m.candidate.key] for p, m in found if m.verdict == "same"]
    asked = [truth[p.key] == truth[m.candidate.key] for p, m in found if m.verdict == "ask"]
    assert all(joined)
    assert len(joined) >= 100
    assert sum(asked) / len(asked) > 0.95


@pytest.fixture
def a_booking(db):
    School.objects.create(urn="117137", name="Hill School")
    return Pupil.objects.create(
        legal_first_name="Emily", legal_last_name="Ash", date_of_birth=BORN, postcode="SG4 9UJ"
    )


def planned(**cells):
    line = pupil_line(1, surname="Ash", dob="04/03/2015", instrument="", **cells)
    run = runs.receive("pupils", [pupils(line)], "p.csv")
    see_through(runs.start_planning(run))
    return ImportRun.objects.get(pk=run.pk)


def test_a_child_known_from_a_booking_gets_the_key_of_the_roster(a_booking):
    run = planned(forename="Emily")
    see_through(runs.approve(run, by=None))

    a_booking.refresh_from_db()
    assert Pupil.objects.count() == 1
    assert (a_booking.external_id, a_booking.school.urn) == ("P00001", "117137")

    reverse = runs.take_back(run, by=None)
    see_through(reverse.job)
    a_booking.refresh_from_db()
    assert (a_booking.external_id, a_booking.school) == (None, None)


def test_a_likely_twin_waits_for_a_person_and_is_asked_about_once(a_booking):
    officer = User.objects.create(username="officer")
    run = planned(forename="Emma")
    assert {name: run.counts[name] for name in ("created", "updated", "asked")} == {
        "created": 0, "updated": 0, "asked": 1,
    }  # fmt: skip
    see_through(runs.approve(run, by=officer))
    assert Pupil.objects.count() == 1

    run = planned(forename="Emma")
    decide(run, run.plan_rows.get().pk, is_same=False, by=officer)
    see_through(runs.approve(run, by=officer))
    assert sorted(Pupil.objects.values_list("legal_first_name", flat=True)) == ["Emily", "Emma"]

    Pupil.objects.filter(legal_first_name="Emma").delete()
    assert planned(forename="Emma").counts["asked"] == 0


def test_the_same_person_after_all_is_changed_not_doubled(a_booking):
    run = planned(forename="Em")
    assert run.counts["asked"] == 1
    decide(run, run.plan_rows.get().pk, is_same=True, by=User.objects.create(username="officer"))
    see_through(runs.approve(run, by=None))

    a_booking.refresh_from_db()
    assert (Pupil.objects.count(), a_booking.legal_first_name) == (1, "Em")


def test_the_question_is_put_side_by_side_on_the_page(a_booking, client):
    client.force_login(User.objects.create(username="admin", is_superuser=True, is_staff=True))
    run = planned(forename="Emma")

    page = client.get(f"/admin/rosters/{run.pk}/?show=ask").content.decode()
    answer = client.post(
        f"/admin/rosters/{run.pk}/row/{run.plan_rows.get().pk}/", {"answer": "other"}
    )

    assert "<td>Emily</td><td><strong>Emma</strong></td>" in page
    assert answer.status_code == 302
    assert run.plan_rows.get().outcome == ""
