"""Letters: rendered with the decision, sent later, tried again, given up visibly, never doubled."""

import base64
import email
import email.policy
import smtplib
from datetime import timedelta

import pytest
from django.core import mail as outbox
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from wagtail.models import Site

from cms import mail
from cms.mailmarkup import MailMarkupError
from cms.models import Area, HubSettings, MailTemplate, OutboxMessage

pytestmark = pytest.mark.django_db

State = OutboxMessage.State


@pytest.fixture
def template():
    return MailTemplate.objects.create(
        key="booking-confirmed",
        name="Booking confirmed",
        subject="Your place {{ reference }}",
        body="Dear {{ name }},\n\nYour place is kept. [See it]({{ link }})\n\n{{ comment }}",
        placeholders={
            "reference": "SW26-4K7P",
            "name": "Sam",
            "link": "/family/",
            "comment": "Bring a pencil.",
        },
    )


CONTEXT = {"reference": "SW26-4K7P", "name": "Ann & Bo", "link": "/family/", "comment": ""}


def queue(key="one", **more):
    with transaction.atomic():
        given = {"to": "sam@example.org", "context": CONTEXT, "key": key} | more
        return mail.queue("booking-confirmed", **given)


def deliver():
    mail.deliver.call_local()


def again_now():
    OutboxMessage.objects.update(not_before=timezone.now())


def test_a_letter_says_who_writes_and_whom_to_call_about_a_child(template, settings):
    settings.SITE_URL = "https://hub.example.org"
    site = Site.objects.get(is_default_site=True)
    HubSettings.objects.create(
        site=site,
        hub_name="Shire Music",
        safeguarding_name="Safeguarding lead",
        safeguarding_phone="+441632960001",
    )

    message = queue()

    assert message.subject == "Your place SW26-4K7P"
    assert "Dear Ann & Bo,\n\nYour place is kept. See it ( https://hub.example.org/family/ )\n" in (
        message.text
    )
    assert "<p>Dear Ann &amp; Bo,</p>" in message.html
    assert '<a href="https://hub.example.org/family/">See it</a>' in message.html
    for body in (message.text, message.html):
        assert "Shire Music" in body
        assert "Worried about a child?" in body
        assert "Speak to our safeguarding lead: Safeguarding lead, 01632 960001." in body
        assert "comment" not in body


def test_a_letter_is_stored_with_its_decision_and_sent_after_it(
    template, mailoutbox, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        message = queue()
        assert mailoutbox == []

    message.refresh_from_db()
    assert (message.state, message.attempts) == (State.SENT, 1)
    sent = mailoutbox[0]
    assert (sent.to, sent.subject) == (["sam@example.org"], "Your place SW26-4K7P")
    assert sent.message()["Message-ID"] == message.message_id
    assert [part.get_content_type() for part in sent.message().walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]


def test_many_letters_of_one_transaction_ring_once(template, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as callbacks, transaction.atomic():
        for n in range(5):
            queue(f"letter-{n}")

    bells = [call.task.task_class.__name__ for call in callbacks if hasattr(call, "task")]
    assert bells == ["deliver"]


def test_the_same_key_is_one_letter(template):
    assert queue().pk == queue(to="other@example.org").pk
    assert OutboxMessage.objects.count() == 1


def test_a_letter_to_nobody_is_no_letter(template):
    assert queue(to="") is None
    with pytest.raises(ValidationError):
        queue(to="not an address")
    assert OutboxMessage.objects.count() == 0


def test_a_missing_value_is_an_error_and_leaves_no_letter(template):
    with pytest.raises(MailMarkupError, match="needs a value for “name”"):
        queue(context={"reference": "SW26-4K7P"})

    assert OutboxMessage.objects.count() == 0


def test_what_a_template_does_not_declare_cannot_get_into_a_letter(template):
    message = queue(context=CONTEXT | {"medical": "asthma", "hub_name": "Forged"})

    assert "asthma" not in message.text + message.html
    assert "Forged" not in message.text + message.html
    with pytest.raises(ValidationError, match="no placeholder called “medical”"):
        MailTemplate.objects.create(
            key="leak", name="Leak", subject="x", body="{{ medical }}", placeholders={"name": "-"}
        )


def test_an_unknown_template_is_named():
    with pytest.raises(mail.UnknownTemplateError, match="No e-mail is called 'booking-confirmed'"):
        queue()


def test_declared_words_make_the_template_when_it_is_first_wanted():
    key = "test.receipt"  # declared by tests/crash.py
    import tests.crash  # noqa: F401

    with transaction.atomic():
        mail.queue(key, to="sam@example.org", context={"key": "K"}, key="k")

    template = MailTemplate.objects.get(key=key)
    assert (template.name, template.subject) == ("Receipt", "Receipt {{ key }}")
    assert mail.preview(template).subject == "Receipt 1"


def test_a_letter_names_its_record_and_carries_its_attachment_with_the_whole_type(
    template, mailoutbox
):
    area = Area.objects.create(name="East", slug="east")
    ics = mail.Attachment("date.ics", "text/calendar; method=PUBLISH; charset=utf-8", b"BEGIN:\r\n")
    message = queue(record=area, attachments=[ics])
    assert (message.record_type, message.record_id) == ("cms.area", str(area.pk))
    assert message.attachments == [
        {
            "name": "date.ics",
            "type": "text/calendar; method=PUBLISH; charset=utf-8",
            "content": base64.b64encode(b"BEGIN:\r\n").decode(),
        }
    ]

    deliver()
    raw = mailoutbox[0].message().as_bytes()
    parsed = email.message_from_bytes(raw, policy=email.policy.default)
    part = next(parsed.iter_attachments())
    assert part.get_filename() == "date.ics"
    assert (part.get_content_type(), part.get_param("method")) == ("text/calendar", "PUBLISH")
    assert part.get_payload(decode=True) == b"BEGIN:\r\n"


def test_an_attachment_that_is_too_large_is_refused(template):
    with pytest.raises(ValidationError, match="larger than 2 MB"):
        queue(attachments=[mail.Attachment("a", "text/plain", b"x" * 2_000_001)])


class Server(outbox.backends.base.BaseEmailBackend):
    """A mail server that says what a test tells it to."""

    says: list = []
    took: list = []

    def send_messages(self, messages):
        if self.says and (error := self.says.pop(0)):
            raise error
        self.took += [message.extra_headers["Message-ID"] for message in messages]
        return len(messages)


@pytest.fixture
def server(settings):
    settings.EMAIL_BACKEND = "tests.test_cms_mail.Server"
    Server.says, Server.took = [], []
    return Server


def test_a_server_that_says_later_is_asked_later_under_the_same_message_id(template, server):
    server.says = [smtplib.SMTPResponseException(451, b"sam@example.org later"), None]
    message = queue()

    deliver()
    message.refresh_from_db()
    assert (message.state, message.attempts) == (State.READY, 1)
    assert message.problem == "SMTPResponseException 451"  # without the address
    wait = (message.not_before - timezone.now()).total_seconds()
    assert 8 < wait <= 10

    again_now()
    deliver()
    message.refresh_from_db()
    assert (message.state, message.problem) == (State.SENT, "")
    assert server.took == [message.message_id]


def test_waits_grow_to_half_an_hour_and_end_after_48_tries(template, server, monkeypatch):
    monkeypatch.setattr(mail, "ring", lambda *args, **kwargs: True)
    server.says = [smtplib.SMTPServerDisconnected("gone")] * 100
    message = queue()
    waits = []
    while message.state == State.READY:
        again_now()
        deliver()
        message.refresh_from_db()
        waits.append(round((message.not_before - timezone.now()).total_seconds(), -1))

    assert waits[:10] == [10, 20, 40, 80, 160, 320, 640, 1280, 1800, 1800]
    assert (len(waits), message.state) == (48, State.FAILED)
    assert mail.backlog() == mail.Backlog(waiting=0, oldest=None, given_up=1)

    server.says = []
    mail.send_again(message.pk)
    deliver()
    message.refresh_from_db()
    assert (message.state, mail.backlog().given_up) == (State.SENT, 0)
    with pytest.raises(mail.OutboxStateError):
        mail.send_again(message.pk)


def test_an_address_the_server_will_never_take_is_given_up_at_once(template, server):
    server.says = [smtplib.SMTPRecipientsRefused({"sam@example.org": (550, b"no such user")})]
    message = queue()

    deliver()

    message.refresh_from_db()
    assert (message.state, message.problem) == (State.FAILED, "SMTPRecipientsRefused 550")


def test_one_bad_letter_does_not_keep_the_others_waiting(template, server):
    server.says = [None, smtplib.SMTPDataError(554, b"no"), None]
    messages = [queue(f"letter-{n}") for n in range(3)]

    deliver()

    for message in messages:
        message.refresh_from_db()
    assert [message.state for message in messages] == [State.SENT, State.READY, State.SENT]


def test_a_server_that_is_not_there_is_asked_once_and_not_for_each_letter(
    template, settings, monkeypatch
):
    tries = []

    def no_server(*args, **kwargs):
        tries.append(1)
        raise ConnectionRefusedError

    monkeypatch.setattr(mail, "get_connection", no_server)
    for n in range(3):
        queue(f"letter-{n}")

    deliver()

    assert len(tries) == 1
    assert sorted(OutboxMessage.objects.values_list("state", "attempts")) == [
        (State.READY, 0),
        (State.READY, 0),
        (State.READY, 1),
    ]


def test_only_one_of_two_senders_has_a_letter_and_an_overtaken_one_cannot_note_it(template):
    queue()
    first = mail._claim()
    assert mail._claim() is None

    OutboxMessage.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    second = mail._claim()
    assert (first.pk, second.attempts) == (second.pk, 2)
    assert mail._mine(first).update(state=State.SENT) == 0


def test_the_backlog_is_counted_in_one_query(template, django_assert_num_queries):
    first = queue("a")
    queue("b")
    with django_assert_num_queries(1):
        assert mail.backlog() == mail.Backlog(waiting=2, oldest=first.created_at, given_up=0)
