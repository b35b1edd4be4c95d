"""Telling people, and the access log, what was changed about their account.

A letter goes to the address that held before the change as well, so that whoever took an account
over cannot keep its owner from hearing of it.
"""

import uuid

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.utils import timezone

from cms import audit, mail

mail.declare(
    "account-changed",
    name="Staff: your account was changed",
    subject="Your {{ hub_name }} account: {{ what }}",
    body=(
        "On {{ when }} this was changed about your account: {{ what }}.\n\n"
        "If it was not you and you did not expect it, tell the hub's administrators now."
    ),
    placeholders={
        "what": "your password was changed",
        "when": "21 November 2026, 14:02",
    },
)


def tell(user: AbstractBaseUser, what: str, *, also: str = "") -> None:
    """Log it, and write to the owner (and `also` to an address that was theirs).

    Nobody is written to who never signed in: there is nothing yet to take over.
    """
    addresses = {user.email, also} - {""} if user.last_login else set()
    with transaction.atomic():
        for address in addresses:
            mail.queue(
                "account-changed",
                to=address,
                context={"what": str(what), "when": f"{timezone.localtime():%-d %B %Y, %H:%M}"},
                key=f"account-{user.pk}-{uuid.uuid4().hex[:12]}",
            )
        audit.record(None, "change", user, {"what": str(what)})
