"""The packages ask for evidence by opening its question again, and keep to few what is health."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.urls import reverse
from django.utils import timezone

from cms.roles import ROLES, restricted_fields_of
from forms import asking_more, journeys, package, samples
from forms.models import MoreRequest, Submission
from tests.casework import run_until_over
from tests.folder import AtHome
from tests.journeys import (
    PACKAGES,
    PNG,
    Family,
    a_course_date,
    answers_of_a_family,
    own_values,
    publish_songwriter,
)
from tests.test_forms_answers import staff
from workflows.engine import TransitionNotAllowedError, open_case, perform
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


@pytest.fixture
def remission(db):
    return staff("remission", "remission_officer")


def test_asking_for_evidence_opens_its_question_and_its_coming_moves_the_case(
    case, officer, remission
):
    perform(case.pk, "to_remission", by=officer)
    event = perform(case.pk, "ask_evidence", by=remission, comment="A letter, please")
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
    assert case.stage_key == "help"
    perform(case.pk, "help_agreed", by=remission)
    case.refresh_from_db()
    assert case.stage_key == "confirmed"


def test_only_the_remission_officer_reads_why_a_family_asks_for_help_and_decides_it(
    case, client, officer, remission
):
    words = "A child gets free school meals"
    url = reverse("cases:case", args=[case.pk])

    def page_for(user):
        client.force_login(user)
        return client.get(url)

    perform(case.pk, "to_remission", by=officer)
    read, not_read = page_for(remission), page_for(officer)
    assert (read.status_code, not_read.status_code) == (200, 200)
    assert words in read.text
    assert words not in not_read.text
    assert "Help agreed, confirm" in read.text
    assert "Help agreed, confirm" not in not_read.text
    assert "anything about health, food or access" not in read.text, "that is not theirs"
    with pytest.raises(TransitionNotAllowedError):
        perform(case.pk, "help_agreed", by=officer)


@pytest.fixture
def applicant(db):
    """A case of somebody who applies to be a hub partner, as its first sample answers."""
    return application(json.loads((PACKAGES / "hub-partner.json").read_text()))


def application(data):
    version = package.load(data, publish=True).current_version
    sample = data["samples"][0]
    submission = Submission.objects.create(
        journey=journeys.begin(version, owner="x" * 43),
        version=version,
        reference="HP26-4K7P",
        answers=samples.walk_sample(version.compiled, sample).answers,
    )
    return open_case(
        workflow_slug="hub-partners",
        subject=submission,
        title="Applied",
        reference=submission.reference,
        contact_name="Sam Reed",
        contact_email="sam@example.org",
    )


def test_a_partner_is_asked_again_for_the_chosen_questions_alone(applicant, client):
    manager = staff("manager", "hub_manager")
    client.force_login(manager)
    url = reverse("cases:press", args=[applicant.pk])
    said = {"button": "more", "stage": "screening", "comment": "We cannot open your policy."}
    refused = client.post(url, said)
    assert refused.status_code == 422
    assert "Tick what the family is to answer again first" in refused.text
    applicant.refresh_from_db()
    assert applicant.stage_key == "screening"

    one = asking_more.askable(applicant.subject)[0]
    assert client.post(url, {**said, "questions": [one.name]}).status_code == 302
    assert run_until_over(applicant.events.latest("pk")).state == "done"
    request = MoreRequest.objects.get()
    assert (request.questions, request.words) == ([one.name], "We cannot open your policy.")
    assert request.answer_by == timezone.localdate() + timedelta(days=21)
    home = AtHome(applicant.contact_email).sign_in()
    page = home.get(f"/family/{applicant.reference}/answer/1/")
    assert list(page.questions) == [one.name]
    posted = home.browser.post(page.path, own_values(page.form))
    home.send(home.browser.get(posted.location))
    applicant.refresh_from_db()
    assert applicant.stage_key == "screening", "it is back on the desk by itself"


def test_what_a_member_of_staff_may_not_read_they_cannot_ask_again(client):
    manager = staff("manager", "hub_manager")
    every = frozenset().union(*(role.fields for role in ROLES.values()))
    hidden = min(every - restricted_fields_of(manager))
    data = json.loads((PACKAGES / "hub-partner.json").read_text())
    own = data["form"]["steps"][0]["questions"][0]
    own["settings"] = {**(own.get("settings") or {}), "restricted": hidden}
    applicant = application(data)
    first, second = [one.name for one in asking_more.askable(applicant.subject)][:2]
    assert first == own["key"]
    client.force_login(manager)
    page = client.get(reverse("cases:case", args=[applicant.pk])).text
    assert f'value="{second}"' in page and f'value="{first}"' not in page

    said = {"button": "more", "stage": "screening", "comment": "Once more, please."}
    for ticked in ([first], [first, second], ["nonsense"]):
        refused = client.post(
            reverse("cases:press", args=[applicant.pk]), {**said, "questions": ticked}
        )
        assert refused.status_code == 422
        assert "not for you to ask" in refused.text
    applicant.refresh_from_db()
    assert applicant.stage_key == "screening"
    assert not MoreRequest.objects.exists()


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
