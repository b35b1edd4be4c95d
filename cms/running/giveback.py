"""What a family gets back when places end: asked before it is decided, and done with the decision.

Whoever keeps the money registers one `Ledger` under "ledger"; without one nothing was ever paid
here, and what is owed is said in words alone. `reference` is the booking's; `share` is how much of
it ends, as (places that end, places it has).
"""

from dataclasses import dataclass
from typing import Protocol

from django.db.models import Model
from django.utils.translation import gettext as _

from cms.registry import Registry


@dataclass(frozen=True)
class Ending:
    """Places of one booking that end. `by_hub`: we called it off, so all of it is given back."""

    reference: str
    booking: Model
    ending: int
    of: int
    starts_at: object
    by_hub: bool


@dataclass(frozen=True)
class GivenBack:
    """`pence` that go back, and a sentence for the family that says why so much."""

    pence: int
    words: str


class Ledger(Protocol):
    """Says what would be given back, changing nothing; and gives it back, in the transaction."""

    def preview(self, ending: Ending) -> GivenBack: ...

    def give_back(self, ending: Ending, *, key: str, by: str) -> GivenBack: ...


ledgers: Registry[Ledger] = Registry("ledger")


def preview(ending: Ending) -> GivenBack:
    """What would be given back."""
    if "ledger" in ledgers:
        return ledgers["ledger"].preview(ending)
    return _unknown(ending)


def give_back(ending: Ending, *, key: str, by: str) -> GivenBack:
    """Give it back, once for each `key`, in the caller's transaction."""
    if "ledger" in ledgers:
        return ledgers["ledger"].give_back(ending, key=key, by=by)
    return _unknown(ending)


def _unknown(ending: Ending) -> GivenBack:
    if ending.by_hub:
        return GivenBack(0, _("You get back everything that you have paid for it."))
    return GivenBack(
        0, _("What you have paid is given back as our terms say. We write to you about it.")
    )
