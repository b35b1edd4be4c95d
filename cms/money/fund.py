"""The fund for help with costs: one for each school year, promised by the pound, with a queue.

What is left is the last move's sum, taken under a lock on the fund's row; each move has a number
and what it leaves, so that the database refuses to promise the same pound twice. A year without a
fund has no limit. The fund is locked after course dates and before accounts (cms.money).
Whoever comes when it is empty, or when others wait, waits behind them; money that comes in or back
is promised in that order, and whoever needs more than there is holds up those behind.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.db.models import Q, Sum

from cms.models import AcademicYear, FundMove, HelpClaim, HelpFund, User
from cms.registry import Registry
from cms.school_year import academic_year

State = HelpClaim.State
Kind = FundMove.Kind

# Told, in the transaction, that a waiting claim has its money: see cms.money.help.
funded: Registry[Callable[[HelpClaim], None]] = Registry("listener for claims that got their money")


@dataclass(frozen=True)
class Meter:
    """How a fund stands, in pence. `queue` waits, and needs `needed`."""

    fund: HelpFund
    budget: int
    decided: int
    undecided: int
    left: int
    queue: int
    needed: int

    @property
    def percent(self) -> int:
        """How much of it is promised, 0 to 100."""
        return (self.budget - self.left) * 100 // self.budget if self.budget else 0


def fund_of(day: date) -> HelpFund | None:
    """The fund of the school year that a day lies in, if that has one."""
    return HelpFund.objects.filter(year__start_year=academic_year(day)).first()


def open_fund(year: AcademicYear) -> HelpFund:
    return HelpFund.objects.get_or_create(year=year)[0]


def lock(fund_id: int) -> HelpFund:
    """Within a transaction of the caller's; before any account."""
    return HelpFund.objects.select_for_update(of=("self",), no_key=True).get(pk=fund_id)


def left(fund: HelpFund) -> int:
    last = fund.moves.order_by("-number").values_list("left_pence", flat=True).first()
    return last or 0


def queue(fund: HelpFund):  # noqa: ANN201 - a queryset
    """Who waits, in order."""
    return fund.claims.filter(state=State.WAITING).order_by("asked_at", "pk")


def can_promise(fund: HelpFund | None, pence: int) -> bool:
    """Whether a newcomer gets so much at once: there is enough, and nobody waits."""
    return fund is None or (pence <= left(fund) and not queue(fund).exists())


def promise(claim: HelpClaim) -> None:
    """The fund, which is locked, pays for this claim."""
    if claim.fund_id:
        _move(claim.fund, Kind.PROMISE, -claim.pence, claim=claim)


def give_back(claim: HelpClaim) -> None:
    """What was promised to a claim is there for others. The fund is locked."""
    if claim.fund_id and claim.moves.aggregate(total=Sum("pence"))["total"]:
        _move(claim.fund, Kind.BACK, claim.pence, claim=claim)


def top_up(fund: HelpFund, pence: int, *, by: User | None) -> int:
    """Put money in; how many waiting claims got theirs."""
    if pence < 1:
        raise ValueError("The amount must be at least one penny.")
    with transaction.atomic():
        row = lock(fund.pk)
        _move(row, Kind.TOP_UP, pence, by=str(by or "The hub"))
        return release(row)


def release(fund: HelpFund) -> int:
    """Promise what is left to those who wait, in order, until one needs more than there is."""
    served = 0
    for claim in queue(fund).select_related("rule", "account"):
        if claim.pence > left(fund):
            break
        claim.fund = fund
        promise(claim)
        claim.state = State.CLAIMED
        claim.save(update_fields=["state"])
        for _name, listener in sorted(funded.items()):
            listener(claim)
        served += 1
    return served


def _move(
    fund: HelpFund, kind: str, pence: int, *, claim: HelpClaim | None = None, by: str = "The hub"
) -> None:
    last = fund.moves.order_by("-number").values_list("number", "left_pence").first() or (0, 0)
    FundMove.objects.create(
        fund=fund,
        number=last[0] + 1,
        kind=kind,
        pence=pence,
        left_pence=last[1] + pence,
        claim=claim,
        by_name=by[:150],
    )


def meter(fund: HelpFund) -> Meter:
    """For the officer. Three queries."""
    budget = fund.moves.filter(kind=Kind.TOP_UP).aggregate(total=Sum("pence"))["total"] or 0
    claims = fund.claims.aggregate(
        decided=Sum("pence", filter=Q(state=State.APPROVED)),
        undecided=Sum("pence", filter=Q(state=State.CLAIMED)),
        needed=Sum("pence", filter=Q(state=State.WAITING)),
    )
    return Meter(
        fund=fund,
        budget=budget,
        decided=claims["decided"] or 0,
        undecided=claims["undecided"] or 0,
        left=left(fund),
        queue=queue(fund).count(),
        needed=claims["needed"] or 0,
    )
