"""The pack of a case for a board: what it holds, who may have it, and that it is written down."""

import pytest
from django.db import transaction
from django.urls import reverse

from cms.models import AccessLogEntry
from forms import referees
from forms.models import FormDefinition, ReferenceRequest
from tests.panelwork import a_panel, a_user, submitted, to_the_panel
from tests.test_workflows_review_screens import ANSWERS, FORM, publish_form, stand_in
from workflows.reviews import rounds

pytestmark = pytest.mark.django_db


@pytest.fixture
def scored(centres):
    officer, people = a_panel()
    form = FormDefinition.objects.create(
        slug="auditions", title="Audition", data=FORM, workflow_slug="panel", live=True
    )
    case = stand_in(publish_form(form), ANSWERS)
    made = to_the_panel(case, officer)
    reviews = list(made.reviews.all())
    submitted(reviews[0], for_panel="A clear yes")
    rounds.recuse(reviews[1], "Trustee there", by=officer)
    with transaction.atomic():
        referees.ask(case, [("Morgan Penn", "morgan@example.org")], questions=["Are they safe?"],
                     about="Otter", days=14, button="", once="one")  # fmt: skip
    referees.give(ReferenceRequest.objects.get().pk, ["Always have been."])
    return officer, people, case


def test_the_pack_holds_answers_scores_comments_conflicts_and_references(client, scored):
    officer, people, case = scored
    client.force_login(officer)

    page = client.get(reverse("cases:pack", args=[case.pk]))

    said = page.content.decode()
    for words in ("About the playing", "A clear yes", people[0].get_full_name(), "of 100",
                  "Conflict of interest", "Trustee there", "Morgan Penn", "Always have been."):  # fmt: skip
        assert words in said, words
    assert "Ask again" not in said
    assert (
        reverse("cases:pack", args=[case.pk])
        in client.get(reverse("cases:case", args=[case.pk])).content.decode()
    )
    logged = AccessLogEntry.objects.filter(action="export", record_id=str(case.pk)).get()
    assert logged.detail == {"pack": True}


def test_a_reviewer_and_others_have_no_pack(client, scored):
    _officer, people, case = scored
    for user in (people[0], a_user("Rory Roster", "roster_admin"), a_user("Cora", "comms_lead")):
        client.force_login(user)
        assert client.get(reverse("cases:pack", args=[case.pk])).status_code in (302, 403, 404)
    assert not AccessLogEntry.objects.filter(action="export").exists()


def test_who_still_has_to_score_sees_no_scores_in_the_pack(client, scored):
    officer, _people, case = scored
    made = case.review_rounds.get()
    made.reviews.create(reviewer=officer, reviewer_name=str(officer))
    client.force_login(officer)

    said = client.get(reverse("cases:pack", args=[case.pk])).content.decode()

    assert "A clear yes" not in said
    assert "Scores are left out until then" in said
