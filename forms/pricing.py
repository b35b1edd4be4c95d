"""What a family pays, line by line, in whole pence.

Worked out from the published version, the offering and the answers that the walk shows; never
from anything that was posted. A form's `pricing` says how (forms/package.schema.json, "pricing"):

    {"per_place": "offering" | pence,       a place costs what the date costs, or this
     "children": "child",                   the repeated step that names the children
     "items": [{"key": "hire", "label": "Instrument hire", "pence": 4500,
                "per": "form" | "place" | "<key of a repeated step>",   once, or once for each
                "times": "<key of a number question>",                  multiplied by an answer
                "show_if": {...}}],                                     a rule, as on a step
     "discounts": [{"key": "siblings", "label": "", "kind": "sibling", "from_child": 2,
                    "percent": 10},
                   {"kind": "early", "until": "2026-09-01", "percent": 5},
                   {"kind": "early", "days_before": 28, "pence": 500, "each": "place"},
                   {"kind": "rule", "show_if": {...}, "percent": 20, "of": "places" | "all"}],
     "remission": {"label": "Help with costs", "of": "all" | "places", "periods": [
         {"from": "2026-09-01", "until": "2027-08-31",                  days, both included
          "bands": [{"percent": 100, "show_if": {...}}, {"percent": 50, "show_if": {...}}]}]},
                  or, by the hub's own rules and its fund (forms.remission):
     "remission": {"label": "Help with costs", "question": "<key of a question of type remission>",
                   "how": "<key of the question how it is shown: now, later, school>"},
     "codes": {"question": "<key of a question of type code>"}}

All parts may be left out. An option with `price_pence` adds that much whenever it is chosen, for
each child when it is asked for each. `sibling_discount: {from_child, percent}` is the old way to
write a discount of the kind "sibling".

Rules that keep it honest: every discount is reckoned on the full price, so their order changes
nothing; brothers and sisters are different children (name and date of birth), and the dearest
pays in full; remission comes off what is left, the best band that holds, of the period that the
offering's first day (else today) lies in; a code comes off last. Half pence go to the family, and
no line takes more than there is. So the total is the sum of its lines and never below zero.
The codes themselves are rows (forms.codes), since they are secret, counted and end by themselves.
"""

from collections.abc import Mapping
from datetime import date

from cms.models import CourseDate
from forms.amounts import CodeTerms, HelpTerms, Line, Price, from_data, in_pounds
from forms.charges import charges_of, children_in, places_in
from forms.discounts import taken_off

__all__ = [
    "CodeTerms",
    "Line",
    "Price",
    "children_in",
    "from_data",
    "in_pounds",
    "places_in",
    "price_of",
]


def price_of(
    compiled: Mapping,
    answers: Mapping,
    offering: CourseDate | None = None,
    *,
    facts: Mapping[str, date] | None = None,
    code: CodeTerms | None = None,
    given: HelpTerms | None = None,
    siblings: int = 0,
) -> Price | None:
    """The price for these answers; None when there is nothing to price.

    `answers` are those of a walk: visible questions only. `facts` are the days that rules may
    name ("today", "offering"); `code` the terms of the code that was given, once it was looked up;
    `given` what the hub's rule for help with costs gives, once that was; `siblings` how many
    brothers and sisters have a place on that date by an earlier booking.
    """
    charges = charges_of(compiled, answers, offering, facts=facts or {})
    if charges is None:
        return None
    charges.before = siblings
    lines = charges.lines()
    lines_off = taken_off(compiled, answers, charges, facts=facts or {}, code=code, given=given)
    return Price((*lines, *lines_off))
