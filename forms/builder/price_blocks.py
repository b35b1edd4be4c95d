"""How a form is priced, in the editor: one block for each thing that is charged or taken off.

The shape behind it is `pricing` (forms/pricing.py); `to_pricing` and `from_pricing` stand between,
with references by block id here and by key there.
"""

import uuid
from collections.abc import Callable, Iterable
from typing import Any

from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from forms.compile import IDS

from .lists import OwnIdsListBlock
from .rule_blocks import ReferenceBlock, RuleBlock
from .setting_blocks import PenceBlock

PERCENT = {"required": False, "min_value": 0, "max_value": 100}
WHOLE, PLACES = "all", "places"
Refer = Callable[[Any], Any]


def _of(default: str) -> blocks.ChoiceBlock:
    return blocks.ChoiceBlock(
        choices=[(WHOLE, _("Of everything")), (PLACES, _("Of the places only"))],
        required=False,
        default=default,
        label=_("It is taken off"),
    )


def _off() -> list[tuple[str, blocks.Block]]:
    return [
        ("percent", blocks.IntegerBlock(**PERCENT, label=_("Per cent off"))),
        ("pence", PenceBlock(label=_("Or so much off, in pounds"))),
    ]


def _label(words: str) -> blocks.CharBlock:
    return blocks.CharBlock(
        required=False, max_length=200, label=_("Families read"), help_text=words
    )


class PlaceBlock(blocks.StructBlock):
    cost = blocks.ChoiceBlock(
        choices=[("offering", _("What its date costs")), ("fixed", _("Always the same"))],
        default="offering",
        label=_("A place costs"),
    )
    pence = PenceBlock(label=_("Always the same: in pounds"))
    children = ReferenceBlock(
        kind="count",
        label=_("The step that is asked once for each child"),
        help_text=_("Left empty, it is the step that the question for a date counts."),
    )

    class Meta:
        icon = "group"
        label = _("A place")
        description = _("What one place on a date costs.")


class ItemBlock(blocks.StructBlock):
    label = blocks.CharBlock(max_length=200, label=_("What is charged"))
    pence = PenceBlock(required=True, label=_("Price, in pounds"))
    per = blocks.ChoiceBlock(
        choices=[("form", _("Once")), ("place", _("For each place"))],
        required=False,
        default="form",
        label=_("How often"),
    )
    each = ReferenceBlock(kind="count", label=_("Or once for each answer to the step"))
    times = ReferenceBlock(kind="number", label=_("Multiplied by the answer to"))
    show_if = RuleBlock(label=_("Who pays it"))

    class Meta:
        icon = "tag"
        label = _("Something that is charged")
        label_format = "{label}"
        description = _("Hire, a deposit, lunch: once, or for each child.")


class SiblingBlock(blocks.StructBlock):
    from_child = blocks.IntegerBlock(min_value=2, default=2, label=_("From which child on"))
    percent = blocks.IntegerBlock(**PERCENT, label=_("Per cent off"))
    pence = PenceBlock(label=_("Or so much off, in pounds"))
    of = _of(PLACES)
    label = _label(_("Left empty, we write it."))

    class Meta:
        icon = "group"
        label = _("Less for brothers and sisters")
        description = _("The dearest pays in full, the others less.")


class EarlyBlock(blocks.StructBlock):
    until = blocks.DateBlock(required=False, label=_("Until, this day included"))
    days_before = blocks.IntegerBlock(
        required=False, min_value=1, max_value=366, label=_("Or so many days before the first day")
    )
    percent = blocks.IntegerBlock(**PERCENT, label=_("Per cent off"))
    pence = PenceBlock(label=_("Or so much off, in pounds"))
    each = blocks.ChoiceBlock(
        choices=[("form", _("Once")), ("place", _("For each place"))],
        required=False,
        default="form",
        label=_("An amount is taken off"),
    )
    of = _of(WHOLE)
    label = _label(_("Left empty, we write it."))

    class Meta:
        icon = "date"
        label = _("Less when early")


class RuleDiscountBlock(blocks.StructBlock):
    label = blocks.CharBlock(max_length=200, label=_("Families read"))
    show_if = RuleBlock(label=_("Who gets it"))
    percent = blocks.IntegerBlock(**PERCENT, label=_("Per cent off"))
    pence = PenceBlock(label=_("Or so much off, in pounds"))
    each = blocks.ChoiceBlock(
        choices=[("form", _("Once")), ("place", _("For each place"))],
        required=False,
        default="form",
        label=_("An amount is taken off"),
    )
    of = _of(WHOLE)

    class Meta:
        icon = "minus"
        label = _("Less for some families")
        label_format = "{label}"
        description = _("Whoever gives a certain answer pays less.")


class BandBlock(blocks.StructBlock):
    percent = blocks.IntegerBlock(
        min_value=0, max_value=100, default=50, label=_("Per cent off, such as 50 or 100")
    )
    show_if = RuleBlock(label=_("Who gets it"))

    class Meta:
        icon = "minus"
        label_format = "{percent} %"


class PeriodBlock(blocks.StructBlock):
    starts = blocks.DateBlock(required=False, label=_("From"))
    until = blocks.DateBlock(required=False, label=_("Until, this day included"))
    bands = OwnIdsListBlock(BandBlock(), min_num=1, label=_("How much, for whom"))

    class Meta:
        icon = "calendar"


class RemissionBlock(blocks.StructBlock):
    label = blocks.CharBlock(
        required=False, max_length=200, default=_("Help with costs"), label=_("Families read")
    )
    of = _of(WHOLE)
    question = ReferenceBlock(
        kind="remission",
        label=_("The question that asks for the reason"),
        help_text=_("Then the hub’s own rules and its fund decide, and periods are not needed."),
    )
    how = ReferenceBlock(
        kind="choice",
        label=_("The question how it is shown"),
        help_text=_("Its answers have the short names now, later and school."),
    )
    periods = OwnIdsListBlock(
        PeriodBlock(),
        min_num=0,
        label=_("Or periods of this form’s own"),
        help_text=_("Help is granted for a time, such as a school year. The first day counts."),
    )

    class Meta:
        icon = "warning"
        label = _("Help with costs")
        description = _("50 or 100 per cent for families who qualify.")


class CodesBlock(blocks.StructBlock):
    question = ReferenceBlock(kind="code", label=_("The question that asks for the code"))

    class Meta:
        icon = "key"
        label = _("Codes")
        description = _("The codes themselves are kept apart from the form.")


class PriceBlocks(blocks.StreamBlock):
    place = PlaceBlock()
    item = ItemBlock()
    sibling = SiblingBlock()
    early = EarlyBlock()
    rule = RuleDiscountBlock()
    remission = RemissionBlock()
    codes = CodesBlock()

    class Meta:
        required = False
        collapsed = True
        block_counts = {name: {"max_num": 1} for name in ("place", "remission", "codes")}


# Both ways ---------------------------------------------------------------------------------------


def _said(value: dict, *names: str) -> dict:
    """What is filled in, as JSON."""
    found = {}
    for name in names:
        part = value.get(name)
        if part not in (None, "", []):
            found[name] = part.isoformat() if hasattr(part, "isoformat") else part
    return found


def to_pricing(stream: Any, *, refer: Refer, rule: Refer, before: dict | None) -> dict | None:
    """`pricing` in the package's shape; None when nothing is charged. `refer` and `rule` turn
    references by block id into keys."""
    known = {_id_of(kind, one, at): one for kind, at, one in _charged(before or {})}
    made: dict = {}
    for child in stream:
        value, kind = child.value, child.block_type
        was = known.get(str(child.id), {"id": str(child.id or uuid.uuid4())})
        identity = {name: was[name] for name in ("id", "key") if was.get(name)}
        shown = {"show_if": rule(value["show_if"])} if value.get("show_if") else {}
        if kind == "place":
            fixed = value["cost"] == "fixed"
            made["per_place"] = value["pence"] or 0 if fixed else "offering"
            if value.get("children"):
                made["children"] = refer(value["children"])
        elif kind == "item":
            said = {"label": value["label"] or "", "pence": value["pence"] or 0}
            item = identity | said | shown
            if value.get("each") or value.get("per"):
                item["per"] = refer(value["each"]) if value.get("each") else value["per"]
            if value.get("times"):
                item["times"] = refer(value["times"])
            made.setdefault("items", []).append(item)
        elif kind in ("sibling", "early", "rule"):
            names = (
                "label",
                "percent",
                "pence",
                "of",
                "each",
                "from_child",
                "until",
                "days_before",
            )
            made.setdefault("discounts", []).append(
                identity | {"kind": kind} | _said(value, *names) | shown
            )
        elif kind == "remission":
            made["remission"] = _help(value, refer, rule)
        elif value.get("question"):
            made["codes"] = {"question": refer(value["question"])}
    return made or None


def _help(value: dict, refer: Refer, rule: Refer) -> dict:
    said = _said(value, "label", "of")
    said |= {name: refer(value[name]) for name in ("question", "how") if value.get(name)}
    if value["periods"] or not value.get("question"):
        said["periods"] = [_period(one, rule) for one in value["periods"]]
    return said


def _period(value: dict, rule: Refer) -> dict:
    period = _said(value, "until")
    if value.get("starts"):
        period["from"] = value["starts"].isoformat()
    period["bands"] = [
        {"percent": band["percent"] or 0}
        | ({"show_if": rule(band["show_if"])} if band.get("show_if") else {})
        for band in value["bands"]
    ]
    return period


def _charged(pricing: dict) -> Iterable[tuple[str, int, dict]]:
    """Every item and discount: the kind of its block, its place, and what it says."""
    for at, one in enumerate(pricing.get("items") or []):
        yield "item", at, one
    for at, one in enumerate(pricing.get("discounts") or []):
        yield one["kind"], at, one


def _id_of(kind: str, one: dict, at: int) -> str:
    return one.get("id") or str(uuid.uuid5(IDS, f"price/{kind}/{one.get('key', at)}"))


def _block(kind: str, value: dict, block_id: str = "") -> dict:
    return {"type": kind, "id": block_id or str(uuid.uuid5(IDS, f"price/{kind}")), "value": value}


NAMES = ("label", "pence", "percent", "of", "each", "from_child", "until", "days_before")


def from_pricing(pricing: dict | None, *, question: Refer, step: Refer, rule: Refer) -> list[dict]:
    """The raw data of the editor's blocks. `question`, `step` and `rule` turn keys into ids."""
    pricing = pricing or {}
    raw = []
    if pricing.get("per_place") is not None or pricing.get("children"):
        cost = pricing.get("per_place", "offering")
        fixed = cost if isinstance(cost, int) else None
        how = "offering" if fixed is None else "fixed"
        value = {"cost": how, "pence": fixed, "children": step(pricing.get("children"))}
        raw.append(_block("place", value))
    for kind, at, one in _charged(pricing):
        value = {name: one.get(name) for name in NAMES} | {"show_if": rule(one.get("show_if"))}
        if kind == "item":
            value |= {"times": question(one.get("times")), **_often(one.get("per"), step)}
        raw.append(_block(kind, value, _id_of(kind, one, at)))
    if pricing.get("remission"):
        said = _remission(pricing["remission"], rule)
        said |= {name: question(pricing["remission"].get(name)) for name in ("question", "how")}
        raw.append(_block("remission", said))
    if pricing.get("codes"):
        value = {"question": question(pricing["codes"].get("question"))}
        raw.append(_block("codes", value))
    return raw


def _often(per: str | None, step: Refer) -> dict:
    if per in (None, "form", "place"):
        return {"per": per, "each": None}
    return {"per": None, "each": step(per)}


def _remission(remission: dict, rule: Refer) -> dict:
    def item(value: dict) -> dict:
        return {"type": "item", "id": str(uuid.uuid4()), "value": value}

    return {
        "label": remission.get("label"),
        "of": remission.get("of"),
        "periods": [
            item(
                {
                    "starts": period.get("from"),
                    "until": period.get("until"),
                    "bands": [
                        item({"percent": band["percent"], "show_if": rule(band.get("show_if"))})
                        for band in period.get("bands") or []
                    ],
                }
            )
            for period in remission.get("periods") or []
        ],
    }
