"""What a family gets back when places end: asked before it is decided, and done with the decision.

The account of a booking is found by the holder of its places. Without one nothing was ever asked
for or paid here, and what is owed is said in words alone. When some of several places end, their
share of the cost is what is cancelled, by the same ladder.
"""

from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cms.ladder import ladder_of
from cms.models import CourseDate, MoneyAccount
from cms.money import ledger, refunds


@dataclass(frozen=True)
class Ending:
    """Places of one booking that end: `ending` of the `of` it has.

    `by_hub`: we called it off, so all of its cost comes off.
    """

    holder: str
    date: CourseDate
    ending: int
    of: int
    by_hub: bool

    @property
    def is_all(self) -> bool:
        return self.ending >= self.of


@dataclass(frozen=True)
class GivenBack:
    """`pence` that go back, and a sentence for the family that says why so much."""

    pence: int
    words: str


def preview(ending: Ending) -> GivenBack:
    """What would be given back. Changes nothing."""
    account = ledger.of_holder(ending.holder)
    if account is None:
        return _unknown(ending)
    return _said(ending, _due(account, ending))


def give_back(ending: Ending, *, why: str) -> GivenBack:
    """Take the cost down and promise what goes back, in the caller's transaction.

    To be called when the places have just ended, and not again. The course dates are locked by
    then: an account may not be locked before them. The sentence that comes back belongs into the
    letter of whoever calls: no other tells the family that money is on its way.
    """
    account = ledger.of_holder(ending.holder)
    if account is None:
        return _unknown(ending)
    with transaction.atomic():
        if ending.is_all:
            due = refunds.cancel(account, by=None, by_hub=ending.by_hub, why=why, quietly=True)
        else:
            row = ledger.lock(account.pk)
            due = _due(row, ending)
            if due.off:
                ledger.take_off(row, due.off, why)
            if due.back:
                refunds.refund(row, due.back, by=None, why=why, quietly=True)
    return _said(ending, due)


def _due(account: MoneyAccount, ending: Ending) -> refunds.Due:
    if ending.is_all:
        return refunds.refund_due(account, by_hub=ending.by_hub)
    whole = refunds.refund_due(account, by_hub=True)
    percent = 100 if ending.by_hub else _percent(ending)
    # Half pence go to the family.
    off = (whole.off * ending.ending * percent + 50 * ending.of) // (100 * ending.of)
    return refunds.Due(percent, off, max(0, whole.back - (whole.off - off)))


def _percent(ending: Ending) -> int:
    return refunds.percent_back(
        ladder_of(ending.date), starts_on=ending.date.first_day, on=timezone.localdate()
    )


def _said(ending: Ending, due: refunds.Due) -> GivenBack:
    pounds = f"£{due.back / 100:.2f}".removesuffix(".00")
    if ending.by_hub:
        words = _("You get back everything that you have paid for it: %(sum)s.") % {"sum": pounds}
    elif due.back:
        words = _("You get back %(sum)s.") % {"sum": pounds}
    elif due.percent:
        words = _("You have not paid anything that would be given back.")
    else:
        words = _("It is too late to get anything back.")
    if due.back:
        words += " " + _("It goes back the way you paid; by card it takes up to ten working days.")
    return GivenBack(due.back, words)


def _unknown(ending: Ending) -> GivenBack:
    if ending.by_hub:
        return GivenBack(0, _("You get back everything that you have paid for it."))
    return GivenBack(
        0, _("What you have paid is given back as our terms say. We write to you about it.")
    )
