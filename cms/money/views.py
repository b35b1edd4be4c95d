"""The family's pages of money: what there is to pay, paying, coming back, the receipt.

Who holds the address may pay and see amounts; it names no child, and says nothing of health or of
why help was given. A page that a browser comes back to believes only what the provider has told
the hub (cms.money.online), and says so while it has told nothing.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_http_methods, require_safe

from cms import places, throttle
from cms.models import MoneyAccount, MoneyEntry, OnlinePayment

from . import ledger, online
from .providers import ProviderError, chosen
from .providers import trial as trial_provider

BEGINS, BEGIN_SECONDS = 30, 3600


def private(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Kept by no cache; its address is told to no other site."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        patch_cache_control(response, private=True, no_store=True)
        response["Referrer-Policy"] = "same-origin"
        response["X-Robots-Tag"] = "noindex"
        return response

    return answer


def see_other(address: str) -> HttpResponse:
    response = HttpResponseRedirect(address)
    response.status_code = 303
    return response


def _account(key: str) -> MoneyAccount:
    found = MoneyAccount.objects.select_related("offering__course", "offering__centre")
    return get_object_or_404(found, key=key)


@private
@require_http_methods(["GET", "HEAD", "POST"])
def pay(request: HttpRequest, key: str) -> HttpResponse:
    """What there is to pay and how; POST goes to the card provider's page."""
    account = _account(key)
    if request.method != "POST":
        return pay_page(request, account)
    try:
        throttle.count("pay", account.key, limit=BEGINS, seconds=BEGIN_SECONDS)
        payment = online.begin(account)
    except (online.NothingToPayError, online.NoCardsError):
        return see_other(reverse("pay:pay", args=[key]))
    except places.PlacesError as problem:
        return pay_page(request, account, gone=str(problem), status=409)
    except ProviderError:
        return pay_page(request, account, problem=True, status=503)
    return see_other(payment.address)


def pay_page(
    request: HttpRequest, account: MoneyAccount, *, status: int = 200, **more: object
) -> HttpResponse:
    provider = chosen()
    sums = ledger.balance(account)
    now = timezone.now()
    context = {
        "account": account,
        "balance": sums,
        "takes_cards": provider is not None,
        "by_bank": settings.PAY_BY_BANK,
        "payments": account.entries.filter(kind=MoneyEntry.Kind.PAYMENT),
        "refunds": account.refunds.order_by("pk"),
        "keeps_until": account.pay_by if account.pay_by and account.pay_by > now else None,
        "ran_out": bool(account.pay_by and account.pay_by <= now),
        "waiting": account.online_payments.filter(state=OnlinePayment.State.STARTED).exists(),
        **more,
    }
    response = render(request, "cms/pay/pay.html", context, status=status)
    if provider is not None:
        # A form may lead there: browsers check the whole chain of redirects after a POST.
        response._csp_update = {"form-action": list(provider.origins)}
    return response


@private
@require_safe
def back(request: HttpRequest, key: str, payment: str) -> HttpResponse:
    """Where the provider sends the browser: what we know, and nothing that we only hope."""
    account = _account(key)
    found = get_object_or_404(OnlinePayment, account=account, key=payment)
    too_late = bool(
        found.entry_id and found.entry.refund_orders.filter(by_id=None, pence=found.pence).exists()
    )
    context = {
        "account": account,
        "payment": found,
        "too_late": too_late,
        "balance": ledger.balance(account),
    }
    return render(request, "cms/pay/back.html", context)


@private
@require_safe
def receipt(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """A receipt to print."""
    account = _account(key)
    entry = get_object_or_404(account.entries, number=number, kind=MoneyEntry.Kind.PAYMENT)
    context = {
        "account": account,
        "entry": entry,
        "given_back": entry.refunded_by.all(),
        "balance": ledger.balance(account),
    }
    return render(request, "cms/pay/receipt.html", context)


@private
@require_http_methods(["GET", "HEAD", "POST"])
def trial(request: HttpRequest, reference: str) -> HttpResponse:
    """The page of the provider for trying out. There is none on a hub that takes real money."""
    if settings.PAY_PROVIDER != "test":
        raise Http404
    payment = get_object_or_404(OnlinePayment, provider="test", reference=reference)
    if request.method == "POST":
        outcome = request.POST.get("outcome", "")
        if outcome in trial_provider.OUTCOMES:
            return see_other(trial_provider.decide(payment, outcome))
    return render(request, "cms/pay/trial.html", {"payment": payment})
