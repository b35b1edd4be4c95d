"""The remission officer's screens: claims to decide, one claim, the funds and their meters.

The reason and what shows it stand here and nowhere else; every opening is in the access log.
"""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import View

from cms import audit
from cms.access import may_in_whole_hub, may_somewhere
from cms.models import AcademicYear, HelpClaim, HelpFund
from cms.school_year import academic_year

from . import fund as funds
from . import help as helping
from .amounts import in_pounds
from .deskforms import PoundsField
from .ledger import MoneyError

PER_PAGE = 50
State = HelpClaim.State
TABS = {
    "claimed": gettext_lazy("To be decided"),
    "waiting": gettext_lazy("Wait for the fund"),
    "all": gettext_lazy("All"),
}


def may_see(user: object) -> bool:
    return may_somewhere(user, "cms.view_helpclaim")


def crumbs(*trail: dict) -> list[dict]:
    return [
        {"url": reverse("wagtailadmin_home"), "label": _("Home")},
        {"url": reverse("help:claims"), "label": _("Help with costs")},
        *trail,
    ]


class HelpView(View):
    """Only for the remission officer."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not may_see(request.user):
            raise PermissionDenied
        response = super().dispatch(request, *args, **kwargs)
        response["Cache-Control"] = "private, no-store"
        return response


class ClaimsView(HelpView):
    def get(self, request: HttpRequest) -> HttpResponse:
        tab = request.GET.get("show", "claimed")
        tab = tab if tab in TABS else "claimed"
        rows = HelpClaim.objects.for_user(request.user).select_related("account", "rule")
        if tab != "all":
            rows = rows.filter(state=tab)
        page = Paginator(rows.order_by("asked_at", "pk"), PER_PAGE).get_page(request.GET.get("p"))
        audit.record(request.user, "list", HelpClaim, {"tab": tab, "rows": len(page.object_list)})
        context = {
            "page": page,
            "tab": tab,
            "tabs": TABS.items(),
            "asked": request.GET,
            "meters": [funds.meter(fund) for fund in HelpFund.objects.select_related("year")[:3]],
            "may_run": may_in_whole_hub(request.user, "cms.run_helpfund"),
            "breadcrumbs_items": crumbs(),
        }
        return render(request, "cms/money/claims.html", context)


class SchoolForm(forms.Form):
    email = forms.EmailField(label=gettext_lazy("The school’s e-mail address"))


class ClaimView(HelpView):
    """One claim: why, what shows it, yes or no."""

    def claim(self, pk: int, action: str = "view") -> HelpClaim:
        reachable = HelpClaim.objects.for_user(self.request.user, action)
        rows = reachable.select_related("account", "rule", "fund__year")
        return get_object_or_404(rows, pk=pk)

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        found = self.claim(pk)
        audit.record(request.user, "inspect", found)
        return self.page(request, found)

    def page(
        self, request: HttpRequest, found: HelpClaim, *, status: int = 200, **more: object
    ) -> HttpResponse:
        files = [
            file
            for _name, tell in helping.evidence.items()
            for file in tell(found.account, request.user)
        ]
        context = {
            "claim": found,
            "files": files,
            "form": SchoolForm(initial={"email": found.school_email}),
            "is_open": found.state in (State.CLAIMED, State.WAITING),
            "breadcrumbs_items": crumbs({"url": "", "label": found.account.reference}),
            **more,
        }
        return render(request, "cms/money/claim.html", context, status=status)

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        found = self.claim(pk, "decide")
        verb, words = request.POST.get("do", ""), request.POST.get("words", "")[:2000]
        try:
            with transaction.atomic():
                said = self._do(verb, found, words)
                audit.record(request.user, "change", found, {"help": verb})
        except MoneyError as problem:
            return self.page(request, found, problem=str(problem), words=words, status=422)
        messages.success(request, f"{found.account.reference}: {said}")
        return redirect("help:claim", pk=pk)

    def _do(self, verb: str, found: HelpClaim, words: str) -> str:
        if verb == "approve":
            helping.approve(found.pk, by=self.request.user, words=words)
            return _("Approved. The family is told.")
        if verb == "refuse":
            helping.refuse(found.pk, by=self.request.user, words=words)
            return _("Refused. The family is told, and has time to pay.")
        form = SchoolForm(self.request.POST)
        if verb != "school" or not form.is_valid() or found.state not in ("claimed", "waiting"):
            raise MoneyError(_("Enter the e-mail address of the school."))
        helping.ask_school(found, form.cleaned_data["email"])
        return _("The school is asked.")


class FundForm(forms.Form):
    year = forms.TypedChoiceField(label=gettext_lazy("School year"), coerce=int)
    pounds = PoundsField()

    def __init__(self, *args: object, **kwargs: object):
        super().__init__(*args, auto_id="fund-%s", **kwargs)
        now = academic_year(timezone.localdate())
        self.fields["year"].choices = [
            (start, str(AcademicYear(start_year=start))) for start in (now, now + 1)
        ]


class FundsView(HelpView):
    """The funds: how they stand, and putting money in."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not may_in_whole_hub(request.user, "cms.run_helpfund"):
            raise PermissionDenied
        response = View.dispatch(self, request, *args, **kwargs)
        response["Cache-Control"] = "private, no-store"
        return response

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.page(request, FundForm())

    def page(self, request: HttpRequest, form: FundForm, status: int = 200) -> HttpResponse:
        found = HelpFund.objects.select_related("year")
        context = {
            "form": form,
            "meters": [(funds.meter(fund), fund.moves.order_by("-number")[:20]) for fund in found],
            "breadcrumbs_items": [
                {"url": reverse("wagtailadmin_home"), "label": _("Home")},
                {"url": "", "label": _("Funds for help with costs")},
            ],
        }
        return render(request, "cms/money/funds.html", context, status=status)

    def post(self, request: HttpRequest) -> HttpResponse:
        form = FundForm(request.POST)
        if not form.is_valid():
            return self.page(request, form, status=422)
        with transaction.atomic():
            year, _made = AcademicYear.objects.get_or_create(start_year=form.cleaned_data["year"])
            fund = funds.open_fund(year)
            served = funds.top_up(fund, form.cleaned_data["pounds"], by=request.user)
            audit.record(request.user, "change", fund, {"pence": form.cleaned_data["pounds"]})
        messages.success(
            request,
            _("%(amount)s put into the fund of %(year)s. Claims that waited and have it now: %(n)s")
            % {"amount": in_pounds(form.cleaned_data["pounds"]), "year": year, "n": served},
        )
        return redirect("help:funds")
