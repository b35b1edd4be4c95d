"""The ledger: the one writer of accounts and their rows. Whole pence, append-only, no stored sums.

Every verb is one short transaction that locks the account, adds up its rows and writes new ones.
A mistake is put right by another row, never by changing one.
`by` is the member of staff who does it; None is the hub itself.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from cms.models import (
    CourseDate,
    MoneyAccount,
    MoneyEntry,
    MoneyRefund,
    MusicCentre,
    OutboxMessage,
    User,
)
from cms.registry import Registry

Kind = MoneyEntry.Kind

# Told, in the transaction, of a row that was written: (account, entry). Forms write it into the
# history of the case.
written: Registry[Callable[[MoneyAccount, MoneyEntry], None]] = Registry("listener for the ledger")


class MoneyError(Exception):
    """It cannot be done so. The message is a sentence for the member of staff."""


@dataclass(frozen=True)
class Balance:
    """An account's rows, added up, in pence."""

    charged: int = 0
    credited: int = 0
    paid: int = 0
    given_back: int = 0

    @property
    def cost(self) -> int:
        """What it costs after all that was taken off."""
        return self.charged - self.credited

    @property
    def kept(self) -> int:
        """What the hub has of the family's money."""
        return self.paid - self.given_back

    @property
    def owed(self) -> int:
        """What is still to be paid; below zero when the family has paid too much."""
        return self.cost - self.kept


def balance(account: MoneyAccount) -> Balance:
    """One query."""
    rows = account.entries.order_by().values_list("kind").annotate(total=Sum("pence"))
    sums = dict(rows)
    return Balance(
        sums.get(Kind.CHARGE, 0),
        sums.get(Kind.CREDIT, 0),
        sums.get(Kind.PAYMENT, 0),
        sums.get(Kind.REFUND, 0),
    )


def of_reference(reference: str) -> MoneyAccount | None:
    return MoneyAccount.objects.filter(reference=reference).first()


def of_holder(holder: str) -> MoneyAccount | None:
    """The account of a booking, by the holder of its places."""
    return MoneyAccount.objects.filter(holder=holder).first() if holder else None


@contextmanager
def locked(account_id: int) -> Iterator[MoneyAccount]:
    """The account, locked until the transaction ends. Locks of other kinds come before it."""
    with transaction.atomic():
        yield lock(account_id)


def lock(account_id: int) -> MoneyAccount:
    """Within a transaction of the caller's."""
    return MoneyAccount.objects.select_for_update(of=("self",), no_key=True).get(pk=account_id)


def open_account(
    *,
    reference: str,
    pence: int,
    what: str = "",
    holder: str = "",
    offering: CourseDate | None = None,
    centre: MusicCentre | None = None,
    payer_name: str = "",
    payer_email: str = "",
    due_on: date | None = None,
    pay_by: datetime | None = None,
) -> MoneyAccount:
    """Open an account that charges `pence`; the same reference again is the same account."""
    with transaction.atomic():
        account, is_new = MoneyAccount.objects.get_or_create(
            reference=reference,
            defaults={
                "what": what[:200],
                "holder": holder,
                "offering": offering,
                "centre": centre or (offering.centre if offering else None),
                "payer_name": payer_name[:160],
                "payer_email": payer_email,
                "due_on": due_on,
                "pay_by": pay_by,
            },
        )
        if is_new and pence:
            charge(account, pence, what)
    return account


def charge(
    account: MoneyAccount, pence: int, what: str, *, method: str = "", by: User | None = None
) -> MoneyEntry:
    """Ask for more. Raises MoneyError for an amount that is none."""
    with locked(account.pk) as row:
        return _write(row, Kind.CHARGE, pence, what=what, method=method, by=by)


def move_to(account: MoneyAccount, offering: CourseDate) -> MoneyAccount:
    """What it was opened for takes place on another date: from now on days count from that one."""
    with locked(account.pk) as row:
        row.offering, row.centre, row.what = offering, offering.centre, str(offering)[:200]
        row.save(update_fields=["offering", "centre", "what"])
        return row


def take_off(
    account: MoneyAccount, pence: int, what: str, *, method: str = "", by: User | None = None
) -> MoneyEntry:
    """Ask for less: never more than is charged. Raises MoneyError."""
    with locked(account.pk) as row:
        if pence > balance(row).cost:
            raise MoneyError(_("That is more than it costs."))
        return _write(row, Kind.CREDIT, pence, what=what, method=method, by=by)


def take_payment(
    account: MoneyAccount,
    pence: int,
    *,
    method: str,
    reference: str = "",
    day: date | None = None,
    by: User | None = None,
    provider: str = "",
    provider_reference: str = "",
) -> MoneyEntry:
    """Money has come. Told twice of the same payment of a provider, it is written once."""
    with locked(account.pk) as row:
        if already := _known(provider, provider_reference):
            return already
        return _write(
            row,
            Kind.PAYMENT,
            pence,
            method=method,
            reference=reference,
            day=day,
            provider=provider,
            provider_reference=provider_reference,
            by=by,
        )


def give_back(
    refund: MoneyRefund,
    *,
    reference: str = "",
    provider: str = "",
    provider_reference: str = "",
    by: User | None = None,
) -> MoneyEntry:
    """A refund has gone: its row. The account is locked by the caller (refunds.made)."""
    return _write(
        refund.account,
        Kind.REFUND,
        refund.pence,
        method=refund.method,
        what=refund.why,
        reference=reference,
        refund_of=refund.payment,
        provider=provider,
        provider_reference=provider_reference,
        by=by,
    )


def _known(provider: str, provider_reference: str) -> MoneyEntry | None:
    if not provider_reference:
        return None
    return MoneyEntry.objects.filter(
        provider=provider, provider_reference=provider_reference, kind=Kind.PAYMENT
    ).first()


def _write(
    account: MoneyAccount, kind: str, pence: int, *, by: User | None = None, **facts: object
) -> MoneyEntry:
    """One more row; the account is locked."""
    if pence < 1:
        raise MoneyError(_("The amount must be at least one penny."))
    facts["day"] = facts.get("day") or timezone.localdate()
    entry = MoneyEntry.objects.create(
        account=account,
        number=account.entries.count() + 1,
        kind=kind,
        pence=pence,
        by_id=by.pk if by else None,
        by_name=(str(by) if by else "The hub")[:150],
        **facts,
    )
    for _name, listener in sorted(written.items()):
        listener(account, entry)
    return entry


def forget_payer(account: MoneyAccount, *, reference: str) -> None:
    """Whom it was for is gone, with the letters that said so. The ledger keeps its rows."""
    OutboxMessage.objects.filter(
        record_type=account._meta.label_lower, record_id=str(account.pk)
    ).delete()
    MoneyAccount.objects.filter(pk=account.pk).update(
        reference=reference, payer_name="", payer_email=""
    )
