"""Actions that reach third persons, the roster and the directory: each once, restartable, told."""

import copy
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from cms import jobs
from cms.models import (
    Enrolment,
    Guardian,
    MusicGroup,
    OutboxMessage,
    Partner,
    Pupil,
)
from cms.partners import papers
from forms import forgetting, referees
from forms.models import FormDefinition, ReferenceRequest
from tests.casework import run_until_over
from tests.folder import AtHome
from tests.journeys import DjangoBrowser, Family, publish_form
from tests.offering import a_group
from workflows.actions import ActionProblemError, actions
from workflows.compile import check
from workflows.engine import perform
from workflows.models import ActionRun, Case
from workflows.rehearsal import stage
from workflows.rehearsal.play import play

pytestmark = pytest.mark.django_db

CANARY = "Zanzibar-canary"
FORM = {
    "slug": "join-us",
    "title": "Join us",
    "steps": [
        {
            "key": "about",
            "title": "About you",
            "questions": [
                {"key": "who", "type": "name", "label": "Name"},
                {
                    "key": "born",
                    "type": "date",
                    "label": "Born",
                    "settings": {"autocomplete": "bday", "in": "past"},
                },
                {"key": "email", "type": "email", "label": "Your e-mail address"},
                {"key": "legal", "type": "text", "label": "Name of the organisation"},
                {"key": "kind", "type": "text", "label": "Kind"},
                {"key": "words", "type": "longtext", "label": "Describe it", "required": False},
                {"key": "site", "type": "text", "label": "Website", "required": False},
                {"key": "band", "type": "text", "label": "Group", "required": False},
            ],
        },
        {
            "key": "referees",
            "title": "Referees",
            "repeat": {"min": 1, "max": 3, "item_name": "referee"},
            "questions": [
                {"key": "ref_name", "type": "name", "label": "Their name"},
                {"key": "ref_email", "type": "email", "label": "Their e-mail address"},
            ],
        },
        {"key": "check", "title": "Check", "kind": "check"},
    ],
}
REFEREES = [
    {"ref_name": {"first": "Morgan", "last": "Penn"}, "ref_email": "morgan@example.org"},
    {"ref_name": {"first": "Robin", "last": "Vale"}, "ref_email": "robin@example.org"},
]
ANSWERS = {
    "who": {"first": "Wren", "last": "Ashdown"},
    "born": "2014-03-27",
    "email": "rowan@example.org",
    "legal": "West Arts",
    "kind": "Arts organisation",
    "words": "We sing with everybody.",
    "site": "www.example.org",
    "band": "hill/County Choir",
}
ASK = {
    "type": "request_reference",
    "email_question": "ref_email",
    "name_question": "ref_name",
    "about_question": "who",
    "questions": "How do you know them?\nWhat are they like?",
    "received": "all_in",
}
DRAFT = {
    "type": "draft_partner",
    "name_question": "legal",
    "legal_name_question": "legal",
    "kind_question": "kind",
    "summary_question": "words",
    "website_question": "site",
}


def a_flow(*settings):
    """New, waiting, done; its button sets these off."""
    return {
        "slug": "joining",
        "title": "Joining",
        "stages": [
            {
                "key": "new",
                "staff_name": "New",
                "kind": "open",
                "start": True,
                "roles": ["bookings"],
                "buttons": [{"key": "go", "label": "Go", "to": "wait", "actions": list(settings)}],
            },
            {
                "key": "wait",
                "staff_name": "Waits",
                "kind": "open",
                "roles": ["bookings"],
                "buttons": [
                    {"key": "all_in", "label": "All are here", "to": "read"},
                    {"key": "back", "label": "Back", "to": "new"},
                ],
            },
            {
                "key": "read",
                "staff_name": "To read",
                "kind": "open",
                "roles": ["bookings"],
                "buttons": [{"key": "done", "label": "Done", "to": "done"}],
            },
            {"key": "done", "staff_name": "Done", "kind": "final"},
        ],
    }


def applied(*settings, who=REFEREES, **more):
    flow = a_flow(*settings)
    publish_form({**copy.deepcopy(FORM), "workflow": "joining"}, flow)
    family = Family(form="join-us")
    family.start()
    family.walk(ANSWERS | more, until="referees")
    for number, one in enumerate(who):
        if number:
            family.page = family.browser.get(family.page.links("Add another")[0])
        family.answer(one)
    family.answer({})
    family.send()
    return Case.objects.latest("pk")


def pressed(case, button="go"):
    """The action's run, after its job is over."""
    job = run_until_over(perform(case.pk, button, by=None))
    run = ActionRun.objects.filter(event__case=case).latest("pk")
    assert job.state == ("done" if run.state == "done" else "failed")
    return run


def link_to(address):
    letter = OutboxMessage.objects.filter(to=address).latest("pk")
    return "/reference/" + letter.text.partition("/reference/")[2].partition("/")[0] + "/"


def summaries(case):
    return list(case.events.order_by("pk").values_list("summary", flat=True))


# --- References ----------------------------------------------------------------------------------


def test_each_referee_is_written_to_once_however_often_the_action_is_tried():
    case = applied(ASK)
    run = pressed(case)

    assert run.result == "2 references asked for"
    before = OutboxMessage.objects.count()
    assert actions["request_reference"](run).run(case, run.options) == run.result
    assert OutboxMessage.objects.count() == before
    assert [row.name for row in referees.of_case(case)] == ["Morgan Penn", "Robin Vale"]


def test_a_reference_is_written_once_and_lands_on_the_case(client, officer):
    case = applied(ASK)
    pressed(case)
    browser, link = DjangoBrowser(), link_to("morgan@example.org")

    page = browser.get(link)
    assert page.status == 200
    assert "Wren Ashdown" in page.text
    assert page.headers["Cache-Control"].count("no-store") == 1
    given = {"answer_1": CANARY, "answer_2": "Kind"}
    assert browser.post(link, given).status == 303
    assert "We have this reference already" in browser.get(link).text
    assert browser.post(link, {"answer_1": "again", "answer_2": "again"}).status == 409

    client.force_login(officer)
    shown = client.get(f"/admin/cases/{case.pk}/").content.decode()
    assert CANARY in shown
    assert "A reference was given. 1 of 2 are here." in summaries(case)
    assert CANARY not in browser.get(link).text
    case.refresh_from_db()
    assert case.stage_key == "wait"


def test_when_the_last_is_here_the_hub_presses_the_button():
    case = applied(ASK)
    pressed(case)
    for address in ("morgan@example.org", "robin@example.org"):
        DjangoBrowser().post(link_to(address), {"answer_1": "a", "answer_2": "b"})

    case.refresh_from_db()
    assert case.stage_key == "read"


def test_a_get_changes_nothing_and_an_empty_answer_is_asked_for_again():
    case = applied(ASK)
    pressed(case)
    link = link_to("morgan@example.org")
    before = ReferenceRequest.objects.values().get(pk=referees.of_case(case)[0].pk)

    for _each in range(3):
        DjangoBrowser().get(link)
    page = DjangoBrowser().post(link, {"answer_1": "I teach them", "answer_2": " "})

    assert page.status == 422
    assert "I teach them" in page.text
    assert page.soup.select('a[href="#answer-2"]')
    assert page.soup.select("textarea#answer-2[aria-invalid=true]")
    assert before == ReferenceRequest.objects.values().get(pk=before["id"])
    assert DjangoBrowser().get("/reference/nothing-of-the-kind/").status == 404


def test_who_would_rather_not_says_so_and_the_office_can_ask_again(client, officer):
    case = applied(ASK)
    pressed(case)
    link = link_to("morgan@example.org")
    DjangoBrowser().post(link, {"decline": "1"})
    row = referees.of_case(case)[0]
    assert row.state == "declined"
    assert "would rather not" in DjangoBrowser().get(link).text

    client.force_login(officer)
    client.post(f"/admin/references/{row.pk}/", {"do": "again"})
    assert DjangoBrowser().post(link, {"answer_1": "x", "answer_2": "y"}).status == 404
    assert link_to("morgan@example.org") != link
    assert DjangoBrowser().get(link_to("morgan@example.org")).status == 200
    client.post(f"/admin/references/{referees.of_case(case)[1].pk}/", {"do": "withdraw"})
    page = DjangoBrowser().get(link_to("robin@example.org"))
    assert "not needed any more" in page.text


def test_nobody_else_changes_a_reference(client, django_user_model):
    case = applied(ASK)
    pressed(case)
    row = referees.of_case(case)[0]
    client.force_login(django_user_model.objects.create_user("stranger"))

    assert client.post(f"/admin/references/{row.pk}/", {"do": "withdraw"}).status_code in (302, 404)
    row.refresh_from_db()
    assert row.state == "asked"


def test_referees_are_chased_at_half_time_and_the_day_before_and_then_it_is_over():
    case = applied(ASK, who=REFEREES[:1])
    run = pressed(case)
    assert run.result == "1 reference asked for"
    sent = OutboxMessage.objects.filter(template=referees.REMIND)
    counts = []
    start = timezone.now()
    for days in (1, 7, 7, 8, 13, 13, 14):
        with time_machine.travel(start + timedelta(days=days)):
            _chase()
            counts.append(sent.count())
    assert counts == [0, 1, 1, 1, 2, 2, 2]
    with time_machine.travel(start + timedelta(days=15)):
        link = link_to("morgan@example.org")
        assert "time for this reference is over" in DjangoBrowser().get(link).text
        assert DjangoBrowser().post(link, {"answer_1": "x", "answer_2": "y"}).status == 409
        _chase()
        _chase()
    assert summaries(case).count("A reference did not come in time. 0 of 1 are here.") == 1
    assert sent.count() == 2


def _chase():
    for request in ReferenceRequest.objects.filter(state="asked"):
        referees.chase_one(request.pk)


def test_the_chase_is_a_job_of_the_clock_and_an_outage_sends_one_letter():
    case = applied(ASK, who=REFEREES[:1])
    pressed(case)
    with time_machine.travel(timezone.now() + timedelta(days=13)):
        job = jobs.enqueue(referees.CHASE, key="chase-test", payload={})
        jobs.run_job.call_local(job.pk)

    job.refresh_from_db()
    assert job.state == "done"
    assert OutboxMessage.objects.filter(template=referees.REMIND).count() == 1


def test_the_family_never_reads_a_reference_and_forgetting_takes_it_too():
    case = applied(ASK)
    pressed(case)
    link = link_to("morgan@example.org")
    DjangoBrowser().post(link, {"answer_1": CANARY, "answer_2": CANARY})
    home = AtHome("rowan@example.org").sign_in()
    for path in ("/family/", f"/family/{case.reference}/", "/family/download/everything.json"):
        page = home.get(path)
        assert page.status == 200
        assert CANARY not in str(page.soup)

    forgetting.delete(case.subject, case, because={"test": 1})
    assert ReferenceRequest.objects.count() == 0
    assert not OutboxMessage.objects.filter(to__in=["morgan@example.org", "robin@example.org"])


def test_the_letter_to_a_referee_is_not_shown_to_staff_and_its_link_is_not_kept():
    case = applied(ASK)
    pressed(case)
    row = referees.of_case(case)[0]
    letter = OutboxMessage.objects.filter(to="morgan@example.org").latest("pk")
    assert letter.record_type != "workflows.case"
    OutboxMessage.objects.filter(pk=letter.pk).update(state="sent")

    referees.give(row.pk, ["a", "b"])

    row.refresh_from_db()
    assert row.token == ""
    assert not OutboxMessage.objects.filter(pk=letter.pk).exists()


def test_blind_reviewers_read_no_reference():
    case = applied(ASK)
    pressed(case)
    DjangoBrowser().post(link_to("morgan@example.org"), {"answer_1": CANARY, "answer_2": "x"})
    assert CANARY not in repr(case.subject.case_sections())
    assert CANARY not in repr(case.subject.case_facts())


def test_what_a_reference_needs_is_checked_before_publishing():
    flow = a_flow({**ASK, "received": "nothing", "days": 200})
    words = " ".join(str(one) for one in check(flow))
    assert "has no button “nothing”" in words
    assert "from 1 to 90" in words


# --- The roster ----------------------------------------------------------------------------------

JOIN = {"type": "join_group", "group": "hill/County Choir"}
LEAVE = {"type": "leave_group", "group": "hill/County Choir"}


@pytest.fixture
def choir(centres):
    return MusicGroup.objects.create(name="County Choir", centre=centres["west"], external_id="CC1")


def named(choir, setting):
    return {**setting, "group": f"{choir.centre.slug}/{choir.name}"}


def test_a_new_child_joins_the_roster_with_its_guardian_and_only_once(choir):
    case = applied(named(choir, JOIN))
    run = pressed(case)

    assert run.result == "1 person joined County Choir"
    pupil = Pupil.objects.get()
    assert (pupil.full_name, pupil.date_of_birth) == ("Wren Ashdown", date(2014, 3, 27))
    assert Guardian.objects.filter(email="rowan@example.org").count() <= 1
    enrolment = Enrolment.objects.get()
    assert (enrolment.status, enrolment.starts_on) == ("active", timezone.localdate())
    assert "status" in enrolment.edited_fields
    again = actions["join_group"](run).run(case, run.options)
    assert again == "They were in the group already"
    assert Enrolment.objects.count() == Pupil.objects.count() == 1


def test_a_child_of_the_roster_is_found_not_made_and_its_twin_is_another(choir):
    born = date(2014, 3, 27)
    wren = Pupil.objects.create(
        legal_first_name="Wren", legal_last_name="Ashdown", date_of_birth=born
    )
    Pupil.objects.create(legal_first_name="Lark", legal_last_name="Ashdown", date_of_birth=born)

    pressed(applied(named(choir, JOIN)))

    assert [row.pupil for row in Enrolment.objects.all()] == [wren]
    assert Pupil.objects.count() == 2


def test_two_of_one_name_and_birthday_are_left_to_staff_and_it_can_be_tried_again(choir):
    born = date(2014, 3, 27)
    for _each in range(2):
        Pupil.objects.create(legal_first_name="Wren", legal_last_name="Ashdown", date_of_birth=born)
    case = applied(named(choir, JOIN))
    run = pressed(case)

    assert run.state == "failed"
    assert "Two people in the roster" in run.problem
    assert Enrolment.objects.count() == 0


def test_leaving_ends_the_time_in_the_group_and_coming_back_begins_it_anew(choir):
    case = applied(named(choir, LEAVE))
    assert pressed(case).result == "They were not in the group"
    wren = Pupil.objects.create(
        legal_first_name="Wren", legal_last_name="Ashdown", date_of_birth=date(2014, 3, 27)
    )
    row = Enrolment.objects.create(pupil=wren, group=choir, starts_on=date(2020, 9, 1))
    run = ActionRun.objects.latest("pk")

    assert actions["leave_group"](run).run(case, run.options) == "1 person left County Choir"
    row.refresh_from_db()
    assert (row.status, row.ends_on) == ("left", timezone.localdate())
    joined = actions["join_group"](run).run(case, run.options)
    assert joined == "1 person joined County Choir"
    row.refresh_from_db()
    assert (row.status, row.starts_on, row.ends_on) == ("active", timezone.localdate(), None)


def test_the_answer_may_name_the_group_and_an_unknown_one_says_so(choir):
    setting = {"type": "join_group", "group_question": "band"}
    case = applied(setting, band="CC1")
    assert pressed(case).state == "done"
    run = pressed(applied({**JOIN, "group": "hill/Nobody"}))
    assert run.state == "failed"
    assert run.problem == "There is no group “hill/Nobody” in the roster. Add it, then try again."
    words = " ".join(str(one) for one in check(a_flow({"type": "join_group"})))
    assert "one of the two" in words


# --- Partners ------------------------------------------------------------------------------------


def partner_case(**more):
    """A case whose page is drafted, and its run."""
    case = applied(DRAFT, **more)
    return case, pressed(case)


def listed():
    return Partner.objects.live().filter(name="West Arts").exists()


def test_a_partner_is_drafted_once_published_and_unlisted(centres):
    case, run = partner_case()

    partner = Partner.objects.get()
    assert (partner.name, partner.slug, partner.status) == ("West Arts", "west-arts", "draft")
    assert partner.website == "https://www.example.org"
    assert partner.summary == "We sing with everybody."
    assert not listed()
    assert "is there already" in actions["draft_partner"](run).run(case, run.options)
    publishing, unlisting = actions["publish_partner"](run), actions["unlist_partner"](run)
    for _twice in range(2):
        assert publishing.run(case, {}) == "“West Arts” is in the directory"
        assert listed()
    for _twice in range(2):
        assert unlisting.run(case, {}) == "“West Arts” is not in the directory"
        assert not listed()
    assert publishing.run(case, {}) == "“West Arts” is in the directory"
    assert "has left the hub" in unlisting.run(case, {"how": "left", "because": "They moved"})
    assert Partner.objects.get().status == "left"
    assert Partner.objects.count() == 1


def test_what_has_run_out_keeps_it_out_of_the_directory(centres):
    case, run = partner_case()
    day = date(2020, 1, 1)
    papers.give(Partner.objects.get(), "insurance", dated_on=day, valid_until=day)

    with pytest.raises(ActionProblemError, match="cannot be listed"):
        actions["publish_partner"](run).run(case, {})


def test_no_button_lifts_a_suspension(centres):
    case, run = partner_case()
    Partner.objects.update(suspended_at=timezone.now())

    with pytest.raises(ActionProblemError, match="safeguarding lead"):
        actions["publish_partner"](run).run(case, {})
    assert not listed()


def test_what_is_missing_is_said_and_can_be_mended_and_tried_again(centres):
    case = applied({"type": "publish_partner"})
    assert pressed(case).problem == "No page was drafted for this case. Draft it first."
    silent = applied({**DRAFT, "name_question": "words", "legal_name_question": "words"}, words="")
    assert "gives no name" in pressed(silent).problem


@pytest.mark.parametrize(
    ("setting", "problem"),
    [
        ({"type": "unlist_partner", "how": "struck off"}, "unlisted, suspended or left"),
        ({"type": "publish_partner", "suspended": "yes"}, "is not an option"),
        ({"type": "request_reference"}, "is missing"),
    ],
)
def test_bad_settings_are_found_before_publishing(setting, problem):
    assert problem in " ".join(str(one) for one in check(a_flow(setting)))


# --- Rehearsed, and facts in what is offered ------------------------------------------------------


def test_references_are_rehearsed_with_their_reminders_and_their_end():
    case = applied(ASK)
    definition = case.version.definition
    form = FormDefinition.objects.get()
    form.samples = [{"id": "one", "name": "One", "answers": {**ANSWERS, "referees": REFEREES}}]
    form.save_revision()

    def rehearsed(*steps):
        press = {"do": "press", "button": "go", "by": "bookings", "comment": ""}
        return play(
            definition,
            stage.data_of(definition),
            family="forms:join-us/one",
            begins_at=datetime(2026, 10, 20, 9, tzinfo=UTC),
            steps=[press, *steps],
        )

    given = {"do": "move", "move": "reference", "offer": "1:give"}
    both = rehearsed(given, given)
    assert [one.words for one in both.happenings if one.kind == "refused"] == []
    assert both.stage.key == "read"
    waited = rehearsed({"do": "wait", "days": 16})
    over = [one for one in waited.happenings if "did not come in time" in one.words]
    assert [one.day for one in over] == [15, 15]
    assert sum(letter.subject.startswith("We are waiting") for letter in waited.letters) >= 1
    assert ReferenceRequest.objects.filter(case=case).count() == 0


def test_what_is_offered_may_be_named_by_an_answer():
    case = applied({"type": "make_offer", "place": "choir-{kind}"}, kind="Second Altos")
    pool = a_group(key="choir-second-altos")
    assert pressed(case).result == f"1 offered for {pool}"
    silent = applied({"type": "make_offer", "place": "choir-{band}"}, band=None)
    assert pressed(silent).problem == "This case does not say “band”. Ask for it first."
