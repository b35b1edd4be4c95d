"""When a form is open, how a long one is shown and when it is paid, in the editor."""

from collections.abc import Mapping
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from cms.clock import LONDON
from forms.window import moment

from .lazy_blocks import RootStructBlock

PAYMENT = {"pay_when": "when", "pay_minutes": "minutes", "pay_days": "due_days"}
TIMES = ("opens_at", "closes_at")


class OpeningBlock(RootStructBlock):
    """Times on a clock in the county."""

    opens_at = blocks.DateTimeBlock(
        required=False, label=_("Opens"), help_text=_("Empty: as soon as it is published.")
    )
    closes_at = blocks.DateTimeBlock(
        required=False,
        label=_("Closes"),
        help_text=_("The last minute in which somebody can begin. Empty: it stays open."),
    )
    grace_minutes = blocks.IntegerBlock(
        required=False,
        min_value=0,
        max_value=1440,
        label=_("Minutes longer for those who began before"),
        help_text=_("Empty: 30."),
    )
    task_list = blocks.BooleanBlock(
        required=False,
        label=_("Show the steps as a list"),
        help_text=_("For long forms: families do the steps in the order that suits them."),
    )

    quick_exit = blocks.BooleanBlock(
        required=False,
        label=_("Offer to leave the page at once"),
        help_text=_("For what somebody beside them must not see: one press shows another site."),
    )
    places_first = blocks.BooleanBlock(
        required=False,
        label=_("Keep the places before anything is asked"),
        help_text=_(
            "The start page asks for the date and how many children. The first step must be the "
            "one with the places."
        ),
    )
    pay_when = blocks.ChoiceBlock(
        choices=[
            ("now", _("At once, by card: places are kept while they pay")),
            ("later", _("By a bill that comes with the confirmation")),
        ],
        required=False,
        label=_("When it is paid"),
        help_text=_("Empty: staff send the bill. Without a card provider a bill is sent instead."),
    )
    pay_minutes = blocks.IntegerBlock(
        required=False,
        min_value=10,
        max_value=120,
        label=_("Minutes for which places are kept while somebody pays"),
        help_text=_("Empty: 30."),
    )
    pay_days = blocks.IntegerBlock(
        required=False,
        min_value=0,
        max_value=366,
        label=_("Days until a bill is due"),
        help_text=_("Empty: 14, and never after the day before it begins."),
    )

    class Meta:
        icon = "time"


def from_settings(settings: Mapping | None) -> dict:
    """The block's value."""
    said = settings or {}
    return {
        **{name: moment(said.get(name)) for name in TIMES},
        "grace_minutes": said.get("grace_minutes"),
        "task_list": bool(said.get("task_list")),
        "quick_exit": bool(said.get("quick_exit")),
        "places_first": bool(said.get("places_first")),
        **{mine: (said.get("payment") or {}).get(name) for mine, name in PAYMENT.items()},
    }


def to_settings(value: Any, before: Mapping | None) -> dict:
    """The form's settings with what the block says; other settings stay."""
    own = {*from_settings({}), "payment"}
    made = {name: said for name, said in (before or {}).items() if name not in own}
    for name in TIMES:
        if value.get(name):
            made[name] = f"{timezone.localtime(value[name], LONDON):%Y-%m-%dT%H:%M}"
    if value.get("grace_minutes") is not None:
        made["grace_minutes"] = value["grace_minutes"]
    for name in ("task_list", "quick_exit", "places_first"):
        if value.get(name):
            made[name] = True
    if value.get("pay_when"):
        said = {name: value.get(mine) for mine, name in PAYMENT.items()}
        made["payment"] = {name: one for name, one in said.items() if one not in (None, "")}
    return made
