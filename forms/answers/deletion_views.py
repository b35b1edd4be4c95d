# ruff: noqa: ANN001, ANN201 - the signatures are those of Django views
"""Carrying out a family's wish to be deleted: what may go now, what stays and why, and doing it.

The officer who works on the wish sees each thing that the family sent, and chooses. Nothing goes
whose case is open, that is held back, or whose place is still to come; what was paid is kept
without a name. Each is judged again, locked, before it goes, and logged under the officer's name.
"""

from dataclasses import dataclass

from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.generic import View
from wagtail.admin import messages

from cms import audit
from cms.models import Place
from forms import forgetting
from forms.family.folder import Folder
from forms.models import DeletionRequest, Submission
from workflows.models import Case

PERMISSION = "hub_forms.forget_submission"


@dataclass(frozen=True)
class Part:
    """One thing that the family sent. `stays` says why it cannot go now; "" when it can."""

    submission: Submission
    case: Case | None
    stays: str

    @property
    def what(self) -> str:
        if self.submission.price:
            return _("Made anonymous: what was paid stays, without a name.")
        return _("Deleted, with its case, letters and files.")


def parts_of(folder: Folder, *, only: int | None = None) -> list[Part]:
    """All that this address has sent and that still says who it was."""
    sent = [one for one in folder.submissions() if one.anonymised_at is None]
    if only is not None:
        sent = [one for one in sent if one.pk == only]
    kind = ContentType.objects.get_for_model(Submission)
    about = Case.objects.filter(subject_type=kind, subject_id__in=[str(one.pk) for one in sent])
    cases = {case.subject_id: case for case in about.select_related("version", "subject_type")}
    to_come = set(
        Place.objects.filter(
            holder__in=[one.holder for one in sent],
            state=Place.State.CONFIRMED,
            course_date__ends_at__gt=timezone.now(),
        ).values_list("holder", flat=True)
    )
    return [_part(one, cases.get(str(one.pk)), one.holder in to_come) for one in sent]


def _part(submission: Submission, case: Case | None, is_to_come: bool) -> Part:
    stays = ""
    if submission.hold_reason:
        stays = _("Held back: %(reason)s") % {"reason": submission.hold_reason}
    elif case is not None and case.is_open:
        stays = _("Its case is still open. Close it first.")
    elif is_to_come:
        stays = _("A place is booked for a day to come.")
    return Part(submission, case, stays)


class DeletionView(View):
    """GET shows what may go; POST asks once more, and then deletes what was chosen."""

    http_method_names = ("get", "post")

    def dispatch(self, request, pk, *args, **kwargs):
        if not request.user.has_perm(PERMISSION):
            raise PermissionDenied
        self.case = get_object_or_404(Case.objects.for_user(request.user), pk=pk)
        if not isinstance(self.case.subject, DeletionRequest):
            raise Http404
        return super().dispatch(request, *args, **kwargs)

    @property
    def folder(self) -> Folder:
        return Folder(self.case.contact_email)

    def get(self, request):
        audit.record(request.user, "list", Submission, {"request": self.case.reference})
        return self.show()

    def post(self, request):
        chosen = {int(one) for one in request.POST.getlist("go") if one.isdigit() and len(one) < 19}
        if not self.case.is_open:
            messages.error(request, _("This wish is closed. Nothing was deleted."))
        elif not chosen:
            messages.error(request, _("Choose what is to be deleted."))
        elif "sure" not in request.POST:
            return self.show(chosen=chosen, is_asking=True)
        else:
            gone = sum(self.delete(pk) for pk in sorted(chosen))
            self.say(gone, len(chosen) - gone)
            return redirect("cases:case", self.case.pk)
        return self.show(status=422)

    def delete(self, pk) -> bool:
        """Whether it went. Judged again with its row locked."""
        with transaction.atomic():
            locked = Submission.objects.select_for_update(of=("self",)).filter(pk=pk).first()
            part = next(iter(parts_of(self.folder, only=pk)), None) if locked else None
            if part is None or part.stays:
                return False
            because = {"request": self.case.reference}
            verb = forgetting.anonymise if part.submission.price else forgetting.delete
            verb(part.submission, part.case, because=because, by=self.request.user)
        return True

    def say(self, gone, left):
        if gone:
            said = ngettext("%(n)s thing is deleted.", "%(n)s things are deleted.", gone)
            messages.success(
                self.request,
                said % {"n": gone} + " " + _("Say to the family what went, by a button below."),
            )
        if left:
            said = ngettext(
                "%(n)s thing could not be deleted: look again at why.",
                "%(n)s things could not be deleted: look again at why.",
                left,
            )
            messages.warning(self.request, said % {"n": left})

    def show(self, *, chosen=None, is_asking=False, status=200):
        parts = parts_of(self.folder)
        if is_asking:
            parts = [one for one in parts if one.submission.pk in chosen and not one.stays]
        trail = [
            {"url": reverse("wagtailadmin_home"), "label": _("Home")},
            {"url": reverse("cases:case", args=[self.case.pk]), "label": self.case.reference},
            {"url": "", "label": _("Delete now")},
        ]
        context = {
            "case": self.case,
            "parts": parts,
            "may_go": [one for one in parts if not one.stays],
            "is_asking": is_asking and bool(parts),
            "breadcrumbs_items": trail,
        }
        return render(self.request, "forms/answers/deletion.html", context, status=status)
