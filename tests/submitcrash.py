"""Killing the worker in the middle of sending a form, inside a harness hub: points, counts, the twin.

`die_where_told` wraps each step of sending a form. Where the file `die-at` in the hub's folder
names a step, the worker that comes past it kills itself with -9, once.
"""

import copy
import os
import signal
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

from django.conf import settings
from django.db import connection

from cms import throttle
from cms.models import MoneyAccount, MoneyEntry, OutboxMessage, Place
from forms import letters, submissions
from forms.models import Journey, Submission
from tests.formrace import SHORT, WORKFLOW, families_of
from tests.journeys import a_course_date, publish_form
from workflows.models import Case

#: After which step, in their order: where it stands, and its name there.
POINTS = {
    "journey locked": (submissions, "already_sent"),
    "places confirmed": (submissions.paying, "keep_places"),
    "submission written": (submissions.marks, "mark"),
    "case opened": (submissions, "open_case"),
    "letter promised": (letters, "send_received"),
    "journey emptied": (submissions, "_close"),
    "account opened": (submissions.paying, "open_account"),
    "bill promised": (submissions.paying, "send_bill"),
    "committed, not answered": (throttle, "counted"),
}


def die_where_told():
    for point, (owner, name) in POINTS.items():
        setattr(owner, name, _dying(point, getattr(owner, name)))


def _dying(point, step):
    def taken(*given, **more):
        result = step(*given, **more)
        told = Path(settings.DATA_DIR, "die-at")
        if told.exists() and told.read_text() == point:
            told.unlink()
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    return taken


def no_transaction():
    """A twin: what was written before the kill stays."""
    submissions.transaction = throttle.transaction = SimpleNamespace(atomic=nullcontext)
    type(connection.features).has_select_for_update = False


def families_at_the_check(number):
    """So many families of two who need only press: `[[journey path, cookie], ...]`."""
    form = copy.deepcopy(SHORT) | {"settings": {"payment": {"when": "later"}}}
    version = publish_form(form, WORKFLOW)
    a_course_date(capacity=2 * number)
    return families_of(version, number)


def standing(path):
    """What there is of one family: its places by state, and how many of everything else."""
    journey = Journey.objects.get(key=path.rstrip("/").rpartition("/")[2])
    submissions_ = Submission.objects.filter(journey=journey)
    references = list(submissions_.values_list("reference", flat=True))
    accounts = MoneyAccount.objects.filter(holder=journey.holder)
    to = f"family-{journey.pk - Journey.objects.earliest('pk').pk}@example.org"
    return {
        "places": sorted(
            Place.objects.filter(holder=journey.holder).values_list("state", flat=True)
        ),
        "submissions": len(references),
        "cases": Case.objects.filter(reference__in=references).count(),
        "accounts": accounts.count(),
        "charged": list(
            MoneyEntry.objects.filter(account__in=accounts).values_list("pence", flat=True)
        ),
        "letters": sorted(OutboxMessage.objects.filter(to=to).values_list("template", flat=True)),
        "is_draft": bool(journey.answers),
    }
