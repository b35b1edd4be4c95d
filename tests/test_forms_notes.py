"""Notes on a form: written, answered, resolved, and told to those who follow it."""

import pytest
from django.urls import reverse

from cms.models import OutboxMessage, User
from forms.compile import compiled
from forms.models import FormDefinition, FormNote
from tests.test_forms_builder_editor import FORM
from tests.test_forms_editor_states import somebody

pytestmark = pytest.mark.django_db


@pytest.fixture
def definition():
    data = compiled({"slug": "borrow", **FORM})
    made = FormDefinition.objects.create(slug="borrow", title="Borrow", data=data, live=False)
    made.save_revision()
    return made


def url(name, definition):
    return reverse(FormDefinition.snippet_viewset.get_url_name(name), args=[definition.pk])


@pytest.fixture
def ada():
    return somebody("ada", "change_formdefinition")


@pytest.fixture
def bo():
    return somebody("bo", "change_formdefinition")


def post(client, user, definition, **data):
    client.force_login(user)
    return client.post(url("notes", definition), data, follow=True)


def told():
    return list(OutboxMessage.objects.filter(template="staff-form-note"))


def test_a_note_on_a_question_is_answered_resolved_and_opened_again(client, definition, ada, bo):
    question = definition.data["steps"][1]["questions"][0]
    post(client, ada, definition, action="write", text="Which unit?", about=question["id"])
    page = client.get(url("edit", definition)).text
    assert "Which unit?" in page
    assert "Which size?" in page
    note = FormNote.objects.get()
    answered = post(client, bo, definition, action="reply", text="Inches.", thread=note.pk)
    assert "2.1. Which size?" in answered.text
    assert "Inches." in answered.text
    assert [row.to for row in told()] == [ada.email]
    post(client, bo, definition, action="resolve", thread=note.pk)
    note.refresh_from_db()
    assert note.resolved_by == bo
    assert "No open notes." in client.get(url("edit", definition)).text
    post(client, ada, definition, action="reply", text="Are you sure?", thread=note.pk)
    note.refresh_from_db()
    assert note.resolved_at is None, "an answer opens it again"


def test_a_note_stays_with_its_question_and_says_when_that_is_gone(client, definition, ada):
    question = definition.data["steps"][1]["questions"][0]
    post(client, ada, definition, action="write", text="Here", about=question["id"])
    draft = definition.get_latest_revision_as_object()
    draft.data["steps"][1]["questions"][0]["label"] = "How tall?"
    draft.save_revision()
    assert "2.1. How tall?" in client.get(url("notes", definition)).text
    draft.data["steps"][1]["questions"] = []
    draft.save_revision()
    assert "A part that is no longer there" in client.get(url("notes", definition)).text


def test_whoever_stops_following_is_not_told_and_nobody_of_their_own_note(
    client, definition, ada, bo
):
    post(client, ada, definition, action="write", text="One")
    assert told() == []
    post(client, ada, definition, action="unfollow")
    post(client, bo, definition, action="write", text="Two")
    assert told() == []
    post(client, ada, definition, action="follow")
    post(client, bo, definition, action="write", text="Three")
    assert len(told()) == 1


def test_only_those_who_change_forms_read_and_are_told(client, definition, ada, bo):
    post(client, ada, definition, action="write", text="Secret plan")
    ada.groups.clear()
    ada.user_permissions.clear()
    post(client, bo, definition, action="write", text="Two")
    assert told() == []
    client.force_login(User.objects.get(pk=ada.pk))
    assert "Secret plan" not in client.get(url("notes", definition), follow=True).text


def test_rubbish_is_refused_plainly(client, definition, ada):
    assert post(client, ada, definition, action="write", text=" ").status_code == 422
    assert post(client, ada, definition, action="write", text="x" * 2_001).status_code == 422
    assert post(client, ada, definition, action="resolve", thread="9" * 30).status_code == 404
    assert post(client, ada, definition, action="reply", text="x", thread="x").status_code == 404
    post(client, ada, definition, action="write", text="<script>", about="nonsense")
    assert "<script>" not in client.get(url("notes", definition)).text.split("<main")[1]
    assert FormNote.objects.get().block_id == ""


def test_whoever_follows_is_told_when_a_note_is_resolved_once(client, definition, ada, bo):
    post(client, ada, definition, action="write", text="Which unit?")
    note = FormNote.objects.get()
    post(client, bo, definition, action="resolve", thread=note.pk)
    post(client, bo, definition, action="resolve", thread=note.pk)
    done = OutboxMessage.objects.filter(template="staff-form-note-resolved")
    assert [row.to for row in done] == [ada.email]
    assert "Which unit?" in done.get().text
    assert "Resolved by" in client.get(url("notes", definition)).text


def test_ones_own_note_is_reworded_or_taken_back_until_somebody_answers(
    client, definition, ada, bo
):
    post(client, ada, definition, action="write", text="Wich unit?")
    note = FormNote.objects.get()
    post(client, bo, definition, action="change", note=note.pk, text="Mine")
    post(client, bo, definition, action="delete", note=note.pk)
    assert FormNote.objects.get().text == "Wich unit?", "it is not theirs"
    post(client, ada, definition, action="change", note=note.pk, text="Which unit?")
    assert FormNote.objects.get().text == "Which unit?"
    post(client, bo, definition, action="reply", text="Inches.", thread=note.pk)
    page = post(client, ada, definition, action="delete", note=note.pk)
    assert "only while nobody has answered it" in page.text
    reply = FormNote.objects.get(reply_to=note)
    post(client, bo, definition, action="delete", note=reply.pk)
    post(client, ada, definition, action="delete", note=note.pk)
    assert not FormNote.objects.exists()


def test_beside_the_editor_a_note_is_answered_with_the_panel_as_it_then_is(client, definition, ada):
    client.force_login(ada)
    address, fetched = url("notes", definition), {"X-Requested-With": "fetch"}
    step = definition.data["steps"][0]["id"]
    panel = client.post(
        address, {"action": "write", "text": "Too long?", "about": step}, headers=fetched
    ).text
    assert "Too long?" in panel
    assert f'data-hub-thread="{step}"' in panel
    assert "<html" not in panel
    empty = client.post(address, {"action": "write", "text": " "}, headers=fetched)
    assert (empty.status_code, "Write the note first" in empty.text) == (422, True)
    note = FormNote.objects.get()
    panel = client.post(address, {"action": "resolve", "thread": note.pk}, headers=fetched).text
    assert "No open notes." in panel
