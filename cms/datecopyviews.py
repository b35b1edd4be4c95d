"""The screen that copies course dates: choose, look and edit, save.

Nothing is saved before the last button; every row is shown with its days and hours, may be changed,
and may be left out. A row that cannot be made is said beside the row, and then none is made.
"""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from wagtail.admin.widgets import AdminDateTimeInput

from cms import audit
from cms.datecopies import Proposal, make, to_half_term, to_next_year
from cms.models import Course, CourseDate, Term

MAY = "cms.add_coursedate"
MOST = 60


class ChooseForm(forms.Form):
    """Which dates, and where they go."""

    COPY, HALF_TERM, YEAR = "copy", "half_term", "year"

    what = forms.ChoiceField(
        label=gettext_lazy("What would you like to make?"),
        choices=[
            (HALF_TERM, gettext_lazy("The same dates in another half-term or term")),
            (YEAR, gettext_lazy("The same dates in the next school year, as drafts")),
            (COPY, gettext_lazy("A copy a week later, to change as you like")),
        ],
        widget=forms.RadioSelect,
        initial=HALF_TERM,
    )
    term = forms.ModelChoiceField(
        label=gettext_lazy("Which half-term or term"), queryset=Term.objects.none(), required=False
    )
    dates = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Which dates"),
        queryset=CourseDate.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Tick at least one date")},
    )

    def __init__(self, *args: Any, course: Course | None = None, **kwargs: Any):
        super().__init__(*args, **kwargs)
        since = timezone.now() - timedelta(days=400)
        dates = CourseDate.objects.filter(starts_at__gt=since).select_related("course", "centre")
        if course is not None:
            dates = dates.filter(course=course)
        self.fields["dates"].queryset = dates.order_by("-starts_at")
        terms = Term.objects.on_or_after(timezone.localdate()).select_related("academic_year")
        self.fields["term"].queryset = terms

    def clean(self) -> dict:
        data = super().clean()
        if data.get("what") == self.HALF_TERM and not data.get("term"):
            self.add_error("term", _("Choose the half-term or term"))
        if len(data.get("dates") or ()) > MOST:
            self.add_error("dates", _("At most %s at a time") % MOST)
        return data

    def proposals(self) -> list[Proposal]:
        chosen = sorted(self.cleaned_data["dates"], key=lambda date: date.starts_at)
        what = self.cleaned_data["what"]
        if what == self.HALF_TERM:
            return to_half_term(chosen, self.cleaned_data["term"])
        return to_next_year(chosen) if what == self.YEAR else [Proposal(d, 7) for d in chosen]


class RowForm(forms.Form):
    """One date as it is going to be."""

    source = forms.ModelChoiceField(CourseDate.objects.all(), widget=forms.HiddenInput)
    make = forms.BooleanField(label=gettext_lazy("Make it"), required=False, initial=True)
    starts_at = forms.DateTimeField(label=gettext_lazy("Starts"), widget=AdminDateTimeInput)
    booking_opens_at = forms.DateTimeField(
        label=gettext_lazy("Booking opens"), widget=AdminDateTimeInput
    )
    booking_closes_at = forms.DateTimeField(
        label=gettext_lazy("Booking closes"), widget=AdminDateTimeInput
    )
    capacity = forms.IntegerField(label=gettext_lazy("Places"), min_value=1, max_value=9999)
    price_pence = forms.IntegerField(label=gettext_lazy("Price in pence"), min_value=0)
    is_draft = forms.BooleanField(label=gettext_lazy("Draft"), required=False)

    def clean(self) -> dict:
        data = super().clean()
        opens, closes = data.get("booking_opens_at"), data.get("booking_closes_at")
        if opens and closes and opens >= closes:
            self.add_error("booking_closes_at", _("Booking closes before it opens."))
        source, starts = data.get("source"), data.get("starts_at")
        if data.get("make") and source and starts:
            same = {"course": source.course_id, "centre": source.centre_id, "starts_at": starts}
            if CourseDate.objects.filter(**same).exists():
                self.add_error("starts_at", _("There is such a date already. Leave it out."))
        return data


Rows = forms.formset_factory(RowForm, extra=0, max_num=MOST, absolute_max=MOST, validate_max=True)


def copy_dates(request: HttpRequest) -> HttpResponse:
    """Choose dates; then look at their copies and edit them; then save."""
    if not request.user.has_perm(MAY):
        raise PermissionDenied
    if "save" in request.POST:
        return _save(request)
    course = Course.objects.filter(slug=request.GET.get("course", "")).first()
    if request.method == "POST":
        form = ChooseForm(request.POST, course=course)
        if form.is_valid():
            rows = Rows(initial=[_row(one, form) for one in form.proposals()], prefix="rows")
            return _show_rows(request, rows)
    else:
        initial = {}
        if one := request.GET.get("date", ""):
            initial = {"what": ChooseForm.COPY, "dates": CourseDate.objects.filter(reference=one)}
        form = ChooseForm(initial=initial, course=course)
    context = {"form": form, "course": course, "breadcrumbs_items": _breadcrumbs()}
    status = 422 if form.errors else 200
    return render(request, "cms/coursedates/copy.html", context, status=status)


def _row(proposal: Proposal, form: ChooseForm) -> dict:
    source = proposal.source
    return {
        "source": source.pk,
        "make": True,
        "starts_at": proposal.starts_at,
        "booking_opens_at": proposal.booking_opens_at,
        "booking_closes_at": proposal.booking_closes_at,
        "capacity": source.capacity,
        "price_pence": source.price_pence,
        "is_draft": form.cleaned_data["what"] == ChooseForm.YEAR,
    }


def _show_rows(request: HttpRequest, rows: Any, status: int = 200) -> HttpResponse:
    known = CourseDate.objects.select_related("course", "centre").prefetch_related(
        "sessions", "add_ons"
    )
    keys = [str(row["source"].value() or "") for row in rows]
    sources = known.in_bulk([int(key) for key in keys if key.isdigit()])
    for row, key in zip(rows, keys, strict=True):
        row.of = sources.get(int(key)) if key.isdigit() else None
    context = {"rows": rows, "breadcrumbs_items": _breadcrumbs()}
    return render(request, "cms/coursedates/copy_rows.html", context, status=status)


def _save(request: HttpRequest) -> HttpResponse:
    rows = Rows(request.POST, prefix="rows")
    if not rows.is_valid():
        return _show_rows(request, rows, status=422)
    made = []
    with transaction.atomic():
        for row in rows:
            said = dict(row.cleaned_data)
            if not said.pop("make"):
                continue
            made.append(make(Proposal(said.pop("source"), 0), **said))
        for one in made:
            audit.record(request.user, "add", one, {"copied": True})
    messages.success(
        request,
        ngettext("%(n)s date was made.", "%(n)s dates were made.", len(made)) % {"n": len(made)},
    )
    return redirect(CourseDate.snippet_viewset.get_url_name("list"))


def _breadcrumbs() -> list[dict]:
    return [
        {"url": reverse("wagtailadmin_home"), "label": _("Home")},
        {
            "url": reverse(CourseDate.snippet_viewset.get_url_name("list")),
            "label": _("Course dates"),
        },
        {"url": "", "label": _("Copy dates")},
    ]
