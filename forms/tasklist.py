"""A long form as a list of its steps, done in whatever order suits: `settings.task_list`.

A step can be started once every step that it looks back at is complete; those that nothing looks
at can be done at any time. Pure.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cms.conditions import questions_of
from forms.walk import VisibleStep, Walk

COMPLETED, INCOMPLETE, CANNOT_START = "completed", "incomplete", "cannot_start"


@dataclass(frozen=True)
class Task:
    """One step in the list. `key` is "" for one that cannot be opened."""

    key: str
    title: str
    status: str


def is_wanted(compiled: Mapping) -> bool:
    return bool((compiled.get("settings") or {}).get("task_list"))


def looks_back_at(compiled: Mapping) -> dict[str, set[str]]:
    """For each step, the earlier steps whose answers decide what it asks."""
    asked_in = {q["key"]: step["key"] for step in compiled["steps"] for q in step["questions"]}
    asked_in |= {step["key"]: step["key"] for step in compiled["steps"] if step["repeat"]}
    groups = compiled.get("groups") or {}
    found = {}
    for step in compiled["steps"]:
        keys = set(_keys(step, groups))
        found[step["key"]] = {asked_in[key] for key in keys if key in asked_in} - {step["key"]}
    return found


def _keys(step: Mapping, groups: Mapping) -> Iterator[str]:
    yield from questions_of(step["show_if"], groups)
    if step["repeat"] and step["repeat"].get("count_from"):
        yield step["repeat"]["count_from"]
    for question in step["questions"]:
        own = question["settings"]
        yield from questions_of(question["show_if"], groups)
        yield from questions_of(own.get("rule"), groups)
        yield from own.get("sum") or ()
        yield from (own[name] for name in ("age_of", "count_of") if own.get(name))


def may_visit(compiled: Mapping, seen: Walk, key: str) -> bool:
    """Whether this step can be opened now. False for hidden and unknown steps."""
    if key not in seen:
        return False
    step = seen[key]
    if step.kind == "exit":
        return True
    if step.kind == "check":
        return seen.is_complete
    return _can_start(seen, looks_back_at(compiled)[key])


def _can_start(seen: Walk, needed: set[str]) -> bool:
    return all(seen[key].is_complete for key in needed if key in seen)


def tasks(compiled: Mapping, seen: Walk) -> list[Task]:
    """Every step that is asked, and those that may come once others are complete, in order."""
    needed, found = looks_back_at(compiled), []
    for step in compiled["steps"]:
        if step["kind"] != "questions":
            continue
        can_start = _can_start(seen, needed[step["key"]])
        if step["key"] in seen:
            status = _status(seen[step["key"]]) if can_start else CANNOT_START
            found.append(Task(step["key"] if can_start else "", step["title"], status))
        elif not can_start and not seen.exit:
            found.append(Task("", step["title"], CANNOT_START))
    return found


def _status(step: VisibleStep) -> str:
    return COMPLETED if step.is_complete else INCOMPLETE
