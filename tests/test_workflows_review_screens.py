"""The screens of reviews: what a reviewer sees and may do, and what the officer does."""

import json

import pytest
from django.urls import reverse

from cms.models import AccessLogEntry
from cms.roles import grant
from forms.compile import publish as publish_form
from forms.models import FormDefinition
from forms.standins import stand_in
from tests.panelwork import a_case, a_panel, a_user, changed, sheet, submitted, to_the_panel
from workflows import masks
from workflows.compile import publish
from workflows.models import Case, Review
from workflows.reviews import scoring

pytestmark = pytest.mark.django_db

FORM = {
    "slug": "auditions",
    "title": "Audition",
    "steps": [
        {
            "key": "child",
            "title": "The player",
            "questions": [
                {
                    "key": "player",
                    "type": "name",
                    "label": "Player’s name",
                    "settings": {"personal": True, "reason": "For the list."},
                },
                {
                    "key": "email",
                    "type": "email",
                    "label": "E-mail",
                    "settings": {"personal": True, "reason": "To answer.", "role": "contact_email"},
                },
                {"key": "instrument", "type": "text", "label": "Instrument"},
                {"key": "about", "type": "longtext", "label": "About the playing"},
                {"key": "school", "type": "text", "label": "School"},
            ],
        },
        {"key": "check", "kind": "check", "title": "Check", "questions": []},
    ],
}
ANSWERS = {
    "player": {"first": "Wilhelmina", "last": "Featherstone"},
    "email": "featherstone@hill.example.org",
    "instrument": "Oboe",
    "about": "Wilhelmina has played since WILHELMINA's sixth birthday; write to Featherstone.",
    "school": "Hilltop",
}


@pytest.fixture
def panel(centres):
    officer, people = a_panel(changed(hide_questions=["school"], group_by="instrument"))
    return officer, people


@pytest.fixture
def form(panel):
    definition = FormDefinition.objects.create(
        slug="auditions", title="Audition", data=FORM, workflow_slug="panel", live=True
    )
    return publish_form(definition)


@pytest.fixture
def made(panel, form):
    return to_the_panel(stand_in(form, ANSWERS), panel[0])


def page(client, user, name, *args):
    client.force_login(user)
    return client.get(reverse(f"reviews:{name}", args=args))


def post(client, user, name, *args, **data):
    client.force_login(user)
    return client.post(reverse(f"reviews:{name}", args=args), data)


FULL = {
    "score-tone": "8",
    "score-rhythm": "4",
    "recommendation": "yes",
    "for_panel": "A fine ear.",
    "for_applicant": "Keep the long notes.",
}


def test_a_reviewer_reads_what_is_not_hidden_and_names_are_blacked_out(client, made):
    review = made.reviews.first()
    text = page(client, review.reviewer, "review", review.pk).content.decode()

    assert "Oboe" in text
    assert f"{masks.BLACK} has played since {masks.BLACK}" in text
    for hidden in ("Wilhelmina", "WILHELMINA", "Featherstone", "featherstone", "Hilltop", "hill."):
        assert hidden not in text
    entry = AccessLogEntry.objects.order_by("-pk").first()
    assert (entry.action, entry.record_id) == ("inspect", str(made.case_id))


def test_without_blindness_the_same_page_says_who_it_is(client, panel, form):
    publish(changed(hide=[], hide_questions=[]))
    made = to_the_panel(stand_in(form, ANSWERS), panel[0])
    review = made.reviews.first()

    text = page(client, review.reviewer, "review", review.pk).content.decode()
    assert "Wilhelmina has played since" in text
    assert "Hilltop" in text


def test_nobody_else_opens_a_review(client, made, panel):
    review = made.reviews.first()
    third = panel[1][2]
    for user in (third, panel[0], a_user("No Body", "comms_editor")):
        for name in ("review", "save", "conflict"):
            assert page(client, user, name, review.pk).status_code in (404, 405)
        assert post(client, user, "review", review.pk, **FULL).status_code == 404
    client.logout()
    assert client.get(reverse("reviews:review", args=[review.pk])).status_code == 302


def test_others_scores_show_only_after_the_own_is_submitted(client, made):
    first, second = made.reviews.all()
    submitted(first, tone=9, rhythm=5, for_panel="Bright and even.")
    before = page(client, second.reviewer, "review", second.pk).content.decode()
    posted = post(client, second.reviewer, "review", second.pk, submit="1", rev="0", **FULL)
    after = page(client, second.reviewer, "review", second.pk).content.decode()

    assert "Bright and even." not in before
    assert posted.status_code == 302
    assert "Bright and even." in after
    assert "92.50" in after
    assert "Pat Alto" not in after
    assert Review.objects.get(pk=second.pk).for_applicant == "Keep the long notes."


def test_saving_by_script_says_when_and_a_second_window_is_told(client, made):
    review = made.reviews.first()
    first = post(client, review.reviewer, "save", review.pk, rev="0", **{"score-tone": "3"})
    second = post(client, review.reviewer, "save", review.pk, rev="0", **{"score-tone": "9"})

    assert first.json()["rev"] == 1
    assert second.status_code == 409
    assert "another window" in second.json()["problem"]
    review.refresh_from_db()
    assert review.scores == {"tone": 3}
    stale = post(client, review.reviewer, "review", review.pk, rev="0", submit="1", **FULL)
    assert stale.status_code == 409
    assert 'value="1"' in stale.content.decode()


def test_an_unfinished_sheet_is_kept_and_says_what_is_missing(client, made):
    review = made.reviews.first()
    answer = post(
        client, review.reviewer, "review", review.pk, rev="0", submit="1", **{"score-tone": "3"}
    )

    assert answer.status_code == 422
    assert "Give a score for “Rhythm”." in answer.content.decode()


@pytest.mark.parametrize(
    "data",
    [
        {"rev": "x" * 500, "score-tone": "11", "submit": "1"},
        {"rev": "0", "score-tone": "-1", "for_panel": "\0" * 50, "recommendation": "<b>"},
        {"rev": "9" * 40, "score-tone": "８"},
        {},
    ],
)
def test_hostile_posts_never_break_the_page(client, made, data):
    review = made.reviews.first()

    for name in ("review", "save", "conflict"):
        assert post(client, review.reviewer, name, review.pk, **data).status_code < 500
    review.refresh_from_db()
    assert review.scores == {}
    assert review.is_open


def test_a_conflict_is_declared_on_the_page(client, made):
    review = made.reviews.first()
    empty = post(client, review.reviewer, "conflict", review.pk, reason=" ")
    said = post(client, review.reviewer, "conflict", review.pk, reason="I teach her")

    assert (empty.status_code, said.status_code) == (422, 302)
    assert page(client, review.reviewer, "review", review.pk).status_code == 404
    assert made.reviews.filter(state="open").count() == 2


def test_a_case_that_has_moved_on_asks_no_more(client, made):
    from workflows.engine import perform

    review = made.reviews.first()
    perform(made.case_id, "no", by=None)

    assert "no longer needed" in page(client, review.reviewer, "review", review.pk).content.decode()
    with pytest.raises(scoring.LockedReviewError):
        scoring.submit(review.pk, sheet(), by=review.reviewer, rev=0)
    inbox = page(client, review.reviewer, "inbox").content.decode()
    assert "Nothing waits for your review." in inbox


def test_the_officer_ranks_moderates_reopens_and_asks(client, made, panel):
    officer = panel[0]
    for review in made.reviews.all():
        submitted(review)
    ranked = page(client, officer, "panel", "panel", "panel").content.decode()
    moderated = post(client, officer, "round", made.pk, moderate="1", score="90", reason="Nerves")
    bad = post(client, officer, "round", made.pk, moderate="1", score="lots", reason="x")
    review = made.reviews.first()
    unsaid = post(client, officer, "round", made.pk, reopen="1", review=review.pk, reason="")
    reopened = post(client, officer, "round", made.pk, reopen="1", review=review.pk, reason="Slip")
    asked = post(client, officer, "round", made.pk, ask="1", reviewer=panel[1][2].pk)
    shown = page(client, officer, "round", made.pk).content.decode()

    assert "78.75" in ranked
    assert "<h2>Oboe</h2>" in ranked
    assert [a.status_code for a in (moderated, bad, unsaid, reopened, asked)] == [
        302, 422, 422, 302, 302,
    ]  # fmt: skip
    assert "90.00" in shown
    assert "78.75" in shown
    assert "Nerves" in shown
    assert "Pola Cello" in page(client, officer, "load").content.decode()


def test_an_officer_who_reviews_waits_for_the_own_review(client, panel, form):
    officer = panel[0]
    grant(officer, "panellist")
    publish(changed(hide=[], hide_questions=[], needed=4))
    made = to_the_panel(stand_in(form, ANSWERS), officer)
    other = made.reviews.exclude(reviewer=officer).first()
    submitted(other, tone=9, rhythm=5)

    ranked = page(client, officer, "panel", "panel", "panel").content.decode()
    one = page(client, officer, "round", made.pk).content.decode()
    assert "92.50" not in ranked + one
    assert "Submit your own review first" in one
    submitted(made.reviews.get(reviewer=officer), tone=0, rhythm=1)
    assert "92.50" in page(client, officer, "round", made.pk).content.decode()


def test_ranks_leave_as_a_file_without_names_for_those_who_may_export(client, made, panel):
    for review in made.reviews.all():
        submitted(review)
    address = reverse("reviews:take", args=["panel", "panel", "csv"])
    client.force_login(panel[0])
    rows = b"".join(client.get(address).streaming_content).decode()
    client.force_login(panel[1][0])

    assert made.case.reference in rows
    assert "78.75" in rows
    assert "Feather" not in rows
    assert client.get(address).status_code in (302, 403)


def test_the_panels_screens_are_for_those_who_own_the_stage(client, made, panel, centres):
    other = a_user("Bo Bookings", "bookings")
    for user in (other, panel[1][0]):
        for name, args in (
            ("panel", ["panel", "panel"]), ("round", [made.pk]), ("load", []),
        ):  # fmt: skip
            assert page(client, user, name, *args).status_code in (403, 404)
    far = a_user("Far Manager")
    grant(far, "ensembles_manager", centre=centres["east"])
    assert page(client, far, "round", made.pk).status_code == 404


def test_words_for_the_family_are_read_only_once_released(made):
    from workflows.actions import mail_context
    from workflows.reviews.feedback import feedback

    submitted(made.reviews.first(), for_applicant="Sing more.", for_panel="Shy.")
    case = Case.objects.get(pk=made.case_id)
    before = (feedback(case), mail_context(case)["feedback"])
    made.released_at = made.started_at
    made.save()

    assert before == ([], "")
    assert feedback(case) == ["Sing more."]
    assert mail_context(case)["feedback"] == "Sing more."


def test_a_file_reaches_the_reviewer_only_where_files_are_shown(client, made, panel, form):
    from django.core.files.base import ContentFile

    from forms.models import Attachment

    def with_file(made):
        subject = made.case.subject
        row = Attachment.objects.create(
            journey=subject.journey, question="about", name="Wilhelmina.pdf", size=3,
            content_type="application/pdf", sha256="0" * 64, scan_status="clean",
            file=ContentFile(b"abc", "x"),
        )  # fmt: skip
        subject.answers["about"] = [{"id": row.pk, "name": row.name, "size": 3}]
        subject.save()
        return row

    hidden = made.reviews.first()
    row = with_file(made)
    assert page(client, hidden.reviewer, "file", hidden.pk, row.pk).status_code == 404
    publish(changed(hide=["name", "contact", "personal"]))
    open_made = to_the_panel(stand_in(form, ANSWERS), panel[0])
    row = with_file(open_made)
    review = open_made.reviews.first()
    listed = page(client, review.reviewer, "review", review.pk).content.decode()
    answer = page(client, review.reviewer, "file", review.pk, row.pk)

    assert "Wilhelmina" not in listed
    assert (answer.status_code, b"".join(answer.streaming_content)) == (200, b"abc")
    assert "Wilhelmina" not in str(answer.headers)
    assert page(client, review.reviewer, "file", review.pk, row.pk + 99).status_code == 404
    other = open_made.reviews.exclude(pk=review.pk).get().reviewer
    assert page(client, other, "file", review.pk, row.pk).status_code == 404


def test_the_reviewers_inbox_costs_the_same_for_one_and_for_many(client, panel, centres):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    officer, people = panel
    counted = []
    for number in (1, 4):
        while Review.objects.filter(reviewer=people[0]).count() < number:
            to_the_panel(a_case(centres["west"]), officer)
        client.force_login(people[0])
        client.get(reverse("reviews:inbox"))
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("reviews:inbox"))
        counted.append(len(queries))
    assert counted[1] <= counted[0] + 3 * 3, json.dumps(counted)
