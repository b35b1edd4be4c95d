"""What is taken off a price: discounts, help with costs, a code, in that order.

Every discount is reckoned on the full price, so the order in which they are written changes
nothing. None takes more than is left.
"""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cms.conditions import as_date, holds
from forms.amounts import CodeTerms, HelpTerms, Line
from forms.charges import Charges

KINDS = ("sibling", "early", "rule")


def percent_of(pence: int, percent: int) -> int:
    """Half pence are given to the family."""
    return (pence * percent + 50) // 100


def taken_off(
    compiled: Mapping,
    answers: Mapping,
    charges: Charges,
    *,
    facts: Mapping[str, date],
    code: CodeTerms | None = None,
    given: HelpTerms | None = None,
) -> Iterator[Line]:
    """The lines below zero. Together they never take more than was charged."""
    pricing, left = compiled.get("pricing") or {}, charges.pence
    groups = compiled.get("groups") or {}
    place_left = charges.place_pence
    for off, discount in _discounts(pricing, answers, charges, groups, facts):
        taken = min(off, left)
        if discount.get("of") == "places" or discount["kind"] == "sibling":
            place_left = max(0, place_left - off)
        left -= taken
        if taken:
            yield Line(_words(discount, charges), -taken)
    help_given = pricing.get("remission")
    if help_given and left:
        base = min(place_left, left) if help_given.get("of") == "places" else left
        percent = (
            (given.percent if given else 0)
            if help_given.get("question")
            else remission_percent(help_given, answers, groups=groups, facts=facts)
        )
        if off := percent_of(base, percent):
            left -= off
            label = help_given.get("label") or _("Help with costs")
            yield Line(_("%(label)s, %(percent)s%%") % {"label": label, "percent": percent}, -off)
    if code and left:
        off = min(left, code.pence or percent_of(left, code.percent))
        if off:
            yield Line(_("Your code"), -off)


def all_discounts(pricing: Mapping) -> list[dict]:
    """The discounts of a form, the old way of writing one included, in an order of their own."""
    found = [dict(one) for one in pricing.get("discounts") or []]
    if pricing.get("sibling_discount"):
        found.append({"kind": "sibling", **pricing["sibling_discount"]})
    return sorted(
        found,
        key=lambda one: (
            KINDS.index(one["kind"]),
            one.get("key") or "",
            one.get("label") or "",
            one.get("percent") or 0,
            one.get("pence") or 0,
        ),
    )


def _discounts(
    pricing: Mapping, answers: Mapping, charges: Charges, groups: Mapping, facts: Mapping
) -> Iterator[tuple[int, dict]]:
    for discount in all_discounts(pricing):
        if not holds(discount.get("show_if"), answers, groups=groups, facts=facts):
            continue
        if discount["kind"] == "sibling":
            off = _for_siblings(discount, charges)
        elif discount["kind"] == "early" and not _is_early(discount, facts):
            continue
        else:
            off = _plain(discount, charges)
        if off:
            yield off, discount


def _siblings(discount: Mapping, charges: Charges) -> list[int]:
    """What each child that pays less is charged: the dearest pay in full, as earlier ones did."""
    amounts = charges.by_child(places_only=discount.get("of") != "all")
    in_full = max(0, discount.get("from_child", 2) - 1 - charges.before)
    return sorted(amounts, reverse=True)[in_full:]


def _for_siblings(discount: Mapping, charges: Charges) -> int:
    return sum(
        min(amount, discount["pence"])
        if discount.get("pence")
        else percent_of(amount, discount.get("percent") or 0)
        for amount in _siblings(discount, charges)
    )


def _is_early(discount: Mapping, facts: Mapping) -> bool:
    today, first_day = facts.get("today"), facts.get("offering")
    if today is None:
        return False
    if discount.get("days_before"):
        return first_day is not None and today <= first_day - timedelta(discount["days_before"])
    until = as_date(discount.get("until"))
    return until is not None and today <= until


def _plain(discount: Mapping, charges: Charges) -> int:
    base = charges.place_pence if discount.get("of") == "places" else charges.pence
    if discount.get("pence"):
        times = charges.number if discount.get("each") == "place" else 1
        return min(base, discount["pence"] * times)
    return percent_of(base, discount.get("percent") or 0)


def _words(discount: Mapping, charges: Charges) -> str:
    if discount.get("label"):
        return discount["label"]
    percent = discount.get("percent")
    if discount["kind"] == "sibling":
        number = sum(amount > 0 for amount in _siblings(discount, charges))
        if not percent:
            return ngettext(
                "Less for %(n)s brother or sister", "Less for %(n)s brothers or sisters", number
            ) % {"n": number}
        words = ngettext(
            "%(percent)s%% off for %(n)s brother or sister",
            "%(percent)s%% off for %(n)s brothers or sisters",
            number,
        )
        return words % {"percent": percent, "n": number}
    if discount["kind"] == "early":
        return (
            _("%(percent)s%% off for early booking") % {"percent": percent}
            if percent
            else _("Less for early booking")
        )
    return _("%(percent)s%% off") % {"percent": percent} if percent else _("Reduction")


def remission_percent(
    remission: Mapping, answers: Mapping, *, groups: Mapping, facts: Mapping
) -> int:
    """The best band that holds, of the period that the day lies in; 0 when there is none."""
    day = facts.get("offering") or facts.get("today")
    if day is None:
        return 0
    return max(
        (
            band["percent"]
            for period in remission.get("periods") or []
            if _is_in(period, day)
            for band in period.get("bands") or []
            # A band without a rule would be given to everybody, which nobody means.
            if (band.get("show_if") or {}).get("clauses")
            and holds(band["show_if"], answers, groups=groups, facts=facts)
        ),
        default=0,
    )


def _is_in(period: Mapping, day: date) -> bool:
    first, last = as_date(period.get("from")), as_date(period.get("until"))
    return (first is None or first <= day) and (last is None or day <= last)
