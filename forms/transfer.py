"""Answers given in one version of a form, as they are in another. Pure.

An answer goes where its question went, by id. It is left behind when its question is gone, has
become another kind, or would no longer accept it; then the family is asked.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Transfer:
    """`lost` are labels of questions that are gone, `again` of those that are asked again."""

    answers: dict = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)
    again: list[str] = field(default_factory=list)
    left_behind: list[Any] = field(default_factory=list)


def transfer(
    old: dict, new: dict, answers: Mapping, *, ask_again: frozenset[str] = frozenset()
) -> Transfer:
    """Bring a journey's answers over. `ask_again` are ids of questions to ask anew."""
    moving = _Moving(new, ask_again)
    for step in old["steps"]:
        target = moving.steps.get(step["id"])
        if step["repeat"]:
            moving.items(step, target, answers.get(step["key"]))
        else:
            if target and not target["repeat"] and step["key"] in answers:
                moving.done.answers[target["key"]] = answers[step["key"]]
            moving.done.answers |= moving.page(step, answers, None)
    return moving.done


class _Moving:
    def __init__(self, new: dict, ask_again: frozenset[str]):
        self.ask_again = ask_again
        self.steps = {step["id"]: step for step in new["steps"]}
        self.questions = {q["id"]: (step, q) for step in new["steps"] for q in step["questions"]}
        self.done = Transfer()

    def items(self, step: dict, target: dict | None, items: Any) -> None:
        if not isinstance(items, list):
            return
        moved = [self.page(step, item, step["id"]) for item in items if isinstance(item, dict)]
        if target and target["repeat"]:
            self.done.answers[target["key"]] = moved

    def page(self, step: dict, answers: Mapping, home: str | None) -> dict:
        """What is kept of one page; `home` is the repeated step that it has to stay in."""
        kept = {}
        for question in step["questions"]:
            if question["key"] not in answers:
                continue
            value = answers[question["key"]]
            there, now = self.questions.get(question["id"], (None, None))
            if now is None:
                self._leave(self.done.lost, question, value)
                continue
            is_home = (there["id"] if there["repeat"] else None) == home
            fitting = fitted(question, now, value) if is_home else None
            is_again = question["id"] in self.ask_again
            if is_again or not is_home or (fitting is None and value is not None):
                self._leave(self.done.again, now, value)
                continue
            kept[now["key"]] = fitting
        return kept

    def _leave(self, where: list[str], question: dict, value: Any) -> None:
        if value is not None:
            where.append(question["label"])
            self.done.left_behind.append(value)


def fitted(old: dict, new: dict, value: Any) -> Any:
    """The answer as the new question keeps it; None when it does not accept it."""
    if value is None or old["type"] != new["type"]:
        return None
    if old["options"] and new["options"] and new["type"] != "matrix":
        ids = {option["key"]: option["id"] for option in old["options"]}
        keys = {option["id"]: option["key"] for option in new["options"]}
        if isinstance(value, list):
            return [keys[ids[one]] for one in value if ids.get(one) in keys] or None
        return keys.get(ids.get(value)) if isinstance(value, str) else value
    return value if _within(new, value) else None


def _within(question: dict, value: Any) -> bool:
    """Whether it keeps the bounds that the question has now; bounds of other kinds are not held."""
    own, kind = question["settings"], question["type"]
    if kind in ("number", "money") and isinstance(value, int | float):
        low, high = (own.get(name, own.get(f"{name}_pence")) for name in ("min", "max"))
        return (low is None or value >= low) and (high is None or value <= high)
    if kind == "longtext" and own.get("max_words"):
        return len(str(value).split()) <= own["max_words"]
    if kind == "text" and own.get("max_length"):
        return len(str(value)) <= own["max_length"]
    return True
