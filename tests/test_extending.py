"""What docs/extending.md tells developers to write does what it says there, run as it stands."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from cms.models import AcademicYear, Course, Term
from forms.builder.question_blocks import QuestionBlock
from forms.field_types import field_types
from imports.exporting import roster_table
from imports.resources import rosters
from tests.casework import run_until_over
from tests.test_forms_field_types import stored, told
from tests.test_imports_plan import applied, counts, planned, undone
from tests.test_workflows_running import opened
from workflows.actions import actions
from workflows.engine import perform
from workflows.running import restart_actions

pytestmark = pytest.mark.django_db
PAGE = Path(__file__).parent.parent / "docs" / "extending.md"


@pytest.fixture(autouse=True)
def of_the_page():
    """The page's own code is run; what it registered is gone afterwards."""
    registries = (field_types, actions, rosters)
    before = [dict(registry.items()) for registry in registries]
    found = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    assert len(found) == len(registries)
    try:
        for code in found:
            exec(code, {"__name__": "ourhub"})
        yield
    finally:
        for registry, entries in zip(registries, before, strict=True):
            registry._entries.clear()
            registry._entries.update(entries)


def test_a_type_of_question_is_asked_kept_read_and_offered_to_staff():
    kind = field_types["duration"]
    question = {"key": "q", "label": "Length", "settings": {}, "options": None}

    assert stored("duration", {"q": "3:30"}) == 210
    assert kind.lines(question, 210) == ["3:30"]
    assert told("duration", {"q": "3.30"}) == ["Enter minutes and seconds, such as 3:30"]
    assert told("duration", {"q": ""}, label="Length") == ["Enter a length"]
    assert stored("duration", {"q": kind.from_json(kind.example(question))}) == 210
    assert QuestionBlock("duration").label == "How long it lasts"


def test_an_action_sets_the_day_and_says_what_is_missing(centres, officer):
    case = opened(centres, {"type": "due_before_next_term", "days": 7})
    event = perform(case.pk, "confirm", by=officer)
    run_until_over(event)
    assert "No next term is known" in event.runs.get().problem

    begins = timezone.localdate() + timedelta(days=30)
    Term.objects.create(
        academic_year=AcademicYear.objects.create(start_year=begins.year),
        season="spring",
        starts_on=begins,
        half_term_starts_on=begins + timedelta(days=30),
        half_term_ends_on=begins + timedelta(days=35),
        ends_on=begins + timedelta(days=60),
    )
    restart_actions(event, by=officer)
    run_until_over(event)

    case.refresh_from_db()
    assert timezone.localdate(case.due_at) == begins - timedelta(days=7)


def test_a_roster_is_planned_applied_taken_back_and_exported():
    lines = b"Course code,Reference begins,Course,Summary,Minimum age,Maximum age\n"
    good = b"beats,BE,Beats,Make a beat in a day.,11,18\n"
    swapped = b"folk,FO,Folk,Tunes by ear.,18,11\n"

    run = applied("courses", lines + good + swapped)
    assert counts(run) == {"rows": 2, "created": 1, "refused": 1}
    assert (Course.objects.get().title, Course.objects.get().min_age) == ("Beats", 11)

    table, _count, _kind = roster_table("courses", "csv")
    assert counts(planned("courses", table.read())) == {"rows": 1, "unchanged": 1}

    undone(run)
    assert not Course.objects.exists()
