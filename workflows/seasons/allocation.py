"""From marks, preferences and seats to places: applicant-proposing deferred acceptance. Pure.

Each player has a list of sections (a group and an instrument), best liked first. In turns, whoever
has no seat asks the next section of their list; a section with more askers than seats keeps those
who come first in its own order and lets the others ask on. It ends when nobody has anybody left to
ask. The outcome is the best that any stable outcome gives each player (Gale and Shapley, 1962): no
section has a free seat, or somebody with a lower place, that a refused player who liked it more
should have had. Nobody gains by not naming their true first choice.

A section's order: the mark (moderated where it was), then the middle score of the panel, then the
order among equals that the panel gave by hand. Who is equal in all three stands by the case's
reference, which is random, and is named in `ties`, so that a person decides and not the draw.
Late players come behind all others where the round says so. Equal input gives equal output.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise

Section = tuple[str, str]  # slugs of a group and of an instrument


@dataclass(frozen=True)
class Mark:
    """What a panel gave for one instrument, in per cent; `median` of its sheets."""

    mark: Decimal | None
    median: Decimal | None = None


@dataclass(frozen=True)
class Player:
    """`wishes` best liked first; `chosen` how many of them the player named, the rest being
    groups it would also take. `fixed` is a place given by hand: a section, or None for none."""

    key: str
    marks: Mapping[str, Mark]
    wishes: tuple[Section, ...]
    chosen: int
    hand: int | None = None
    is_late: bool = False
    is_fixed: bool = False
    fixed: Section | None = None


@dataclass(frozen=True)
class Seats:
    """One section. Marks in per cent; `trial_from` None is no trials; `skips` needs no mark."""

    open: int
    reserves: int = 0
    offer_from: Decimal = Decimal(0)
    reserve_from: Decimal = Decimal(0)
    trial_from: Decimal | None = None
    skips: bool = False


@dataclass(frozen=True)
class Place:
    """Where one player ends: `kind` offer, another, reserve, trial or no; `rank` in its section."""

    key: str
    kind: str
    section: Section | None = None
    rank: int | None = None
    of: int = 0
    wish: int | None = None


@dataclass
class Outcome:
    """`places` by player; `orders` each section's players first to last; `ties` sentences."""

    places: dict[str, Place] = field(default_factory=dict)
    orders: dict[Section, list[str]] = field(default_factory=dict)
    ties: dict[Section, list[str]] = field(default_factory=dict)


LAST = 1_000_000


def strength(player: Player, section: Section) -> tuple:
    """How a section orders its players: the smaller, the earlier. Without the last resort."""
    given = player.marks.get(section[1], Mark(None))
    mark = given.mark if given.mark is not None else Decimal(-1)
    middle = given.median if given.median is not None else mark
    return (player.is_late, -mark, -middle, LAST if player.hand is None else player.hand)


def _order(player: Player, section: Section) -> tuple:
    return (*strength(player, section), player.key)


def passes(player: Player, section: Section, seats: Seats) -> bool:
    """Whether the player could be offered a seat there, were one free."""
    given = player.marks.get(section[1])
    if given is None or given.mark is None:
        return seats.skips
    return given.mark >= seats.offer_from


def allocate(players: Sequence[Player], sections: Mapping[Section, Seats]) -> Outcome:
    """Every player's place. Fixed places are kept first and take their seats; nothing is asked
    of the order in which players or sections come."""
    found = Outcome()
    by_key = {player.key: player for player in sorted(players, key=lambda one: one.key)}
    room = {name: seats.open for name, seats in sections.items()}
    for player in by_key.values():
        if player.is_fixed and player.fixed in room:
            room[player.fixed] -= 1
    free = [player for player in by_key.values() if not player.is_fixed]
    for name in sections:
        named = [one for one in free if name in one.wishes and name[1] in one.marks]
        found.orders[name] = [one.key for one in sorted(named, key=lambda one: _order(one, name))]
    seated = _propose(free, sections, room)
    for player in by_key.values():
        if player.is_fixed:
            continue
        name = seated.get(player.key)
        if name:
            kind = "offer" if name[0] == player.wishes[0][0] else "another"
            found.places[player.key] = _place(found, player, kind, name)
    _trials(found, free, sections, room, seated)
    _reserves(found, free, sections)
    for player in free:
        if player.key not in found.places:
            found.places[player.key] = Place(player.key, "no")
    _name_ties(found, by_key, sections, room)
    return found


def _propose(
    free: Sequence[Player], sections: Mapping[Section, Seats], room: Mapping[Section, int]
) -> dict[str, Section]:
    held: dict[Section, list[Player]] = {name: [] for name in sections}
    asking = [(player, 0) for player in reversed(free)]
    next_wish: dict[str, int] = {}
    while asking:
        player, at = asking.pop()
        if at >= len(player.wishes):
            continue
        next_wish[player.key] = at + 1
        name = player.wishes[at]
        if name not in sections or not passes(player, name, sections[name]):
            asking.append((player, at + 1))
            continue
        here = held[name]
        here.append(player)
        here.sort(key=lambda one: _order(one, name))
        if len(here) > max(room[name], 0):
            out = here.pop()
            asking.append((out, next_wish[out.key]))
    return {player.key: name for name, here in held.items() for player in here}


def _trials(
    found: Outcome,
    free: Sequence[Player],
    sections: Mapping[Section, Seats],
    room: Mapping[Section, int],
    seated: Mapping[str, Section],
) -> None:
    """Who is nearly there is heard again where a seat would else stay empty."""
    left = {name: room[name] - list(seated.values()).count(name) for name in sections}
    most = max((len(player.wishes) for player in free), default=0)
    for at in range(most):
        for name, seats in sections.items():
            if seats.trial_from is None:
                continue
            here = [
                one for one in free
                if one.key not in found.places and at < len(one.wishes) and one.wishes[at] == name
                and (given := one.marks.get(name[1])) and given.mark is not None
                and seats.trial_from <= given.mark < seats.offer_from
            ]  # fmt: skip
            for player in sorted(here, key=lambda one: _order(one, name)):
                if left[name] > 0:
                    left[name] -= 1
                    found.places[player.key] = _place(found, player, "trial", name)


def _reserves(found: Outcome, free: Sequence[Player], sections: Mapping[Section, Seats]) -> None:
    """By the same rule as seats: who has nothing asks for a reserve's place, best liked first."""
    rest = [player for player in free if player.key not in found.places]
    rules = {
        name: Seats(open=seats.reserves, offer_from=seats.reserve_from)
        for name, seats in sections.items()
    }
    places = _propose(rest, rules, {name: one.open for name, one in rules.items()})
    for name in sections:
        here = [one for one in rest if places.get(one.key) == name]
        for rank, player in enumerate(sorted(here, key=lambda one: _order(one, name)), start=1):
            found.places[player.key] = Place(
                player.key, "reserve", name, rank, len(found.orders[name]),
                player.wishes.index(name),
            )  # fmt: skip


def _place(found: Outcome, player: Player, kind: str, name: Section) -> Place:
    order = found.orders[name]
    rank = order.index(player.key) + 1 if player.key in order else None
    return Place(player.key, kind, name, rank, len(order), player.wishes.index(name))


def _name_ties(
    found: Outcome,
    players: Mapping[str, Player],
    sections: Mapping[Section, Seats],
    room: Mapping[Section, int],
) -> None:
    """Equals of whom one has a seat, or a better reserve's place, and the other asked in vain."""
    for name, order in found.orders.items():
        for one, other in pairwise(order):
            first, second = players[one], players[other]
            if strength(first, name) != strength(second, name):
                continue
            a, b = found.places[one], found.places[other]
            decided = a.section == name and (
                b.section != name or a.kind != b.kind or a.kind == "reserve"
            )
            wanted = b.section is None or second.wishes.index(name) <= second.wishes.index(
                b.section
            )
            if decided and wanted:
                found.ties.setdefault(name, []).extend(
                    key for key in (one, other) if key not in found.ties.get(name, [])
                )


def blocking(
    players: Sequence[Player], sections: Mapping[Section, Seats], found: Outcome
) -> list[tuple[str, Section]]:
    """Players who like a section more than what they got, and have a better right to it than
    somebody there, or to a seat that stayed free. Empty: nobody was passed over."""
    at = {one.key: one for one in players}
    there: dict[Section, list[Player]] = {name: [] for name in sections}
    taken: dict[Section, int] = dict.fromkeys(sections, 0)
    for player in players:
        if player.is_fixed:
            if player.fixed in taken:
                taken[player.fixed] += 1
            continue
        place = found.places[player.key]
        if place.kind in ("offer", "another"):
            there[place.section].append(at[place.key])
            taken[place.section] += 1
    wrong = []
    for player in players:
        if player.is_fixed:
            continue
        place = found.places[player.key]
        has = place.section if place.kind in ("offer", "another") else None
        for name in player.wishes:
            if name == has:
                break
            if name not in sections or not passes(player, name, sections[name]):
                continue
            lower = any(_order(player, name) < _order(one, name) for one in there[name])
            if lower or taken[name] < sections[name].open:
                wrong.append((player.key, name))
    return wrong
