"""Answering what the office asked for: the re-opened questions page by page, then once over all.

A small journey of its own kind: its pages are those of forms.asking_more, its draft stays in the
request, and nothing of the application changes before it is sent.
"""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST
from django.views.generic import View

from forms import asking_more, attachments
from forms import doors as form_doors
from forms.addresses import right_place, see_other
from forms.family.doors import for_family
from forms.family.views import case_page, moved_on, opened
from forms.models import MoreRequest
from forms.stepforms import StepForm
from forms.translating import speak


def asked(request: HttpRequest, reference: str) -> MoreRequest | None:
    """What this family is asked for on this case now; 404 for anybody else's case.

    Questions are asked again in the language in which the family filled in the form.
    """
    wanted = opened(request, reference).wanted
    if wanted and not wanted.form_id:
        speak(wanted.submission)
    return wanted


def page_address(reference: str, pages: list, number: int) -> str:
    if number > len(pages):
        return reverse("family:answer_check", args=[reference])
    return reverse("family:answer", args=[reference, number])


def next_address(reference: str, pages: list) -> str:
    """The first page that is not answered, or the page to check them all."""
    missing = [number for number, page in enumerate(pages, start=1) if not page.is_done]
    return page_address(reference, pages, missing[0] if missing else len(pages) + 1)


@for_family
@require_http_methods(["GET", "HEAD"])
def begin(request: HttpRequest, reference: str) -> HttpResponse:
    """Go to what is asked next."""
    wanted = asked(request, reference)
    if wanted is None or wanted.form_id:
        return see_other(reverse("family:case", args=[reference]))
    return see_other(next_address(reference, asking_more.pages(wanted)))


@method_decorator(csrf_exempt, name="dispatch")  # protected below, once the size is known
@method_decorator(for_family, name="dispatch")
class AnswerPage(View):
    """One page of re-opened questions."""

    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        if form_doors.is_too_large(request):
            return render(request, "forms/too_large.html", status=413)
        return self._dispatch(request, *args, **kwargs)

    @method_decorator(csrf_protect)
    def _dispatch(self, request: HttpRequest, reference: str, number: int) -> HttpResponse:
        self.reference, self.number = reference, number
        self.wanted = asked(request, reference)
        if self.wanted is None or self.wanted.form_id:
            return moved_on(request, reference)
        self.pages = asking_more.pages(self.wanted)
        if not 1 <= number <= len(self.pages):
            return see_other(next_address(reference, self.pages))
        self.page = self.pages[number - 1]
        return super().dispatch(request, reference, number)

    def get(self, request: HttpRequest, *args: object) -> HttpResponse:
        return self.show(asking_more.page_form(self.wanted, self.page))

    def post(self, request: HttpRequest, *args: object) -> HttpResponse:
        form = asking_more.page_form(self.wanted, self.page, request.POST, request.FILES)
        if not form.is_valid():
            return self.show(form, status=422)
        try:
            wanted = asking_more.save_page(self.wanted, self.page, form)
        except asking_more.NotOpenError:
            return moved_on(request, self.reference)
        except attachments.TooManyFilesError:
            form.add_error(None, _("These are too many files, or too large ones, for one form."))
            return self.show(form, status=422)
        wanted.submission = self.wanted.submission
        return see_other(next_address(self.reference, asking_more.pages(wanted)))

    def show(self, form: StepForm, status: int = 200) -> HttpResponse:
        rows = form.rows
        for row in rows:
            is_file = row["question"]["type"] == "file"
            row["files"] = form.stored.get(row["question"]["key"]) or [] if is_file else []
        last = reverse("family:case", args=[self.reference])
        context = {
            "form": form,
            "rows": rows,
            "errors": form.error_list if form.is_bound else [],
            "title": self.page.title,
            "wanted": self.wanted,
            "step_number": self.number,
            "step_total": len(self.pages) + 1,
            "back_url": page_address(self.reference, self.pages, self.number - 1)
            if self.number > 1
            else last,
        }
        return render(self.request, "family/answer.html", context, status=status)


@for_family
@require_http_methods(["GET", "HEAD", "POST"])
def check(request: HttpRequest, reference: str) -> HttpResponse:
    """The new answers once over; POST sends them."""
    wanted = asked(request, reference)
    if wanted is None or wanted.form_id:
        return moved_on(request, reference)
    pages = asking_more.pages(wanted)
    if not all(page.is_done for page in pages):
        return see_other(next_address(reference, pages))
    errors, status = [], 200
    if request.method == "POST":
        try:
            asking_more.send(wanted)
        except asking_more.NotOpenError:
            return moved_on(request, reference)
        except asking_more.EndsTheFormError:
            message = _(
                "With these answers this form would not be for you any more, so nothing was sent. "
                "Change an answer, or write us a message instead."
            )
            errors, status = [{"id": "", "message": message}], 422
        else:
            return case_page(request, reference, notice=_("Thank you. We have your answers."))
    sections = asking_more.lines_of(wanted)
    numbers = {page.name: number for number, page in enumerate(pages, start=1)}
    for section in sections:
        for row in section["rows"]:
            row["change_url"] = page_address(reference, pages, numbers[section["page"]])
    context = {
        "wanted": wanted,
        "sections": sections,
        "errors": errors,
        "step_number": len(pages) + 1,
        "step_total": len(pages) + 1,
        "back_url": page_address(reference, pages, len(pages)),
    }
    return render(request, "family/answer_check.html", context, status=status)


@for_family
@require_POST
def begin_form(request: HttpRequest, reference: str) -> HttpResponse:
    """Begin the form that the office asked for, or go on with it, in this browser."""
    wanted = asked(request, reference)
    if wanted is None or wanted.form_id is None:
        return moved_on(request, reference)
    owner = form_doors.owner_token_or_new(request)
    journey = asking_more.begin_form(wanted, owner=owner)
    response = see_other(right_place(journey))
    form_doors.give_owner_cookie(response, owner)
    return response
