"""Partners in the Wagtail admin: who stands where, one partner's passport, and what staff do to it.

Hub managers do everything but suspend; the safeguarding lead sees the same and suspends. Buttons
call the verbs of cms.partners, and say in a sentence when one of them refuses.
"""

from collections.abc import Callable

import django_filters
from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.ui.tables import Column, TitleColumn
from wagtail.admin.views.reports import ReportView
from wagtail.admin.widgets import AdminDateInput

from cms import access, audit
from cms.models import Partner, PartnerCondition, PartnerPaper, PartnerPerson
from cms.partners import conditions, drafting, letters, names, papers, standing

SEE, DO = "cms.view_partnerpaper", "cms.change_partnerpaper"


def first_to_run_out(partner: Partner) -> str:
    """What runs out next, or has run out, in words."""
    known = [clock for clock in papers.clocks(partner) if clock.until]
    if not known:
        return _now("Nothing known yet")
    first = min(known, key=lambda clock: clock.until)
    return f"{first.name}: {first.words}"


class PartnerFilterSet(WagtailFilterSet):
    name = django_filters.CharFilter(label=_("Name"), lookup_expr="icontains")
    status = django_filters.ChoiceFilter(label=_("Status"), choices=Partner.Status.choices)

    class Meta:
        model = Partner
        fields = ["name", "status"]


class PartnerReport(ReportView):
    FORMATS = ()
    model = Partner
    page_title = _("Partners and their papers")
    header_icon = "group"
    filterset_class = PartnerFilterSet
    default_ordering = "name"
    paginate_by = 25
    index_url_name = "partner_papers"
    index_results_url_name = "partner_papers_results"
    columns = [
        TitleColumn("name", label=_("Partner"), url_name="partner_desk"),
        Column("standing", label=_("Stands"), accessor="standing"),
        Column("next", label=_("Runs out next"), accessor=first_to_run_out),
    ]

    def dispatch(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        if not access.may_in_whole_hub(request.user, SEE):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)


class StatementForm(forms.Form):
    kind = forms.ChoiceField(label=_("Paper"), choices=PartnerPaper.Kind.choices)
    dated_on = forms.DateField(
        label=_("Made, reviewed or checked on"), widget=AdminDateInput, localize=False
    )
    valid_until = forms.DateField(
        label=_("Last day"),
        widget=AdminDateInput,
        required=False,
        help_text=_("Of insurance; of others only when it is earlier than usual."),
    )
    note = forms.CharField(
        label=_("Note"), max_length=200, required=False, help_text=_("Never a certificate's words.")
    )


class PersonForm(forms.ModelForm):
    class Meta:
        model = PartnerPerson
        fields = ["name", "email", "may_sign"]


class NameForm(forms.Form):
    name = forms.CharField(label=_("New name"), max_length=150)


class ConditionForm(forms.Form):
    words = forms.CharField(
        label=_("What has to be done"), max_length=300, help_text=_("The partner reads this.")
    )
    due_on = forms.DateField(label=_("By"), widget=AdminDateInput)


class EndForm(forms.Form):
    """One of a partner's open conditions, and what became of it."""

    condition = forms.ModelChoiceField(label=_("Condition"), queryset=None)
    state = forms.ChoiceField(
        label=_("It is"),
        choices=[(one.value, one.label) for one in PartnerCondition.State if one != "open"],
    )
    because = forms.CharField(
        label=_("Why, or how it was shown"),
        max_length=250,
        required=False,
        help_text=_("Needed when it is waived."),
    )

    def __init__(self, *args, partner: Partner, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["condition"].queryset = partner.conditions.filter(state="open")
        self.fields["condition"].label_from_instance = lambda row: row.words


class MergeForm(forms.Form):
    into = forms.ModelChoiceField(
        label=_("It became part of"), queryset=Partner.objects.order_by("name")
    )


class WordsForm(forms.Form):
    words = forms.CharField(label=_("What happened, in a sentence"), max_length=250)


def _statement(request: HttpRequest, partner: Partner, given: dict) -> str:
    papers.give(partner, by=request.user, **given)
    return _now("It was kept. The nightly look decides what follows.")


def _person(request: HttpRequest, partner: Partner, given: dict) -> str:
    person = letters.add_person(
        partner, name=given["name"], email=given["email"], invited_by=str(request.user)
    )
    PartnerPerson.objects.filter(pk=person.pk).update(may_sign=given["may_sign"])
    audit.record(request.user, "change", partner, {"person": person.pk})
    return _now("They can open the passport. A letter is on its way.")


def _condition(request: HttpRequest, partner: Partner, given: dict) -> str:
    conditions.add(partner, [(given["words"], given["due_on"])], by=request.user)
    return _now("The condition is set. They see it in their passport.")


def _end_condition(request: HttpRequest, partner: Partner, given: dict) -> str:
    conditions.end(given["condition"], given["state"], because=given["because"], by=request.user)
    return _now("It is kept what became of the condition.")


def _list(request: HttpRequest, partner: Partner, given: dict) -> str:
    standing.publish(partner, by=request.user)
    return _now("It is in the directory.")


def _unlist(request: HttpRequest, partner: Partner, given: dict) -> str:
    standing.unlist(partner, given["words"], by=request.user)
    return _now("It is out of the directory.")


def _rename(request: HttpRequest, partner: Partner, given: dict) -> str:
    names.rename(partner, given["name"], by=request.user)
    return _now("It has its new name. The old address leads to the new one.")


def _merge(request: HttpRequest, partner: Partner, given: dict) -> str:
    names.merge(partner, given["into"], by=request.user)
    return _now("They are one. The old address leads to the one that stays.")


def _leave(request: HttpRequest, partner: Partner, given: dict) -> str:
    standing.leave(partner, by=request.user, words=given["words"])
    return _now("The partnership has ended.")


Do = Callable[[HttpRequest, Partner, dict], str]
DEEDS: dict[str, tuple[str, type[forms.BaseForm] | None, Do]] = {
    "statement": (_("Keep a statement"), StatementForm, _statement),
    "person": (_("Let somebody open the passport"), PersonForm, _person),
    "condition": (_("Set a condition"), ConditionForm, _condition),
    "ended": (_("A condition is met or waived"), EndForm, _end_condition),
    "list": (_("List in the directory"), None, _list),
    "unlist": (_("Take out of the directory"), WordsForm, _unlist),
    "rename": (_("Change its name"), NameForm, _rename),
    "merge": (_("It became part of another"), MergeForm, _merge),
    "leave": (_("End the partnership"), WordsForm, _leave),
}
REFUSALS = (
    standing.NotInOrderError,
    papers.PaperProblemError,
    names.NameTakenError,
    ValidationError,
    ValueError,
)


@require_http_methods(["GET", "POST"])
def partner_desk(request: HttpRequest, pk: int) -> HttpResponse:
    """One partner; POST does one of DEEDS, or suspends or lifts."""
    if not access.may_in_whole_hub(request.user, SEE):
        raise PermissionDenied
    partner = get_object_or_404(Partner, pk=pk)
    if request.method == "POST" and request.POST.get("do") in ("suspend", "lift"):
        verb = standing.suspend if request.POST["do"] == "suspend" else standing.lift
        verb(partner, by=request.user)
        return redirect("partner_desk", pk=pk)
    bound: dict[str, forms.BaseForm] = {}
    if request.method == "POST":
        done = _deed(request, partner, bound)
        if done:
            messages.success(request, done)
            return redirect("partner_desk", pk=pk)
    audit.record(request.user, "inspect", partner)
    return render(
        request,
        "partners/desk.html",
        _context(request, partner, bound),
        status=422 if bound else 200,
    )


def _deed(request: HttpRequest, partner: Partner, bound: dict) -> str:
    """Do what was asked; the sentence to show, or "" with the form that has to be mended."""
    if not access.may_in_whole_hub(request.user, DO):
        raise PermissionDenied
    key = request.POST.get("do", "")
    if key not in DEEDS:
        raise PermissionDenied
    do = DEEDS[key][2]
    form = _form(key, partner, request.POST)
    if form is not None and not form.is_valid():
        bound[key] = form
        return ""
    try:
        return do(request, partner, form.cleaned_data if form else {})
    except REFUSALS as problem:
        messages.error(request, str(problem))
        bound[key] = form
        return ""


def _form(key: str, partner: Partner, data: object = None) -> forms.BaseForm | None:
    """The empty or filled form of one of DEEDS, if it has one."""
    form_class = DEEDS[key][1]
    more = {"partner": partner} if form_class is EndForm else {}
    return form_class(data, prefix=key, **more) if form_class else None


def _context(request: HttpRequest, partner: Partner, bound: dict) -> dict:
    own = {"name": partner.name, "legal_name": partner.legal_name, "website": partner.website}
    own |= {name: getattr(partner, name) for name in drafting.NUMBERS}
    may_do = access.may_in_whole_hub(request.user, DO)
    return {
        "partner": partner,
        "clocks": papers.clocks(partner),
        "people": partner.people.all(),
        "conditions": partner.conditions.all(),
        "agreements": partner.agreements.select_related("version__text"),
        "former_names": partner.former_names.all(),
        "alike": drafting.alike(own, but=partner),
        "history": partner.history.all()[:50],
        "may_suspend": standing.may_suspend(request.user),
        "deeds": [
            {
                "key": key,
                "label": label,
                "form": bound.get(key) or _form(key, partner),
                "is_open": key in bound,
            }
            for key, (label, _class, _do) in DEEDS.items()
        ]
        if may_do
        else [],
    }
