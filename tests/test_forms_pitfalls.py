"""Thirteen things that go wrong with plain django-formtools 2.7, each as a test that they do not here."""

import json

import pytest
from django.conf import settings
from django.core.files.storage import storages
from django.db import connection

from forms.models import Attachment, Journey, Submission
from tests.journeys import PNG, Family, own_values, publish_form

pytestmark = pytest.mark.django_db

FORM = {
    "slug": "loan",
    "title": "Borrow an instrument",
    "steps": [
        {
            "key": "who",
            "title": "Who it is for",
            "questions": [
                {
                    "key": "who_for",
                    "type": "radios",
                    "label": "Who is it for?",
                    "required": True,
                    "options": [
                        {"key": "child", "label": "My child"},
                        {"key": "me", "label": "Me"},
                    ],
                }
            ],
        },
        {
            "key": "child",
            "title": "Your child",
            "show_if": {"clauses": [{"question": "who_for", "op": "is", "value": "child"}]},
            "questions": [
                {"key": "child_name", "type": "text", "label": "Name", "required": True},
            ],
        },
        {
            "key": "proof",
            "title": "A letter",
            "questions": [
                {"key": "letter", "type": "file", "label": "Letter", "required": True},
                {"key": "note", "type": "text", "label": "Note"},
            ],
        },
        {
            "key": "contact",
            "title": "About you",
            "questions": [
                {
                    "key": "email",
                    "type": "email",
                    "label": "E-mail address",
                    "required": True,
                    "settings": {"role": "contact_email"},
                },
            ],
        },
        {"key": "check", "title": "Check", "kind": "check"},
    ],
}
CHILD = {"who_for": "child", "child_name": "Wren", "email": "rowan@example.org"}
LETTER = {"letter": [("letter.png", PNG)]}


@pytest.fixture
def family():
    publish_form(FORM)
    family = Family(form="loan")
    family.start()
    return family


def at_the_end(family):
    family.walk(CHILD | LETTER)
    return family


def test_1_the_first_valid_post_goes_on_to_the_next_step(family):
    family.post({"who_for": "child"})

    assert (family.page.status, family.page.location) == (303, family.journey_path + "child/")


@pytest.mark.parametrize("step", ["nonsense", "contact", "check", "proof", "0", "%00", "child/9"])
def test_2_a_step_that_is_unknown_or_not_yet_due_leads_to_the_right_one(family, step):
    posted = family.browser.post(f"{family.journey_path}{step}/", own_values(family.page.form))
    family.go(f"{step}/")

    assert posted.status in (303, 404, 405)
    assert family.page.status in (302, 303, 404)
    if family.page.status == 303:
        assert family.page.location == family.journey_path + "who/"


def test_3_two_forms_in_one_browser_do_not_share_answers(family):
    publish_form(FORM | {"slug": "trial", "title": "A trial lesson"})
    family.answer({"who_for": "child"})
    other = Family(family.browser, form="trial")
    other.start()
    other.answer({"who_for": "me"})

    answers = {j.version.form.slug: j.answers for j in Journey.objects.all()}
    assert answers == {"loan": {"who_for": "child"}, "trial": {"who_for": "me"}}


def test_4_looking_at_any_page_changes_nothing(family):
    at_the_end(family)
    before = Journey.objects.values().get()

    pages = ["", "who/", "child/", "proof/", "contact/", "check/", "save/", "submit/", "done/"]
    statuses = [family.go(page).status for page in pages]

    assert statuses == [303, 200, 200, 200, 200, 200, 200, 303, 303]
    assert Journey.objects.values().get() == before
    assert not Submission.objects.exists()


def test_5_answers_that_are_hidden_now_are_kept_but_never_sent(family):
    at_the_end(family)
    family.go("who/")
    family.answer({"who_for": "me"})
    kept = Journey.objects.get().answers
    family.walk(CHILD | {"who_for": "me"})
    shown = family.page.text
    family.send()

    assert kept["child_name"] == "Wren"
    assert "Wren" not in shown
    submission = Submission.objects.get()
    assert set(submission.answers) == {"who_for", "letter", "email"}
    assert "Wren" not in json.dumps(submission.labels)
    assert Journey.objects.get().answers == {}


def test_5_answers_come_back_when_their_question_does(family):
    at_the_end(family)
    for answer in ("me", "child"):
        family.go("who/?return=check")
        family.answer({"who_for": answer})

    assert family.step == "check"
    assert "Wren" in family.page.text


def test_6_a_stale_tab_on_a_step_that_is_hidden_now_goes_to_the_right_step(family):
    family.answer({"who_for": "child"})
    stale = family.page
    family.go("who/")
    family.answer({"who_for": "me"})

    data, _files = family.fill({"child_name": "Wren"}, stale)
    answer = family.browser.post(stale.path, data)

    assert (answer.status, answer.location) == (303, family.journey_path + "proof/")
    assert "child_name" not in Journey.objects.get().answers


def test_7_going_back_to_a_file_and_on_keeps_the_file(family):
    at_the_end(family)
    before = Journey.objects.get().answers["letter"]
    family.go("proof/")
    family.answer({"note": "as discussed"})

    assert family.page.status == 200
    assert family.step == "contact"
    assert Journey.objects.get().answers["letter"] == before


def test_8_a_replaced_file_is_gone_from_the_disk(family, django_capture_on_commit_callbacks):
    at_the_end(family)
    old = Attachment.objects.get()
    with django_capture_on_commit_callbacks(execute=True):
        family.go("proof/")
        family.answer({"letter": [("better.png", PNG + b" ")]})

    new = Attachment.objects.get()
    assert new.name == "better.png"
    assert not storages["private"].exists(old.file.name)
    assert storages["private"].open(new.file.name).read(8) == PNG[:8]
    assert new.file.name != old.file.name


def test_9_several_files_of_one_question_are_all_kept():
    form = json.loads(json.dumps(FORM))
    form["steps"][2]["questions"][0]["settings"] = {"max_files": 3}
    publish_form(form)
    family = Family(form="loan")
    family.start()
    family.walk(CHILD, until="proof")
    family.answer({"letter": [("one.png", PNG), ("two.png", PNG)]})

    assert family.page.errors == []
    assert [a.name for a in Attachment.objects.all()] == ["one.png", "two.png"]
    assert [f["name"] for f in Journey.objects.get().answers["letter"]] == ["one.png", "two.png"]


def test_10_only_a_post_submits_and_a_second_one_shows_the_same_reference(family):
    at_the_end(family)
    check = family.page
    family.go("done/")
    assert family.page.location == family.journey_path + "check/"
    family.page = check
    first = family.send().reference
    family.page = check
    second = family.send().reference

    assert first
    assert first == second
    assert Submission.objects.count() == 1


def test_11_a_journey_keeps_its_version_when_the_form_is_published_anew(family):
    family.answer({"who_for": "child"})
    changed = json.loads(json.dumps(FORM))
    del changed["steps"][1]
    publish_form(changed)
    family.answer({"child_name": "Wren"})

    assert family.step == "proof"
    assert Journey.objects.get().answers["child_name"] == "Wren"


def test_12_only_the_pages_own_answers_are_stored_and_nobody_can_read_them(family):
    family.post({"who_for": "child"}, extra="junk", email="other@example.org")
    family.follow()
    family.answer({"child_name": "Wren"})

    with connection.cursor() as cursor:
        cursor.execute("SELECT answers FROM hub_forms_journey")
        raw = cursor.fetchone()[0]
    assert Journey.objects.get().answers == {"who_for": "child", "child_name": "Wren"}
    assert "Wren" not in raw
    assert "child" not in raw


def test_13_saving_for_later_keeps_what_was_typed_on_the_page(family):
    family.walk(CHILD, until="proof")
    family.post({"note": "The letter is still in the post"}, later="1")

    assert (family.page.status, family.page.location) == (303, family.journey_path + "save/")
    assert Journey.objects.get().answers["note"] == "The letter is still in the post"
    assert family.follow().heading == "Save and come back later"
    family.go("")
    assert family.page.location == family.journey_path + "proof/"


def test_a_stale_tab_is_told_and_shown_what_it_typed(family):
    family.answer({"who_for": "child"})
    stale = family.page
    family.answer({"child_name": "Wren"})
    family.page = stale
    family.post({"child_name": "Robin"})

    assert family.page.status == 409
    assert family.page.questions["child_name"].input["value"] == "Robin"
    assert "Wren" in family.page.text
    assert Journey.objects.get().answers["child_name"] == "Wren"

    family.answer({})  # Continue, as the page says, keeps what was typed
    assert Journey.objects.get().answers["child_name"] == "Robin"


def test_posting_the_same_page_twice_is_no_conflict(family):
    stale = family.page
    first = family.post({"who_for": "child"})
    family.page = stale
    second = family.post({"who_for": "child"})

    assert [first.status, second.status] == [303, 303]


def test_a_file_of_the_wrong_kind_is_refused_by_its_content(family):
    family.walk(CHILD, until="proof")
    family.post({"letter": [("letter.pdf", b"<html>not a pdf")]})

    assert family.page.status == 422
    assert family.page.errors == ["The selected file must be a PDF or JPEG picture or PNG picture"]
    assert not Attachment.objects.exists()


def test_a_request_beyond_all_bounds_is_refused_before_it_is_read(family):
    family.walk(CHILD, until="proof")
    answer = family.browser.client.post(family.page.path, {}, CONTENT_LENGTH=str(2**40))

    assert answer.status_code == 413
    assert b"too large" in answer.content


def test_a_file_name_never_becomes_a_path(family):
    family.walk(CHILD, until="proof")
    family.answer({"letter": [("../../etc/pass:wd.png", PNG)]})

    attachment = Attachment.objects.get()
    assert attachment.name == "pass wd.png"
    assert "etc" not in attachment.file.name
    assert str(settings.MEDIA_ROOT) not in attachment.file.path
