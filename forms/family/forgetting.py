"""Asking to be forgotten: a case for the office, with what may have to stay told beforehand.

Nothing is deleted by pressing a button: somebody in the office looks at each thing, because a place
may be booked for Saturday, and some records must be kept by law. The wish is a case like any other,
due within the month that the law gives. Its process is data; a hub without one gets this one.
"""

import secrets

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cms.models import Place
from forms.family.folder import Folder
from forms.family.links import seal
from forms.models import DeletionRequest
from forms.references import LETTERS
from workflows.compile import publish
from workflows.engine import NoSuchWorkflowError, latest_version, open_case
from workflows.models import Case

WORKFLOW = "deletion-request"
OFFICE = ["hub_manager", "bookings"]
PROCESS = {
    "slug": WORKFLOW,
    "title": "Requests to be deleted",
    "stages": [
        {
            "key": "asked",
            "staff_name": "To look at",
            "public_name": "We are looking at it",
            "public_note": "We look at each thing, and write to you about anything that must stay.",
            "public_days": 28,
            "kind": "open",
            "start": True,
            "roles": OFFICE,
            "remind_after_days": 21,
            "guidance": "Delete what may go. Say in the comment what stays, why, and until when.",
            "buttons": [
                {"key": "done", "label": "All is deleted", "to": "done"},
                {
                    "key": "partly",
                    "label": "Something stays",
                    "to": "partly",
                    "comment": "required",
                },
                {
                    "key": "withdraw",
                    "label": "I have changed my mind",
                    "to": "withdrawn",
                    "roles": ["family"],
                },
            ],
        },
        {
            "key": "done",
            "staff_name": "Deleted",
            "public_name": "Your details are deleted",
            "kind": "final",
        },
        {
            "key": "partly",
            "staff_name": "Partly deleted",
            "public_name": "Deleted, but for what we must keep",
            "kind": "final",
        },
        {
            "key": "withdrawn",
            "staff_name": "Withdrawn",
            "public_name": "Nothing was deleted, as you wished",
            "kind": "final",
        },
    ],
}


def holds(folder: Folder) -> list[str]:
    """Sentences on what may have to stay for a while, and why."""
    found = []
    items = [item for item in folder.items() if item.case.version.definition.slug != WORKFLOW]
    still_open = [item.reference for item in items if item.case.is_open]
    if still_open:
        found.append(
            _("%(references)s: still open. It is closed first, and its places are given back.")
            % {"references": ", ".join(still_open)}
        )
    submissions = folder.submissions()
    holders = [submission.holder for submission in submissions]
    if Place.objects.filter(
        holder__in=holders,
        state=Place.State.CONFIRMED,
        course_date__starts_at__gt=timezone.now(),
    ).exists():
        found.append(_("A place that is booked for a day to come: until that day is over."))
    if any(submission.price for submission in submissions):
        found.append(_("What was paid, without anything else: six years, as the tax law asks."))
    found.append(
        _(
            "Anything about a child’s safety: as long as the law asks. We never say here whether "
            "there is such a record."
        )
    )
    return found


def open_wish(folder: Folder) -> Case | None:
    """The wish of this address that the office has not dealt with yet."""
    return folder.cases().filter(version__definition__slug=WORKFLOW).open().first()


def ask(folder: Folder, words: str) -> Case:
    """Open the case; the same one while it is open."""
    already = open_wish(folder)
    if already:
        return already
    try:
        latest_version(WORKFLOW)
    except NoSuchWorkflowError:
        publish(PROCESS)
    with transaction.atomic():
        code = "".join(secrets.choice(LETTERS) for _number in range(6))
        request = DeletionRequest.objects.create(
            reference=f"DEL{timezone.localdate():%y}-{code}",
            seal=seal(folder.address),
            references=[item.reference for item in folder.items()],
            holds=holds(folder),
            words=words.strip()[:2000],
        )
        return open_case(
            workflow_slug=WORKFLOW,
            subject=request,
            title=_("Delete a family’s details"),
            reference=request.reference,
            contact_email=folder.address,
        )
