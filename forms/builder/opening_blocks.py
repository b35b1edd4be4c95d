"""When a form is open and how a long one is shown, in the editor (forms/window.py)."""

from collections.abc import Mapping
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from cms.clock import LONDON
from forms.window import moment

TIMES = ("opens_at", "closes_at")


class OpeningBlock(blocks.StructBlock):
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

    places_first = blocks.BooleanBlock(
        required=False,
        label=_("Keep the places before anything is asked"),
        help_text=_(
            "The start page asks for the date and how many children. The first step must be the "
            "one with the places."
        ),
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
        "places_first": bool(said.get("places_first")),
    }


def to_settings(value: Any, before: Mapping | None) -> dict:
    """The form's settings with what the block says; other settings stay."""
    made = {name: said for name, said in (before or {}).items() if name not in from_settings({})}
    for name in TIMES:
        if value.get(name):
            made[name] = f"{timezone.localtime(value[name], LONDON):%Y-%m-%dT%H:%M}"
    if value.get("grace_minutes") is not None:
        made["grace_minutes"] = value["grace_minutes"]
    for name in ("task_list", "places_first"):
        if value.get(name):
            made[name] = True
    return made
