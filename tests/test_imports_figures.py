"""Rosters in figures, and leavers that are held back: seen and let go, one school at a time."""

import pytest
from django.urls import reverse

from cms.models import Instrument, Pupil, School
from cms.roles import grant
from imports import runs
from imports.management.commands.roster_import import see_through
from imports.models import ImportRun, PlanRow
from tests.roster_files import pupil_line, pupils

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def hub(client, django_user_model):
    Instrument.objects.create(name="Violin", slug="violin", family="strings")
    for urn, name in (("117137", "Hill School"), ("117138", "Dale School")):
        School.objects.create(urn=urn, name=name)
    user = django_user_model.objects.create_user("roster")
    grant(user, "roster_admin")
    client.force_login(user)


def line(number):
    return pupil_line(number, school="117138" if number % 2 else "117137")


def planned(content, **options):
    run = runs.receive("pupils", [content], "p.csv", **options)
    see_through(runs.start_planning(run))
    run.refresh_from_db()
    return run


def applied(run):
    see_through(runs.approve(run, by=None))
    run.refresh_from_db()
    return run


@pytest.fixture
def half_a_file():
    """Forty pupils in two schools, then a full file with two of each: both schools are held."""
    applied(planned(pupils(*map(line, range(40)))))
    return planned(pupils(*map(line, range(4))), is_full=True)


def test_the_leavers_of_one_school_are_let_go_and_the_others_stay_held(client, half_a_file):
    run = half_a_file
    assert {hold["scope"] for hold in run.held} == {"Hill School", "Dale School"}
    page = client.get(reverse("roster_run", args=[run.pk]) + "?show=held&scope=Hill School")
    assert page.context["page"].paginator.count == 18
    client.post(reverse("roster_release", args=[run.pk]), {"scope": "Hill School"})
    run.refresh_from_db()
    assert (run.count("left"), run.count("held")) == (18, 18)
    applied(run)
    left = Pupil.objects.filter(left_at__isnull=False)
    assert set(left.values_list("school__name", flat=True)) == {"Hill School"}
    assert left.count() == 18

    see_through(runs.take_back(run, by=None).job)
    assert not Pupil.objects.filter(left_at__isnull=False).exists()


def test_twin_unless_somebody_lets_them_go_nobody_leaves(half_a_file):
    applied(half_a_file)
    assert not Pupil.objects.filter(left_at__isnull=False).exists()


def test_letting_go_twice_or_of_an_unknown_school_changes_nothing(half_a_file):
    runs.release(half_a_file, "Hill School")
    for scope in ("Hill School", "No such school"):
        with pytest.raises(runs.NotNowError):
            runs.release(half_a_file, scope)
    held = half_a_file.plan_rows.filter(outcome=PlanRow.Outcome.HELD)
    assert held.count() == 18


def test_the_figures_say_what_came_what_was_read_and_what_is_filled(client):
    address = reverse("roster_figures")
    assert client.get(address).status_code == 200  # an empty hub
    applied(planned(pupils(*map(line, range(9)), line(9).replace("117138", "999999"))))
    context = client.get(address).context
    assert context["growth"][-1].number == "9"
    assert (context["files"][0].number, context["files"][0].note) == ("90.0 %", "1 / 10")
    filled = {bar.label: bar.number for bar in context["records"]}
    assert filled["Pupils: date of birth"] == "100.0 %"
    assert filled["Guardians: telephone"] == "–"
    assert next(bar.number for bar in context["ages"] if bar.label == "Pupils") == "0"
    assert client.get(address + "?roster=nothing").status_code == 404


def test_no_figure_names_a_person(client):
    applied(planned(pupils(pupil_line(1, surname="Unmistakable"))))
    assert "Unmistakable" not in client.get(reverse("roster_figures")).content.decode()
    assert ImportRun.objects.count() == 1
