"""What runs inside harness hubs for the races at forms: builders, counts, and twins' patches."""

import copy
import time
from contextlib import nullcontext
from types import SimpleNamespace

from django.db import connection

from cms import places
from cms.models import OutboxMessage, Place
from cms.secrecy import new_token
from forms import journeys, pagesaving, submissions
from forms.models import PriceCode, Submission
from tests.journeys import a_course_date, publish_form
from workflows.models import Case

SHORT = {
    "slug": "short-booking",
    "title": "Book a day",
    "pricing": {"per_place": "offering"},
    "steps": [
        {
            "key": "date",
            "title": "Choose a date",
            "questions": [
                {
                    "key": "places",
                    "type": "places",
                    "label": "Which date?",
                    "required": True,
                    "settings": {"course": "songwriter"},
                }
            ],
        },
        {
            "key": "contact",
            "title": "About you",
            "questions": [
                {
                    "key": "email",
                    "type": "email",
                    "label": "E-mail address",
                    "required": True,
                    "settings": {"role": "contact_email"},
                }
            ],
        },
        {"key": "check", "title": "Check", "kind": "check"},
    ],
}
WORKFLOW = {
    "slug": "short-booking",
    "title": "Bookings",
    "stages": [
        {
            "key": "new",
            "staff_name": "New",
            "public_name": "Received",
            "kind": "open",
            "start": True,
            "roles": ["bookings"],
            "buttons": [
                {"key": "done", "label": "Done", "to": "done", "roles": ["bookings"], "actions": []}
            ],
        },
        {"key": "done", "staff_name": "Done", "public_name": "Done", "kind": "final"},
    ],
}


def families_at_the_date(number, capacity):
    """So many families who have filled in all but the date: `[[journey path, cookie], ...]`."""
    version = publish_form(SHORT, WORKFLOW)
    a_course_date(capacity=capacity)
    return families_of(version, number)


def families_of(version, number):
    """So many who have begun this version and given their address, as above."""
    found = []
    for each in range(number):
        owner = new_token()
        journey = journeys.begin(version, owner=owner)
        journey.answers = {"email": f"family-{each}@example.org"}
        journey.save()
        found.append([f"/apply/short-booking/{journey.key}/", owner])
    return found


def counts():
    return {
        "confirmed": Place.objects.filter(state="confirmed").count(),
        "occupying": Place.objects.occupying().count(),
        "submissions": Submission.objects.count(),
        "references": len(set(Submission.objects.values_list("reference", flat=True))),
        "cases": Case.objects.count(),
        "letters": OutboxMessage.objects.count(),
    }


# --- patches -------------------------------------------------------------------------------------
def forget_who_sent():
    """A twin: every press believes that it is the first."""
    submissions.already_sent = lambda journey: None


def no_transaction():
    """A twin: on SQLite a transaction is a lock by itself, so that one has to go as well."""
    if connection.vendor == "sqlite":
        pagesaving.transaction = SimpleNamespace(atomic=nullcontext)


def very_slow_count():
    """A twin's wide moment between counting and writing: a page takes far longer than a hold."""
    count = places._standing

    def slowly(date, now):
        standing = count(date, now)
        time.sleep(0.4)
        return standing

    places._standing = slowly


def families_with_a_code(number, uses):
    """So many families at the check page, who all typed the same code."""
    form = copy.deepcopy(SHORT) | {"slug": "coded", "pricing": {"codes": {"question": "code"}}}
    form["pricing"]["items"] = [{"key": "fee", "label": "Fee", "pence": 2000}]
    form["steps"][0]["questions"] = [{"key": "code", "type": "code", "label": "Code"}]
    version = publish_form(form)
    PriceCode.objects.create(
        form=version.form, name="Harvest", code="HARVEST26", percent=50, uses=uses
    )
    found = []
    for each in range(number):
        owner = new_token()
        journey = journeys.begin(version, owner=owner)
        journey.answers = {"code": "HARVEST26", "email": f"family-{each}@example.org"}
        journey.save()
        found.append([f"/apply/coded/{journey.key}/", owner])
    return found


def prices():
    return sorted(price["pence"] for price in Submission.objects.values_list("price", flat=True))
