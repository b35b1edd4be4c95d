"""The officers' screens of money: what is owed, one account, refunds to make, the file for finance.

Every account comes from `MoneyAccount.objects.for_user`; one out of reach is a 404. Opening,
listing and taking a file are written to the access log.
"""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Q, Sum
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import View

from cms import audit, exports
from cms.access import may_somewhere
from cms.modeladmin import ExportForm
from cms.models import MoneyAccount, MoneyRefund, MusicCentre, User
from cms.models.money import MoneyAccountQuerySet

from . import deskforms, ledger, refunds

PER_PAGE = 50
STATES = {
    "owed": gettext_lazy("To pay"),
    "overdue": gettext_lazy("Past its day"),
    "credit": gettext_lazy("Paid too much"),
    "settled": gettext_lazy("Settled"),
    "all": gettext_lazy("All"),
}


def may(user: User, action: str) -> bool:
    """view, export, record or refund, in some part of the hub."""
    return may_somewhere(user, f"cms.{action}_moneyaccount")


def crumbs(*trail: dict) -> list[dict]:
    return [
        {"url": reverse("wagtailadmin_home"), "label": _("Home")},
        {"url": reverse("money:owed"), "label": _("Money")},
        *trail,
    ]


class MoneyView(View):
    """Only for those who may see money somewhere."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not may(request.user, "view"):
            raise PermissionDenied
        response = super().dispatch(request, *args, **kwargs)
        response["Cache-Control"] = "private, no-store"
        return response


def filtered(rows: MoneyAccountQuerySet, asked: dict) -> MoneyAccountQuerySet:
    """Accounts with their sums, as the list's filters say. Unknown values are as none."""
    rows = rows.with_sums().select_related("offering__course", "centre")
    state = asked.get("state") or "owed"
    if state == "owed":
        rows = rows.filter(owed__gt=0)
    elif state == "overdue":
        rows = rows.filter(owed__gt=0, due_on__lt=timezone.localdate())
    elif state == "credit":
        rows = rows.filter(owed__lt=0)
    elif state == "settled":
        rows = rows.filter(owed=0)
    if (centre := asked.get("centre") or "").isdigit():
        rows = rows.filter(centre=int(centre[:9]))
    if words := (asked.get("q") or "").strip()[:100].replace("\x00", ""):
        rows = rows.filter(Q(reference__icontains=words) | Q(payer_name__icontains=words))
    return rows.order_by("due_on", "-opened_at", "-pk")


class OwedView(MoneyView):
    def get(self, request: HttpRequest) -> HttpResponse:
        reachable = MoneyAccount.objects.for_user(request.user)
        rows = filtered(reachable, request.GET)
        page = Paginator(rows, PER_PAGE).get_page(request.GET.get("p"))
        audit.record(
            request.user,
            "list",
            MoneyAccount,
            {"rows": len(page.object_list), "searched": bool(request.GET.get("q"))},
        )
        asked = request.GET.get("state")
        context = {
            "page": page,
            "total": rows.order_by().aggregate(total=Sum("owed"))["total"] or 0,
            "state": asked if asked in STATES else "owed",
            "states": STATES.items(),
            "centres": MusicCentre.objects.order_by("name"),
            "asked": request.GET,
            "today": timezone.localdate(),
            "may_export": may(request.user, "export"),
            "refunds": open_refunds(request.user).count(),
            "breadcrumbs_items": crumbs(),
        }
        return render(request, "cms/money/owed.html", context)


class ExportView(MoneyView):
    """Every row of the ledger in the accounts that the filters show, for finance."""

    HEADINGS = (
        gettext_lazy("Reference"),
        gettext_lazy("For"),
        gettext_lazy("Centre"),
        gettext_lazy("Payer"),
        gettext_lazy("Due"),
        gettext_lazy("Row"),
        gettext_lazy("Day"),
        gettext_lazy("Kind"),
        gettext_lazy("Pence"),
        gettext_lazy("Method"),
        gettext_lazy("What"),
        gettext_lazy("Payment reference"),
        gettext_lazy("Provider"),
        gettext_lazy("By"),
    )

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not may(request.user, "export"):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._page(request, ExportForm())

    def _page(self, request: HttpRequest, form: ExportForm, status: int = 200) -> HttpResponse:
        context = {
            "form": form,
            "asked": request.GET.urlencode(),
            "number": self._accounts(request).count(),
            "breadcrumbs_items": crumbs({"url": "", "label": _("Export")}),
        }
        return render(request, "cms/money/export.html", context, status=status)

    def _accounts(self, request: HttpRequest) -> MoneyAccountQuerySet:
        return filtered(MoneyAccount.objects.for_user(request.user, "export"), request.GET)

    def post(self, request: HttpRequest) -> HttpResponse:
        form = ExportForm(request.POST)
        if not form.is_valid():
            return self._page(request, form, status=422)
        kind, accounts = form.cleaned_data["kind"], list(self._accounts(request))
        rows = [row for account in accounts for row in self._rows(account)]
        audit.record(
            request.user,
            "export",
            MoneyAccount,
            {"reason": form.cleaned_data["reason"], "rows": len(rows), "format": kind},
        )
        return FileResponse(
            exports.table(kind, [str(heading) for heading in self.HEADINGS], rows),
            as_attachment=True,
            filename=f"money-{timezone.localdate():%Y-%m-%d}.{kind}",
            content_type=exports.CONTENT_TYPES[kind],
        )

    def _rows(self, account: MoneyAccount) -> list[list]:
        first = [
            account.reference,
            account.what,
            str(account.centre or ""),
            account.payer_name,
            account.due_on,
        ]
        signs = {"charge": 1, "credit": -1, "payment": -1, "refund": 1}
        return [
            [
                *first,
                entry.number,
                entry.day,
                entry.get_kind_display(),
                signs[entry.kind] * entry.pence,
                entry.get_method_display(),
                entry.what,
                entry.reference or entry.provider_reference,
                entry.provider,
                entry.by_name,
            ]
            for entry in account.entries.all()
        ]


class AccountView(MoneyView):
    """One account: its rows, what may be done, refunds on their way."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        account = get_object_or_404(MoneyAccount.objects.for_user(request.user), pk=pk)
        audit.record(request.user, "inspect", account)
        return self.page(request, account)

    def page(
        self, request: HttpRequest, account: MoneyAccount, *, bad: Any = None, status: int = 200
    ) -> HttpResponse:
        forms = [
            bad if bad is not None and bad.name == name else form(account=account)
            for name, form in deskforms.FORMS.items()
            if name != "made" and self._may(request.user, account, form.permission)
        ]
        context = {
            "account": account,
            "balance": ledger.balance(account),
            "entries": account.entries.all(),
            "orders": account.refunds.select_related("payment"),
            "due": refunds.refund_due(account),
            "forms": forms,
            "bad": bad,
            "made": deskforms.MadeForm(account=account)
            if self._may(request.user, account, "refund")
            else None,
            "today": timezone.localdate(),
            "breadcrumbs_items": crumbs({"url": "", "label": account.reference}),
        }
        return render(request, "cms/money/account.html", context, status=status)

    def _may(self, user: User, account: MoneyAccount, action: str) -> bool:
        return MoneyAccount.objects.for_user(user, action).filter(pk=account.pk).exists()

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        account = get_object_or_404(MoneyAccount.objects.for_user(request.user), pk=pk)
        chosen = deskforms.FORMS.get(request.POST.get("do", ""))
        if chosen is None or not self._may(request.user, account, chosen.permission):
            raise PermissionDenied
        form = chosen(request.POST, account=account)
        if not form.is_valid():
            return self.page(request, account, bad=form, status=422)
        try:
            with transaction.atomic():
                said = form.act(request.user)
                audit.record(request.user, "change", account, {"money": form.name})
        except ledger.MoneyError as problem:
            form.add_error(None, str(problem))
            return self.page(request, account, bad=form, status=422)
        messages.success(request, f"{account.reference}: {said}")
        return redirect("money:account", pk=pk)


def open_refunds(user: User):  # noqa: ANN201 - a queryset
    """Refunds within this user's reach that wait for somebody, or did not go through."""
    return MoneyRefund.objects.exclude(state=MoneyRefund.State.MADE).filter(
        account__in=MoneyAccount.objects.for_user(user).order_by().values("pk")
    )


class RefundsView(MoneyView):
    def get(self, request: HttpRequest) -> HttpResponse:
        orders = open_refunds(request.user).select_related("account", "payment").order_by("pk")
        page = Paginator(orders, PER_PAGE).get_page(request.GET.get("p"))
        audit.record(request.user, "list", MoneyRefund, {"rows": len(page.object_list)})
        context = {
            "page": page,
            "breadcrumbs_items": crumbs({"url": "", "label": _("Refunds to make")}),
        }
        return render(request, "cms/money/refunds.html", context)
