"""The map says how many are at each step and how many went no further, also of those forgotten."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from forms import diagram, forgetting, journeys, retention, submissions
from forms.figures import step_figures
from forms.models import Journey, StepTally, Submission
from tests.journeys import publish_form
from tests.test_forms_retention import run

pytestmark = pytest.mark.django_db

ONLY = {"match": "all", "clauses": [{"question": "more", "op": "is", "value": True}]}
FORM = {
    "slug": "borrow",
    "title": "Borrow",
    "retention": {"unfinished": {"days": 5}},
    "steps": [
        {"key": "you", "title": "You", "questions": [
            {"key": "name", "type": "text", "label": "Name", "required": True},
            {"key": "more", "type": "yes_no", "label": "More?", "required": True}]},
        {"key": "extra", "title": "Extra", "show_if": ONLY, "questions": [
            {"key": "why", "type": "text", "label": "Why?", "required": True}]},
        {"key": "end", "title": "End", "questions": [
            {"key": "last", "type": "text", "label": "Last", "required": True}]},
    ],
}  # fmt: skip


def journey(version, *, sent=False, began=0, **answers):
    one = journeys.begin(version, owner="family")
    one.answers = answers
    one.began_at = timezone.now() - timedelta(days=began)
    one.save()
    if sent:
        submissions.submit(one)
    return one


@pytest.fixture
def form():
    version = publish_form(FORM)
    journey(version)
    journey(version, name="A", more=True)
    journey(version, name="B", more=True)
    journey(version, name="C", more=False)
    journey(version, sent=True, name="D", more=True, why="W", last="L")
    journey(version, sent=True, name="E", more=False, last="L")
    journey(version, sent=True, began=40, name="F", more=False, last="L")
    return version.form


FIGURES = {
    "you": {"now": 1, "reached": 6, "left": 1},
    "extra": {"now": 2, "reached": 3, "left": 2},
    "end": {"now": 1, "reached": 3, "left": 1},
}


def test_each_family_is_counted_where_it_is_and_where_it_came_by(form):
    assert step_figures(form) == FIGURES
    longer = step_figures(form, days=90)
    assert (longer["you"]["reached"], longer["end"]["reached"]) == (7, 4)


def test_what_is_forgotten_is_still_counted_as_having_come_by(form):
    Journey.objects.filter(submitted_at=None).update(expires_at=timezone.now())
    with transaction.atomic():
        for one in Journey.objects.expired():
            retention.forget(one)
        first, second = Submission.objects.order_by("pk")[:2]
        forgetting.delete(first, None, because={})
        forgetting.anonymise(second, None, because={})

    found = step_figures(form)
    assert {key: (f["now"], f["reached"], f["left"]) for key, f in found.items()} == {
        key: (0, f["reached"], f["left"]) for key, f in FIGURES.items()
    }


def test_tallies_hold_numbers_of_steps_and_nothing_else(form):
    Journey.objects.filter(submitted_at=None).update(expires_at=timezone.now())
    with transaction.atomic():
        for one in Journey.objects.expired():
            retention.forget(one)

    names = {field.name for field in StepTally._meta.fields}
    assert names == {"id", "form", "day", "step", "reached", "left"}


def test_the_drawing_and_the_outline_say_the_same_numbers(form):
    version = form.current_version
    nodes = diagram.nodes_of(version.compiled, figures=step_figures(form), path={"you", "end"})
    drawn, said = diagram.svg(nodes, title="Borrow"), diagram.outline(nodes)

    for node in nodes:
        assert f"{node.left} went no further ({node.drop_off}%)" in drawn
        assert f"{node.left} of {node.reached} went no further ({node.drop_off}%)" in said
    assert "2 families are here now." in said
    assert [node.key for node in nodes if node.is_lit] == ["you", "end"]
    assert said.count("On the chosen path.") == 2


def test_what_was_sent_is_counted_once_and_then_read_from_its_tally(form):
    Journey.objects.exclude(submitted_at=None).update(
        submitted_at=timezone.now() - timedelta(days=2)
    )
    before = step_figures(form, days=90)
    for night in ("one", "two"):
        run("forms.tally_sent", night)
    assert Journey.objects.filter(is_tallied=True).count() == 3
    assert step_figures(form, days=90) == before
    with transaction.atomic():
        forgetting.delete(Submission.objects.order_by("pk").first(), None, because={})
    assert step_figures(form, days=90) == before


def test_every_journey_of_the_period_is_counted_and_walked_once(form, django_assert_num_queries):
    one = journey(form.current_version, name="A", more=True)
    more = [
        Journey(
            key=f"many-{number}",
            version=one.version,
            answers=one.answers,
            owner_hash="x",
            resume_email="",
            expires_at=one.expires_at,
        )
        for number in range(700)
    ]
    Journey.objects.bulk_create(more)
    assert step_figures(form)["extra"]["now"] == FIGURES["extra"]["now"] + 701
    with django_assert_num_queries(2):
        step_figures(form)
    Journey.objects.filter(pk=one.pk).update(answers={"name": "A", "more": False}, rev=1)
    assert step_figures(form)["extra"]["now"] == FIGURES["extra"]["now"] + 700
