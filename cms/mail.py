"""E-mail: a letter is rendered and stored with the decision it tells of, and sent afterwards.

`queue` writes an OutboxMessage in the caller's transaction; nothing is sent then. `deliver` claims
messages one by one with a lease and talks to the mail server outside any transaction. No message is
lost; a worker killed in the instant between the server's yes and our note of it sends that message
once more, under the same Message-ID, so that mail programs can tell.

Only placeholders that the template declares can appear in a letter: pass a context of plain facts.
Nothing about health, and no whole date of birth, belongs in any letter.
"""

import base64
import binascii
import logging
import smtplib
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.mime.base import MIMEBase
from email.utils import formatdate
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.core.validators import validate_email
from django.db import IntegrityError, models, transaction
from django.db.models import Q, QuerySet
from django.template.loader import render_to_string
from django.utils import timezone
from huey.contrib.djhuey import db_task
from wagtail.models import Site

from cms import mailmarkup, pagecache, sandbox
from cms.doorbell import ring, ring_on_commit
from cms.mailmarkup import site_link
from cms.models import HubSettings, MailTemplate, OutboxMessage
from cms.registry import Registry

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=120)
TURN = 15.0  # seconds of sending before others have their turn
MAX_TRIES = 48
FIRST_WAIT, LONGEST_WAIT = 10, 1800  # seconds
MAX_ATTACHMENT_BYTES = 2_000_000

State = OutboxMessage.State

_sending = threading.Lock()


class UnknownTemplateError(LookupError):
    """No e-mail template has that key."""


class OutboxStateError(Exception):
    """Only a message that was given up can be sent again."""


@dataclass(frozen=True)
class Attachment:
    """A small file that goes with a letter, such as a calendar entry."""

    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True)
class Letter:
    """A letter with its values in: what a preview shows and the outbox stores."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True)
class Draft:
    """The words that a template has until staff change them. `placeholders`: {name: sample}."""

    name: str
    subject: str
    body: str
    placeholders: Mapping[str, str]


drafts: Registry[Draft] = Registry("e-mail")


@dataclass(frozen=True)
class Offer:
    """Placeholders that a letter may have, `{name: sample}`; `key` and `name` say whose they are.

    Without a key they are for every letter.
    """

    key: str
    name: str
    placeholders: Mapping[str, str]


offers: Registry[Callable[[], Iterable[Offer]]] = Registry("offer of placeholders")


def declare(
    key: str, *, name: str, subject: str, body: str, placeholders: Mapping[str, str]
) -> None:
    """Say, while the code is loaded, that this e-mail exists; its row is made when first wanted."""
    drafts(key)(Draft(name, subject, body, placeholders))


def template_for(key: str) -> MailTemplate:
    """The template that staff edit, made from its declared words when there is none yet.

    Raises UnknownTemplateError.
    """
    template = MailTemplate.objects.filter(key=key).first()
    if template is None:
        if key not in drafts:
            raise UnknownTemplateError(f"No e-mail is called {key!r}.")
        draft = drafts[key]
        template, _made = MailTemplate.objects.get_or_create(
            key=key,
            defaults={
                "name": draft.name,
                "subject": draft.subject,
                "body": draft.body,
                "placeholders": dict(draft.placeholders),
            },
        )
    return template


def make_missing() -> None:
    """Make a row of each declared e-mail that has none yet, so that staff see all of them."""
    known = set(MailTemplate.objects.values_list("key", flat=True))
    for key in sorted(set(drafts) - known):
        template_for(key)


def render(template: MailTemplate, context: Mapping[str, object]) -> Letter:
    """The letter with its values. Raises mailmarkup.MailMarkupError when a value is missing."""
    hub = _hub()
    values = {
        **{name: context[name] for name in template.placeholders if name in context},
        "hub_name": hub.hub_name,
        "hub_phone": hub.phone.as_national if hub.phone else "",
        "hub_email": hub.email,
        "site_address": site_link("/"),
    }
    subject = mailmarkup.subject(template.subject, values)
    layout = {"hub": hub, "site_url": settings.SITE_URL, "subject": subject}
    return Letter(
        subject=subject,
        text=render_to_string(
            "mail/layout.txt",
            layout | {"body": mailmarkup.as_text(template.body, values)},
        ),
        html=render_to_string(
            "mail/layout.html",
            layout | {"body": mailmarkup.as_html(template.body, values)},
        ),
    )


def preview(template: MailTemplate) -> Letter:
    """The letter with the samples that its placeholders were declared with."""
    return render(template, template.placeholders)


def queue(
    template_key: str,
    *,
    to: str,
    context: Mapping[str, object],
    key: str,
    attachments: Iterable[Attachment] = (),
    record: models.Model | None = None,
    may_miss: bool = False,
) -> OutboxMessage | None:
    """Promise a letter, in the caller's transaction; the same key again changes nothing.

    `record` is what the letter is about, for staff who look at the outbox. With `may_miss` a line
    whose value is not in `context` is left out of the letter. None when `to` is empty: there is
    nobody to write to. Raises UnknownTemplateError, ValidationError for an address
    that is none, MailMarkupError for a missing value, TransactionManagementError outside a
    transaction.
    """
    if not to:
        return None
    already = OutboxMessage.objects.filter(key=key).first()
    if already is not None:
        return already
    validate_email(to)
    template = template_for(template_key)
    nothing = dict.fromkeys(template.placeholders, "") if may_miss else {}
    return _promise(
        render(template, {**nothing, **context}),
        to=to,
        key=key,
        template=template_key,
        stored={"attachments": [_stored(attachment) for attachment in attachments]},
        record=record,
    )


def post(
    letter: Letter,
    *,
    to: str,
    key: str,
    template: str = "",
    stored: Mapping[str, object] | None = None,
    record: models.Model | None = None,
) -> OutboxMessage:
    """Promise a letter that is written already, as `queue` does with one of a template.

    `stored` is what else its row holds: `attachments` as they are stored, `headers` by name.
    """
    already = OutboxMessage.objects.filter(key=key).first()
    return already or _promise(
        letter, to=to, key=key, template=template, stored=stored or {}, record=record
    )


def _promise(
    letter: Letter,
    *,
    to: str,
    key: str,
    template: str,
    stored: Mapping[str, object],
    record: models.Model | None,
) -> OutboxMessage:
    """Write the row, or find the one that somebody else wrote at the same moment."""
    try:
        with transaction.atomic():
            message = OutboxMessage.objects.create(
                key=key,
                template=template,
                to=to,
                subject=letter.subject,
                text=letter.text,
                html=letter.html,
                message_id=f"<{uuid.uuid4().hex}@{urlsplit(settings.SITE_URL).hostname}>",
                not_before=timezone.now(),
                record_type=record._meta.label_lower if record is not None else "",
                record_id=str(record.pk) if record is not None else "",
                **stored,
            )
    except IntegrityError:
        already = OutboxMessage.objects.filter(key=key).first()
        if already is None:
            raise
        return already
    ring_on_commit(deliver)
    return message


@db_task()
def deliver() -> None:
    """Send what is due, oldest first, for one turn. Never raises.

    One sender in each process: a mail server that hangs keeps one worker, and jobs have the other.
    When the mail server cannot be reached at all, the rest waits: trying each would help nobody.
    """
    while _sending.acquire(blocking=False):
        try:
            goes_on = _deliver_for_a_turn()
        finally:
            _sending.release()
        # Look again after letting go: a ring that came meanwhile found the sender busy.
        if not goes_on or not _due().exists():
            return


def _deliver_for_a_turn() -> bool:
    """Whether it may go on at once; False when others should have their turn, or mail is down."""
    ends_at = time.monotonic() + TURN
    connection = None
    try:
        while message := _claim():
            try:
                if connection is None:
                    connection = get_connection()
                    connection.open()
            except Exception as error:  # noqa: BLE001 - any failure to connect means "later"
                _put_off(message, error)
                return False
            if not _send(message, connection):
                _close(connection)
                connection = None
            if time.monotonic() > ends_at:
                ring(deliver)
                return False
        return True
    finally:
        if connection is not None:
            _close(connection)


def sweep() -> int:
    """Ring when anything is due; how many are. Run each minute and at a consumer's start."""
    number = _due().count()
    if number:
        ring(deliver)
    return number


def send_again(message_id: int) -> OutboxMessage:
    """Try a message that was given up once more. Raises OutboxStateError for any other."""
    with transaction.atomic():
        message = OutboxMessage.objects.select_for_update().get(pk=message_id)
        if message.state != State.FAILED:
            raise OutboxStateError("Only a message that was given up can be sent again.")
        message.state, message.attempts, message.problem = State.READY, 0, ""
        message.not_before = timezone.now()
        message.save()
        ring_on_commit(deliver)
    return message


@dataclass(frozen=True)
class Backlog:
    """What staff see of the outbox: how much waits, since when, and what was given up."""

    waiting: int
    oldest: datetime | None
    given_up: int


def backlog() -> Backlog:
    """How the outbox stands, in one query."""
    waiting = Q(state__in=[State.READY, State.SENDING])
    return Backlog(
        **OutboxMessage.objects.order_by().aggregate(
            waiting=models.Count("pk", filter=waiting),
            oldest=models.Min("created_at", filter=waiting),
            given_up=models.Count("pk", filter=Q(state=State.FAILED)),
        )
    )


def _hub() -> HubSettings:
    """The details that every letter shows, read once by each process under one content stamp."""
    return pagecache.shared("mail:hub", _hub_now)


def _hub_now() -> HubSettings:
    site = Site.objects.filter(is_default_site=True).first()
    return HubSettings.for_site(site) if site else HubSettings()


def _stored(attachment: Attachment) -> dict[str, str]:
    if len(attachment.content) > MAX_ATTACHMENT_BYTES:
        raise ValidationError("An attachment is larger than 2 MB.")
    return {
        "name": attachment.name,
        "type": attachment.content_type,
        "content": base64.b64encode(attachment.content).decode("ascii"),
    }


def _due() -> QuerySet[OutboxMessage]:
    now = timezone.now()
    return OutboxMessage.objects.filter(
        Q(state=State.READY, not_before__lte=now) | Q(state=State.SENDING, lease_until__lte=now)
    )


def _claim() -> OutboxMessage | None:
    """Take the oldest due message for ourselves, or None."""
    if not _due().exists():
        return None
    with transaction.atomic():
        message = _due().select_for_update(skip_locked=True).order_by("not_before", "pk").first()
        if message is None:
            return None
        message.state = State.SENDING
        message.attempts += 1
        message.lease_until = timezone.now() + LEASE
        message.save(update_fields=["state", "attempts", "lease_until"])
    return message


def _send(message: OutboxMessage, connection: BaseEmailBackend) -> bool:
    """Hand one message over and note it. False when it did not work."""
    sandbox.refuse("send a letter")
    try:
        connection.send_messages([_as_email(message, connection)])
    except Exception as error:  # noqa: BLE001 - whatever the server says becomes a later try
        _put_off(message, error)
        return False
    _mine(message).update(state=State.SENT, sent_at=timezone.now(), lease_until=None, problem="")
    return True


def _as_email(message: OutboxMessage, connection: BaseEmailBackend) -> EmailMultiAlternatives:
    email = EmailMultiAlternatives(
        subject=message.subject,
        body=message.text,
        to=[message.to],
        connection=connection,
        headers={
            "Message-ID": message.message_id,
            "Date": formatdate(message.created_at.timestamp()),
            "Auto-Submitted": "auto-generated",
            **message.headers,
        },
    )
    if message.html:
        email.attach_alternative(message.html, "text/html")
    for stored in message.attachments:
        email.attach(_part(stored))
    return email


def _part(stored: Mapping[str, str]) -> MIMEBase:
    """An attachment with its whole type: a calendar's `method` must survive."""
    try:
        content = base64.b64decode(stored["content"], validate=True)
    except binascii.Error:
        content = b""
    main, _slash, rest = stored["type"].partition("/")
    sub, *parameters = (piece.strip() for piece in rest.split(";"))
    part = MIMEBase(main, sub)
    for parameter in parameters:
        name, _equals, value = parameter.partition("=")
        part.set_param(name, value)
    part.set_payload(base64.encodebytes(content).decode("ascii"))
    part.add_header("Content-Transfer-Encoding", "base64")
    part.add_header("Content-Disposition", "attachment", filename=stored["name"])
    return part


def _mine(message: OutboxMessage) -> QuerySet[OutboxMessage]:
    return OutboxMessage.objects.filter(
        pk=message.pk, state=State.SENDING, attempts=message.attempts
    )


def _put_off(message: OutboxMessage, error: Exception) -> None:
    """Try again later, or give up: at once when the server will never take this address."""
    code = getattr(error, "smtp_code", None)
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code = next(iter(error.recipients.values()))[0]
    # The server's words may quote the address, so only its number and the kind of error are kept.
    problem = f"{type(error).__name__}{f' {code}' if code else ''}"
    is_final = isinstance(error, smtplib.SMTPRecipientsRefused) and 500 <= (code or 0) < 600
    if is_final or message.attempts >= MAX_TRIES:
        _mine(message).update(state=State.FAILED, lease_until=None, problem=problem)
        logger.warning("Message %s was given up: %s", message.pk, problem)
        return
    wait = min(FIRST_WAIT * 2 ** (message.attempts - 1), LONGEST_WAIT)
    _mine(message).update(
        state=State.READY,
        lease_until=None,
        problem=problem,
        not_before=timezone.now() + timedelta(seconds=wait),
    )
    if wait < 60:  # sooner than the sweep
        ring(deliver, delay=wait)


def _close(connection: BaseEmailBackend) -> None:
    try:
        connection.close()
    except Exception as error:  # noqa: BLE001 - it was to be closed anyway
        logger.info("Closing the mail connection: %s", type(error).__name__)
