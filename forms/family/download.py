"""Everything that stands in a folder, to take away: as data, and as a page to read and print."""

from django.db.models import Q
from django.utils import timezone

from cms.models import OutboxMessage
from forms import journeys
from forms.family.folder import Folder, answers_of
from forms.models import Submission
from forms.pricing import from_data
from forms.summary import for_the_case
from workflows.models import Case


def everything(folder: Folder) -> dict:
    """What the hub holds about the applications of this address, in words a family can read."""
    return {
        "e_mail_address": folder.address,
        "made_at": _moment(timezone.now()),
        "applications": [_application(folder, item.reference) for item in folder.items()],
        "other_forms": [
            {
                "reference": submission.reference,
                "form": submission.version.form.title,
                "sent": _moment(submission.submitted_at),
                "answers": answers_of(submission),
            }
            for submission in folder.loose_forms()
        ],
        "begun_and_not_sent": [
            {
                "form": journey.version.form.title,
                "begun": _moment(journey.began_at),
                "deleted": _moment(journey.expires_at),
                "answers": for_the_case(journeys.walked(journey)),
            }
            for journey in folder.unsent()
        ],
    }


def _application(folder: Folder, reference: str) -> dict:
    opened = folder.opened(reference)
    case, submission = opened.case, opened.submission
    price = from_data(submission.price) if submission else None
    return {
        "reference": reference,
        "about": case.title,
        "opened": _moment(case.opened_at),
        "stands_at": opened.status.words,
        "history": [{"when": _moment(when), "what": words} for when, words in opened.history],
        "messages": [
            {"when": _moment(one.at), "from": one.who, "text": one.text} for one in opened.messages
        ],
        "appointments": [
            {
                "from": _moment(one.appointment.slot.starts_at),
                "until": _moment(one.appointment.slot.ends_at),
                "what": one.appointment.slot.session.name,
                "where": one.appointment.slot.session.where,
            }
            for one in opened.times
            if one.appointment
        ],
        "answers": opened.answers,
        "earlier_answers": [
            {"until": _moment(change.at), "answers": change.labels}
            for change in (submission.changes.all() if submission and opened.is_contact else ())
        ],
        "price": price.words if price else "",
        "files": [
            {"name": file.name, "bytes": file.size, "sent": _moment(file.created_at)}
            for file in opened.files
        ],
        "letters": [
            {
                "sent": _moment(one.sent_at or one.created_at),
                "subject": one.subject,
                "text": one.text,
            }
            for one in _letters(folder, case, submission)
        ],
    }


def _letters(folder: Folder, case: Case, submission: Submission | None):
    about = Q(record_type=Case._meta.label_lower, record_id=str(case.pk))
    if submission:
        about |= Q(record_type=Submission._meta.label_lower, record_id=str(submission.pk))
    return OutboxMessage.objects.filter(about, to__iexact=folder.address).order_by("pk")


def _moment(at) -> str:  # noqa: ANN001 - a datetime
    return timezone.localtime(at).isoformat(timespec="minutes")
