"""Who looks at a case, what has changed since they last did, and whom a note is for.

Opening a case notes how far its history went; the next opening marks what came after. While the
page is open it says so every half minute, and learns who else is there and whether the case moved.
A note that names a colleague (@user-name) sends a letter that says only where to look.
"""

import re
from dataclasses import dataclass, field
from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from cms import mail
from cms.mailmarkup import site_link
from cms.models import User

from .models import Case, CaseEvent, CaseSeen

STILL_HERE = timedelta(seconds=75)
MENTION = re.compile(r"(?<![\w@])@([\w.+-]{1,150})")

mail.declare(
    "staff-mentioned",
    name=gettext_noop("Staff: a note names you"),
    subject="A note on {{ reference }} names you",
    body="Hello {{ name }},\n\n{{ writer }} has written a note on {{ reference }} that names you."
    "\n\nThe case: {{ case }}",
    placeholders={
        "name": "Ada",
        "writer": "Bo Two",
        "reference": "SW26-4K7P",
        "case": "https://hub.example.org/admin/cases/1/",
    },
)


@dataclass(frozen=True)
class News:
    """What an officer has not seen yet. `since` is None at the first visit."""

    since: object = None
    events: set[int] = field(default_factory=set)
    answers: list[str] = field(default_factory=list)


def visit(case: Case, user: User, events: list[CaseEvent]) -> News:
    """Note that the officer opens the case; what is new since the last time."""
    now, last = timezone.now(), max((event.pk for event in events), default=0)
    with transaction.atomic():
        row, is_first = CaseSeen.objects.get_or_create(
            user=user, case=case, defaults={"event_id": last, "seen_at": now, "here_at": now}
        )
        if is_first:
            return News()
        before = (row.event_id, row.seen_at)
        CaseSeen.objects.filter(pk=row.pk).update(event_id=last, seen_at=now, here_at=now)
    changed = getattr(case.subject, "answers_changed_since", None)
    return News(
        since=before[1],
        events={event.pk for event in events if event.pk > before[0]},
        answers=changed(before[1]) if changed else [],
    )


def others_here(case: Case, user: User) -> list[User]:
    """Colleagues who have the case open at this moment."""
    rows = CaseSeen.objects.filter(case=case, here_at__gt=timezone.now() - STILL_HERE)
    return [row.user for row in rows.exclude(user=user).select_related("user").order_by("pk")]


def still_here(case: Case, user: User) -> None:
    """The page is still open in the officer's browser."""
    CaseSeen.objects.filter(case=case, user=user).update(here_at=timezone.now())


def mentioned_in(text: str) -> list[User]:
    """Active colleagues whose user names stand in a note after an @, in that order."""
    names = list(dict.fromkeys(name.rstrip(".") for name in MENTION.findall(text)))
    users = {user.username: user for user in User.objects.filter(username__in=names)}
    return [users[name] for name in names if name in users and users[name].is_active]


def tell_mentioned(event: CaseEvent, *, by: User) -> tuple[list[User], list[User]]:
    """Write to those whom a note names: who was told, and who may not see the case."""
    told, refused = [], []
    for user in mentioned_in(event.comment):
        if not Case.objects.for_user(user).filter(pk=event.case_id).exists():
            refused.append(user)
            continue
        told.append(user)
        mail.queue(
            "staff-mentioned",
            to=user.email,
            context={
                "name": user.first_name or user.username,
                "writer": str(by),
                "reference": event.case.reference,
                "case": site_link(f"/admin/cases/{event.case_id}/"),
            },
            key=f"mentioned-{event.pk}-{user.pk}",
            record=event.case,
        )
    return told, refused
