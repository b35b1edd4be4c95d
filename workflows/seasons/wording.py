"""Each line of a proposal in a sentence that could be read to a parent. Pure but for names.

It says the place in the order and how many seats there were, and never a mark or another child.
"""

from collections.abc import Mapping

from .allocation import Outcome, Place, Player, Seats, Section


def explain(
    player: Player,
    place: Place,
    found: Outcome,
    sections: Mapping[Section, Seats],
    names: Mapping[str, str],
) -> str:
    """Why this player is where they are. `names` are those of groups and instruments by slug."""

    def name(section: Section) -> str:
        return f"{names.get(section[0], section[0])} ({names.get(section[1], section[1])})"

    before = _before(player, place, found, sections, name)
    if place.kind in ("offer", "another"):
        seats = sections[place.section].open
        which = "their first choice" if place.wish == 0 else f"choice number {place.wish + 1}"
        if place.wish >= player.chosen:
            which = "a group that they said they would also join"
        words = (
            f"A seat in {name(place.section)}, {which}: {_standing(place)}, for {_seats(seats)}."
        )
        return " ".join([words, *before])
    if place.kind == "reserve":
        return " ".join(
            [
                f"Reserve number {place.rank} for {name(place.section)}.",
                "The panel would like them to play, and every seat is taken.",
                *before,
            ]
        )
    if place.kind == "trial":
        return " ".join(
            [
                f"A trial with {name(place.section)}: a seat is free.",
                "The panel would like to hear them once more among the others.",
                *before,
            ]
        )
    if not player.wishes:
        return "They chose no group of this round that has their instrument."
    return " ".join(before) or "There was no seat for their instrument in the groups they chose."


def _standing(place: Place) -> str:
    return (
        f"number {place.rank} of {place.of} in the panel’s order" if place.rank else "no audition"
    )


def _seats(number: int) -> str:
    return "1 seat" if number == 1 else f"{number} seats"


def _before(player: Player, place: Place, found: Outcome, sections: Mapping, name: object) -> list:
    """What became of each group that they liked more, one sentence for each."""
    until = len(player.wishes) if place.wish is None else place.wish
    if place.kind in ("reserve", "trial"):
        until = len(player.wishes)
    said = []
    for section in player.wishes[: min(until, 4)]:
        if section not in sections or (place.kind == "trial" and section == place.section):
            continue
        order = found.orders.get(section, [])
        seats = sections[section]
        given = player.marks.get(section[1])
        if given is None or given.mark is None:
            said.append(f"For {name(section)} there is no mark from a panel.")
        elif given.mark < seats.offer_from:
            said.append(f"For {name(section)} the panel would like to hear more progress first.")
        elif place.kind != "reserve" or section != place.section:
            rank = order.index(player.key) + 1 if player.key in order else len(order)
            said.append(
                f"For {name(section)} they were number {rank} of {len(order)}, and "
                f"{_seats(seats.open)} went to players before them."
            )
    return said
