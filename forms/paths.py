"""Every distinct way through a form, with one set of answers that leads along it.

A path is what a family sees: visible steps in order and the visible questions of each. For every
question that some rule looks at, only as many answers are tried as its rules can tell apart; all
other questions get an example answer. A repeated step is walked with one item.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import chain, combinations

from cms.conditions import as_date, clause_holds, holds

from .field_types import field_types
from .walk import visible_of, walk

MAX_PATHS = 20_000
MAX_TICKED_TOGETHER = 4


@dataclass(frozen=True)
class Path:
    """`steps` are keys in order, `questions` keys in order; `answers` lead along it."""

    steps: tuple[str, ...]
    questions: tuple[str, ...]
    answers: dict


@dataclass(frozen=True)
class Paths:
    """All paths found. `is_partial` when there are more than MAX_PATHS."""

    paths: list[Path]
    is_partial: bool

    def __len__(self) -> int:
        return len(self.paths)


def _rules(form: dict) -> Iterator[dict]:
    yield from (rule for rule in form["groups"].values() if rule)
    for step in form["steps"]:
        if step["show_if"]:
            yield step["show_if"]
        for question in step["questions"]:
            if question["show_if"]:
                yield question["show_if"]
            if question["settings"].get("rule"):
                yield question["settings"]["rule"]


def clauses_by_question(form: dict) -> dict[str, list[dict]]:
    """Every clause of every rule, by the question it looks at."""
    found: dict[str, list[dict]] = {}
    for rule in _rules(form):
        for clause in rule["clauses"]:
            if clause.get("question"):
                found.setdefault(clause["question"], []).append(clause)
    return found


def _around(value: object) -> list[object]:
    """Just below, at, and just above a number or a day."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return [value - 1, value, value + 1]
    day = as_date(value)
    if day:
        return [(day + timedelta(days=shift)).isoformat() for shift in (-1, 0, 1)]
    return [value]


def _born_around(clause: dict, facts: dict) -> list[str]:
    """Dates of birth on both sides of each age that a clause tells apart."""
    day = as_date(facts.get(clause.get("date") or "today") or clause.get("date"))
    found = []
    for age in (clause.get("at_least"), (clause.get("at_most") or 0) + 1):
        if day and age:
            try:
                turned = day.replace(year=day.year - age)
            except ValueError:  # 29 February
                turned = date(day.year - age, 3, 1)
            found += [turned.isoformat(), (turned + timedelta(days=1)).isoformat()]
    return found


def _possible(question: dict, clauses: list[dict], facts: dict) -> list[object]:
    """Answers worth trying, before those that no rule can tell apart are dropped."""
    kind = field_types[question["type"]]
    options = [option["key"] for option in question["options"] or []]
    if question["type"] == "yes_no":
        return [True, False]
    if question["type"] == "checkboxes":
        named = [o for o in options if any(_names(clause, o) for clause in clauses)]
        rest = [o for o in options if o not in named][:1]
        sizes = range(1, min(len(named), MAX_TICKED_TOGETHER) + 1)
        return [rest, *(list(c) for c in chain(*(combinations(named, n) for n in sizes)))]
    if options and question["type"] != "matrix":
        return list(options)
    tried = [kind.example(question)]
    for clause in clauses:
        if clause.get("op") == "age_on":
            tried += _born_around(clause, facts)
        elif "value" in clause:
            values = clause["value"] if isinstance(clause["value"], list) else [clause["value"]]
            tried += [near for value in values for near in _around(value)]
    return tried


def _names(clause: dict, option: str) -> bool:
    value = clause.get("value")
    return option in value if isinstance(value, list) else option == value


def candidates(question: dict, clauses: list[dict], facts: dict) -> list[object]:
    """The fewest answers that every combination of true and false clauses is reached with."""
    found: dict[tuple, object] = {}
    tried = _possible(question, clauses, facts)
    if not question["required"] and question["type"] != "declaration":
        tried = [*tried, None]
    for answer in tried:
        if answer == [] or (answer is None and question["required"]):
            answer = None  # noqa: PLW2901 - nothing ticked is no answer
        truth = tuple(
            clause_holds(clause, {question["key"]: answer}, facts=facts) for clause in clauses
        )
        found.setdefault(truth, answer)
    return list(found.values())


class _Walker:
    """Depth first over the questions in order, branching only where a rule can tell."""

    def __init__(self, form: dict, facts: dict, limit: int):
        self.form, self.facts, self.limit = form, facts, limit
        self.groups = form["groups"]
        clauses = clauses_by_question(form)
        self.tries = {
            question["key"]: candidates(question, clauses[question["key"]], facts)
            for step in form["steps"]
            for question in step["questions"]
            if question["key"] in clauses and field_types[question["type"]].is_answerable
        }
        self.found: dict[tuple, Path] = {}
        self.is_partial = False

    def run(self) -> Paths:
        for answers in self._steps(0, {}, {}):
            self._keep(answers)
            if len(self.found) >= self.limit:
                self.is_partial = True
                break
        return Paths(list(self.found.values()), self.is_partial)

    def _keep(self, answers: dict) -> None:
        seen = walk(self.form, answers, facts=self.facts)
        steps = tuple(step.key for step in seen.steps)
        questions = tuple(q["key"] for _step, _item, q in seen.visible_questions())
        self.found.setdefault((steps, questions), Path(steps, questions, answers))

    def _steps(self, index: int, answers: dict, seen: dict) -> Iterator[dict]:
        """Sets of answers from step `index` on. `answers` is never changed, only copied."""
        while index < len(self.form["steps"]):
            step = self.form["steps"][index]
            if holds(step["show_if"], seen, groups=self.groups, facts=self.facts):
                break
            index += 1
        else:
            yield answers
            return
        if step["kind"] == "exit":
            yield answers
            return
        for own, scope in self._questions(step["questions"], 0, {}, dict(seen)):
            if step["repeat"]:
                nothing = dict(seen) | {step["key"]: []}
                after = nothing if step["repeat"]["max"] == 0 else seen | {step["key"]: [own]}
                yield from self._steps(index + 1, answers | {step["key"]: [own]}, after)
            else:
                marks = {} if own else {step["key"]: True}
                yield from self._steps(index + 1, answers | own | marks, scope)

    def _questions(
        self, questions: list[dict], index: int, own: dict, scope: dict
    ) -> Iterator[tuple[dict, dict]]:
        for position in range(index, len(questions)):
            question = questions[position]
            key = question["key"]
            if not holds(question["show_if"], scope, groups=self.groups, facts=self.facts):
                continue
            kind = field_types[question["type"]]
            if not kind.is_answerable:
                visible_of([question], {}, scope, groups=self.groups, facts=self.facts)
                continue
            tries = self.tries.get(key) or [kind.example(question)]
            for answer in tries:
                branch = scope if answer is None else scope | {key: answer}
                yield from self._questions(
                    questions, position + 1, own | {key: answer}, dict(branch)
                )
            return
        yield own, scope


def paths(form: dict, *, facts: dict | None = None, limit: int = MAX_PATHS) -> Paths:
    """Every distinct path of a compiled form, in the order of its answers."""
    today = {"today": date.today(), "offering": date.today()}  # noqa: DTZ011 - a day, no moment
    return _Walker(form, facts or today, limit).run()
