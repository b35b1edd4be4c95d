"""Which steps and questions a family sees, for the answers it has given so far.

Pure: a compiled form and answers in, a Walk out. Everything that reads answers goes through here:
the journey, the check page, prices, submissions, exports, the builder. An answer to a question
that is hidden now may still be in `answers`; the walk leaves it out, so nothing else can see it.

Answers are `{question key: JSON value}`. A repeated step has a list of such items under its own
key. A key with None was asked and left empty; a missing key was never asked. A step without any
question to answer is done once its own key is there.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from cms.conditions import holds

from .field_types import field_types
from .stepforms import form_class

__all__ = ["Item", "VisibleStep", "Walk", "form_class", "is_answered", "visible_of", "walk"]

Answers = Mapping[str, object]


@dataclass
class Item:
    """One item of a repeated step: what is visible of it."""

    number: int
    raw: dict
    answers: dict
    questions: list[dict]

    @property
    def is_complete(self) -> bool:
        return all(is_answered(question, self.raw) for question in self.questions)


@dataclass
class VisibleStep:
    """One step as this family sees it. `questions` are compiled questions, visible ones only."""

    step: dict
    questions: list[dict]
    is_complete: bool
    items: list[Item] = field(default_factory=list)
    least: int = 0
    most: int = 0
    #: Items beyond the number that was answered elsewhere. Somebody has to say which of all go.
    surplus: list[Item] = field(default_factory=list)

    @property
    def may_lose_one(self) -> bool:
        """Whether an item may be taken out: not below the least number."""
        return len(self.items) > self.least

    @property
    def key(self) -> str:
        return self.step["key"]

    @property
    def title(self) -> str:
        return self.step["title"]

    @property
    def kind(self) -> str:
        return self.step["kind"]

    @property
    def intro(self) -> str:
        return self.step["intro"]

    @property
    def repeat(self) -> dict | None:
        return self.step["repeat"]


@dataclass
class Walk:
    """The visible steps in order, and the answers to visible questions only."""

    steps: list[VisibleStep]
    answers: dict

    def __getitem__(self, key: str) -> VisibleStep:
        """The visible step of that key. Raises KeyError when it is hidden or unknown."""
        for step in self.steps:
            if step.key == key:
                return step
        raise KeyError(key)

    def __contains__(self, key: str) -> bool:
        return any(step.key == key for step in self.steps)

    @property
    def exit(self) -> VisibleStep | None:
        """The page that ends this journey kindly, when the answers lead to one."""
        last = self.steps[-1] if self.steps else None
        return last if last and last.kind == "exit" else None

    @property
    def asked_steps(self) -> list[VisibleStep]:
        """Steps with a page of questions or words; neither check nor exit."""
        return [step for step in self.steps if step.kind == "questions"]

    @property
    def first_incomplete(self) -> VisibleStep | None:
        return next((step for step in self.asked_steps if not step.is_complete), None)

    @property
    def is_complete(self) -> bool:
        """Whether everything needed has been asked and answered, and no exit stands in the way."""
        return self.exit is None and self.first_incomplete is None

    def may_visit(self, key: str) -> bool:
        """Whether every step before this one is complete. False for hidden and unknown steps."""
        for step in self.steps:
            if step.key == key:
                return True
            if step.kind == "questions" and not step.is_complete:
                return False
        return False

    def after(self, key: str) -> VisibleStep | None:
        keys = [step.key for step in self.steps]
        following = keys.index(key) + 1
        return self.steps[following] if following < len(keys) else None

    def before(self, key: str) -> VisibleStep | None:
        keys = [step.key for step in self.steps]
        position = keys.index(key)
        return self.steps[position - 1] if position else None

    def visible_questions(self) -> Iterator[tuple[VisibleStep, Item | None, dict]]:
        """Every visible question in order, once for each item of a repeated step."""
        for step in self.steps:
            if step.repeat:
                for item in step.items:
                    for question in item.questions:
                        yield step, item, question
            else:
                for question in step.questions:
                    yield step, None, question


def is_answered(question: dict, raw: Answers) -> bool:
    """Whether it has been asked, and answered when it has to be."""
    kind = field_types[question["type"]]
    if not kind.is_answerable:
        return True
    key = question["key"]
    if key not in raw:
        return False
    value = raw[key]
    if question["type"] == "declaration" and value is False:
        value = None
    return not question["required"] or not (value is None or value in ("", [], {}))


def visible_of(
    questions: list[dict], raw: Answers, seen: dict, *, groups: dict, facts: dict
) -> list[dict]:
    """The visible questions of one page. Adds their answers to `seen` as it goes."""
    visible = []
    for question in questions:
        if not holds(question["show_if"], seen, groups=groups, facts=facts):
            continue
        visible.append(question)
        kind = field_types[question["type"]]
        if question["type"] == "calculated":
            seen[question["key"]] = kind.work_out(question, seen, groups=groups, facts=facts)
        elif kind.is_answerable and raw.get(question["key"]) is not None:
            seen[question["key"]] = raw[question["key"]]
    return visible


def answers_with(answers: Mapping, step: VisibleStep, number: int | None, new: dict) -> dict:
    """Answers with what was answered on one page; of a repeated step, on its item `number`."""
    if step.repeat:
        items = list(answers.get(step.key) or [])
        if number > len(items):
            items.append({})
        items[number - 1] = {**items[number - 1], **new}
        return {**answers, step.key: items}
    return {**answers, **(new or {step.key: True})}


def walk(compiled: dict, answers: Answers, *, facts: dict | None = None) -> Walk:
    """Go through a compiled form with these answers. Never raises, whatever the answers are.

    `facts` are the days that rules may name: "today", and "offering" (the first day of what is
    applied for).
    """
    groups, facts = compiled.get("groups") or {}, facts or {}
    seen: dict = {}
    steps: list[VisibleStep] = []
    for step in compiled["steps"]:
        if not holds(step["show_if"], seen, groups=groups, facts=facts):
            continue
        if step["repeat"]:
            visible = _walk_repeat(step, answers, seen, groups, facts)
        else:
            questions = visible_of(step["questions"], answers, seen, groups=groups, facts=facts)
            visible = VisibleStep(step, questions, _is_complete(step, questions, answers))
        steps.append(visible)
        if step["kind"] == "exit":
            break
    return Walk(steps, seen)


def _is_complete(step: dict, questions: list[dict], answers: Answers) -> bool:
    if step["kind"] != "questions":
        return True
    if not any(field_types[question["type"]].is_answerable for question in questions):
        return step["key"] in answers
    return all(is_answered(question, answers) for question in questions)


def _walk_repeat(
    step: dict, answers: Answers, seen: dict, groups: dict, facts: dict
) -> VisibleStep:
    raw_items = answers.get(step["key"])
    raw_items = raw_items if isinstance(raw_items, list) else []
    least, most = step["repeat"]["min"], step["repeat"]["max"]
    counted = seen.get(step["repeat"].get("count_from"))
    if isinstance(counted, dict):
        counted = counted.get("children")
    if isinstance(counted, int) and not isinstance(counted, bool):
        least = most = max(0, counted)
    is_counted = least == most and isinstance(counted, int) and not isinstance(counted, bool)
    items, surplus, union, outside = [], [], {}, dict(seen)
    for number, raw in enumerate(raw_items if is_counted else raw_items[:most], start=1):
        if number > most and not most:
            break  # none is wanted, so nothing has to be said of any
        raw_item = raw if isinstance(raw, dict) else {}
        scope = dict(outside)
        questions = visible_of(step["questions"], raw_item, scope, groups=groups, facts=facts)
        keys = {question["key"] for question in questions}
        own = {key: value for key, value in scope.items() if key in keys}
        item = Item(number, raw_item, own, questions)
        if number > most:
            surplus.append(item)
            continue
        items.append(item)
        union |= {question["key"]: question for question in questions}
    if not items:
        empty = visible_of(step["questions"], {}, dict(outside), groups=groups, facts=facts)
        union = {question["key"]: question for question in empty}
    seen[step["key"]] = [item.answers for item in items]
    in_order = [question for question in step["questions"] if question["key"] in union]
    complete = (
        step["key"] in answers
        and least <= len(items) <= most
        and not surplus
        and all(item.is_complete for item in items)
    )
    return VisibleStep(step, in_order, complete, items, least, most, surplus)
