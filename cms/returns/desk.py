"""The staff's screens of a data return: the table, cold spots, who is counted, a file, sign-off.

Small numbers are hidden for everybody here; whoever may see pupils in the whole hub may take a
file with all of them, and look who stands behind one. Both are written down with a reason or rows.
"""

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cms import access, audit, exports
from cms.models import Pupil, ReturnDefinition, ReturnSnapshot
from cms.school_year import academic_year

from . import coldspots, counting, shipped, snapshots

SEE, DEFINE = "cms.view_returndefinition", "cms.add_returndefinition"
SEE_PUPILS = "cms.view_pupil"
YEARS_BACK = 5
HIDDEN = "hidden"


class FileForm(forms.Form):
    kind = forms.ChoiceField(
        label=_("Format"),
        choices=[("xlsx", "Excel (XLSX)"), ("csv", "CSV")],
        widget=forms.RadioSelect,
        initial="xlsx",
    )
    reason = forms.CharField(
        label=_("What is it for?"),
        min_length=5,
        max_length=200,
        help_text=_("Kept in the access log with your name. Do not write the name of a child."),
    )
    whole = forms.BooleanField(
        label=_("With the small numbers, for the funder alone"), required=False
    )


def _allowed(request: HttpRequest, permission: str = SEE) -> None:
    if not access.may_in_whole_hub(request.user, permission):
        raise PermissionDenied


def _year(request: HttpRequest) -> int:
    """The academic year that is asked for: this one, or one of the last few."""
    now = academic_year(timezone.localdate())
    asked = request.GET.get("year") or request.POST.get("year") or ""
    year = int(asked) if asked.isdigit() and len(asked) == 4 else now
    return year if now - YEARS_BACK <= year <= now else now


@require_http_methods(["GET", "POST"])
def returns(request: HttpRequest) -> HttpResponse:
    """Every definition; POST adds the shipped one."""
    _allowed(request)
    if request.method == "POST":
        _allowed(request, DEFINE)
        shipped.add()
        return redirect("data_returns")
    context = {
        "definitions": ReturnDefinition.objects.all(),
        "snapshots": ReturnSnapshot.objects.defer("data").select_related("definition"),
        "may_define": access.may_in_whole_hub(request.user, DEFINE),
    }
    return render(request, "returns/list.html", context)


@require_safe
def data_return(request: HttpRequest, slug: str) -> HttpResponse:
    """The table of one year, small numbers hidden, with the cold spots."""
    _allowed(request)
    definition = get_object_or_404(ReturnDefinition, slug=slug)
    return _page(request, definition, FileForm())


def _page(
    request: HttpRequest, definition: ReturnDefinition, form: FileForm, *, status: int = 200
) -> HttpResponse:
    year, now = _year(request), academic_year(timezone.localdate())
    table = counting.count(definition, year)
    audit.record(request.user, "list", definition, {"year": year, "rows": len(table.rows)})
    context = {
        "definition": definition,
        "year": year,
        "years": [(one, str(counting.Year(one))) for one in range(now, now - YEARS_BACK - 1, -1)],
        "table": table,
        "rows": [(row, table.cells(row)) for row in table.rows],
        "totals": table.totals(),
        "cold": coldspots.by_area(table),
        "map": coldspots.drawing(table),
        "form": form,
        "may_sign": access.may_in_whole_hub(request.user, snapshots.MAY_SIGN),
        "may_see_pupils": access.may_in_whole_hub(request.user, SEE_PUPILS),
    }
    return render(request, "returns/return.html", context, status=status)


@require_POST
def take(request: HttpRequest, slug: str) -> HttpResponse:
    """A file of the table; nothing in it runs in a spreadsheet, and the reason is kept."""
    _allowed(request)
    definition = get_object_or_404(ReturnDefinition, slug=slug)
    form = FileForm(request.POST)
    if not form.is_valid():
        return _page(request, definition, form, status=422)
    whole = form.cleaned_data["whole"]
    if whole:
        _allowed(request, SEE_PUPILS)
    year, kind = _year(request), form.cleaned_data["kind"]
    table = counting.count(definition, year)
    headings = ["URN", "School", "Area", *(one["title"] for one in table.headings)]
    rows = [
        [row.urn, row.name, row.area, *_shown(table.cells(row, whole=whole))] for row in table.rows
    ]
    rows.append(["", _now("All"), "", *_shown(table.totals(whole=whole))])
    file = exports.table(kind, headings, rows)
    audit.record(
        request.user,
        "export",
        definition,
        {
            "reason": form.cleaned_data["reason"],
            "rows": len(rows),
            "format": kind,
            "year": year,
            "small numbers": whole,
        },
    )
    return FileResponse(
        file,
        as_attachment=True,
        filename=f"{definition.slug}-{year}.{kind}",
        content_type=exports.CONTENT_TYPES[kind],
    )


def _shown(cells: list[int | None]) -> list[int | str]:
    return [HIDDEN if number is None else number for number in cells]


@require_safe
def behind(request: HttpRequest, slug: str, column: int) -> HttpResponse:
    """Who is counted in one number: for those who may see pupils in the whole hub; logged."""
    _allowed(request)
    _allowed(request, SEE_PUPILS)
    definition = get_object_or_404(ReturnDefinition, slug=slug)
    headings = definition.heading_list()
    if column >= len(headings):
        raise Http404("There is no such column.")
    year, urn = _year(request), request.GET.get("urn", "")[:6]
    found = counting.pupils(headings[column], year, urn)
    pupils = list(found.for_user(request.user).select_related("school")[:500])
    detail = {"return": definition.slug, "column": column, "urn": urn, "rows": len(pupils)}
    audit.record(request.user, "list", Pupil, detail)
    context = {"definition": definition, "heading": headings[column], "pupils": pupils,
               "year": year, "urn": urn}  # fmt: skip
    return render(request, "returns/behind.html", context)


@require_POST
def sign(request: HttpRequest, slug: str) -> HttpResponse:
    """Keep the numbers as they are now, for good."""
    _allowed(request)
    definition = get_object_or_404(ReturnDefinition, slug=slug)
    snapshot = snapshots.sign(
        definition, _year(request), by=request.user, is_public="is_public" in request.POST
    )
    messages.success(request, _now("Signed off: %s. It never changes again.") % snapshot)
    return redirect("return_snapshot", pk=snapshot.pk)


@require_safe
def snapshot(request: HttpRequest, pk: int) -> HttpResponse:
    """A return as it was signed, small numbers hidden as they were then."""
    _allowed(request)
    found = get_object_or_404(ReturnSnapshot, pk=pk)
    hidden = [set(keys) for keys in found.data["hidden"]]
    rows = [
        (urn, name, area, [
            None if urn in keys else number for number, keys in zip(numbers, hidden, strict=True)
        ])
        for urn, name, area, numbers in found.data["rows"]
    ]  # fmt: skip
    audit.record(request.user, "inspect", found)
    return render(request, "returns/snapshot.html", {"snapshot": found, "rows": rows})
