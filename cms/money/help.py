"""Help with costs: a claim beside an account, held at the lower price until somebody decides.

A rule (RemissionRule) says how much, for which days. The claim is made with the booking: the fund
promises it and the account says less, under the locks of that very transaction; or it waits for the
fund, the place is kept all the same, and nothing is due until it is decided. Refused, the price
goes up again, with a kind letter and time to pay. The officer's words go into the letter; the
reason never does. What nobody has decided by 31 July ends with the school year (endings.py).
"""

from collections.abc import Callable
from datetime import date, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cms.mailmarkup import site_link
from cms.models import HelpClaim, HelpFund, MoneyAccount, RemissionRule, User
from cms.registry import Registry
from cms.secrecy import hashed, new_token

from . import fund as funds
from . import helpletters, ledger, refunds
from .ledger import MoneyError

DUE_DAYS, SCHOOL_DAYS = 14, 14
METHOD = "remission"
ENDED_BY = "The hub: ended on 31 July"
State, How = HelpClaim.State, HelpClaim.How

# What only forms know of an account: the children's names, and what shows the reason.
children: Registry[Callable[[MoneyAccount], list[str]]] = Registry("teller of children")
evidence: Registry[Callable[[MoneyAccount, User], list[dict]]] = Registry("teller of evidence")


def rule_on(basis: str, day: date) -> RemissionRule | None:
    """The rule for a reason that holds on that day."""
    return RemissionRule.objects.on(day).filter(basis=basis).first() if basis else None


def claim(
    account: MoneyAccount,
    rule: RemissionRule,
    pence: int,
    *,
    how: str,
    fund: HelpFund | None,
    waits: bool,
    school_email: str = "",
) -> HelpClaim:
    """Write the claim with the booking. The fund, if there is one, is locked, and `waits` was
    decided under that lock (fund.can_promise). The account was opened at the full price."""
    made = HelpClaim.objects.create(
        account=account,
        rule=rule,
        percent=rule.percent,
        pence=pence,
        how=how if rule.evidence_needed else How.NONE,
        fund=fund,
        state=State.WAITING if waits else State.CLAIMED,
        school_email=school_email,
    )
    if waits:
        MoneyAccount.objects.filter(pk=account.pk).update(due_on=None, pay_by=None)
        helpletters.waiting(made)
    else:
        funds.promise(made)
        _take_off(made)
    if made.how == How.SCHOOL and school_email:
        ask_school(made, school_email)
    return made


def _take_off(made: HelpClaim) -> None:
    ledger.take_off(made.account, made.pence, _("Help with costs"), method=METHOD)
    if not made.rule or not made.rule.evidence_needed:
        _settle(made, State.APPROVED, by="The hub", words="")


@funds.funded("help")
def _funded(made: HelpClaim) -> None:
    """A waiting claim has its money: the price comes down, and what is left is due."""
    _take_off(made)
    _due(made.account)
    _pay_back_surplus(made.account)
    helpletters.funded(made)


def approve(claim_id: int, *, by: User, words: str = "") -> HelpClaim:
    """Yes: the price stays as low as it is. Raises MoneyError when it cannot be decided so."""
    with _locked(claim_id) as made:
        if made.state == State.APPROVED:
            return made
        if made.state != State.CLAIMED:
            raise MoneyError(_("This claim waits for the fund, or was decided before."))
        _settle(made, State.APPROVED, by=str(by), words=words)
        helpletters.approved(made)
        return made


def refuse(claim_id: int, *, by: User, words: str) -> HelpClaim:
    """No: the full price, a kind letter, and time to pay. Others get what was promised."""
    if not words.strip():
        raise MoneyError(_("Say in a few kind words why, and what the family can do."))
    with _locked(claim_id) as made:
        if made.state == State.REFUSED:
            return made
        if made.state not in (State.CLAIMED, State.WAITING):
            raise MoneyError(_("This claim was decided before."))
        was_promised = made.state == State.CLAIMED
        _settle(made, State.REFUSED, by=str(by), words=words)
        if was_promised:
            funds.give_back(made)
            ledger.charge(made.account, made.pence, _("Help with costs not given"), method=METHOD)
        _due(made.account)
        helpletters.refused(made)
        if made.fund_id:
            funds.release(made.fund)
        return made


def expire(claim_id: int) -> HelpClaim:
    """The school year is over and nobody has decided: the full price, with two weeks to pay.

    The fund of that year gets back what it had promised. Decided meanwhile, it stays so. Who reads
    the claim sees that it was refused, and by whom: the end of the year.
    """
    with _locked(claim_id) as made:
        if made.state not in (State.CLAIMED, State.WAITING):
            return made
        was_promised = made.state == State.CLAIMED
        _settle(made, State.REFUSED, by=ENDED_BY, words="")
        if was_promised:
            funds.give_back(made)
            ledger.charge(made.account, made.pence, _("Help with costs ended"), method=METHOD)
        made.account.due_on = timezone.localdate() + timedelta(days=DUE_DAYS)
        made.account.save(update_fields=["due_on"])
        helpletters.ended(made)
        return made


@refunds.cancelling("help")
def _cancelled(account: MoneyAccount) -> None:
    """A booking is cancelled: its fund gets back what it had promised, for those who wait."""
    found = HelpClaim.objects.filter(account=account).first()
    if found is None:
        return
    with _locked(found.pk) as made:
        if made.state in (State.CLAIMED, State.APPROVED):
            funds.give_back(made)
        if made.state not in (State.REFUSED, State.ENDED):
            made.state = State.ENDED
            made.save(update_fields=["state"])
            if made.fund_id:
                funds.release(made.fund)


class _locked:  # noqa: N801 - used as a function
    """The claim with its fund and account locked, in that order."""

    def __init__(self, claim_id: int):
        self.claim_id = claim_id
        self.atomic = transaction.atomic()

    def __enter__(self) -> HelpClaim:
        self.atomic.__enter__()
        fund_id, account_id = HelpClaim.objects.values_list("fund", "account").get(pk=self.claim_id)
        if fund_id:
            funds.lock(fund_id)
        ledger.lock(account_id)
        return HelpClaim.objects.select_related("account", "fund", "rule").get(pk=self.claim_id)

    def __exit__(self, *problem: object) -> None:
        self.atomic.__exit__(*problem)


def _settle(made: HelpClaim, state: str, *, by: str, words: str) -> None:
    made.state, made.decided_by, made.words = state, by[:150], words.strip()
    made.decided_at = timezone.now()
    made.school_hash = ""
    made.save(update_fields=["state", "decided_by", "words", "decided_at", "school_hash"])


def _due(account: MoneyAccount) -> None:
    """Two weeks to pay, but not after the course."""
    day = timezone.localdate() + timedelta(days=DUE_DAYS)
    if account.offering:
        first = timezone.localtime(account.offering.starts_at).date()
        day = max(timezone.localdate(), min(day, first - timedelta(days=1)))
    account.due_on = day
    account.save(update_fields=["due_on"])


def _pay_back_surplus(account: MoneyAccount) -> None:
    over = -ledger.balance(account).owed
    if over > 0:
        refunds.refund(account, over, by=None, why=_("Help with costs was given"))


# --- the school ----------------------------------------------------------------------------------


def ask_school(made: HelpClaim, address: str) -> None:
    """Send the school a link that opens one question, for two weeks. A new link ends the old."""
    token = new_token()
    made.how, made.school_email, made.school_hash = How.SCHOOL, address, hashed(token)
    made.school_until = timezone.now() + timedelta(days=SCHOOL_DAYS)
    made.school_said, made.school_said_at = "", None
    made.save()
    helpletters.to_school(made, site_link(f"/pay/confirm/{token}/"))


def of_token(token: str) -> HelpClaim | None:
    """The claim that a school was asked about; None for a link that is old, used up or guessed."""
    found = HelpClaim.objects.filter(
        school_hash=hashed(token), school_until__gt=timezone.now(), school_said=""
    )
    return found.select_related("account", "rule").first()


def school_says(token: str, answer: str) -> HelpClaim | None:
    """`yes` or `no`, once. The officer still decides."""
    with transaction.atomic():
        found = of_token(token)
        if found is None or answer not in ("yes", "no"):
            return None
        with _locked(found.pk) as made:
            made.school_said, made.school_said_at = answer, timezone.now()
            made.save(update_fields=["school_said", "school_said_at"])
            return made


def forget(account: MoneyAccount) -> None:
    """Why help was given is forgotten with the family; how much it was stays."""
    HelpClaim.objects.filter(account=account).update(
        rule=None, school_email="", school_hash="", words=""
    )
