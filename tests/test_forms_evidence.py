"""The packages ask for evidence by opening its question again, and keep to few what is health."""

import json
from pathlib import Path

import pytest
from django.urls import reverse

from forms.models import MoreRequest
from tests.casework import run_until_over
from tests.folder import AtHome
from tests.journeys import (
    PNG,
    Family,
    a_course_date,
    answers_of_a_family,
    own_values,
    publish_songwriter,
)
from tests.test_forms_answers import staff
from workflows.engine import perform
from workflows.models import Case

pytestmark = pytest.mark.django_db


@pytest.fixture
def case(db):
    a_course_date()
    publish_songwriter()
    family = Family()
    family.start(offering="SW-WAT-1")
    family.walk(answers_of_a_family(wants_help="yes", help_basis="free_meals"))
    family.send()
    return Case.objects.get()


def test_asking_for_evidence_opens_its_question_and_its_coming_moves_the_case(case, officer):
    event = perform(case.pk, "ask_evidence", by=officer, comment="A letter, please")
    assert run_until_over(event).state == "done"
    case.refresh_from_db()
    assert case.stage_key == "evidence"
    assert MoreRequest.objects.get().questions == ["evidence"]
    home = AtHome(case.contact_email).sign_in()
    page = home.get(f"/family/{case.reference}/answer/1/")
    assert list(page.questions) == ["evidence"]
    posted = home.browser.post(
        page.path, own_values(page.form), files={"evidence": [("letter.png", PNG)]}
    )
    check = home.browser.get(posted.location)
    home.send(check)
    case.refresh_from_db()
    assert case.stage_key == "new"


def test_whether_there_is_anything_about_health_is_seen_by_those_entitled_alone(case, client):
    seen = {}
    for role in ("bookings", "centre_admin"):
        client.force_login(staff(f"one-{role}", role))
        page = client.get(reverse("cases:case", args=[case.pk]))
        assert page.status_code == 200
        seen[role] = page.text
    words = "anything about health, food or access"
    assert words in seen["bookings"]
    assert words not in seen["centre_admin"]


def test_every_question_of_the_packages_about_health_is_restricted():
    words = ("health", "allerg", "medicine", "access needs", "what would help")
    open_ones = [
        (path.stem, question["key"])
        for path in Path("forms/packages").glob("*.json")
        for step in json.loads(path.read_text())["form"]["steps"]
        for question in step.get("questions") or []
        if any(word in question["label"].lower() for word in words)
        and not (question.get("settings") or {}).get("restricted")
    ]
    assert open_ones == []
