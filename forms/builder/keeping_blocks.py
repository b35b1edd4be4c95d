"""For how long a form's answers are kept, in the editor. What it means: forms/keeping.py."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from forms.keeping import (
    ANONYMISE,
    COMPLETED,
    DELETE,
    MOST_DAYS,
    UNFINISHED,
    UNSUCCESSFUL,
    filled_in,
)

from .lazy_blocks import RootStructBlock
from .setting_blocks import RESTRICTED

THEN = [
    (DELETE, _("Delete everything")),
    (ANONYMISE, _("Keep the figures, delete who it was")),
]


def _days(label: str, *, required: bool = True, help_text: str = "") -> blocks.IntegerBlock:
    return blocks.IntegerBlock(
        required=required, min_value=1, max_value=MOST_DAYS, label=label, help_text=help_text
    )


class KeepingBlock(RootStructBlock):
    """Days by outcome, and sooner for answers that only some staff may read."""

    unfinished = _days(
        _("Never sent: days after the last answer"), help_text=_("It is always deleted then.")
    )
    unsuccessful = _days(_("Declined or withdrawn: days after the end"))
    unsuccessful_then = blocks.ChoiceBlock(choices=THEN, label=_("And then"))
    completed = _days(_("Completed: days after the end"))
    completed_then = blocks.ChoiceBlock(choices=THEN, label=_("And then"))
    groups = blocks.StructBlock(
        [(key, _days(words, required=False)) for key, words in RESTRICTED],
        label=_("Sooner, in days: answers that only some staff may read"),
    )

    class Meta:
        icon = "bin"


def from_retention(retention: dict | None) -> dict:
    """The block's value; what a form does not say is shown as it will be."""
    said = filled_in(retention)
    return {
        UNFINISHED: said[UNFINISHED]["days"],
        UNSUCCESSFUL: said[UNSUCCESSFUL]["days"],
        "unsuccessful_then": said[UNSUCCESSFUL].get("then", DELETE),
        COMPLETED: said[COMPLETED]["days"],
        "completed_then": said[COMPLETED].get("then", DELETE),
        "groups": said["answers"],
    }


def to_retention(value: Any) -> dict:
    """The same in the package's shape. A box that was emptied means what the hub does itself."""
    outcomes: dict = {}
    for outcome in (UNFINISHED, UNSUCCESSFUL, COMPLETED):
        policy = {}
        if value.get(outcome):
            policy["days"] = value[outcome]
        if value.get(f"{outcome}_then"):
            policy["then"] = value[f"{outcome}_then"]
        if policy:
            outcomes[outcome] = policy
    groups = {key: days for key, days in (value.get("groups") or {}).items() if days}
    return filled_in(outcomes) | {"answers": groups}
