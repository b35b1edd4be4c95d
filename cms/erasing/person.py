"""Who is meant: the name, birthday and addresses by which one person's data is recognised."""

import html
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any, Self

from cms.models import Guardian, Pupil

FIRST = ("first", "first_name", "legal_first_name", "known_as", "forename")
LAST = ("last", "last_name", "legal_last_name", "surname")


@dataclass(frozen=True)
class Person:
    """A child (with `born`, "2014-05-02") or an adult. E-mail addresses are in small letters."""

    first: str
    last: str
    born: str = ""
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()

    @classmethod
    def made(
        cls, first: str, last: str, *, born: Any = "", emails: Iterable = (), phones: Iterable = ()
    ) -> Self:
        """From what a person or a row says: spaces, capitals and writing of numbers put right."""
        return cls(
            " ".join(first.split()),
            " ".join(last.split()),
            str(born or ""),
            tuple(dict.fromkeys(one.strip().lower() for one in emails if one and one.strip())),
            tuple(dict.fromkeys(filter(None, map(_digits, phones)))),
        )

    @property
    def is_child(self) -> bool:
        return bool(self.born)

    @property
    def full_name(self) -> str:
        return f"{self.first} {self.last}".strip()

    def words(self) -> list[str]:
        """What stands for this person in running text, the longest first."""
        found = [*self.emails]
        if self.first and self.last:
            found += [f"{self.first} {self.last}", f"{self.last}, {self.first}"]
            found += [f"{self.last} {self.first}"]
        for digits in self.phones:
            found += [f"+44{digits}", f"0{digits}", f"0{digits[:4]} {digits[4:]}"]
        return sorted(set(found), key=len, reverse=True)

    def is_named(self, first: object, last: object, born: object = "") -> bool:
        """Whether a name (and a birthday, where both are known) is this person's."""
        if not self.first or not self.last:
            return False
        same = _plain(first) == _plain(self.first) and _plain(last) == _plain(self.last)
        return same and not (self.born and born and str(born)[:10] != self.born)

    def is_in(self, value: Any) -> bool:
        """Whether answers, a row of a roster or any text speak of this person."""
        return any(self._fits(part) for part in _parts(value))

    def _fits(self, part: Any) -> bool:
        if isinstance(part, dict):
            first, last = _one_of(part, FIRST), _one_of(part, LAST)
            born = next((v for k, v in part.items() if k in ("date_of_birth", "born")), "")
            return bool(first and last) and self.is_named(first, last, born)
        text = str(part).lower()
        return any(word.lower() in text for word in self.words())

    def without(self, text: str, instead: str) -> str:
        """The text with every mention replaced, however it was written down."""
        for word in written(self.words()):
            text = re.sub(re.escape(word), instead, text, flags=re.IGNORECASE)
        return text

    def as_data(self) -> dict:
        return asdict(self)


def written(words: Iterable[str]) -> list[str]:
    """Words as they stand in plain text, in JSON and in HTML."""
    found: dict[str, None] = {}
    for word in words:
        for form in (word, json.dumps(word)[1:-1], html.escape(word)):
            found[form] = None
    return list(found)


def from_data(data: dict) -> Person:
    """What `as_data` gave, from JSON."""
    return Person(**data | {key: tuple(data[key]) for key in ("emails", "phones")})


def of_guardian(guardian: Guardian) -> Person:
    return Person.made(
        guardian.first_name,
        guardian.last_name,
        emails=[guardian.email],
        phones=[str(guardian.phone or "")],
    )


def of_pupil(pupil: Pupil) -> list[Person]:
    """The child, under each first name, and the adults who answer for no other child."""
    firsts = dict.fromkeys(filter(None, (pupil.legal_first_name, pupil.known_as)))
    people = [
        Person.made(first, pupil.legal_last_name, born=pupil.date_of_birth or "")
        for first in firsts
    ]
    alone = [guardian for guardian in pupil.guardians.all() if guardian.pupils.count() == 1]
    return people + [of_guardian(guardian) for guardian in alone]


def _parts(value: Any) -> Iterator[Any]:
    """Every dict and every text within a value of JSON."""
    if isinstance(value, dict):
        yield value
        for one in value.values():
            yield from _parts(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _parts(one)
    elif value is not None:
        yield value


def _one_of(part: dict, names: Iterable[str]) -> object:
    return next((part[name] for name in names if part.get(name)), "")


def _plain(text: object) -> str:
    return " ".join(str(text).casefold().split())


def _digits(phone: object) -> str:
    """The ten digits of a British number; "" for anything that is none."""
    digits = re.sub(r"\D", "", str(phone)).removeprefix("44").removeprefix("0")
    return digits if len(digits) >= 9 else ""
