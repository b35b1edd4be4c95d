"""The page on which a reference is written, and what staff do about it from the case page.

A GET shows and changes nothing: mail programs open links by themselves. The link itself is the
proof, so the page needs no cookie and works without JavaScript.
"""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from cms import audit
from forms import referees
from forms.addresses import see_other
from forms.doors import private
from forms.models import ReferenceRequest
from forms.referee_actions import DAYS
from workflows.models import Case
from workflows.views import DeskView


@csrf_exempt  # nobody can post here who does not know the link
@private
@require_http_methods(["GET", "HEAD", "POST"])
def by_link(request: HttpRequest, token: str) -> HttpResponse:
    """Write it, or say that one would rather not; once."""
    try:
        wanted = referees.find(token)
    except referees.NoSuchReferenceError:
        return render(request, "forms/reference_gone.html", status=404)
    if request.method != "POST" or not wanted.is_open():
        status = 200 if request.method != "POST" else 409
        return _page(request, wanted, status=status)
    try:
        if "decline" in request.POST:
            referees.decline(wanted.pk)
            return see_other(request.path)
        written = [
            request.POST.get(f"answer_{number}", "").replace("\0", "")
            for number, _question in enumerate(wanted.questions, start=1)
        ]
        if missing := [n for n, words in enumerate(written, start=1) if not words.strip()]:
            return _page(request, wanted, written=written, missing=missing, status=422)
        referees.give(wanted.pk, written)
    except referees.ReferenceOverError:
        wanted.refresh_from_db()
        return _page(request, wanted, status=409)
    return see_other(request.path)


def _page(
    request: HttpRequest,
    wanted: ReferenceRequest,
    *,
    written: list[str] | None = None,
    missing: list[int] | None = None,
    status: int = 200,
) -> HttpResponse:
    is_open, missing = wanted.is_open(), missing or []
    context = {
        "wanted": wanted,
        "is_open": is_open,
        "over": "" if is_open else referees.over_words(wanted),
        "longest": referees.LONGEST,
        "rows": [
            {
                "number": number,
                "question": question,
                "words": written[number - 1] if written else "",
                "is_missing": number in missing,
            }
            for number, question in enumerate(wanted.questions, start=1)
        ],
        "errors": [
            {"id": f"answer-{number}", "message": _("Write something here, however short.")}
            for number in missing
        ],
    }
    return render(request, "forms/reference.html", context, status=status)


class ReferenceView(DeskView):
    """Write again, or not needed: for those who may change the case."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        row = get_object_or_404(ReferenceRequest, pk=pk)
        if not Case.objects.for_user(request.user, "change").filter(pk=row.case_id).exists():
            raise Http404("There is no such page.")
        what = request.POST.get("do", "")
        try:
            if what == "again":
                referees.again(row.pk, by=request.user, days=DAYS)
                messages.success(request, _("Asked again. The link works for 14 days."))
            elif what == "withdraw":
                referees.withdraw(row.pk, by=request.user)
                messages.success(request, _("It is not asked for any more."))
        except referees.ReferenceOverError as problem:
            messages.error(request, str(problem))
        else:
            audit.record(request.user, "change", row, {"reference": what[:20]})
        return redirect("cases:case", pk=row.case_id)
