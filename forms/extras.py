"""What goes with the places that a journey holds: add-ons of the date, and the claim for help.

Both are answers like any other until a page with them is saved; then they are brought into line
with what is held, under the lock on the date, or the page is not saved.
"""

from collections.abc import Collection, Iterator, Mapping

from cms import places
from forms.models import Journey
from forms.walk import Walk


def bring_into_line(journey: Journey, seen: Walk, new: Collection[str] | None) -> None:
    """Take the add-ons that were ticked and say the claim, where `new` answers have changed them.

    Raises what cms.places raises, and then nothing has changed.
    """
    compiled = journey.version.compiled
    asked = {q["key"] for q, _step in _questions(compiled) if q["type"] == "add_ons"}
    if asked and (new is None or not asked.isdisjoint(new)):
        places.choose_add_ons(journey.holder, _chosen(compiled, seen.answers))
    claim = _claim_key(compiled)
    if claim and claim in (new or ()) and seen.answers.get(claim) is not None:
        places.say_claim(journey.holder, claims_help=seen.answers[claim] in ("yes", True))


def _questions(compiled: Mapping) -> Iterator[tuple[dict, dict]]:
    for step in compiled["steps"]:
        for question in step["questions"]:
            yield question, step


def _claim_key(compiled: Mapping) -> str:
    """The yes-or-no question by which a family asks for help with costs; "" where none is named."""
    named = (q["settings"].get("help_question") for q, _s in _questions(compiled))
    return next(filter(None, named), "")


def _chosen(compiled: Mapping, answers: Mapping) -> dict[int, list[int]]:
    """The add-ons ticked for each child, by its number; asked once, they are for the first."""
    wanted: dict[int, list[int]] = {}
    for question, step in _questions(compiled):
        if question["type"] != "add_ons":
            continue
        items = answers.get(step["key"]) if step["repeat"] else [answers]
        for number, item in enumerate(items if isinstance(items, list) else [], start=1):
            ticked = item.get(question["key"]) or [] if isinstance(item, dict) else []
            wanted.setdefault(number, []).extend(one["id"] for one in ticked)
    return wanted
