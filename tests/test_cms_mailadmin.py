"""Staff write e-mails: from a list, with a preview, and nothing private can be placed in one."""

import copy

import pytest
from django.urls import get_resolver, reverse

from cms import mail
from cms.models import MailTemplate, OutboxMessage
from cms.roles import grant
from tests.casework import BOOKING, run_until_over, with_actions
from tests.journeys import publish_songwriter
from workflows.compile import NotPublishableError, check_all, publish
from workflows.engine import perform
from workflows.models import ActionRun

pytestmark = pytest.mark.django_db
EDIT = "wagtailsnippets_cms_mailtemplate:edit"


@pytest.fixture
def template():
    return MailTemplate.objects.create(
        key="told",
        name="Told",
        subject="About {{ reference }}",
        body="Hello.\n\nIt is {{ status }}.",
        placeholders={"reference": "SW26-4K7P", "status": "Confirmed"},
    )


@pytest.fixture
def desk(client, officer):
    officer.email = "ada@example.org"
    officer.save()
    client.force_login(officer)
    return client


def save(desk, template, **more):
    fields = {"name": template.name, "key": template.key, "subject": template.subject}
    return desk.post(reverse(EDIT, args=[template.pk]), fields | {"body": template.body} | more)


def test_every_declared_e_mail_is_in_the_list_and_its_placeholders_can_be_picked(desk, template):
    listed = desk.get(reverse("wagtailsnippets_cms_mailtemplate:list")).content.decode()
    page = desk.get(reverse(EDIT, args=[template.pk])).content.decode()

    assert "Family: we need a little more" in listed
    assert 'data-placeholder="reference"' in page
    assert "mailboxes are shared" in page


@pytest.mark.parametrize("private", ["conditions", "date_of_birth", "evidence", "must_not_collect"])
def test_no_health_and_no_date_of_birth_can_be_placed_in_a_letter(desk, template, private):
    publish_songwriter()

    answer = save(
        desk, template, about="songwriter-booking", body=f"Hello.\n\n{{{{ {private} }}}} is it."
    )

    template.refresh_from_db()
    assert answer.status_code == 200
    assert "There is no placeholder called" in answer.content.decode()
    assert (private in template.body, private in template.placeholders) == (False, False)


def test_a_forms_plain_answers_can_be_offered(desk, template):
    publish_songwriter()

    answer = save(desk, template, about="songwriter-booking", body="You said: {{ relationship }}.")

    template.refresh_from_db()
    assert answer.status_code == 302
    assert "relationship" in template.body


def test_a_preview_shows_a_sample_family_and_a_test_goes_to_oneself_alone(desk, template):
    address = reverse("mail_preview", args=[template.pk])

    page = desk.get(address).content.decode()
    desk.post(address, {"to": "somebody@example.org"})

    assert "About SW26-4K7P" in page and "It is Confirmed." in page
    assert 'srcdoc="&lt;!doctype' in page.lower()
    message = OutboxMessage.objects.get()
    assert (message.to, message.subject) == ("ada@example.org", "About SW26-4K7P")


def test_what_is_stuck_is_listed_without_letters_or_whole_addresses_and_sent_again(desk, template):
    for number, state in enumerate(("failed", "failed", "ready", "sent")):
        OutboxMessage.objects.create(
            key=f"m{number}",
            template="told",
            to="rowan@example.org",
            subject="s-canary",
            text="t-canary",
            message_id=f"<{number}@x>",
            state=state,
            attempts=4,
            not_before="2026-01-01T00:00Z",
            problem="SMTPRecipientsRefused 550",
        )

    page = desk.get(reverse("mail_outbox")).content.decode()
    desk.post(reverse("mail_outbox"), {"message": OutboxMessage.objects.first().pk})

    assert page.count("r…@example.org") == 3
    assert "canary" not in page and "rowan@" not in page
    assert "SMTPRecipientsRefused 550" in page
    assert list(OutboxMessage.objects.order_by("pk").values_list("state", flat=True)) == [
        "ready",
        "failed",
        "ready",
        "sent",
    ]


@pytest.mark.parametrize("role", ["centre_admin", "comms_lead"])
def test_others_reach_neither_previews_nor_the_outbox(client, template, django_user_model, role):
    user = django_user_model.objects.create_user("other")
    grant(user, role)
    client.force_login(user)

    for address in (reverse("mail_outbox"), reverse("mail_preview", args=[template.pk])):
        assert client.get(address).status_code in (302, 403)


def test_a_workflow_that_sends_an_e_mail_that_is_not_there_is_refused(db):
    flow = with_actions({"type": "send_email", "template": "nowhere"})

    with pytest.raises(NotPublishableError, match="There is no e-mail called “nowhere”"):
        publish(flow)


def test_a_workflow_whose_e_mail_says_what_its_form_does_not_ask_is_refused(template):
    publish_songwriter()
    MailTemplate.objects.filter(pk=template.pk).update(body="Bring {{ likes }} and {{ tuba }}.")
    flow = with_actions({"type": "send_email", "template": "told"})

    found = [finding.message for finding in check_all(flow) if finding.code == "letter"]

    words = (
        "The e-mail “told” says tuba, which the form “Book a Songwriter course” does not ask for, "
        "or which no letter may say. Change the e-mail."
    )
    assert found == [words]
    assert [f for f in check_all(copy.deepcopy(BOOKING)) if f.code == "letter"] == []


def test_a_placeholder_that_breaks_later_ends_in_a_sentence_and_can_be_started_again(
    centres, officer, template
):
    from tests.test_workflows_desks import new_case
    from workflows.running import restart_actions

    publish(with_actions({"type": "send_email", "template": "told"}))
    case = new_case(centres["west"])
    MailTemplate.objects.filter(pk=template.pk).update(
        body="It is {{ gone }}.", placeholders={"gone": "x", "reference": "y"}
    )
    event = perform(case.pk, "confirm", by=officer)
    run_until_over(event)

    row = ActionRun.objects.get()
    case.refresh_from_db()
    assert (row.state, case.stage_key) == ("failed", "confirmed")
    assert row.problem == (
        "The letter needs a value for “gone” and was given none. "
        "Mend the e-mail “told”, then try again."
    )

    MailTemplate.objects.filter(pk=template.pk).update(body="It is done.")
    restart_actions(event, by=officer)
    run_until_over(event)
    assert ActionRun.objects.get().state == "done"


def test_every_declared_e_mail_can_be_written_with_its_samples(db):
    assert get_resolver().url_patterns  # views are loaded now, and what they declare
    mail.make_missing()

    for template in MailTemplate.objects.all():
        assert mail.preview(template).text
