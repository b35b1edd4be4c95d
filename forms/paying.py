"""What a form that is sent has to do with money: an account is opened, and the case tells of it.

A form's `settings.payment` says when it is paid:

    {"when": "now", "minutes": 30, "due_days": 14}   places are kept so long for who pays by card
    {"when": "later", "due_days": 14}                a bill goes out; the places are theirs at once

Left out, nothing is asked for until staff send the bill. "now" is as "later" where no card
provider is set up: nobody may lose a place because a setting is missing.
"""

from collections.abc import Mapping
from datetime import date, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cms.models import MoneyAccount, MoneyEntry, User
from cms.money import ledger, letters, refunds
from cms.money.amounts import in_pounds
from forms.amounts import Price
from forms.models import Submission
from workflows.actions import Action, ActionProblemError, actions, in_days
from workflows.models import Case, CaseEvent

NOW, LATER = "now", "later"
DUE_DAYS = 14


def terms(compiled: Mapping) -> Mapping:
    """The form's setting, {} when it says nothing."""
    return (compiled.get("settings") or {}).get("payment") or {}


def open_account(
    submission: Submission, price: Price | None, *, name: str, email: str
) -> MoneyAccount | None:
    """Charge what the family saw, in the transaction that sends the form; None without a price."""
    if price is None or not price.pence:
        return None
    said = terms(submission.version.compiled)
    due_on = timezone.localdate() + timedelta(days=said.get("due_days") or DUE_DAYS)
    offering = submission.offering
    account = ledger.open_account(
        reference=submission.reference,
        pence=price.pence,
        what=_what(submission),
        holder=submission.holder,
        offering=offering,
        payer_name=name,
        payer_email=email,
        due_on=_not_after(due_on, offering) if said else None,
    )
    if said:
        letters.bill(account)
    return account


def _what(submission: Submission) -> str:
    return str(submission.offering) if submission.offering else submission.version.title


def _not_after(day: date, offering: object) -> date:
    """Nobody is billed for a day after the course; a course tomorrow is due today."""
    if offering is None:
        return day
    first = timezone.localtime(offering.starts_at).date()
    return max(timezone.localdate(), min(day, first - timedelta(days=1)))


def account_of(submission: Submission) -> MoneyAccount | None:
    return ledger.of_reference(submission.reference)


def panel(submission: Submission, user: User) -> list[dict]:
    """The money of a case, for whoever may see money: see casepage.panels."""
    account = MoneyAccount.objects.for_user(user).filter(reference=submission.reference).first()
    if account is None:
        return []
    return [
        {
            "template": "cms/money/_panel.html",
            "account": account,
            "balance": ledger.balance(account),
            "entries": account.entries.all(),
            "waiting": account.pay_by,
            "today": timezone.localdate(),
        }
    ]


def forget(submission: Submission, *, reference: str) -> None:
    """Whom the money was for is forgotten; the rows stay, as the law of money wants."""
    account = account_of(submission)
    if account is not None:
        ledger.forget_payer(account, reference=reference)


@ledger.written("case history")
def tell_the_case(account: MoneyAccount, entry: MoneyEntry) -> None:
    """What was paid or given back becomes a line of the case's history."""
    if entry.kind not in (MoneyEntry.Kind.PAYMENT, MoneyEntry.Kind.REFUND):
        return
    words = {
        MoneyEntry.Kind.PAYMENT: _("Paid: %(amount)s, %(how)s"),
        MoneyEntry.Kind.REFUND: _("Given back: %(amount)s, %(how)s"),
    }[entry.kind]
    note(
        account,
        words % {"amount": in_pounds(entry.pence), "how": entry.get_method_display()},
        by_id=entry.by_id,
        by_name=entry.by_name,
    )


def note(
    account: MoneyAccount, words: str, *, by_id: int | None = None, by_name: str = "The hub"
) -> None:
    """A line in the history of the case that an account belongs to, if there is one."""
    case = Case.objects.filter(reference=account.reference).first()
    if case is not None:
        CaseEvent.objects.create(
            case=case,
            kind=CaseEvent.Kind.NOTE,
            actor_id=by_id,
            actor_name=by_name,
            summary=words[:250],
        )


def _account(case: Case) -> MoneyAccount:
    account = ledger.of_reference(case.reference)
    if account is None:
        raise ActionProblemError("This case has no account: nothing was charged for it.")
    return account


@actions("refund_by_ladder")
class RefundByLadder(Action):
    """The cost comes down by the cancellation ladder, and what is due goes back.

    `whole` is yes when the hub cancels: then everything goes back. It is done in the name of
    whoever pressed; pressed by the family, in the hub's.
    """

    label = gettext_lazy("Give money back by the cancellation ladder")
    optional = ("whole",)

    def check(self, options: dict) -> list[str]:
        problems = super().check(options)
        if options.get("whole", "no") not in ("yes", "no", ""):
            problems.append("“whole” must be yes or no.")
        return problems

    def run(self, case: Case, options: dict) -> str:
        if ledger.of_reference(case.reference) is None:
            return "Nothing was charged, so there is nothing to give back"
        event = self.row.event
        with transaction.atomic():
            due = refunds.cancel(
                _account(case),
                by=User.objects.filter(pk=event.actor_id).first() if event.actor_id else None,
                on=timezone.localtime(event.at).date(),
                by_hub=options.get("whole") == "yes",
            )
        return f"{due.percent}% back: {in_pounds(due.off)} off, {in_pounds(due.back)} given back"


@actions("ask_for_payment")
class AskForPayment(Action):
    """Sends the bill; it is due `days` days from now (14)."""

    label = gettext_lazy("Send the bill")
    optional = ("days",)

    def check(self, options: dict) -> list[str]:
        problems = super().check(options)
        days = str(options.get("days") or DUE_DAYS)
        if not (days.isascii() and days.isdigit() and int(days) <= 366):
            problems.append("“days” must be a number from 0 to 366.")
        return problems

    def run(self, case: Case, options: dict) -> str:
        if ledger.of_reference(case.reference) is None:
            return "Nothing was charged, so there is no bill"
        with ledger.locked(_account(case).pk) as account:
            day = timezone.localtime(in_days(int(options.get("days") or DUE_DAYS))).date()
            account.due_on = _not_after(day, account.offering)
            account.save(update_fields=["due_on"])
            letters.bill(account)
        return f"Bill sent, due on {account.due_on:%d %B %Y}"
