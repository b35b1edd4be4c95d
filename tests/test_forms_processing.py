"""The record of processing is made from what is published; consents keep every wording."""

import copy

import pytest

from cms.roles import grant
from forms.consents import register
from forms.processing import activities, as_markdown, dpia_as_markdown, risks
from tests.journeys import publish_form, songwriter_package
from tests.test_forms_answers import ID, sent, staff

pytestmark = pytest.mark.django_db
AGREE = {
    "id": f"{ID}9",
    "key": "agreed",
    "type": "declaration",
    "label": "I have read the terms",
    "settings": {"document": "terms", "version": "2026"},
}


def form(words="I have read the terms"):
    question = copy.deepcopy(AGREE) | {"label": words}
    steps = [{"key": "you", "title": "You", "questions": [question]}]
    return {"slug": "join", "title": "Join", "steps": steps}


@pytest.fixture
def songwriter():
    package = songwriter_package()
    return publish_form(package.pop("form"), **{k: v for k, v in package.items() if k != "package"})


def test_the_record_says_what_why_who_and_how_long_from_the_published_form(songwriter):
    found = next(one for one in activities() if one.title == songwriter.compiled["title"])

    born = next(one for one in found.asked if one.label.startswith("Date of birth"))
    assert (born.reason, born.group, born.days) == ("To make groups of a similar age.", "", None)
    allergies = next(one for one in found.asked if "allerg" in one.label.lower())
    assert (allergies.group, allergies.days) == ("health", 30)
    assert found.about == "Children"
    assert "Health and access needs (special category)" in found.special
    assert any(reader.startswith("Bookings (") for reader in found.readers)
    assert "Completed: made anonymous 2192 days after the end" in found.kept


def test_publishing_another_question_changes_the_record(songwriter):
    package = songwriter_package()
    asked = {
        "key": "shoe",
        "type": "text",
        "label": "Shoe size",
        "settings": {"reason": "To march"},
    }
    child = next(step for step in package["form"]["steps"] if step["key"] == "child")
    child["questions"].append(asked)
    publish_form(package.pop("form"), **{k: v for k, v in package.items() if k != "package"})

    assert "| Shoe size | To march | – | – |" in as_markdown(activities())


def test_the_draft_names_the_risks_of_what_is_really_asked(songwriter):
    with_health = {one.what for one in risks(activities())}
    assert "Sensitive answers reach people who do not need them" in with_health
    text = dpia_as_markdown(activities())
    assert "# Data protection impact assessment: draft" in text
    assert "# Record of processing activities" in text


def test_every_wording_is_kept_with_its_versions_and_answers():
    first = publish_form(form())
    sent(first, agreed=True)
    sent(first, agreed=True)
    sent(publish_form(form("I have read the new terms")), agreed=True)

    found = [(one.words.partition(" /")[0], one.versions, dict(one.given)) for one in register()]

    assert found == [
        ("I have read the terms", [1], {"yes": 2}),
        ("I have read the new terms", [2], {"yes": 1}),
    ]


def test_the_pages_are_for_who_answers_for_data_protection(client, songwriter):
    officer = staff("dpo")
    grant(officer, "data_protection")
    client.force_login(officer)
    page = client.get("/admin/processing/").text
    assert "Book a Songwriter" in page or songwriter.compiled["title"] in page
    assert "Wording" in client.get("/admin/processing/consents/").text
    file = client.get("/admin/processing/assessment.md")
    assert file["Content-Type"].startswith("text/markdown")
    assert client.get("/admin/processing/other.md").status_code == 404

    client.force_login(staff("someone", "bookings"))
    assert client.get("/admin/processing/").status_code == 302
