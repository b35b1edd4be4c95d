"""The sheets of a submission: in the folder of who sent it, and beside its case for staff."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from cms import audit
from forms import sheets
from forms.family.doors import for_family
from forms.family.views import opened
from forms.models import Submission
from workflows.hiding import hidden_from
from workflows.models import Case
from workflows.views import DeskView, breadcrumbs


@for_family
@require_safe
def for_who_sent(request: HttpRequest, reference: str) -> HttpResponse:
    """Scores, plans or certificates, to be printed; for the contact alone."""
    found = opened(request, reference)
    if not found.submission or not sheets.is_there(found.submission, found.case):
        raise Http404("There is no such page.")
    context = sheets.context(found.submission, found.case)
    context["back_url"] = reverse("family:case", args=[reference])
    return render(request, "forms/sheet.html", context)


class SheetView(DeskView):
    """The same for staff who may see the case."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        case = get_object_or_404(Case.objects.for_user(request.user), pk=pk)
        submission = case.subject if isinstance(case.subject, Submission) else None
        # It adds answers up and compares them: with some of them hidden there is none.
        if not sheets.is_there_for_staff(submission) or hidden_from(case, request.user):
            raise Http404("There is no such page.")
        audit.record(request.user, "inspect", case, {"sheet": True})
        context = sheets.context(submission, case)
        context["delegates"] = sheets.delegates(submission, request.user)
        context["breadcrumbs_items"] = breadcrumbs(
            {"url": reverse("cases:case", args=[pk]), "label": case.reference}
        )
        return render(request, "forms/sheet_desk.html", context)
