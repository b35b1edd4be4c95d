"""Erasing: one transaction over every store, a line in the ledger, a line in the access log."""

from collections import Counter

from django.db import transaction
from django.utils import timezone

from cms import audit
from cms.models import Erasure, User
from cms.secrecy import new_token

from . import ledger
from .person import Person
from .stores import Order, looked


def erase(people: list[Person], *, reason: str, by: User) -> Erasure:
    """Erase these people (one child, and the adults who are here for that child alone).

    `reason` names the request and never the person. The row of the ledger says what went and what
    stayed, and why. All of it happens, or nothing.
    """
    reference = f"ER-{timezone.localdate():%y%m%d}-{new_token()[:6].upper()}"
    with transaction.atomic():
        gone: Counter = Counter()
        kept = []
        for store, found in looked(people, Order(reference, reason, by)):
            if found.kept:
                kept.append({"store": store, "what": str(found.what), "why": str(found.kept)})
            else:
                gone[store] += found.number
        entry = Erasure.objects.create(
            reference=reference,
            people=ledger.sealed(people),
            reason=reason,
            by_name=str(by)[:150],
            result={"gone": dict(gone), "kept": kept},
        )
        audit.record(by, "erase", entry, {"stores": len(gone), "kept": len(kept)})
        # The line is there before the rows are gone: a crash between the two erases once more.
        ledger.note(entry)
    return entry
