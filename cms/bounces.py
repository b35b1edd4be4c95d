"""Letters that came back later: reading the reports of mail servers from a mailbox.

A server that took a letter may still fail to deliver it, and then says so by mail (RFC 3464). With
`BOUNCES_DIR`, a Maildir into which those reports are delivered, they are read four times an hour: a
report names our Message-ID, and its letter counts as given up. Nothing else in a report is
believed or kept, and its words, which may quote the letter, are read by nobody: read reports are
removed. What is no report about a letter of ours is left in the box as seen.
"""

import email
import email.policy
import mailbox
import re
from dataclasses import dataclass
from email.message import EmailMessage, Message
from pathlib import Path

from django.conf import settings

from cms import clock, jobs
from cms.models import OutboxMessage

MOST_BYTES, MOST_AT_ONCE = 1_000_000, 500
STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
KIND = "cms.read_bounces"


@dataclass(frozen=True)
class Bounce:
    """That a letter was not delivered, and the status code that says why, such as 5.1.1."""

    message_id: str
    status: str


def read_report(raw: bytes) -> Bounce | None:
    """The failure that a mail tells of; None for any other mail, delays among them."""
    if len(raw) > MOST_BYTES:
        return None
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    if mail.get_content_type() != "multipart/report" or not isinstance(mail, EmailMessage):
        return None
    failed, message_id = "", ""
    for part in mail.iter_parts():
        kind = part.get_content_type()
        if kind == "message/delivery-status":
            failed = failed or _failure(part)
        elif kind in ("message/rfc822", "message/rfc822-headers", "text/rfc822-headers"):
            message_id = message_id or _message_id(part)
    return Bounce(message_id, failed) if failed and message_id else None


def _failure(part: Message) -> str:
    """The status of the first recipient that was given up, "" when none was."""
    for block in part.get_payload():
        if isinstance(block, Message) and str(block["Action"] or "").strip().lower() == "failed":
            found = STATUS.search(str(block["Status"] or ""))
            return found[0] if found else "5.0.0"
    return ""


def _message_id(part: Message) -> str:
    inner = part.get_payload()
    if isinstance(inner, list):
        headers = inner[0]
    else:
        headers = email.message_from_string(str(inner), policy=email.policy.default)
    return str(headers["Message-ID"] or "").strip()


def note(bounce: Bounce) -> bool:
    """Mark the letter as given up; whether there was one that counted as sent."""
    sent = OutboxMessage.objects.filter(
        message_id=bounce.message_id, state=OutboxMessage.State.SENT
    )
    problem = f"It came back: {bounce.status}"
    return bool(sent.update(state=OutboxMessage.State.FAILED, problem=problem))


def read(folder: Path) -> int:
    """Read what is new in a Maildir; how many letters had come back."""
    box = mailbox.Maildir(folder, create=True)
    number = 0
    new = [key for key in box.iterkeys() if box[key].get_subdir() == "new"]
    for key in new[:MOST_AT_ONCE]:
        bounce = read_report(box.get_bytes(key))
        if bounce is None:
            message = box[key]
            message.set_subdir("cur")
            message.add_flag("S")
            box[key] = message
            continue
        number += note(bounce)
        box.discard(key)
    return number


@jobs.handlers(KIND)
def read_bounces(run: jobs.JobRun) -> None:
    if settings.BOUNCES_DIR:
        read(Path(settings.BOUNCES_DIR))
    with run.finish():
        pass


clock.every(KIND, minutes=15)
