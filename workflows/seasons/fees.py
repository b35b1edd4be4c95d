"""The fee of an audition, through the ledger as everything that families pay.

It is charged once, when an application is within its round's rules, and the bill goes out with it.
Who gets free school meals is charged and waived in the same moment, so that the ledger shows both;
anybody else is waived by staff, with a reason. Money that was paid goes back from the money desk.
"""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from cms.models import MoneyAccount, MoneyEntry, User
from cms.money import ledger, letters
from workflows.models import DecisionEvent

from .models import AuditionRound, Entrant

DUE = timedelta(days=14)


class FeeError(ValueError):
    """It cannot be waived so. The message is a sentence for staff."""


def charge(entrant: Entrant, *, is_free: bool) -> None:
    """Charge the round's fee, once, in the caller's transaction; `is_free` waives it at once."""
    made, case = entrant.round, entrant.case
    is_refused = entrant.is_late and made.late == AuditionRound.Late.REFUSED
    if not made.fee_pence or not entrant.may_be_heard or is_refused:
        return
    account = ledger.open_account(
        reference=case.reference,
        pence=0,
        what=_what(made),
        holder=getattr(case.subject, "holder", ""),
        payer_name=case.contact_name,
        payer_email=case.contact_email,
        due_on=timezone.localdate() + DUE,
    )
    with ledger.locked(account.pk) as account:
        if _charged(account, made):
            return
        ledger.charge(account, made.fee_pence, _what(made))
        if is_free:
            ledger.take_off(account, made.fee_pence, _waived(made))
        elif account.payer_email:
            letters.bill(account)


def waive(entrant: Entrant, reason: str, *, by: User) -> None:
    """Take the fee off. Raises FeeError without a reason, without a fee, or a second time."""
    reason, made = reason.strip(), entrant.round
    if not reason:
        raise FeeError("Say why the fee is waived: others may ask for the same.")
    account = ledger.of_reference(entrant.case.reference)
    with transaction.atomic():
        locked = ledger.lock(account.pk) if account else None
        if locked is None or not _charged(locked, made):
            raise FeeError("No fee was charged.")
        if locked.entries.filter(kind=MoneyEntry.Kind.CREDIT, what=_waived(made)).exists():
            raise FeeError("The fee was waived already.")
        ledger.take_off(locked, made.fee_pence, _waived(made), by=by)
        DecisionEvent.objects.create(
            case=entrant.case, words="Audition fee waived", reason=reason,
            actor_id=by.pk, actor_name=str(by)[:160],
        )  # fmt: skip


def states(made: AuditionRound, user: User) -> dict[str, str]:
    """By reference, how each fee stands: due, paid or waived.

    Who may not see money reads "settled" for the last two: a waiver may say what a family lives on.
    """
    if not made.fee_pence:
        return {}
    accounts = MoneyAccount.objects.filter(reference__in=made.entrants.values("case__reference"))
    seen = set(MoneyAccount.objects.for_user(user).values_list("pk", flat=True))
    found = {}
    for account in accounts.prefetch_related("entries"):
        rows = list(account.entries.all())
        if not any(row.what == _what(made) for row in rows):
            continue
        is_waived = any(row.what == _waived(made) for row in rows)
        settled = "waived" if is_waived else "paid"
        is_due = not is_waived and _owed(rows) > 0
        found[account.reference] = "due" if is_due else settled if account.pk in seen else "settled"
    return found


def _owed(rows: list[MoneyEntry]) -> int:
    plus = (MoneyEntry.Kind.CHARGE, MoneyEntry.Kind.REFUND)
    return sum(row.pence if row.kind in plus else -row.pence for row in rows)


def _charged(account: MoneyAccount, made: AuditionRound) -> bool:
    return account.entries.filter(kind=MoneyEntry.Kind.CHARGE, what=_what(made)).exists()


def _what(made: AuditionRound) -> str:
    return f"Audition fee, {made.title}"[:200]


def _waived(made: AuditionRound) -> str:
    return f"Audition fee waived, {made.title}"[:200]
