"""Letters about a closed centre: to its own families, once each, and to nobody else."""

from datetime import date, timedelta

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from cms import closures, jobs, places
from cms.models import (
    CentreDate,
    CourseDate,
    Enrolment,
    Guardian,
    Job,
    MusicGroup,
    OutboxMessage,
    Pupil,
    PupilGuardian,
    User,
)
from cms.roles import grant
from tests.journeys import Family, a_course_date, answers_of_a_family, publish_songwriter
from workflows.models import Case

from .demo_hub import make_centre

pytestmark = pytest.mark.django_db
MONDAY = date(2026, 1, 12)


@pytest.fixture(autouse=True)
def snow():
    with time_machine.travel("2026-01-12T07:00Z", tick=False):
        yield


@pytest.fixture
def watford():
    return make_centre("Watford", "West")


def family(name, group, *, no_contact=False, **enrolment):
    pupil = Pupil.objects.create(legal_first_name=name, legal_last_name="Ash")
    guardian = Guardian.objects.create(
        first_name=name, last_name="Ash", email=f"{name.lower()}@example.org"
    )
    PupilGuardian.objects.create(pupil=pupil, guardian=guardian, no_contact=no_contact)
    Enrolment.objects.create(pupil=pupil, group=group, **enrolment)
    return guardian


def group(centre, weekday=1, **facts):
    return MusicGroup.objects.create(
        name=f"Band {weekday}", centre=centre, weekday=weekday, **facts
    )


def run_letters():
    for job in Job.objects.filter(kind="cms.tell_of_closure", state="ready"):
        jobs.run_job.call_local(job.pk)
    return sorted(OutboxMessage.objects.values_list("to", "template"))


def close(centre, until=MONDAY):
    return closures.close(centre, by=None, until=until, reason="Snow.", tell=True)


def test_the_families_of_that_day_and_centre_are_told_and_nobody_else(watford):
    monday = group(watford)
    family("Told", monday)
    family("Weekless", group(watford, None))
    family("Tuesday", group(watford, 2))
    family("Elsewhere", group(make_centre("Hitchin", "North")))
    family("Waiting", monday, status="waiting")
    family("Left", monday, status="left")
    family("Over", monday, ends_on=MONDAY - timedelta(days=1))
    family("Later", monday, starts_on=MONDAY + timedelta(days=7))
    family("Barred", monday, no_contact=True)

    close(watford)

    assert run_letters() == [
        ("told@example.org", "centre-closed"),
        ("weekless@example.org", "centre-closed"),
    ]
    letter = OutboxMessage.objects.first()
    assert letter.subject == "Watford Music Centre is closed today, Monday 12 January"
    assert "Snow." in letter.text
    assert "Told" not in letter.text


def test_a_family_with_two_children_or_a_second_press_gets_one_letter(watford):
    one, two = group(watford), group(watford, None)
    guardian = family("Told", one)
    sister = Pupil.objects.create(legal_first_name="Sister", legal_last_name="Ash")
    PupilGuardian.objects.create(pupil=sister, guardian=guardian)
    Enrolment.objects.create(pupil=sister, group=two)

    close(watford)
    close(watford)

    assert run_letters() == [("told@example.org", "centre-closed")]


def test_a_longer_closure_is_told_again_and_to_those_of_the_new_days(watford):
    family("Told", group(watford))
    family("Tuesday", group(watford, 2))
    close(watford)
    run_letters()

    close(watford, until=MONDAY + timedelta(days=1))

    assert run_letters() == [
        ("told@example.org", "centre-closed"),
        ("told@example.org", "centre-closed"),
        ("tuesday@example.org", "centre-closed"),
    ]
    assert "until Tuesday 13 January" in OutboxMessage.objects.last().subject


def test_opening_again_is_told_to_those_who_heard_of_the_closure(watford):
    family("Told", group(watford))
    closures.reopen(close(watford), by=None)

    assert run_letters() == [
        ("told@example.org", "centre-closed"),
        ("told@example.org", "centre-open-again"),
    ]


def test_a_closure_that_nobody_was_to_be_told_of_sends_nothing(watford):
    family("Told", group(watford))
    closure = closures.close(watford, by=None, until=MONDAY, reason="Snow.")
    closures.reopen(closure, by=None)

    assert run_letters() == []


def test_hundreds_of_families_are_told_in_steps(watford, monkeypatch):
    monday = group(watford)
    for number in range(7):
        family(f"F{number}", monday)
    monkeypatch.setattr("cms.closure_mail.BATCH", 3)

    close(watford)

    assert len(run_letters()) == 7
    assert Job.objects.get().done == 7


def test_it_takes_one_form_on_a_phone(client, watford):
    user = User.objects.create_user("centre-west", password="x")
    grant(user, "centre_admin", centre=watford)
    family("Told", group(watford))
    client.force_login(user)
    page = client.get(reverse("close_centre")).content.decode()
    assert page.count("<select") == 2
    assert 'name="tell"' in page

    answers = {"centre": watford.pk, "until": "0", "reason": "Snow.", "tell": "on"}
    said = client.post(reverse("close_centre"), answers, follow=True).content.decode()

    assert "its families are being written to" in said
    assert CentreDate.objects.get().note == "Snow."
    assert run_letters() == [("told@example.org", "centre-closed")]


def test_families_with_a_confirmed_place_on_a_course_there_are_told_too():
    publish_songwriter()
    date = a_course_date()
    booked = Family()
    booked.start()
    booked.walk(answers_of_a_family())
    booked.send()
    (case,) = Case.objects.all()
    CourseDate.objects.update(
        starts_at=timezone.now() + timedelta(hours=3), ends_at=timezone.now() + timedelta(hours=9)
    )
    close(date.centre)
    assert run_letters_of_closures() == [(case.contact_email, "centre-closed")]

    places.release(case.subject.holder, "released")
    close(date.centre, until=MONDAY + timedelta(days=1))
    assert len(run_letters_of_closures()) == 1  # they do not come any more


def run_letters_of_closures():
    return [letter for letter in run_letters() if letter[1].startswith("centre-")]
