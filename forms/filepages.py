"""Opening a file that a family sent: for staff who may read the answer it belongs to, and no one
else.

Who may reach the case, or the submission, and reads the question's group of restricted fields, gets
the bytes as a download that a browser will not run. Everything else is 404. Each opening is in the
access log.
"""

from django.contrib.contenttypes.models import ContentType
from django.core.files import File
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from cms import audit
from cms.downloads import as_download
from cms.models import HelpClaim, User
from cms.roles import restricted_fields_of
from forms import virusscan
from forms.attachments import ids_in
from forms.compile import questions_in
from forms.field_types.files import size_in_words
from forms.models import Attachment, Submission
from workflows.hiding import hidden_from
from workflows.models import Case

Scan = Attachment.Scan
FILMS = frozenset({"mp4", "mov"})


def may_be_opened(attachment: Attachment) -> bool:
    """Clean, or there is no scanner that could say so."""
    if attachment.scan_status == Scan.CLEAN:
        return True
    return attachment.scan_status == Scan.NONE and not virusscan.is_configured()


def group_of(attachment: Attachment, submission: Submission) -> str:
    """The group of restricted fields that the file belongs to, or ""."""
    question = questions_in(submission.version.compiled).get(attachment.question) or {}
    return (question.get("settings") or {}).get("restricted") or ""


def files_of(submission: Submission) -> list[dict]:
    """What the case page lists: `[{name, id, question, label, note, url, group, is_film}]`, in the
    order of the questions. `is_film` is one whose question takes nothing but films.
    """
    questions = questions_in(submission.version.compiled)
    order = {key: place for place, key in enumerate(questions)}
    # A file that is still a draft of a later answer is not shown before it is sent.
    sent = Q(pk__in=ids_in(submission.answers)) | Q(scan_status=Scan.INFECTED)
    rows = Attachment.objects.filter(sent, journey=submission.journey_id)
    found = []
    for row in sorted(rows, key=lambda row: (order.get(row.question, 0), row.pk)):
        can_open = may_be_opened(row)
        note = size_in_words(row.size)
        if not can_open:
            note = _("%(size)s. Not opened: %(why)s") % {
                "size": note,
                "why": Scan(row.scan_status).label.lower(),
            }
        found.append(
            {
                "name": f"{_label(questions.get(row.question))}: {row.name}",
                "id": row.pk,
                "question": row.question,
                "label": _label(questions.get(row.question)),
                "note": note,
                "url": reverse("form_files:open", args=[row.pk]) if can_open else "",
                "group": group_of(row, submission),
                "is_film": _is_film(questions.get(row.question)),
            }
        )
    return found


def _is_film(question: dict | None) -> bool:
    kinds = (question or {}).get("settings", {}).get("types") or []
    return bool(kinds) and set(kinds) <= FILMS


def content_of(submission: Submission, pk: int) -> tuple[File, str]:
    """A file that was sent, open, and its type. Raises LookupError when it may not be opened."""
    row = Attachment.objects.filter(pk=pk, journey=submission.journey_id).first()
    if row is None or not may_be_opened(row):
        raise LookupError(pk)
    try:
        return row.file.open(), row.content_type
    except FileNotFoundError:
        raise LookupError(pk) from None


def _label(question: dict | None) -> str:
    return question["label"].rstrip("?.: ") if question else _("File")


def reaches(user: User, submission: Submission) -> bool:
    """Whether this user's roles and scopes reach the submission, or the case about it."""
    if Submission.objects.for_user(user).filter(pk=submission.pk).exists():
        return True
    claims = HelpClaim.objects.for_user(user)
    if claims.filter(account__reference=submission.reference).exists():
        return True  # who decides on help with costs reads what shows the reason
    kind = ContentType.objects.get_for_model(Submission)
    cases = Case.objects.filter(subject_type=kind, subject_id=str(submission.pk))
    return cases.for_user(user).exists()


def _found(user: User, pk: int) -> tuple[Attachment, Submission]:
    """The file and its submission, for somebody who may read it; Http404 for anybody else."""
    attachment = Attachment.objects.filter(pk=pk, journey__submission__isnull=False).first()
    if attachment is None:
        raise Http404
    submission = Submission.objects.select_related("version").get(journey=attachment.journey_id)
    group = group_of(attachment, submission)
    if group and group not in restricted_fields_of(user):
        raise Http404
    case = Case.objects.filter(reference=submission.reference).select_related("version").first()
    if case and attachment.question in hidden_from(case, user):
        raise Http404
    if not reaches(user, submission):
        raise Http404
    return attachment, submission


@require_safe
def open_file(request: HttpRequest, pk: int) -> HttpResponse:
    """The file as a download."""
    attachment, submission = _found(request.user, pk)
    if not may_be_opened(attachment):
        why = (
            _("The virus scanner found something harmful in this file, so it was not kept.")
            if attachment.scan_status == Scan.INFECTED
            else _("This file has not been scanned yet. Files are scanned every ten minutes.")
        )
        return render(request, "forms/file_closed.html", {"why": why}, status=409)
    try:
        content = attachment.file.open()
    except FileNotFoundError:
        raise Http404 from None
    audit.record(
        request.user,
        "download",
        submission,
        {"file": attachment.pk, "question": attachment.question},
    )
    return as_download(content, name=attachment.name, content_type=attachment.content_type)
