"""The shipped process of partners: every stage, button and letter, and the odd cases of a county."""

import pytest
from django.contrib.auth import get_user_model
from django.urls import reverse

from cms import wallclock
from cms.governance import boards, interests
from cms.models import Board, MailTemplate, OutboxMessage, Partner
from cms.partners import drafting, letters, names, night, papers, standing
from cms.roles import grant
from forms import package
from forms.compile import compiled
from forms.samples import walk_sample
from pages.models import HomePage, PartnerIndexPage
from tests.casework import run_until_over
from tests.partnership import a_partner, a_person, noon, with_papers
from tests.test_partners_canary import SHIPPED, application
from workflows.actions import ActionProblemError, actions
from workflows.engine import family_buttons, perform
from workflows.models import ActionRun, Case, CaseEvent

pytestmark = pytest.mark.django_db
DATA = package.read(SHIPPED)
STAGES = {stage["key"]: stage for stage in DATA["workflow"]["stages"]}
BUTTONS = [
    (stage["key"], button["key"], button["to"])
    for stage in DATA["workflow"]["stages"]
    for button in stage["buttons"]
]
#: By the button alone, without what its actions need from elsewhere.
NEEDS_MORE = {("screening", "more")}  # which questions: tests/test_family_answering.py


@pytest.fixture(autouse=True)
def _today():
    with wallclock.instead(noon()):
        yield


def a_user(name, *roles):
    user = get_user_model().objects.create_user(name, email=f"{name}@example.org")
    for role in roles:
        grant(user, role)
    return user


@pytest.fixture
def case():
    made, answers = application()
    partner = drafting.draft_page_for(None, answers, reference=made.reference)
    with_papers(partner)
    return made


def a_partner_of(case):
    """The partner that the case made, listed."""
    partner = drafting.partner_of(case.reference)
    Partner.objects.filter(pk=partner.pk).update(status=Partner.Status.LIVE)
    return partner


@pytest.mark.parametrize(("stage", "button", "to"), BUTTONS)
def test_every_button_of_every_stage_leads_where_it_says_and_writes_its_letter(
    case, stage, button, to
):
    if (stage, button) in NEEDS_MORE:
        pytest.skip("asks which questions: tests/test_family_answering.py")
    Case.objects.filter(pk=case.pk).update(stage_key=stage)
    said = next(one for one in STAGES[stage]["buttons"] if one["key"] == button)
    is_family = said["roles"] == ["family"]
    by = None if is_family else a_user("presser", *said["roles"])
    names_it = {"actor_name": "The applicant"} if is_family else {}

    event = perform(case.pk, button, by=by, comment="Because, by 1 March 2027", **names_it)
    if said["actions"]:
        run_until_over(event)

    moved = Case.objects.get(pk=case.pk)
    assert moved.stage_key == to
    wanted = {one["template"] for one in said["actions"] if one["type"] == "send_email"}
    sent = set(OutboxMessage.objects.values_list("template", flat=True))
    assert wanted <= sent
    assert wanted <= set(MailTemplate.objects.values_list("key", flat=True))


def test_every_stage_can_be_reached_and_every_final_one_is_told_in_plain_words():
    reached = {to for _stage, _button, to in BUTTONS} | {"screening"}
    assert reached == set(STAGES)
    assert all(stage["public_name"] for stage in STAGES.values())


def test_every_letter_about_a_partner_says_its_partner_and_no_reason():
    declared = [letters.REMINDER, letters.LAPSED, letters.LISTED, letters.SUSPENDED, letters.LEFT,
                letters.TERMS, letters.INVITED, letters.TO_STAFF, letters.CONDITION]  # fmt: skip
    partner = with_papers(a_partner())
    a_person(partner)
    lead = a_user("dee", "safeguarding_lead", "hub_manager")
    letters.listed(partner, key="one")
    letters.lapsed(partner, "Safeguarding policy ran out", key="two")
    standing.suspend(partner, by=lead)
    standing.leave(partner, by=lead, words="A secret reason")
    sent = list(OutboxMessage.objects.all())
    assert {one.template for one in sent} <= set(declared)
    assert all("Otter Strings" in one.subject + one.text for one in sent)
    assert not [one for one in sent if "secret reason" in one.text]


def steps_for(kind, **more):
    sample = next(one for one in DATA["samples"] if one["answers"]["dbs"] == "update")
    walked = walk_sample(compiled(DATA["form"]), {**sample, "answers": {**sample["answers"],
                         "kind": kind, **more}})  # fmt: skip
    return {step.key: [q["key"] for q in step.questions] for step in walked.steps}


def test_one_person_is_asked_for_no_numbers_a_company_for_its_own_and_a_school_for_its_urn():
    assert "numbers_org" not in steps_for("individual")
    assert steps_for("arts")["numbers_org"] == ["charity_number", "company_number"]
    assert steps_for("school")["numbers_org"] == ["urn"]


def test_a_school_becomes_a_partner_by_its_urn_and_is_known_by_it():
    kind = {"kind": "school", "trading_name": "Elm School", "description": "Sings."}
    first = drafting.draft_page_for(None, kind | {"urn": "123456"}, reference="PA-1")
    again = drafting.draft_page_for(None, kind | {"urn": "123 456"}, reference="PA-2")
    assert (first.pk, first.urn, first.charity_number) == (again.pk, "123456", "")


def test_an_organisation_of_two_hubs_is_one_partner_that_works_beyond_the_county(client):
    HomePage.objects.get().add_child(instance=PartnerIndexPage(title="Partners", slug="partners"))
    a_partner(works_beyond_county=True)
    assert "and beyond the county" in client.get("/partners/otter-strings/").content.decode()


def test_a_signatory_who_leaves_signs_no_more_and_what_they_signed_stays():
    partner = with_papers(a_partner())
    robin = a_person(partner)
    a_person(partner, "kit@example.org", may_sign=False)
    standing.note(partner, "agreed", "Agreed to terms", actor=robin.name)
    robin.delete()
    assert partner.people.filter(may_sign=True).count() == 0
    assert partner.history.filter(actor="Robin Otter").exists()
    assert Partner.objects.live().filter(pk=partner.pk).exists()


def test_a_charity_that_is_struck_off_is_unlisted_by_staff_and_stays_so():
    partner = with_papers(a_partner(charity_number="1234567"))
    manager = a_user("mo", "hub_manager")
    standing.unlist(partner, "Removed from the register of charities", by=manager)
    assert night.settle(partner) == ""
    assert not Partner.objects.live().filter(pk=partner.pk).exists()
    assert not OutboxMessage.objects.filter(text__contains="register of charities").exists()


def test_a_policy_that_runs_out_in_mid_year_unlists_and_a_new_one_lists_again():
    partner = with_papers(a_partner())
    partner.papers.filter(kind="policy").update(valid_until="2026-09-13")
    assert night.settle(partner) == "unlisted"
    papers.give(partner, "policy", dated_on=noon().date())
    assert night.settle(partner) == "listed"


def test_a_supplier_or_an_employer_of_a_member_is_declared_and_shown_at_the_meeting():
    manager, member = a_user("mo", "hub_manager"), a_user("mia", "board_member")
    board = Board.objects.create(slug="board", name="Board")
    boards.give_seat(board, member, "member", by=manager)
    partner = a_partner()
    interests.declare(member, "They employ me, and sell us lessons", partner=partner)
    (row,) = interests.of_board(board)
    assert [one.partner for one in row["interests"]] == [partner]


def test_a_merger_keeps_the_history_of_both():
    one, other = a_partner(), a_partner("Elm Brass", "elm-brass")
    standing.note(other, "applied", "Renewed", reference="PA-9")
    names.merge(other, one)
    assert names.now_at("elm-brass") == Partner.objects.get(pk=one.pk)
    assert other.history.filter(reference="PA-9").exists()


def test_the_process_takes_a_whole_application_from_sending_to_the_directory(case):
    manager = a_user("mo", "hub_manager")
    Case.objects.filter(pk=case.pk).update(stage_key="board")
    for button in ("approve", "signed"):
        run_until_over(perform(case.pk, button, by=manager, comment="Yes"))
    assert Partner.objects.live().filter(name="Otter Strings").exists()
    for button, stage in (("renew", "renewal"), ("renewed", "live")):
        run_until_over(perform(case.pk, button, by=manager, comment="Yes"))
        assert Case.objects.get(pk=case.pk).stage_key == stage


def test_somebody_else_with_the_same_name_is_noticed_before_the_board_meets():
    _case, answers = application()
    a_partner("Otter String", "otter-string")
    facts = drafting.facts_in(answers)
    assert [one.slug for one, _why in drafting.alike(facts)] == ["otter-string"]


def test_the_safeguarding_lead_suspends_at_the_desk_without_a_reason_and_lifts_it_again(
    client, case
):
    partner = a_partner_of(case)
    lead, manager = a_user("dee", "safeguarding_lead"), a_user("mo", "hub_manager")
    desk, press = reverse("cases:case", args=[case.pk]), reverse("cases:press", args=[case.pk])
    for stage in ("live", "renewal"):
        Case.objects.filter(pk=case.pk).update(stage_key=stage)
        client.force_login(lead)
        assert 'value="suspend"' in client.get(desk).content.decode()
        client.post(press, {"button": "suspend", "stage": stage})
        run_until_over(case.events.latest("pk"))

        assert not Partner.objects.live().filter(pk=partner.pk).exists()
        assert Case.objects.get(pk=case.pk).stage_key == "suspended"
        assert case.events.latest("pk").comment == ""
        with pytest.raises(standing.NotInOrderError):
            standing.publish(partner, by=manager)
        client.force_login(manager)
        assert 'value="lift"' not in client.get(desk).content.decode()
        client.post(press, {"button": "lift", "stage": "suspended", "comment": "Please"})
        assert Case.objects.get(pk=case.pk).stage_key == "suspended"

        run_until_over(perform(case.pk, "lift", by=lead, comment="Looked into"))
        assert Partner.objects.live().filter(pk=partner.pk).exists()
    assert OutboxMessage.objects.filter(template=letters.SUSPENDED).count() == 2


@pytest.mark.parametrize("presser", ["hub_manager", None])
def test_a_button_that_suspends_is_refused_to_all_but_the_lead(case, presser):
    partner = a_partner_of(case)
    by = a_user("mo", presser) if presser else None
    event = CaseEvent.objects.create(
        case=case, kind="moved", actor_id=by and by.pk, actor_name="Mo", summary="Suspend"
    )
    run = ActionRun.objects.create(event=event, index=0, type="unlist_partner", options={})
    for action, options in (("unlist_partner", {"how": "suspended"}), ("lift_suspension", {})):
        with pytest.raises(ActionProblemError, match="Only the safeguarding lead"):
            actions[action](run).run(case, options)
    assert Partner.objects.live().filter(pk=partner.pk).exists()


def test_an_organisation_can_ask_before_it_applies():
    data = package.read(SHIPPED.with_name("contact-us.json"))
    topic = data["form"]["steps"][0]["questions"][0]
    assert "partner" in [option["key"] for option in topic["options"]]
    sample = {"answers": data["samples"][0]["answers"] | {"topic": "partner"}}
    assert walk_sample(compiled(data["form"]), sample).is_complete


def test_an_applicant_withdraws_for_as_long_as_the_board_has_not_met(case):
    open_to_it = []
    for stage in STAGES:
        Case.objects.filter(pk=case.pk).update(stage_key=stage)
        if "withdraw" in {button.key for button in family_buttons(Case.objects.get(pk=case.pk))}:
            open_to_it.append(stage)
    assert open_to_it == ["screening", "more_info", "review", "interview"]
    Case.objects.filter(pk=case.pk).update(stage_key="review")
    perform(case.pk, "withdraw", by=None, as_family=True, actor_name="The applicant")
    assert Case.objects.get(pk=case.pk).stage_key == "withdrawn"
