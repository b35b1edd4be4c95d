"""The office asks a family for more: chosen questions only, old answers kept, the case goes on."""

import copy
from datetime import date, timedelta

import pytest
from django.utils import timezone

from cms import jobs
from cms.models import OutboxMessage
from forms import asking_more, more_reminders
from forms.models import AnswerChange, Journey, MoreRequest
from tests.casework import run_until_over
from tests.folder import AtHome
from tests.journeys import PNG, Family, publish_form
from workflows.compile import check
from workflows.engine import TransitionNotAllowedError, perform
from workflows.models import Case

pytestmark = pytest.mark.django_db

FORM = {
    "slug": "lessons",
    "title": "Ask for lessons",
    "steps": [
        {
            "key": "about",
            "title": "About you",
            "questions": [
                {"key": "who", "type": "name", "label": "Your name"},
                {"key": "email", "type": "email", "label": "Your e-mail address"},
            ],
        },
        {
            "key": "child",
            "title": "Your children",
            "repeat": {"min": 1, "max": 3, "item_name": "child"},
            "questions": [
                {"key": "first", "type": "text", "label": "First name"},
                {"key": "plays", "type": "text", "label": "Instrument", "required": False},
            ],
        },
        {
            "key": "needs",
            "title": "Needs",
            "questions": [
                {"key": "has_needs", "type": "yes_no", "label": "Any needs?"},
                {
                    "key": "what",
                    "type": "longtext",
                    "label": "What do they need?",
                    "required": True,
                    "show_if": {"clauses": [{"question": "has_needs", "op": "is", "value": "yes"}]},
                    "settings": {"restricted": "health"},
                },
                {
                    "key": "letter",
                    "type": "file",
                    "label": "A letter",
                    "required": False,
                    "settings": {"types": ["png"], "max_files": 2},
                },
            ],
        },
        {"key": "check", "title": "Check", "kind": "check"},
    ],
}
FLOW = {
    "slug": "lessons-flow",
    "title": "Lessons",
    "stages": [
        {
            "key": "new",
            "staff_name": "New",
            "kind": "open",
            "start": True,
            "roles": ["bookings"],
            "buttons": [
                {
                    "key": "ask",
                    "label": "Ask again",
                    "to": "asked",
                    "actions": [{"type": "ask_for_more", "questions": "plays", "days": 10}],
                },
                {"key": "done", "label": "Done", "to": "done"},
            ],
        },
        {
            "key": "asked",
            "staff_name": "Asked",
            "public_name": "We wait for you",
            "kind": "waiting",
            "roles": ["bookings"],
            "remind_after_days": 7,
            "answered_button": "back",
            "buttons": [
                {"key": "back", "label": "Answered", "to": "new"},
                {"key": "drop", "label": "Drop", "to": "done"},
            ],
        },
        {"key": "done", "staff_name": "Done", "kind": "final"},
    ],
}
ANSWERS = {
    "who": {"first": "Rowan", "last": "Ashdown"},
    "email": "rowan@example.org",
    "child": [{"first": "Wren", "plays": "Harp"}, {"first": "Lark", "plays": "Oboe"}],
    "has_needs": "no",
}


def with_asked(**options):
    flow = copy.deepcopy(FLOW)
    flow["stages"][0]["buttons"][0]["actions"] = [{"type": "ask_for_more", **options}]
    return flow


def applied(flow=FLOW) -> Case:
    """A family has gone through the form; its case."""
    publish_form({**FORM, "workflow": flow["slug"]}, flow)
    family = Family(form="lessons")
    family.start()
    family.walk({"who": ANSWERS["who"], "email": ANSWERS["email"]}, until="child")
    for number, child in enumerate(ANSWERS["child"]):
        if number:
            family.page = family.browser.get(family.page.links("Add another")[0])
        family.answer(child)
    family.answer({})
    family.walk({"has_needs": "no"})
    family.send()
    return Case.objects.get()


def asked(case, officer, words="Which instrument?", **more):
    event = perform(case.pk, "ask", by=officer, comment=words, **more)
    assert run_until_over(event).state == "done"
    case.refresh_from_db()
    return MoreRequest.objects.latest("pk")


@pytest.fixture
def case(db):
    return applied()


def test_chosen_questions_open_again_and_the_case_comes_back_by_itself(case, officer):
    asked(case, officer)
    home = AtHome().sign_in()
    opened = home.get(f"/family/{case.reference}/")
    assert "Which instrument?" in opened.text

    first = home.browser.get(home.get(opened.links("Answer now")[0]).location)
    assert list(first.questions) == ["plays"]
    second = home.browser.get(home.send(first, plays="Piano").location)
    check = home.browser.get(home.send(second).location)
    before = case.subject.answers["child"]
    sent = home.send(check)

    case.refresh_from_db()
    submission = type(case.subject).objects.get(pk=case.subject.pk)
    assert [one["plays"] for one in before] == ["Harp", "Oboe"]
    assert "Thank you. We have your answers." in sent.text
    assert [one["plays"] for one in submission.answers["child"]] == ["Piano", "Oboe"]
    assert case.stage_key == "new"
    assert [event.summary for event in case.events.all()][-2:] == [
        "The family answered 2 questions again",
        "Answered: Asked → New",
    ]


def test_the_old_answers_are_kept_and_the_new_ones_shown(case, officer, client):
    asked(case, officer)
    home = AtHome().sign_in()
    for number in (1, 2):
        home.send(home.get(f"/family/{case.reference}/answer/{number}/"), plays="Piano")
    home.send(home.get(f"/family/{case.reference}/answer/check/"))

    change = AnswerChange.objects.get()
    client.force_login(officer)
    desk = client.get(f"/admin/cases/{case.pk}/").content.decode()
    assert [one["plays"] for one in change.answers["child"]] == ["Harp", "Oboe"]
    assert "Harp" in str(change.labels)
    assert desk.count("Piano") == 2
    assert "Rowan Ashdown" in desk


def test_an_answer_that_opens_further_questions_asks_them_at_once(case, officer):
    asked(case, officer, chosen={"questions": ["has_needs"]})
    home = AtHome().sign_in()

    page = home.get(f"/family/{case.reference}/answer/1/")
    assert list(page.questions) == ["has_needs"]
    again = home.browser.get(home.send(page, has_needs="yes").location)
    assert list(again.questions) == ["has_needs", "what"]
    refused = home.send(again, what="")
    check = home.browser.get(home.send(again, what="A ramp").location)
    home.send(check)

    case = Case.objects.get()
    assert refused.status == 422
    assert case.subject.answers["what"] == "A ramp"


def test_a_file_can_be_sent_afterwards(case, officer):
    asked(case, officer, chosen={"questions": ["letter"]})
    home = AtHome().sign_in()
    page = home.get(f"/family/{case.reference}/answer/1/")

    from tests.journeys import own_values

    form = next(f for f in page.soup.select("main form") if f.get("id") == "step")
    answer = home.browser.post(page.path, own_values(form), {"letter": [("note.png", PNG)]})
    check = home.browser.get(answer.location)
    home.send(check)

    assert "note.png" in check.text
    assert [one["name"] for one in Case.objects.get().subject.answers["letter"]] == ["note.png"]


def test_nothing_else_than_what_was_asked_can_be_changed(case, officer):
    asked(case, officer)
    home = AtHome().sign_in()
    page = home.get(f"/family/{case.reference}/answer/1/")

    home.send(page, plays="Piano", first="Somebody else", asked="plays,first")
    home.send(home.get(f"/family/{case.reference}/answer/2/"))
    home.send(home.get(f"/family/{case.reference}/answer/check/"))

    children = Case.objects.get().subject.answers["child"]
    assert [one["first"] for one in children] == ["Wren", "Lark"]


def test_an_answer_after_the_office_moved_the_case_on_changes_nothing(case, officer):
    asked(case, officer)
    home = AtHome().sign_in()
    page = home.get(f"/family/{case.reference}/answer/1/")
    perform(case.pk, "drop", by=officer)

    late = home.send(page, plays="Piano")

    assert (late.status, AnswerChange.objects.count()) == (409, 0)
    assert "has moved on since you opened the page" in late.text


def test_other_families_cannot_answer(case, officer):
    asked(case, officer)
    other = AtHome("other@example.org").sign_in()

    answers = [
        other.get(f"/family/{case.reference}/answer/{rest}").status for rest in ("", "1/", "check/")
    ]

    assert answers == [404, 404, 404]


def test_the_letter_names_the_day_and_not_the_question(case, officer):
    request = asked(case, officer, words="Is the allergy-canary still there?")

    letter = OutboxMessage.objects.get(template="more-needed")
    by = timezone.localdate() + timedelta(days=10)
    assert request.answer_by == by
    assert f"Please answer by {by.day} {by:%B %Y}" in letter.text
    assert "canary" not in letter.text + letter.html
    assert timezone.localtime(case.due_at).date() == by


def test_reminders_come_at_half_time_and_on_the_day_before_and_an_outage_sends_one():
    moments = more_reminders.moments(date(2026, 10, 20), date(2026, 10, 30))

    assert moments == [date(2026, 10, 25), date(2026, 10, 29)]
    assert more_reminders.moments(date(2026, 10, 20), date(2026, 10, 21)) == []


def remind(slot):
    from django.db import transaction

    with transaction.atomic():
        job = jobs.enqueue("forms.remind_of_more", key=f"remind-{slot}", payload={})
    jobs.run_job.call_local(job.pk)


def test_a_reminder_is_sent_once_however_often_the_clock_runs(case, officer):
    request = asked(case, officer)
    MoreRequest.objects.update(answer_by=timezone.localdate() + timedelta(days=1))
    Case.objects.update(stage_since=timezone.now() - timedelta(days=9))
    MoreRequest.objects.update(asked_at=timezone.now() - timedelta(days=8))

    for slot in range(3):
        remind(slot)

    letters = OutboxMessage.objects.filter(template="more-reminder")
    request.refresh_from_db()
    assert (letters.count(), request.reminders) == (1, 2)


def test_the_officer_ticks_the_questions_on_the_case_page(case, officer, client):
    client.force_login(officer)
    page = client.get(f"/admin/cases/{case.pk}/").content.decode()
    client.post(
        f"/admin/cases/{case.pk}/press/",
        {"button": "ask", "stage": "new", "comment": "Please", "questions": ["child/2/first"]},
    )
    run_until_over(case.events.last())

    assert 'name="questions" value="child/1/plays" checked' in page
    assert 'name="questions" value="has_needs">' in page
    assert MoreRequest.objects.get().questions == ["child/2/first"]


def test_a_stage_that_would_swallow_the_answer_cannot_be_published():
    silent = copy.deepcopy(FLOW)
    del silent["stages"][1]["answered_button"]
    open_stage = copy.deepcopy(FLOW)
    open_stage["stages"][1]["kind"] = "open"

    found = [
        [f.message for f in check(flow) if f.code == "action"] for flow in (silent, open_stage)
    ]

    assert ["does not say which button is pressed" in one[0] for one in found] == [True, False]
    assert "must lead to a stage that waits for the family" in found[1][0]


def test_without_a_question_the_button_is_refused_and_the_case_stays_where_it_is(officer):
    case = applied(with_asked())
    stage = case.stage_key

    with pytest.raises(TransitionNotAllowedError, match="Tick what the family is to answer"):
        perform(case.pk, "ask", by=officer)

    case.refresh_from_db()
    assert case.stage_key == stage
    assert not MoreRequest.objects.exists()


def test_another_form_is_asked_for_and_its_answers_stand_on_the_case(officer, client):
    more = {
        "slug": "consent",
        "title": "Consent",
        "steps": [
            {
                "key": "one",
                "title": "Consent",
                "questions": [{"key": "may", "type": "text", "label": "What may we do?"}],
            },
            {"key": "check", "title": "Check", "kind": "check"},
        ],
    }
    publish_form(more)
    flow = copy.deepcopy(FLOW)
    flow["stages"][0]["buttons"][0]["actions"] = [{"type": "request_form", "form": "consent"}]
    case = applied(flow)
    asked(case, officer, words="")
    home = AtHome().sign_in()
    page = home.get(f"/family/{case.reference}/")

    begun = home.send(page, "/form/")
    family = Family(browser=home.browser, form="consent")
    family.page = home.browser.get(begun.location)
    family.walk({"may": "Sing in public"})
    family.send()

    case.refresh_from_db()
    client.force_login(officer)
    desk = client.get(f"/admin/cases/{case.pk}/").content.decode()
    assert "Please fill in: Consent" in page.text
    assert case.stage_key == "new"
    assert "The family sent “Consent”" in desk
    assert "Consent: Consent" in desk and "Sing in public" in desk


def test_asking_again_before_an_answer_keeps_what_was_drafted(case, officer):
    first = asked(case, officer)
    home = AtHome().sign_in()
    home.send(home.get(f"/family/{case.reference}/answer/1/"), plays="Piano")
    second = asking_more.ask(
        Case.objects.get(), questions=["has_needs"], words="", once="second", days=3
    )

    first.refresh_from_db()
    assert first.answered_at is not None
    assert second.questions == ["child/1/plays", "child/2/plays", "has_needs"]
    assert second.answers == {"child/1": {"plays": "Piano"}}


def test_questions_are_asked_again_in_the_language_of_the_form_and_read_by_staff_in_theirs(
    officer, case
):
    form = copy.deepcopy(FORM)
    form["translations"] = {"cy": {"questions": {"plays": {"label": "Beth mae'n ei chwarae?"}}}}
    publish_form({**form, "workflow": FLOW["slug"]}, FLOW)
    submission = case.subject
    submission.version = submission.version.form.versions.latest("pk")
    submission.save()
    Journey.objects.update(language="cy")
    asked(case, officer)
    home = AtHome().sign_in()
    opened = home.get(f"/family/{case.reference}/")

    page = home.browser.get(home.get(opened.links("Ateb nawr")[0]).location)
    assert "Beth mae'n ei chwarae?" in page.soup.get_text()
    assert page.soup.html["lang"] == "cy"
    while "plays" in page.questions:
        page = home.browser.get(home.send(page, plays="Piano").location)
    home.send(page)

    submission.refresh_from_db()
    assert "Beth" not in str(submission.labels)
    assert "Piano" in str(submission.labels)


def test_the_folder_says_in_which_language_its_words_are(case):
    home = AtHome().sign_in()
    home.browser.client.defaults["HTTP_ACCEPT_LANGUAGE"] = "pl"
    assert home.get(f"/family/{case.reference}/").soup.html["lang"] == "en-gb"
