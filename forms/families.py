"""Making sample families: filling in the real form without uploads, live dates or a journey.

A file is answered by saying that there is one, a date by the number of children: a sample belongs
to the form, and must lead the same way on every hub and every day. Everything else is the real
question. Pure: answers in, answers out; forms.builder.family_views keeps them with the draft.
"""

import hashlib
import uuid
from collections.abc import Mapping
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from .field_types import Asking, field_types
from .journeys import item_to_ask
from .paths import Path, clauses_by_question
from .samples import EXAMPLE_OFFERING, facts_of, walk_sample
from .stepforms import StepForm, build
from .walk import VisibleStep, Walk, answers_with, is_answered

MOST_CHILDREN = 50
LONGEST_NAME = 90
SENT = "sent"


def new_sample(name: str, answers: dict | None = None) -> dict:
    return {
        "id": str(uuid.uuid4()),
        "name": name,
        "answers": answers or {},
        "today": timezone.localdate().isoformat(),
    }


def _stand_in(question: dict) -> dict:
    """The question as a sample answers it."""
    if question["type"] == "file":
        options = [{"key": SENT, "label": _("A file is sent"), "id": SENT}]
        if not question["required"]:
            options.append({"key": "none", "label": _("No file is sent"), "id": "none"})
        return question | {"type": "radios", "options": options, "settings": {}}
    if question["type"] == "places":
        most = question["settings"].get("max_children") or MOST_CHILDREN
        own = {"min": 1, "max": most}
        return question | {"type": "number", "help": _("How many children?"), "settings": own}
    return question


def _shown(question: dict, stored: Any) -> Any:
    """What is kept, as the stand-in shows it."""
    if question["type"] == "file":
        return SENT if stored else None
    if question["type"] == "places":
        return stored["children"] if isinstance(stored, dict) else None
    return stored


def _kept(question: dict, value: Any) -> Any:
    """What the stand-in was answered, as it is kept."""
    if question["type"] == "file":
        return field_types["file"].example(question) if value == SENT else None
    if question["type"] == "places" and value:
        return {"offering": EXAMPLE_OFFERING, "children": int(value)}
    return value


def page_form(
    form: dict, sample: dict, step: VisibleStep, number: int | None, data: Any = None
) -> StepForm:
    """The Django form of one page of a sample; `number` says which item of a repeated step."""
    seen = walk_sample(form, sample)
    by_key = {question["key"]: question for question in step.step["questions"]}
    open_step = step.step | {"questions": [_stand_in(one) for one in by_key.values()]}
    stored = stored_page(sample, step, number)
    facts = facts_of(sample)
    own = set(by_key) | {step.key}
    before = {key: value for key, value in seen.answers.items() if key not in own}
    return build(form | {"steps": [open_step]}, step.key)(
        data,
        initial_answers={
            key: _shown(by_key[key], value) for key, value in stored.items() if key in by_key
        },
        seen=before,
        facts=facts,
        asking=Asking(answers=seen.answers, today=facts["today"]),
    )


def stored_page(sample: Mapping, step: VisibleStep, number: int | None) -> dict:
    if not step.repeat:
        return sample["answers"]
    items = sample["answers"].get(step.key) or []
    return items[number - 1] if number and number <= len(items) else {}


def with_page(sample: dict, step: VisibleStep, number: int | None, given: dict) -> dict:
    """The sample with one page's answers."""
    by_key = {question["key"]: question for question in step.step["questions"]}
    new = {key: _kept(by_key[key], value) for key, value in given.items()}
    return sample | {"answers": answers_with(sample["answers"], step, number, new)}


def without_item(sample: dict, step_key: str, number: int) -> dict:
    items = list(sample["answers"].get(step_key) or [])
    if 1 <= number <= len(items):
        items.pop(number - 1)
    return sample | {"answers": {**sample["answers"], step_key: items}}


def next_page(seen: Walk, answers: Mapping, after: str = "") -> tuple[str, int | None] | None:
    """The page to fill in next: the one after `after`, else the first; None at the end."""
    keys = [step.key for step in seen.steps]
    if after in keys:
        step = seen[after]
        if step.repeat and (missing := item_to_ask(step, answers)):
            return after, missing
        if step.kind == "questions" and not step.repeat and not step.is_complete:
            return after, None
    following = seen.steps[keys.index(after) + 1 :] if after in keys else seen.steps
    for step in following:
        if step.kind == "questions":
            if not step.repeat:
                return step.key, None
            return step.key, item_to_ask(step, answers)
    return None


def visible_answers(form: dict, sample: dict) -> dict:
    """What the family really says: answers to questions that it does not see are left out."""
    seen, answers, kept = walk_sample(form, sample), sample["answers"], {}
    for step in seen.steps:
        if step.repeat:
            kept[step.key] = [
                {q["key"]: item.raw[q["key"]] for q in item.questions if q["key"] in item.raw}
                for item in step.items
            ]
        else:
            keys = [question["key"] for question in step.questions]
            kept |= {key: answers[key] for key in [*keys, step.key] if key in answers}
    return kept


# One click -----------------------------------------------------------------------------------


def name_of_way(way: Path) -> str:
    """A way's name in an address: which steps and which questions it has."""
    text = "\n".join([*way.steps, "", *way.questions])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def words_of_way(form: dict, way: Path) -> str:
    """What sets a way apart: the answers that rules look at, as people read them."""
    looked_at = clauses_by_question(form)
    answers = {**way.answers}
    for step in form["steps"]:
        if step["repeat"]:
            for item in way.answers.get(step["key"]) or []:
                answers |= item
    parts = []
    for step in form["steps"]:
        for question in step["questions"]:
            if question["key"] in looked_at and question["key"] in way.questions:
                lines = field_types[question["type"]].lines(question, answers.get(question["key"]))
                said = ", ".join(str(line) for line in lines) or _("no answer")
                parts.append(f"{question['label'].rstrip(':')} {said}")
    return "; ".join(parts)


def sample_of_way(form: dict, way: Path, taken: set[str]) -> dict:
    """A sample family that goes this way, answering everything that has to be answered."""
    answers = _filled(form, way)
    stem = _short(words_of_way(form, way)) or _("Everybody")
    name, number = stem, 1
    while name in taken:
        number += 1
        name = f"{stem} ({number})"
    return new_sample(name, answers)


def _filled(form: dict, way: Path) -> dict:
    """Some types have no example that suits every hub: places, of a date that is not real."""
    answers = dict(way.answers)
    for step in form["steps"]:
        for question in step["questions"]:
            key = question["key"]
            if question["type"] != "places" or key not in way.questions or step["repeat"]:
                continue
            if not is_answered(question, answers):
                answers[key] = {"offering": EXAMPLE_OFFERING, "children": 1}
    return answers


def _short(text: str) -> str:
    if len(text) <= LONGEST_NAME:
        return text
    return f"{text[: LONGEST_NAME - 1].rsplit(' ', 1)[0]}…"
