"""Letters that come back later: the report is read, the letter counts as given up, staff see it."""

import mailbox
from email.message import EmailMessage

import pytest
from django.core.management import call_command
from django.urls import reverse

from cms import bounces
from cms.models import OutboxMessage
from tests.test_cms_mail import queue, template  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db


def report(
    message_id,
    *,
    action="failed",
    status="5.1.1",
    headers_only=False,
    report_type="delivery-status",
):
    """A report as mail servers write it (RFC 3464)."""
    original = f"Message-ID: {message_id}\r\nSubject: Your place\r\nTo: rowan@example.org\r\n\r\n"
    kind = "text/rfc822-headers" if headers_only else "message/rfc822"
    text = (
        "From: MAILER-DAEMON@mx.example.org\r\nTo: hub@example.org\r\nSubject: Undelivered\r\n"
        f'MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type={report_type}; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nI am sorry, Rowan Ashdown has no mailbox here.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.org\r\n\r\n"
        f"Final-Recipient: rfc822; rowan@example.org\r\nAction: {action}\r\nStatus: {status}\r\n\r\n"
        f"--b\r\nContent-Type: {kind}\r\n\r\n{original}--b--\r\n"
    )
    return text.encode()


def letters_of(number):
    rows = [queue(key=f"letter-{one}") for one in range(number)]
    OutboxMessage.objects.update(state="sent")
    return rows


@pytest.mark.parametrize("headers_only", [False, True])
def test_a_report_is_read_and_says_nothing_but_the_letter_and_a_number(headers_only):
    found = bounces.read_report(report("<a@hub>", headers_only=headers_only))
    assert found == bounces.Bounce("<a@hub>", "5.1.1")
    assert bounces.read_report(report("<a@hub>", status="no number")).status == "5.0.0"


def test_what_is_no_failure_is_not_read_as_one():
    plain = EmailMessage()
    plain["Message-ID"] = "<a@hub>"
    plain.set_content("Action: failed\nStatus: 5.1.1")
    for raw in (
        report("<a@hub>", action="delayed", status="4.4.1"),
        report("<a@hub>", action="delivered", status="2.0.0"),
        report(""),
        plain.as_bytes(),
        b"",
        b"\xff\x00 not a mail",
        report("<a@hub>") + b"x" * bounces.MOST_BYTES,
    ):
        assert bounces.read_report(raw) is None


def test_the_mailbox_is_read_once_and_the_letter_shows_where_staff_look(
    tmp_path,
    admin_client,
    template,  # noqa: F811 - the fixture
):
    back, kept, waiting = letters_of(3)
    OutboxMessage.objects.filter(pk=waiting.pk).update(state="ready")
    box = mailbox.Maildir(tmp_path / "box", create=True)
    for raw in (
        report(back.message_id),
        report(waiting.message_id),
        report("<nobody@else>"),
        b"Subject: Hello\n\nHello",
    ):
        box.add(raw)

    call_command("read_bounces", tmp_path / "box")
    call_command("read_bounces", tmp_path / "box")

    states = dict(OutboxMessage.objects.values_list("pk", "state"))
    assert states == {back.pk: "failed", kept.pk: "sent", waiting.pk: "ready"}
    assert len(mailbox.Maildir(tmp_path / "box")) == 1  # what was no report stays, as seen
    page = admin_client.get(reverse("mail_outbox")).content.decode()
    assert "It came back: 5.1.1" in page and "Rowan Ashdown" not in page
