"""Is this line a person whom the hub knows already, under another key or none?

Names, birth date and postcode are scored with rapidfuzz, among candidates that share something
(blocking). A pair is the same person only far above every other candidate, and only when the first
names agree: twins share a surname, a birthday and a postcode, and must never become one child.
What is likely but not certain is for a person to decide, once: "not the same person" is remembered.
"""

import hashlib
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from rapidfuzz.distance import DamerauLevenshtein, JaroWinkler

SAME = 0.84  # and ahead of the next candidate by LEAD
LEAD = 0.10
ASK = 0.72
VARIANTS = (
    ("muhammad", "mohammed", "mohammad", "muhammed", "mohamed"),
    ("elizabeth", "beth", "liz", "lizzie", "eliza"),
    ("william", "will", "bill", "billy"),
    ("thomas", "tom", "tommy"),
    ("samuel", "sam"),
    ("alexander", "alex"),
    ("benjamin", "ben"),
    ("daniel", "dan", "danny"),
    ("joseph", "joe"),
    ("joshua", "josh"),
    ("matthew", "matt"),
    ("michael", "mike"),
    ("nicholas", "nick"),
    ("oliver", "ollie"),
    ("charlotte", "lottie"),
    ("isabella", "bella"),
    ("katherine", "catherine", "kate", "katie"),
    ("rebecca", "becky"),
    ("zachary", "zac", "zach"),
)
# Short forms that belong to two names (alex, sam) are in one row only on purpose: they count as
# likely, never as proof.
VARIANT_OF = {name: number for number, names in enumerate(VARIANTS) for name in names}


@dataclass(frozen=True, slots=True)
class Person:
    """What is compared. `key` is whatever the caller knows the person by."""

    key: int | str
    first: str
    last: str
    born: date | None = None
    postcode: str = ""

    @property
    def folded(self) -> tuple[str, str]:
        return fold(self.first), fold(self.last)


@dataclass(frozen=True, slots=True)
class Match:
    """The best candidate for a person: `verdict` is "same", "ask" or "new"."""

    verdict: str
    candidate: Person | None = None
    score: float = 0.0


def fold(name: str) -> str:
    """`O’Neill-Łuczak` -> `oneill luczak`: letters only, without marks, lower case."""
    text = unicodedata.normalize("NFKD", name.replace("ł", "l").replace("Ł", "L").casefold())
    text = text.replace("-", " ")
    return " ".join("".join(c for c in text if c.isalpha() or c == " ").split())


def fingerprint(person: Person) -> str:
    """What "not the same person" is remembered by: the line's person, without keeping it."""
    first, last = person.folded
    text = "\x1f".join([first, last, str(person.born or ""), person.postcode])
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def first_names_agree(one: str, other: str) -> bool:
    """The twin guard: the same name, a variant of it, an initial's slip of the pen, no other."""
    if one == other:
        return bool(one)
    if one in VARIANT_OF and VARIANT_OF.get(other) == VARIANT_OF[one]:
        return True
    if one in VARIANT_OF and other in VARIANT_OF:
        return False
    # A letter doubled or two swapped is a slip of the pen. Any other difference may be a name of
    # its own: Amelia and Amelie, Daniel and Daniela, are two children.
    if _undoubled(one) == _undoubled(other):
        return bool(one)
    return (
        min(len(one), len(other)) >= 5
        and sorted(one) == sorted(other)
        and (one[0], one[-1]) == (other[0], other[-1])
        and DamerauLevenshtein.distance(one, other) == 1
    )


def _undoubled(name: str) -> str:
    return "".join(letter for letter, _run in groupby(name))


def score(one: Person, other: Person) -> float:
    """How alike two people are, 0 to 1: names 0.5, birth date 0.35, postcode 0.15."""
    first, last = one.folded
    other_first, other_last = other.folded
    straight = JaroWinkler.similarity(first, other_first) + JaroWinkler.similarity(last, other_last)
    swapped = JaroWinkler.similarity(first, other_last) + JaroWinkler.similarity(last, other_first)
    names = max(straight, swapped) / 2
    return 0.5 * names + 0.35 * _dates(one.born, other.born) + 0.15 * _places(one, other)


def _dates(one: date | None, other: date | None) -> float:
    if one is None or other is None:
        return 0.4  # says nothing either way
    if one == other:
        return 1.0
    if (one.year, one.day, one.month) == (other.year, other.month, other.day):
        return 0.85  # day and month swapped
    slips = sum(a != b for a, b in zip(one.isoformat(), other.isoformat(), strict=True))
    return 0.75 if slips == 1 else 0.0


def _places(one: Person, other: Person) -> float:
    if not one.postcode or not other.postcode:
        return 0.4
    if one.postcode == other.postcode:
        return 1.0
    return 0.5 if one.postcode.split(" ")[0] == other.postcode.split(" ")[0] else 0.0


class Matcher:
    """Candidates, blocked four ways, and the best of them for a person."""

    def __init__(self, people: Iterable[Person]):
        self._blocks: dict[tuple, list[Person]] = defaultdict(list)
        for person in people:
            for block in _blocks_of(person):
                self._blocks[block].append(person)

    def match(self, person: Person, never: frozenset[int | str] = frozenset()) -> Match:
        """The verdict on one person; `never` are keys already decided to be somebody else."""
        found: dict[int | str, Person] = {}
        for block in _blocks_of(person):
            for candidate in self._blocks.get(block, ()):
                if candidate.key != person.key and candidate.key not in never:
                    found[candidate.key] = candidate
        if not found:
            return Match("new")
        ranked = sorted(((score(person, other), other) for other in found.values()),
            key=lambda pair: -pair[0])  # fmt: skip
        best, candidate = ranked[0]
        second = ranked[1][0] if len(ranked) > 1 else 0.0
        if best >= SAME and best - second >= LEAD and _is_proved(person, candidate):
            return Match("same", candidate, best)
        if best >= ASK:
            return Match("ask", candidate, best)
        return Match("new", None, best)


def _is_proved(one: Person, other: Person) -> bool:
    """Names in either order agree in full, and there is a birth date to agree as well."""
    first, last = one.folded
    other_first, other_last = other.folded
    if one.born is None or other.born is None:
        return False
    if first_names_agree(first, other_first):
        return JaroWinkler.similarity(last, other_last) >= 0.85
    return (first, last) == (other_last, other_first) and first != last


def _blocks_of(person: Person) -> list[tuple]:
    """People are only compared with those who share one of these."""
    first, last = person.folded
    blocks: list[tuple] = [("n", last[:4], first[:1]), ("n", first[:4], last[:1])]
    if person.born:
        blocks.append(("d", person.born, last[:1]))
        blocks.append(("d", person.born, first[:1]))
    if person.postcode:
        blocks.append(("p", person.postcode, first[:1]))
    return blocks
