"""What a form that is sent has to do with money: an account is opened, and the case tells of it.

A form's `settings.payment` says when it is paid:

    {"when": "now", "minutes": 30, "due_days": 14}   places are kept so long for who pays by card
    {"when": "later", "due_days": 14}                a bill goes out; the places are theirs at once

Left out, nothing is asked for until staff send the bill. "now" is as "later" where no card
provider is set up: nobody may lose a place because a setting is missing.
"""

from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cms import places
from cms.models import MoneyAccount, MoneyEntry, Place, User
from cms.money import help as helping
from cms.money import ledger, letters, online, refunds
from cms.money.amounts import in_pounds
from forms.amounts import Price
from forms.models import Journey, Submission
from forms.summary import contact_of
from workflows.actions import Action, ActionProblemError, actions, in_days
from workflows.models import Case, CaseEvent

NOW, LATER = "now", "later"
DUE_DAYS, MINUTES = 14, 30


def terms(compiled: Mapping) -> Mapping:
    """The form's setting, {} when it says nothing."""
    return (compiled.get("settings") or {}).get("payment") or {}


def waits_for_money(compiled: Mapping, price: Price | None) -> bool:
    """Whether places are only kept until it is paid."""
    said = terms(compiled)
    is_due = bool(price and price.pence and not price.help_waits)
    return is_due and said.get("when") == NOW and online.takes_cards()


def lock_dates(journey: Journey) -> None:
    """The dates on which it holds places, before the fund of help with costs: cms.money says why
    in this order."""
    held = Place.objects.filter(holder=journey.holder).order_by()
    places.lock_course_dates(sorted(set(held.values_list("course_date_id", flat=True))))


def keep_places(journey: Journey, price: Price | None) -> datetime | None:
    """The places are the family's now; or until the moment that is returned, while it pays.

    Raises cms.places.PlacesError when they have gone.
    """
    compiled = journey.version.compiled
    if waits_for_money(compiled, price):
        return places.extend(journey.holder, minutes=terms(compiled).get("minutes") or MINUTES)
    places.confirm(journey.holder)
    return None


def open_account(
    submission: Submission, price: Price | None, *, pay_by: datetime | None = None
) -> MoneyAccount | None:
    """Charge what it costs before help, in the transaction that sends the form; None without a
    price. `pay_by` is until when its places wait for the money.
    """
    taken_off = price.help_pence if price and not price.help_waits else 0
    if price is None or not price.pence + taken_off:
        return None
    name, email = contact_of(submission.version.compiled, submission.answers)
    said = terms(submission.version.compiled)
    due_on = timezone.localdate() + timedelta(days=said.get("due_days") or DUE_DAYS)
    offering = submission.offering
    if known := account_of(submission):  # what it is for has charged a fee of its own already
        ledger.charge(known, price.pence + taken_off, _what(submission))
        return known
    return ledger.open_account(
        reference=submission.reference,
        pence=price.pence + taken_off,
        what=_what(submission),
        holder=submission.holder,
        offering=offering,
        payer_name=name,
        payer_email=email,
        due_on=_not_after(due_on, offering) if said else None,
        pay_by=pay_by,
    )


def send_bill(account: MoneyAccount | None, submission: Submission) -> None:
    """The bill, where the form says that there is one and something is due."""
    if account is None or not terms(submission.version.compiled):
        return
    account.refresh_from_db()
    if account.due_on:
        letters.bill(account)


def _what(submission: Submission) -> str:
    return str(submission.offering) if submission.offering else submission.version.title


def due_day(account: MoneyAccount) -> date:
    """Until when there is time for what is charged today."""
    return _not_after(timezone.localdate() + timedelta(days=DUE_DAYS), account.offering)


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


def for_family(submission: Submission) -> dict | None:
    """What the family's own pages say of money: `{account, balance, keeps_until}`."""
    account = account_of(submission)
    if account is None:
        return None
    waits = account.pay_by if account.pay_by and account.pay_by > timezone.now() else None
    return {"account": account, "balance": ledger.balance(account), "keeps_until": waits}


def forget_reason(submission: Submission, keys: Collection[str]) -> None:
    """Why help was asked for goes when the answer that said so does."""
    asked = (submission.version.compiled.get("pricing") or {}).get("remission") or {}
    account = account_of(submission)
    if account is not None and asked.get("question") in keys:
        helping.forget(account)


def forget(submission: Submission, *, reference: str) -> None:
    """Whom the money was for is forgotten; the rows stay, as the law of money wants."""
    account = account_of(submission)
    if account is not None:
        helping.forget(account)
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


@online.happened("case history")
def _happened(account: MoneyAccount, words: str) -> None:
    note(account, words)


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
