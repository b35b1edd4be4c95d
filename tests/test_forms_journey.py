"""The whole Songwriter journey, as a plain HTML client makes it."""

import pytest

from cms.models import OutboxMessage, Place
from forms.models import Journey, Submission
from tests.journeys import Family, a_course_date, answers_of_a_family, publish_songwriter
from workflows.models import Case

pytestmark = pytest.mark.django_db


@pytest.fixture
def songwriter():
    publish_songwriter()
    return a_course_date()


def test_a_family_books_a_place_from_the_start_page_to_its_reference(songwriter):
    family = Family()
    family.start(offering=songwriter.reference)
    family.walk(answers_of_a_family())
    family.send()

    submission = Submission.objects.get()
    assert family.page.reference == submission.reference
    assert family.visited == [
        "date",
        "eligibility",
        "child",
        "music",
        "booker",
        "emergency",
        "emergency",
        "emergency",
        "needs",
        "going_home",
        "permissions",
        "help",
        "terms",
    ]
    assert list(Place.objects.values_list("state", "holder")) == [
        ("confirmed", f"journey-{submission.journey_id}")
    ]
    case = Case.objects.get()
    assert (case.reference, case.contact_email, case.centre) == (
        submission.reference,
        "rowan.ashdown@example.org",
        songwriter.centre,
    )
    assert "Wren" not in case.title
    message = OutboxMessage.objects.get()
    assert (message.template, message.to) == ("booking-received", "rowan.ashdown@example.org")
    assert [one["name"] for one in message.attachments] == ["SW-WAT-1.ics"]
    assert Journey.objects.get().answers == {}
