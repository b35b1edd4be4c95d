"""What a family pays, line by line, in whole pence.

A form's `pricing` says how: `per_place` is a number of pence or "offering" (what the date costs),
`sibling_discount` takes a percentage off from a certain child on. Prices come from the form and
the offering alone, never from anything that was posted.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cms.models import CourseDate


@dataclass(frozen=True)
class Line:
    """One line of a price; a discount is below zero."""

    label: str
    pence: int

    @property
    def words(self) -> str:
        return in_pounds(self.pence)


@dataclass(frozen=True)
class Price:
    lines: tuple[Line, ...]

    @property
    def pence(self) -> int:
        return sum(line.pence for line in self.lines)

    @property
    def words(self) -> str:
        """ "£63", "£58.50" or "Nothing to pay"."""
        return in_pounds(self.pence) if self.pence else _("Nothing to pay")

    def as_data(self) -> dict:
        """What a submission keeps: `{"pence": 6300, "lines": [{"label": ..., "pence": ...}]}`."""
        return {"pence": self.pence, "lines": [asdict(line) for line in self.lines]}


def from_data(data: Mapping | None) -> Price | None:
    """The price that a submission kept."""
    if not data:
        return None
    return Price(tuple(Line(line["label"], line["pence"]) for line in data["lines"]))


def in_pounds(pence: int) -> str:
    """3500 -> £35, 3550 -> £35.50, -350 -> −£3.50."""
    sign, (pounds, rest) = "−" if pence < 0 else "", divmod(abs(pence), 100)
    return f"{sign}£{pounds:,}.{rest:02d}" if rest else f"{sign}£{pounds:,}"


def price_of(compiled: Mapping, answers: Mapping, offering: CourseDate | None) -> Price | None:
    """The price for these answers; None when the form has none or there is nothing to price yet.

    `answers` are those of a walk: visible questions only.
    """
    pricing = compiled.get("pricing")
    number = children_in(compiled, answers)
    if not pricing or not number:
        return None
    per_place = pricing.get("per_place", "offering")
    if per_place == "offering":
        if offering is None:
            return None
        per_place = offering.price_pence
    places = ngettext("%(n)s place at %(price)s", "%(n)s places at %(price)s", number)
    lines = [
        Line(
            places % {"n": number, "price": in_pounds(per_place) if per_place else _("no cost")},
            per_place * number,
        )
    ]
    discount = pricing.get("sibling_discount")
    if discount and per_place:
        siblings = max(0, number - discount["from_child"] + 1)
        off = (per_place * discount["percent"] + 50) // 100
        if siblings and off:
            words = ngettext(
                "%(percent)s%% off for %(n)s brother or sister",
                "%(percent)s%% off for %(n)s brothers or sisters",
                siblings,
            )
            lines.append(
                Line(words % {"percent": discount["percent"], "n": siblings}, -off * siblings)
            )
    return Price(tuple(lines))


def places_in(compiled: Mapping, answers: Mapping) -> dict | None:
    """The answer to the form's places question, `{"offering", "children"}`, when it is visible."""
    for step in compiled["steps"]:
        for question in step["questions"]:
            if question["type"] == "places" and answers.get(question["key"]):
                return answers[question["key"]]
    return None


def children_in(compiled: Mapping, answers: Mapping) -> int:
    """How many places are asked for: what the places question says; 0 without an answer."""
    chosen = places_in(compiled, answers)
    return chosen["children"] if chosen else 0
