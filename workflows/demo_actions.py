"""Two actions for trying a process out: one that does nothing, one that fails as it is told to."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from .actions import Action, ActionProblemError, actions

if TYPE_CHECKING:
    from .models import Case


@actions("demo")
class Demo(Action):
    """Does nothing, and says so. For trying a workflow out."""

    label = _("Demonstration: does nothing")
    optional = ("message",)

    def run(self, case: "Case", options: dict) -> str:
        return f"Demonstration: {options.get('message') or 'nothing was done'}"


@actions("failing_demo")
class FailingDemo(Action):
    """Fails until attempt `works_on` (never, when that is left out). Shows what failure is like."""

    label = _("Demonstration: fails")
    optional = ("works_on",)

    @classmethod
    def fields(cls) -> list[tuple[str, blocks.Block]]:
        return [("works_on", blocks.IntegerBlock(required=False, min_value=1, max_value=5))]

    def run(self, case: "Case", options: dict) -> str:
        works_on = options.get("works_on")
        if works_on and self.row.attempts >= works_on:
            return f"Demonstration: worked on attempt {self.row.attempts}"
        raise ActionProblemError("This demonstration fails on purpose.")
