"""Paying by card: beginning a payment, and believing only what the provider says.

A browser that comes back proves nothing: the signed message of the provider does, or its answer
when we ask. Messages may come twice, late, before the browser, after a place was let go, or never;
`settle` is written for all of these. Places that wait for the money (`account.pay_by`) become the
family's in the very transaction that writes the payment down, or the money goes back at once, with
a letter: nobody has paid and has no place without being told.
Order of locks as in cms.money: course dates, account, then the payment's own row.
"""

import logging
from collections.abc import Callable, Mapping
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cms import clock, jobs, places, sandbox
from cms.mailmarkup import site_link
from cms.models import MoneyAccount, MoneyEntry, OnlinePayment, Place
from cms.registry import Registry

from . import ledger, letters, refunds
from .amounts import in_pounds
from .providers import ProviderError, Told, chosen, providers

logger = logging.getLogger(__name__)

REUSE = timedelta(minutes=15)
WAIT_MINUTES = 30
ASK_AFTER = timedelta(minutes=2)
ASK_FOR = timedelta(days=3)
TOLD_AFTER = timedelta(minutes=5)

State = OnlinePayment.State

# Told what happened to an account, in words for the history of its case.
happened: Registry[Callable[[MoneyAccount, str], None]] = Registry("listener for paying by card")


class NothingToPayError(Exception):
    """Nothing is owed."""


class NoCardsError(Exception):
    """This hub takes no cards."""


class UnknownPaymentError(LookupError):
    """The provider speaks of a payment that we have not written down, or not yet."""


def takes_cards() -> bool:
    return bool(settings.PAY_PROVIDER)


def begin(account: MoneyAccount) -> OnlinePayment:
    """A payment of all that is owed, with the address to pay it at; pressed twice it is the same.

    Raises NothingToPayError, NoCardsError, ProviderError, and cms.places.PlacesError when the
    places that waited for this have gone: then nothing is paid.
    """
    provider = chosen()
    if provider is None:
        raise NoCardsError
    sandbox.refuse("open a payment")
    with transaction.atomic():
        if account.pay_by:
            _keep_places(account)
        row = ledger.lock(account.pk)
        owed = ledger.balance(row).owed
        if owed <= 0:
            raise NothingToPayError
        again = (
            row.online_payments.filter(
                state=State.STARTED,
                pence=owed,
                provider=provider.name,
                began_at__gt=timezone.now() - REUSE,
            )
            .exclude(address="")
            .first()
        )
        if again:
            return again
        payment = OnlinePayment.objects.create(account=row, provider=provider.name, pence=owed)
    back = site_link(f"/pay/{account.key}/back/{payment.key}/")
    try:
        begun = provider.begin(payment, back=back, what=f"{account.what} ({account.reference})")
    except ProviderError:
        OnlinePayment.objects.filter(pk=payment.pk, state=State.STARTED).update(state=State.FAILED)
        raise
    OnlinePayment.objects.filter(pk=payment.pk).update(
        reference=begun.reference, address=begun.address
    )
    payment.reference, payment.address = begun.reference, begun.address
    return payment


def _keep_places(account: MoneyAccount) -> None:
    """Longer, while they pay. Places that an officer has confirmed meanwhile wait for nothing."""
    until = None
    if not Place.objects.filter(holder=account.holder, state__in=Place.SETTLED).exists():
        until = places.extend(account.holder, minutes=WAIT_MINUTES)
    MoneyAccount.objects.filter(pk=account.pk).update(pay_by=until)


def receive(name: str, body: bytes, headers: Mapping[str, str]) -> OnlinePayment | None:
    """A message from a provider. Raises ForgedError, UnknownPaymentError."""
    told = providers[name].read(body, headers)
    return settle(name, told) if told is not None else None


def settle(name: str, told: Told) -> OnlinePayment:
    """What the provider says becomes true here, once, whatever came before. UnknownPaymentError."""
    found = OnlinePayment.objects.filter(provider=name, reference=told.reference)
    payment = found.first() or _by_key(name, told)
    if payment is None:
        raise UnknownPaymentError(told.reference)
    if told.state == State.PAID:
        return _paid(payment, told)
    if told.state != State.STARTED:
        # A late "failed" of a payment that was made says nothing any more.
        OnlinePayment.objects.filter(pk=payment.pk, state=State.STARTED).update(state=told.state)
        payment.refresh_from_db()
    return payment


def _by_key(name: str, told: Told) -> OnlinePayment | None:
    """A message that was quicker than our own note of the provider's reference."""
    if not told.key:
        return None
    found = OnlinePayment.objects.filter(provider=name, key=told.key, reference="")
    found.update(reference=told.reference)
    return OnlinePayment.objects.filter(provider=name, key=told.key).first()


def is_settled(payment: OnlinePayment) -> bool:
    """Whether its money was written down before. Read under the locks."""
    return OnlinePayment.objects.filter(pk=payment.pk, entry__isnull=False).exists()


def _paid(payment: OnlinePayment, told: Told) -> OnlinePayment:
    with transaction.atomic():
        account = MoneyAccount.objects.get(pk=payment.account_id)
        waits = account.pay_by is not None
        if waits and account.offering_id:
            places.lock_course_dates([account.offering_id])
        if not waits or not account.offering_id:
            ledger.lock(account.pk)
        if is_settled(payment):
            return OnlinePayment.objects.get(pk=payment.pk)
        gone = _take_places(account) if waits else ""
        row = ledger.lock(account.pk)
        entry = ledger.take_payment(
            row,
            told.pence,
            method="card",
            provider=payment.provider,
            provider_reference=told.paid_as or told.reference,
        )
        OnlinePayment.objects.filter(pk=payment.pk).update(state=State.PAID, entry=entry)
        MoneyAccount.objects.filter(pk=row.pk).update(pay_by=None)
        if gone:
            _too_late(row, entry, gone)
        else:
            _too_much(row, entry)
        return OnlinePayment.objects.get(pk=payment.pk)


def _take_places(account: MoneyAccount) -> str:
    """The places become the family's; why not, in a sentence, when they cannot."""
    try:
        with transaction.atomic():
            places.confirm(account.holder)
    except places.PlacesError as problem:
        return str(problem)
    return ""


def _too_late(account: MoneyAccount, entry: MoneyEntry, why: str) -> None:
    """The money is here and the place is not: all of it goes back at once, and they are told."""
    sums = ledger.balance(account)
    if sums.cost > 0:
        ledger.take_off(account, sums.cost, _("No place any more when the payment came"))
    refunds.refund(
        account,
        entry.pence,
        by=None,
        why=_("The payment came after the place had gone"),
        of=entry,
        quietly=True,
    )
    letters.too_late(account, entry, why)
    _tell(
        account,
        _("The payment of %(amount)s came after the place had gone: it is being given back.")
        % {"amount": in_pounds(entry.pence)},
    )


def _too_much(account: MoneyAccount, entry: MoneyEntry) -> None:
    """Paid twice, or for something that was cancelled meanwhile: what is too much goes back."""
    over = -ledger.balance(account).owed - _promised(account)
    if over > 0:
        refunds.refund(
            account, min(over, entry.pence), by=None, why=_("More was paid than is owed"), of=entry
        )


def _promised(account: MoneyAccount) -> int:
    waiting = account.refunds.exclude(state="made")
    return sum(waiting.values_list("pence", flat=True))


def _tell(account: MoneyAccount, words: str) -> None:
    for _name, listener in sorted(happened.items()):
        listener(account, words)


# --- what nobody told us -------------------------------------------------------------------------


@jobs.handlers("money.ask_provider")
def ask_provider(run: jobs.JobRun) -> None:
    """Ask of payments that were begun and of which nothing was heard: messages can be lost."""
    now = timezone.now()
    waiting = OnlinePayment.objects.filter(
        state=State.STARTED, began_at__lt=now - ASK_AFTER, began_at__gt=now - ASK_FOR
    ).exclude(reference="")
    for payment in waiting.filter(pk__gt=run.cursor).order_by("pk"):
        ask(payment)
        with run.chunk(to=payment.pk):
            OnlinePayment.objects.filter(pk=payment.pk).update(asked_at=now)


def ask(payment: OnlinePayment) -> OnlinePayment:
    """How it stands, from the provider itself. A provider that does not answer is asked later."""
    try:
        return settle(payment.provider, providers[payment.provider].ask(payment))
    except ProviderError as problem:
        logger.warning("Online payment %s: %s", payment.pk, problem)
        return payment


@jobs.handlers("money.let_go")
def let_go(run: jobs.JobRun) -> None:
    """Tell those whose places were not paid for in time. The places lapse by themselves."""
    now = timezone.now()
    late = MoneyAccount.objects.filter(pay_by__lt=now - TOLD_AFTER).order_by("pk")
    for account in late.filter(pay_by__gt=now - timedelta(days=1), pk__gt=run.cursor):
        with run.chunk(to=account.pk):
            if letters.let_go(account):
                _tell(account, _("Not paid in time: the places were let go."))


clock.every("money.ask_provider", minutes=5)
clock.every("money.let_go", minutes=5)
