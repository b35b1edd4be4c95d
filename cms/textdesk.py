"""Governing texts in the Wagtail admin: their versions, how one differs, publishing the next."""

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods
from wagtail.admin.widgets import AdminDateInput

from cms import access, audit
from cms.models import GoverningText, Partner
from cms.partners import shippedtexts, terms

MAY = "cms.change_governingtext"


class TextForm(forms.ModelForm):
    class Meta:
        model = GoverningText
        fields = ["title", "slug", "partners_agree", "is_public", "review_on", "owner"]
        widgets = {"review_on": AdminDateInput}


class VersionForm(forms.Form):
    words = forms.CharField(
        label=_("Words"),
        widget=forms.Textarea({"rows": 20}),
        help_text=_("A paragraph a line. What is published is never changed again."),
    )
    changes = forms.CharField(label=_("What is new, in a sentence"), max_length=250)
    in_force_from = forms.DateField(label=_("Comes in force"), widget=AdminDateInput)
    agree_by = forms.DateField(
        label=_("Last day for partners to agree"),
        widget=AdminDateInput,
        required=False,
        help_text=_("Who has not agreed after it is unlisted until they do. Empty: no such day."),
    )


def _for_managers(request: HttpRequest) -> None:
    if not access.may_in_whole_hub(request.user, MAY):
        raise PermissionDenied


@require_http_methods(["GET", "POST"])
def texts(request: HttpRequest) -> HttpResponse:
    """Every text; POST adds one, or those that come with the hub."""
    _for_managers(request)
    if request.POST.get("do") == "shipped":
        for added in shippedtexts.add(by=request.user):
            messages.success(request, _now("Added: %s. Read it before partners do.") % added)
        return redirect("governing_texts")
    form = TextForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        text = form.save()
        audit.record(request.user, "add", text)
        return redirect("governing_text", pk=text.pk)
    rows = terms.each_in_force(GoverningText.objects.all())
    known = {text.slug for text, _version in rows}
    return render(
        request,
        "partners/texts.html",
        {"rows": rows, "form": form, "may_ship": shippedtexts.TITLES.keys() - known},
        status=422 if form.errors else 200,
    )


@require_http_methods(["GET", "POST"])
def text(request: HttpRequest, pk: int) -> HttpResponse:
    """One text: its details, its versions, the last difference, and a form for the next."""
    _for_managers(request)
    found = get_object_or_404(GoverningText, pk=pk)
    versions = list(found.versions.all())
    details, draft = TextForm(instance=found), _draft(versions)
    if request.method == "POST" and request.POST.get("do") == "publish":
        draft = VersionForm(request.POST)
        if draft.is_valid():
            try:
                version = terms.publish(found, by=request.user, **draft.cleaned_data)
            except terms.TermsProblemError as problem:
                draft.add_error(None, str(problem))
            else:
                messages.success(request, _now("Version %s is published.") % version.number)
                return redirect("governing_text", pk=pk)
    elif request.method == "POST":
        details = TextForm(request.POST, instance=found)
        if details.is_valid():
            details.save()
            audit.record(request.user, "change", found, {"fields": sorted(details.changed_data)})
            return redirect("governing_text", pk=pk)
    context = {
        "text": found,
        "versions": versions,
        "difference": terms.difference(versions[1].words, versions[0].words)
        if len(versions) > 1
        else [],
        "unsigned": _unsigned(found, versions),
        "details": details,
        "draft": draft,
    }
    is_wrong = details.errors or draft.errors
    return render(request, "partners/text.html", context, status=422 if is_wrong else 200)


def _draft(versions: list) -> VersionForm:
    return VersionForm(initial={"words": versions[0].words.replace("\n", "\n\n")}
                       if versions else None)  # fmt: skip


def _unsigned(text: GoverningText, versions: list) -> list[Partner]:
    """Listed partners who have not agreed to the newest version."""
    if not (text.partners_agree and versions):
        return []
    return list(Partner.objects.live().exclude(agreements__version=versions[0]))
