"""What a family gets back when it cancels, and the way of the money there.

A ladder is data, on the course date or, where that says nothing, the usual one (cms.ladder):

    [{"days_before": 28, "percent": 100}, {"days_before": 14, "percent": 50}]

the share of the cost that is given back when it is cancelled so many whole days before the first
day, or earlier; the best step that holds counts, and later than all of them it is nothing. When
the hub cancels it is always everything.

A refund is decided by a named officer, or by the hub when money came for a place that had gone. It
goes back the way it came, newest payment first: by the card provider by itself, by hand for
everything else, where it waits on a list until somebody says that it was made.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from cms import jobs
from cms.ladder import ladder_of
from cms.models import MoneyAccount, MoneyEntry, MoneyRefund, User
from cms.registry import Registry

from . import ledger, letters
from .ledger import MoneyError, balance

JOB = "money.refund"
State = MoneyRefund.State


@dataclass(frozen=True)
class Due:
    """What a cancellation means, in pence: the share given back, what is kept, what goes back."""

    percent: int
    off: int  # comes off the cost
    back: int  # of what was paid


@dataclass(frozen=True)
class Sent:
    """What a provider says of a refund: its reference, or that it will never go through."""

    reference: str = ""
    refused: str = ""


# Told before the account is locked, for locks that come first: help with costs gives its fund back.
cancelling: Registry[Callable[[MoneyAccount], None]] = Registry("listener for cancellations")

# By the name of a card provider: gives money of a payment back. Raises when it may work later.
senders: Registry[Callable[[MoneyRefund], Sent]] = Registry("sender of refunds")


def percent_back(ladder: Iterable[Mapping], *, starts_on: date, on: date) -> int:
    """The share, in per cent, that is given back to whoever cancels on that day."""
    days = (starts_on - on).days
    shares = [int(step["percent"]) for step in ladder if days >= int(step["days_before"])]
    return min(100, max(shares, default=0))


def refund_due(
    account: MoneyAccount, *, on: date | None = None, by_hub: bool = False, percent: int = -1
) -> Due:
    """What would be given back for a cancellation on that day (today). Changes nothing.

    `by_hub` is a cancellation by the hub: everything. `percent` is an officer's own decision.
    Without a date to count from it is everything too.
    """
    share = percent
    if by_hub or (share < 0 and account.offering is None):
        share = 100
    elif share < 0:
        share = percent_back(
            ladder_of(account.offering),
            starts_on=timezone.localtime(account.offering.starts_at).date(),
            on=on or timezone.localdate(),
        )
    sums = balance(account)
    # Half pence go to the family.
    off = (sums.cost * share + 50) // 100
    kept = sums.cost - off
    back = max(0, sums.kept - _on_its_way(account) - kept)
    return Due(share, off, back)


def cancel(
    account: MoneyAccount,
    *,
    by: User | None,
    on: date | None = None,
    by_hub: bool = False,
    percent: int = -1,
    why: str = "",
    quietly: bool = False,
) -> Due:
    """The booking is cancelled: the cost comes down and what is due goes back. Whole or not at all.

    Cancelled again, nothing is left to take off. The place is given back by whoever calls.
    `quietly` when another letter tells the family of the refund.
    """
    with transaction.atomic():
        for _name, listener in sorted(cancelling.items()):
            listener(account)
        row = ledger.lock(account.pk)
        due = refund_due(row, on=on, by_hub=by_hub, percent=percent)
        words = why or (_("Cancelled by us") if by_hub else _("Cancelled"))
        if due.off:
            share = _("%(why)s, %(percent)s%% back") % {"why": words, "percent": due.percent}
            ledger.take_off(row, due.off, share, by=by)
        if due.back:
            refund(row, due.back, by=by, why=words, quietly=quietly)
        MoneyAccount.objects.filter(pk=row.pk).update(pay_by=None)
    return due


def refund(
    account: MoneyAccount,
    pence: int,
    *,
    by: User | None,
    why: str,
    of: MoneyEntry | None = None,
    quietly: bool = False,
) -> list[MoneyRefund]:
    """Give so much back, the way it came; of one payment, or of the newest first.

    `quietly` when another letter tells the family of it.

    Raises MoneyError when there is less to give back. A card provider is asked by a job.
    """
    with ledger.locked(account.pk) as row:
        left = pence
        orders = []
        for payment, free in _refundable(row, of):
            part = min(left, free)
            if part > 0:
                orders.append(_order(row, payment, part, by=by, why=why))
                left -= part
        if left or pence < 1:
            # Raised inside the block, so that nothing of it stays.
            raise MoneyError(_("There is not so much to give back."))
        if not quietly:
            letters.refund_decided(row, orders)
    return orders


def _order(
    account: MoneyAccount, payment: MoneyEntry, pence: int, *, by: User | None, why: str
) -> MoneyRefund:
    order = MoneyRefund.objects.create(
        account=account,
        payment=payment,
        pence=pence,
        method=payment.method,
        why=why[:200],
        by_id=by.pk if by else None,
        by_name=(str(by) if by else "The hub")[:150],
    )
    if payment.provider in senders:
        jobs.enqueue(JOB, key=f"{JOB}-{order.pk}", payload={"id": order.pk})
    return order


def _refundable(account: MoneyAccount, of: MoneyEntry | None) -> list[tuple[MoneyEntry, int]]:
    """Payments, newest first, with what of each was neither given back nor promised."""
    payments = account.entries.filter(kind=MoneyEntry.Kind.PAYMENT).order_by("-pk")
    if of is not None:
        payments = payments.filter(pk=of.pk)
    taken = dict(
        MoneyRefund.objects.filter(account=account)
        .order_by()
        .values_list("payment")
        .annotate(total=Sum("pence"))
    )
    return [(payment, payment.pence - taken.get(payment.pk, 0)) for payment in payments]


def _on_its_way(account: MoneyAccount) -> int:
    """Decided, but not gone yet."""
    waiting = account.refunds.exclude(state=State.MADE)
    return waiting.aggregate(total=Sum("pence"))["total"] or 0


def made(
    refund_id: int,
    *,
    reference: str,
    by: User | None,
    provider_reference: str = "",
    method: str = "",
) -> MoneyRefund:
    """It has gone. Said twice it is written once. `method` when it had to go another way."""
    account_id = MoneyRefund.objects.values_list("account_id", flat=True).get(pk=refund_id)
    with ledger.locked(account_id) as account:
        order = MoneyRefund.objects.select_related("payment").get(pk=refund_id)
        if order.state == State.MADE:
            return order
        order.account = account
        order.method = method or order.method
        order.entry = ledger.give_back(
            order,
            reference=reference,
            provider=order.payment.provider if provider_reference else "",
            provider_reference=provider_reference,
            by=by,
        )
        order.state, order.problem = State.MADE, ""
        order.save(update_fields=["state", "entry", "problem", "method"])
        letters.refund_made(account, order)
    return order


@jobs.handlers(JOB)
def send(run: jobs.JobRun) -> None:
    """Ask the provider to give it back, outside any transaction; asked twice it does it once."""
    order = MoneyRefund.objects.select_related("payment", "account").get(pk=run.payload["id"])
    if order.state == State.MADE:
        return
    sent = senders[order.payment.provider](order)
    with run.finish():
        if sent.refused:
            MoneyRefund.objects.filter(pk=order.pk).exclude(state=State.MADE).update(
                state=State.FAILED, problem=sent.refused[:300]
            )
        else:
            made(order.pk, reference="", by=None, provider_reference=sent.reference)


@jobs.endings("money.refund")
def _given_up(job: object) -> None:
    """The job gave up: an officer sees it among the refunds that did not go through."""
    with transaction.atomic():
        MoneyRefund.objects.filter(pk=job.payload["id"], state=State.WAITING).update(
            state=State.FAILED, problem=str(job.problem)[:300]
        )
