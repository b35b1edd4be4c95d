"""“You said, we did”: from a family's idea through the officer's button to the page, anonymous."""

import pytest
from django.contrib.auth import get_user_model
from django.urls import reverse

from cms.roles import grant
from forms import package
from forms.feedback import two_parts
from forms.models import FormDefinition
from forms.standins import stand_in
from pages.models import ContactPage, FeedbackAnswer, FeedbackPage, HomePage
from tests.casework import run_until_over
from tests.journeys import PACKAGES
from workflows.models import Case

pytestmark = pytest.mark.django_db
ADDRESS = "/contact/you-said-we-did/"
GOOD = "The hall is too loud.\n\nEvery centre has\na quiet room."


@pytest.fixture
def officer(client):
    contact = HomePage.objects.get().add_child(
        instance=ContactPage(title="Contact", slug="contact")
    )
    contact.add_child(instance=FeedbackPage(title="You said, we did", slug="you-said-we-did"))
    user = get_user_model().objects.create_user("bo", email="bo@example.org")
    grant(user, "bookings")
    client.force_login(user)
    return user


def an_idea(may_publish):
    package.load(PACKAGES / "contact-us.json", publish=True)
    answers = {
        "topic": "idea",
        "message": "Quillback words of a family",
        "may_publish": may_publish,
        "contact_name": {"first": "Rowan", "last": "Ashdown"},
        "email": "rowan@example.org",
    }
    version = FormDefinition.objects.get(slug="contact-us").current_version
    return stand_in(version, answers, title="An idea")


def press(client, case, button, comment):
    case.refresh_from_db()
    data = {"button": button, "stage": case.stage_key, "comment": comment}
    answer = client.post(reverse("cases:press", args=[case.pk]), data)
    event = case.events.latest("pk")
    if answer.status_code == 302 and event.runs.exists():
        run_until_over(event)
    return answer


def test_an_idea_that_may_be_shown_is_answered_and_published_in_the_officers_words(client, officer):
    case = an_idea(may_publish=True)
    press(client, case, "answer_publish", "Thank you. We have made quiet rooms.")
    assert "Nothing stands here yet" in client.get(ADDRESS).content.decode()
    press(client, case, "publish", GOOD)

    case.refresh_from_db()
    assert case.stage_key == "answered"
    assert [run.state for run in case.events.latest("pk").runs.all()] == ["done"]
    page = client.get(ADDRESS).content.decode()
    assert "The hall is too loud." in page and "Every centre has a quiet room." in page
    assert not [word for word in ("Quillback", "Rowan", "Ashdown", "rowan@") if word in page]
    FeedbackAnswer.objects.all().delete()
    assert "quiet room" not in client.get(ADDRESS).content.decode()


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("Only one part", "leave a line empty"),
        ("One.\n\nTwo.\n\nThree.", "leave a line empty"),
        ("Rowan found it loud.\n\nQuiet rooms.", "say who wrote"),
        ("Too loud.\n\nWe told the ASHDOWN family.", "say who wrote"),
        ("Too loud.\n\nWrite to loud@example.org.", "say who wrote"),
        ("Too loud.\n\nRing 01632 960 123.", "say who wrote"),
        ("Too loud.\n\n" + "Long. " * 90, "Keep it short"),
    ],
)
def test_words_that_name_somebody_or_are_no_answer_are_refused_before_anything_moves(
    client, officer, words, why
):
    case = an_idea(may_publish=True)
    Case.objects.filter(pk=case.pk).update(stage_key="to_publish")
    answer = press(client, case, "publish", words)
    assert answer.status_code == 422
    assert why in answer.content.decode()
    assert Case.objects.get(pk=case.pk).stage_key == "to_publish"
    assert not FeedbackAnswer.objects.exists()


def test_an_idea_that_may_not_be_shown_has_no_button_that_publishes(client, officer):
    case = an_idea(may_publish=False)
    for stage, button in (("new", "answer_publish"), ("to_publish", "publish")):
        Case.objects.filter(pk=case.pk).update(stage_key=stage)
        page = client.get(reverse("cases:case", args=[case.pk])).content.decode()
        assert f'value="{button}"' not in page
        assert press(client, case, button, GOOD).status_code == 422
    assert not FeedbackAnswer.objects.exists()


def test_two_parts_are_two_paragraphs_whatever_the_browser_ends_lines_with():
    assert two_parts("One\r\n \r\nTwo") == ("One", "Two")
