"""Keys change: a school's new URN, a pupil's new number. Records are found by either."""

import pytest

from cms.models import Instrument, Pupil, School
from imports import runs
from imports.lookalikes import decide
from imports.management.commands.roster_import import see_through
from imports.models import FormerKey
from tests.roster_files import pupil_line, pupils

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def hill_school():
    Instrument.objects.create(name="Violin", slug="violin", family="strings")
    return School.objects.create(urn="117137", name="Hill School")


def planned(content, roster="pupils"):
    run = runs.receive(roster, [content], "roster.csv")
    see_through(runs.start_planning(run))
    run.refresh_from_db()
    return run


def applied(run):
    see_through(runs.approve(run, by=None))
    run.refresh_from_db()
    return {name: number for name, number in run.counts.items() if number}


def undone(run):
    reverse = runs.take_back(run, by=None)
    see_through(reverse.job)


def renumbered():
    """A pupil whose number became NEW1, as an officer confirmed. Returns the run that did it."""
    applied(planned(pupils(pupil_line(1))))
    run = planned(pupils(pupil_line(1, id="NEW1")))
    assert run.counts["asked"] == 1
    decide(run, run.plan_rows.get().pk, is_same=True, by=None)
    assert applied(run) == {"rows": 1, "updated": 1}
    return run


def test_a_pupils_new_number_is_asked_about_and_the_old_one_still_finds_the_pupil():
    renumbered()
    assert Pupil.objects.get().external_id == "NEW1"

    old = planned(pupils(pupil_line(1, surname="Ash")))
    [problem] = old.plan_rows.get().problems

    assert problem["problem"] == "This is the former key of NEW1; read as that pupil."
    assert applied(old) == {"rows": 1, "updated": 1, "repaired": 1}
    pupil = Pupil.objects.get()
    assert (pupil.external_id, pupil.legal_last_name) == ("NEW1", "Ash")


def test_what_a_record_is_called_now_comes_before_what_another_was_called():
    renumbered()
    other = Pupil.objects.create(external_id="P00001", legal_first_name="A", legal_last_name="B")

    run = planned(pupils(pupil_line(1, surname="Ash")))

    assert run.plan_rows.get().record_id == other.pk


def test_undoing_the_new_number_forgets_the_old_one_as_history():
    run = renumbered()
    assert FormerKey.objects.get().key == "P00001"

    undone(run)

    assert Pupil.objects.get().external_id == "P00001"
    assert not FormerKey.objects.exists()
    assert planned(pupils(pupil_line(1))).counts["unchanged"] == 1


def test_two_children_of_one_name_and_birth_date_are_asked_about_once():
    applied(planned(pupils(pupil_line(1))))
    run = planned(pupils(pupil_line(1, id="TWIN")))
    decide(run, run.plan_rows.get().pk, is_same=False, by=None)
    assert applied(run) == {"rows": 1, "created": 1}
    Pupil.objects.filter(external_id="TWIN").delete()

    assert planned(pupils(pupil_line(1, id="TWIN"))).counts["asked"] == 0


LINKS = """"URN","LinkURN","LinkName","LinkType","LinkEstablishedDate"
117137,145001,"Hill Academy","Successor","01-09-2024"
145001,117137,"Hill School","Predecessor","01-09-2024"
117137,999999,"Not ours","Successor - merged","01-09-2024"
"""


def test_the_registers_links_lead_from_a_closed_school_to_its_successor(hill_school):
    academy = School.objects.create(urn="145001", name="Hill Academy")
    School.objects.filter(pk=hill_school.pk).update(status="closed")

    links = planned(LINKS.encode(), "schools")
    assert applied(links) == {"rows": 1, "updated": 1}
    assert list(hill_school.successors.all()) == [academy]
    assert applied(planned(LINKS.encode(), "schools")) == {"rows": 1, "unchanged": 1}

    run = planned(pupils(pupil_line(1)))
    assert run.plan_rows.get().after["school"] == "145001"
    [problem] = run.plan_rows.get().problems[:1]
    assert problem["problem"] == (
        "School 117137 closed; read as its successor 145001, Hill Academy."
    )
    assert applied(run)["created"] == 1
    assert Pupil.objects.get().school == academy


def test_a_school_that_became_two_is_not_guessed(hill_school):
    School.objects.filter(pk=hill_school.pk).update(status="closed")
    for urn in ("145001", "145002"):
        hill_school.successors.create(urn=urn, name=urn)

    [problem] = [
        p for p in planned(pupils(pupil_line(1))).plan_rows.get().problems
        if p["level"] == "refused"
    ]  # fmt: skip

    assert problem["hint"] == "Which is it: 145001 or 145002?"
