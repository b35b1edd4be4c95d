"""What is charged before anything is taken off: places, items and priced options.

Each charge knows whose it is: a child's, or the whole form's. Brothers' and sisters' discounts
need that; everything else reads the sums.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cms.conditions import holds
from cms.models import CourseDate
from forms.amounts import Line, in_pounds

FORM, PLACE = "form", "place"


@dataclass(frozen=True)
class Charge:
    """An amount, what it is for, and the child it is for (from 0; None for the whole form)."""

    what: tuple[str, str]  # kind and key: charges of one kind and key share a line
    label: str
    pence: int
    child: int | None = None
    is_place: bool = False


@dataclass
class Charges:
    """All charges of one form, and who the children are."""

    number: int  # of places
    children: list[object]  # one identity for each place; equal ones are the same child
    all: list[Charge] = field(default_factory=list)
    before: int = 0  # brothers and sisters who have a place there by an earlier booking

    @property
    def pence(self) -> int:
        return sum(charge.pence for charge in self.all)

    @property
    def place_pence(self) -> int:
        return sum(charge.pence for charge in self.all if charge.is_place)

    def by_child(self, *, places_only: bool) -> list[int]:
        """What each different child is charged."""
        sums: dict[object, int] = dict.fromkeys(self.children, 0)
        for charge in self.all:
            if charge.child is not None and (charge.is_place or not places_only):
                sums[self.children[charge.child]] += charge.pence
        return list(sums.values())

    def lines(self) -> list[Line]:
        """One line for what is charged alike: "2 places at £35"."""
        alike: dict[tuple, list[Charge]] = {}
        for charge in self.all:
            alike.setdefault((charge.what, charge.pence), []).append(charge)
        return [_line(charges) for charges in alike.values()]


def _line(charges: list[Charge]) -> Line:
    first, number = charges[0], len(charges)
    total = sum(charge.pence for charge in charges)
    price = in_pounds(first.pence) if first.pence else _("no cost")
    if first.is_place and not first.label:
        words = ngettext("%(n)s place at %(price)s", "%(n)s places at %(price)s", number)
        return Line(words % {"n": number, "price": price}, total)
    if number == 1:
        return Line(first.label, total)
    words = _("%(label)s, %(n)s at %(price)s")
    return Line(words % {"label": first.label, "n": number, "price": price}, total)


def charges_of(
    compiled: Mapping,
    answers: Mapping,
    offering: CourseDate | None,
    *,
    facts: Mapping[str, date],
) -> Charges | None:
    """What is charged for these answers; None when nothing is, or its price is not known yet."""
    pricing = compiled.get("pricing") or {}
    step = _children_step(compiled, pricing)
    items = _items(answers, step)
    number = _number_of_places(compiled, answers, items, step)
    charges = Charges(number, _identities(step, items, number))
    if number and (per_place := pricing.get("per_place")) is not None:
        each = [per_place] * number
        if per_place == "offering":
            if offering is None:
                return None
            each = _pence_each(compiled, answers, offering, number)
        charges.all += [Charge((PLACE, ""), "", pence, n, True) for n, pence in enumerate(each)]
    groups = compiled.get("groups") or {}
    own = {"compiled": compiled, "answers": answers, "groups": groups, "facts": facts}
    for item in pricing.get("items") or []:
        charges.all += _of_item(item, step, number, **own)
    charges.all += _of_options(compiled, answers, step, number)
    charges.all += _of_add_ons(compiled, answers, step)
    return charges if charges.all else None


def _children_step(compiled: Mapping, pricing: Mapping) -> dict | None:
    """The repeated step that names the children: as said, as the places question says, or counted
    from it."""
    steps = {step.get("key"): step for step in compiled["steps"] if step.get("repeat")}
    if pricing.get("children") in steps:
        return steps[pricing["children"]]
    for step in compiled["steps"]:
        for question in step["questions"]:
            if question["type"] != "places":
                continue
            named = (question.get("settings") or {}).get("children")
            if named in steps:
                return steps[named]
            for one in steps.values():
                if one["repeat"].get("count_from") == question["key"]:
                    return one
    return None


def _items(answers: Mapping, step: Mapping | None) -> list[dict]:
    found = answers.get(step["key"]) if step else None
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _number_of_places(
    compiled: Mapping, answers: Mapping, items: list[dict], step: Mapping | None
) -> int:
    asks = any(q["type"] == "places" for one in compiled["steps"] for q in one["questions"])
    if asks:
        return children_in(compiled, answers)
    return len(items) if step else 1


def _identities(step: Mapping | None, items: list[dict], number: int) -> list[object]:
    """Who each place is for. A child that is not named yet is nobody else's brother or sister's
    double: it counts as one of its own."""
    who: list[object] = []
    for n in range(max(number, len(items))):
        said = _identity(step, items[n]) if step and n < len(items) else None
        who.append(said or ("unnamed", n))
    return who


def _identity(step: Mapping, item: Mapping) -> tuple | None:
    said = []
    for question in step["questions"]:
        settings = question.get("settings") or {}
        is_birthday = question["type"] == "date" and (
            settings.get("autocomplete") == "bday" or "birth" in question["label"].casefold()
        )
        if question["type"] == "name" or is_birthday:
            value = item.get(question["key"])
            parts = value.values() if isinstance(value, dict) else [value]
            said.append(tuple(" ".join(str(p or "").casefold().split()) for p in parts))
    return tuple(said) if any(any(part) for part in said) else None


def _of_item(
    item: Mapping,
    children: Mapping | None,
    number: int,
    *,
    compiled: Mapping,
    answers: Mapping,
    groups: Mapping,
    facts: Mapping,
) -> Iterator[Charge]:
    per, what = item.get("per") or FORM, ("item", item.get("key") or item["label"])

    def charges(scope: Mapping, child: int | None) -> Iterator[Charge]:
        if holds(item.get("show_if"), scope, groups=groups, facts=facts):
            for _time in range(_times(item, scope)):
                yield Charge(what, item["label"], item["pence"], child)

    if per == FORM:
        yield from charges(answers, None)
    elif per == PLACE:
        for n in range(number):
            yield from charges(answers, n)
    else:
        step = next((one for one in compiled["steps"] if one.get("key") == per), None)
        is_child = step is not None and step is children
        for n, one in enumerate(_items(answers, step)):
            yield from charges({**answers, **one}, n if is_child else None)


def _pence_each(
    compiled: Mapping, answers: Mapping, offering: CourseDate, number: int
) -> list[int]:
    """What the place of each child costs; children may go on different dates."""
    chosen = places_in(compiled, answers) or {}
    apart = [one["pence"] for one in chosen.get("dates") or [] for _child in range(one["children"])]
    return apart if len(apart) == number else [offering.price_pence] * number


def _of_add_ons(compiled: Mapping, answers: Mapping, children: Mapping | None) -> Iterator[Charge]:
    """Add-ons of the date that are ticked, for each child where it is asked for each."""
    for step in compiled["steps"]:
        keys = [question["key"] for question in step["questions"] if question["type"] == "add_ons"]
        scopes = list(enumerate(_items(answers, step))) if step.get("repeat") else [(None, answers)]
        for n, scope in scopes if keys else ():
            for key in keys:
                for one in scope.get(key) or []:
                    child = n if step is children else None
                    yield Charge(("add_on", str(one["id"])), one["name"], one["pence"], child)


MOST_TIMES = 1000


def _times(item: Mapping, scope: Mapping) -> int:
    """How often an item is charged: 1, or the whole number that was answered."""
    if not item.get("times"):
        return 1
    try:
        return min(MOST_TIMES, max(0, int(float(str(scope.get(item["times"]) or 0)))))
    except (ValueError, OverflowError):
        return 0


def _of_options(
    compiled: Mapping, answers: Mapping, children: Mapping | None, number: int
) -> Iterator[Charge]:
    for step in compiled["steps"]:
        priced = [
            question
            for question in step["questions"]
            if any(option.get("price_pence") for option in question.get("options") or [])
        ]
        if not priced:
            continue
        is_child = step is children
        scopes = list(enumerate(_items(answers, step))) if step.get("repeat") else [(None, answers)]
        for n, scope in scopes:
            for question in priced:
                yield from _chosen(question, scope, n if is_child else None)


def _chosen(question: Mapping, scope: Mapping, child: int | None) -> Iterator[Charge]:
    value = scope.get(question["key"])
    chosen = value if isinstance(value, list) else [value]
    for option in question["options"]:
        if option["key"] in chosen and option.get("price_pence"):
            is_secret = (question.get("settings") or {}).get("restricted")
            yield Charge(
                ("option", f"{question['key']}/{option['key']}"),
                question["label"] if is_secret else option["label"],
                option["price_pence"],
                child,
            )


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
