"""What goes wrong around a case ends in a clear sentence and a case that still makes sense."""

import copy

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group

from cms import mail
from cms.models import MailTemplate, OutboxMessage
from cms.roles import grant, revoke
from tests.casework import BOOKING, run_until_over, with_actions
from tests.test_workflows_deadlines import run
from tests.test_workflows_desks import new_case, press, see
from workflows.compile import check, publish
from workflows.deadlines import MOVES
from workflows.engine import assign, perform
from workflows.models import ActionRun, Case

pytestmark = pytest.mark.django_db


@pytest.fixture
def case(version, centres):
    return new_case(centres["west"])


def own_role_flow():
    """A process whose stage belongs to a group that the hub made itself."""
    Group.objects.create(name="Harp panel")
    data = copy.deepcopy(BOOKING)
    data["stages"][0] |= {
        "roles": ["bookings", "Harp panel"],
        "escalate_after_days": 1,
        "escalate_to": "Harp panel",
    }
    return data


def test_a_role_that_is_taken_away_between_page_and_press_presses_nothing(client, case, officer):
    see(client, officer, "cases:case", case.pk)
    revoke(officer, "bookings")

    answer = press(client, officer, case)

    case.refresh_from_db()
    assert answer.status_code in (302, 403, 404)
    assert (case.stage_key, case.events.count()) == ("new", 1)


def test_a_role_that_narrows_between_page_and_press_is_told_whose_button_it_is(
    client, case, officer
):
    grant(officer, "hub_manager")
    page = see(client, officer, "cases:case", case.pk).content.decode()
    revoke(officer, "hub_manager")

    answer = press(client, officer, case, button="decline", comment="No room")

    assert 'value="decline"' in page
    assert answer.status_code == 422
    assert "“Decline” is for Hub manager. Nothing has changed." in answer.content.decode()
    assert ">No room</textarea>" in answer.content.decode()


def test_two_people_press_different_buttons_and_the_second_is_told_what_the_first_did(
    client, case, officer
):
    manager = get_user_model().objects.create_user("boss", first_name="Bo", last_name="Two")
    grant(manager, "hub_manager")
    press(client, officer, case, button="confirm")

    answer = press(client, manager, case, button="decline", comment="No room")

    case.refresh_from_db()
    assert (answer.status_code, case.stage_key) == (409, "confirmed")
    assert "Ada Officer moved this case to “Confirmed”" in answer.content.decode()
    assert case.events.filter(kind="moved").count() == 1


def test_a_group_that_is_deleted_leaves_cases_that_can_be_opened_pressed_and_published_anew(
    client, centres, officer
):
    data = own_role_flow()
    publish(data)
    case = new_case(centres["west"])
    Group.objects.get(name="Harp panel").delete()
    Case.objects.update(stage_since="2026-01-01T00:00Z")

    page = see(client, officer, "cases:case", case.pk)
    state = run(MOVES, "hostile")
    pressed = press(client, officer, case)

    assert (page.status_code, state, pressed.status_code) == (200, "done", 302)
    assert (
        "There is nobody in the role Harp panel any more"
        in [event.summary for event in case.events.all()][1]
    )
    found = [finding.message for finding in check(data)]
    assert "There is no role called “Harp panel”." in found


def test_a_user_who_is_deleted_leaves_history_and_case_whole(client, centres, officer):
    publish(with_actions({"type": "assign", "to": "gone"}))
    case = new_case(centres["west"])
    colleague = get_user_model().objects.create_user("gone", first_name="Bo", last_name="Gone")
    grant(colleague, "bookings")
    assign(case.pk, colleague, by=colleague)
    colleague.delete()
    event = perform(case.pk, "confirm", by=officer)

    run_until_over(event)

    page = see(client, officer, "cases:case", case.pk).content.decode()
    assert "Assigned to Bo Gone" in page
    assert ActionRun.objects.get().problem == (
        "The person to assign it to has no account any more."
    )
    assert Case.objects.get().assignee is None


def test_a_mail_server_that_is_down_keeps_the_decision_and_the_letter(
    client, centres, officer, settings
):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    MailTemplate.objects.create(key="told", name="Told", subject="Told", body="Hello.")
    publish(with_actions({"type": "send_email", "template": "told"}))
    case = new_case(centres["west"])
    press(client, officer, case)
    run_until_over(case.events.last())

    mail.deliver.call_local()

    message = OutboxMessage.objects.get()
    case.refresh_from_db()
    assert (case.stage_key, ActionRun.objects.get().state) == ("confirmed", "done")
    assert (message.state, message.attempts, message.problem) == (
        "ready",
        1,
        "ConnectionRefusedError",
    )
    assert "ConnectionRefusedError" in see(client, officer, "cases:case", case.pk).content.decode()


def test_a_button_of_an_older_version_still_leads_where_that_version_says(client, case, officer):
    data = copy.deepcopy(BOOKING)
    data["stages"][0]["buttons"][0]["to"] = "declined"
    publish(data)

    press(client, officer, case)

    case.refresh_from_db()
    assert (case.version.number, case.stage_key) == (1, "confirmed")
