"""What of a stage's checklist is ticked, read from the case's history.

A tick is a CaseEvent of kind `check`: `button_key` is the item, `from_stage` its stage, and
`to_stage` the same when it was ticked, "" when the tick was taken back. The last one counts, so a
case that comes back to a stage still shows who ticked what, and when.
"""

from .models import Case, CaseEvent
from .plan import Item


def ticks(case: Case) -> dict[str, CaseEvent]:
    """The tick of each item of the present stage that is ticked, by the item's key."""
    if not case.stage.checklist:
        return {}
    found = case.events.filter(kind=CaseEvent.Kind.CHECK, from_stage=case.stage_key)
    last = {event.button_key: event for event in found.order_by("pk")}
    return {key: event for key, event in last.items() if event.to_stage}


def open_items(case: Case) -> list[Item]:
    """What is still to be ticked in the present stage, in the designer's order."""
    done = ticks(case)
    return [item for item in case.stage.checklist if item.key not in done]
