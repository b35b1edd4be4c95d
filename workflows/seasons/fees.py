"""The fee of an audition, through the ledger as everything that families pay.

It is charged once, when an application is within its round's rules, and the bill goes out with it.
Who gets free school meals is charged and waived in the same moment, so that the ledger shows both;
anybody else is waived by staff, with a reason. Who withdraws gets back what the round's ladder
says, counted from the audition or, where no time was given, from the last day of applications.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cms.ladder import USUAL, ladder_words
from cms.models import MoneyAccount, MoneyEntry, User
from cms.money import ledger, letters, refunds
from cms.money.amounts import in_pounds
from workflows.actions import Action, actions
from workflows.models import Case, CaseEvent, DecisionEvent

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


@dataclass(frozen=True)
class Terms:
    """What a family reads of the fee before it applies: sum, waiver, and what comes back."""

    fee: str
    due: str
    is_waived: bool
    who_is_free: str
    back: list[str]
    days: int = DUE.days


def terms(made: AuditionRound, *, is_free: bool) -> Terms | None:
    """The fee in words; None for a round without one. Changes nothing."""
    if not made.fee_pence:
        return None
    due = _("Nothing") if is_free else in_pounds(made.fee_pence)
    back = [] if is_free else ladder_words(ladder(made))[:-1]
    return Terms(in_pounds(made.fee_pence), due, is_free, made.fee_waiver, back)


def ladder(made: AuditionRound) -> list[dict[str, int]]:
    """The round's own steps, or the usual ones of the hub."""
    return made.fee_steps() or [dict(step) for step in USUAL]


def give_back(case: Case, event: CaseEvent) -> refunds.Due | None:
    """The application was withdrawn by that event; None when nothing was charged."""
    account = ledger.of_reference(case.reference)
    entrant = Entrant.objects.filter(case=case).select_related("round").first()
    if account is None or entrant is None:
        return None
    share = refunds.percent_back(
        ladder(entrant.round),
        starts_on=_heard_on(entrant, event),
        on=timezone.localtime(event.at).date(),
    )
    return refunds.cancel(account, by=None, percent=share, why=_("Application withdrawn"))


def _heard_on(entrant: Entrant, event: CaseEvent) -> date:
    """The day of the audition as it stood when the family withdrew."""
    times = entrant.case.appointments.filter(Q(state="booked") | Q(changed_at__gte=event.at))
    starts = times.order_by("-pk").values_list("slot__starts_at", flat=True).first()
    return timezone.localtime(starts or entrant.round.closes_at).date()


@actions("refund_audition_fee")
class RefundAuditionFee(Action):
    """The fee comes down by the round's ladder, and what was paid of it goes back."""

    label = gettext_lazy("Give the audition fee back by the round’s ladder")

    def run(self, case: Case, options: dict) -> str:
        due = give_back(case, self.row.event)
        if due is None:
            return "No fee was charged, so there is nothing to give back"
        return f"{due.percent}% back: {in_pounds(due.off)} off, {in_pounds(due.back)} given back"


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
