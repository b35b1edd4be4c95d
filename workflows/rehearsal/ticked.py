"""What checklists bring to rehearsals: ticking an item, as an officer of the stage would."""

from collections.abc import Iterator

from cms.models import User
from workflows.checklist import may_tick, tick
from workflows.models import Case
from workflows.ticks import open_items

from .parts import CannotRehearseError, Move, Offer, moves, officers


def _tickers(case: Case) -> list[User]:
    return [
        user
        for user in officers()
        if may_tick(case, user)
        and Case.objects.for_user(user, "change").filter(pk=case.pk).exists()
    ]


def _offered(case: Case) -> Iterator[Offer]:
    left = open_items(case)
    who = str(next(iter(_tickers(case)), "Nobody in this process")) if left else ""
    for item in left:
        yield Offer(item.key, f"Tick: {item.label}", who)


def _make(case: Case, key: str) -> None:
    tickers = _tickers(case)
    if not tickers:
        raise CannotRehearseError("Nobody in this process may tick here.")
    tick(case.pk, key, by=tickers[0])


moves("checklist")(Move(_offered, _make))
