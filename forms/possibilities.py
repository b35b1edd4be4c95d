"""Which answers could make a rule true: every combination that matters, tried out.

Rules look at few questions, and each of those has few answers that any rule can tell apart: its
options, or one value on each side of a bound. Trying all of them is exact and quick. Where there
are more than MOST combinations nothing is claimed: the linter stays silent rather than guess.
The rule a newcomer would break: an answer to a question that is hidden does not exist.
"""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from functools import cached_property
from itertools import combinations, islice, product
from math import prod
from typing import Any

from cms.conditions import as_date, holds, questions_of

MOST = 20_000
TICKS_TRIED = 5
CHOOSE_ONE = ("radios", "select", "slot")
MEASURED = ("number", "money", "calculated")
NEVER_ASKED = ("info",)


def _around_number(value: Any) -> list:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return [value]
    return [number - 1, number, number + 1] if number.is_finite() else []


def _around_day(value: Any) -> list:
    day = as_date(value)
    return [(day + timedelta(days=n)).isoformat() for n in (-1, 0, 1)] if day else []


def _born_around(clause: dict, today: date) -> list:
    """Days of birth on each side of the ages in an `age_on` clause."""
    day = as_date(clause.get("date")) or today
    ages = [clause[bound] for bound in ("at_least", "at_most") if clause.get(bound) is not None]
    return [
        date(day.year - int(age) + shift, 1, 2).isoformat() for age in ages for shift in (-2, 0, 2)
    ]


class Possibilities:
    """All that can happen on the way through one compiled form."""

    def __init__(self, compiled: dict, *, today: date | None = None):
        self.steps = compiled.get("steps") or []
        self.groups = compiled.get("groups") or {}
        self.today = today or date(2026, 9, 1)
        self.facts = {"today": self.today, "offering": self.today}
        self.place = {
            question["key"]: (at, index)
            for at, step in enumerate(self.steps)
            for index, question in enumerate(step.get("questions") or [])
        }

    def question(self, key: str) -> dict:
        at, index = self.place[key]
        return self.steps[at]["questions"][index]

    @cached_property
    def clauses_on(self) -> dict[str, list[dict]]:
        """Every clause of the form, by the question it looks at."""
        rules = list(self.groups.values())
        for step in self.steps:
            rules += [step.get("show_if")]
            for question in step.get("questions") or []:
                rules += [question.get("show_if"), question.get("settings", {}).get("rule")]
        found: dict[str, list[dict]] = {}
        for rule in rules:
            for clause in (rule or {}).get("clauses") or []:
                found.setdefault(clause.get("question", ""), []).append(clause)
        return found

    def answers_to(self, question: dict) -> list:
        """Answers that the form's rules can tell apart, None (no answer) last where it may be."""
        kind, clauses = question["type"], self.clauses_on.get(question["key"], [])
        mentioned = [
            value
            for clause in clauses
            for value in (
                clause["value"] if isinstance(clause.get("value"), list) else [clause.get("value")]
            )
            if value is not None
        ]
        options = [option["key"] for option in question.get("options") or []]
        if kind == "yes_no":
            values: list = [True, False]
        elif kind in CHOOSE_ONE:
            values = list(options)
        elif kind == "checkboxes":
            values = self._ticks(options, mentioned)
        elif kind in MEASURED:
            values = [near for value in mentioned for near in _around_number(value)] or [1]
            values += [True, False] if question.get("settings", {}).get("rule") else []
        elif kind == "date":
            values = [near for value in mentioned for near in _around_day(value)]
            for clause in clauses:
                if clause.get("op") == "age_on":
                    values += _born_around(clause, self.today)
            values = values or ["2015-03-27"]
        elif kind == "declaration":
            values = [True]
        else:
            values = [*mentioned, "something else"]
        values = list({str(value): value for value in values}.values())
        may_be_empty = not question.get("required") or kind == "calculated"
        return [*values, None] if may_be_empty or not values else values

    def _ticks(self, options: list[str], mentioned: list) -> list[list[str]]:
        used = [key for key in options if key in mentioned][:TICKS_TRIED]
        other = [key for key in options if key not in used][:1]
        pool = used + other
        return [list(some) for n in range(1, len(pool) + 1) for some in combinations(pool, n)]

    def behind(self, keys: Iterable[str]) -> list[str]:
        """These questions and every question that decides whether they are asked, in order."""
        found, ahead = set(), [key for key in keys if key in self.place]
        while ahead:
            key = ahead.pop()
            if key in found:
                continue
            found.add(key)
            step = self.steps[self.place[key][0]]
            question = self.question(key)
            ahead += [
                other
                for rule in (step.get("show_if"), question.get("show_if"))
                for other in questions_of(rule, self.groups)
                if other in self.place
            ]
        return sorted(found, key=lambda key: self.place[key])

    def exits_before(self, at: int) -> list[dict]:
        return [step for step in self.steps[:at] if step.get("kind") == "exit"]

    def every(self, keys: Iterable[str]) -> Iterator[dict] | None:
        """Each combination of answers to these questions and those behind them; None: too many.

        An answer of a question that is not asked, given the others, is left out.
        """
        ordered = self.behind(keys)
        choices = [self.answers_to(self.question(key)) for key in ordered]
        if prod(len(choice) for choice in choices) > MOST:
            return None
        return (self._asked(ordered, given) for given in islice(product(*choices), MOST))

    def _asked(self, ordered: list[str], given: tuple) -> dict:
        answers: dict = {}
        for key, value in zip(ordered, given, strict=True):
            step = self.steps[self.place[key][0]]
            if self.holds(step.get("show_if"), answers) and self.holds(
                self.question(key).get("show_if"), answers
            ):
                answers[key] = value
        return answers

    def holds(self, rule: dict | None, answers: dict) -> bool:
        return holds(rule, answers, groups=self.groups, facts=self.facts)

    def outcomes(self, rule: dict | None, *, given: dict | None = None, at: int = 0) -> set[bool]:
        """Whether a rule can be true, and can be false, where `given` is true and no exit page
        before step number `at` has ended the journey. Empty: too many combinations to tell."""
        exits = [step.get("show_if") for step in self.exits_before(at)]
        wanted = questions_of(rule, self.groups) | questions_of(given, self.groups)
        for leave_out in (False, True):
            ends = [] if leave_out else [end for end in exits if end]
            keys = wanted.union(*(questions_of(end, self.groups) for end in ends))
            combos = self.every(keys)
            if combos is not None:
                break
        else:
            return set()
        found: set[bool] = set()
        for answers in combos:
            if not self.holds(given, answers) or any(self.holds(end, answers) for end in ends):
                continue
            found.add(self.holds(rule, answers))
            if len(found) == 2:
                break
        return found

    def can_meet(self, first: dict, second: dict) -> bool:
        """Whether two steps can stand on one journey. True when that cannot be told."""
        keys = questions_of(first.get("show_if"), self.groups) | questions_of(
            second.get("show_if"), self.groups
        )
        combos = self.every(keys)
        return combos is None or any(
            self.holds(first.get("show_if"), answers) and self.holds(second.get("show_if"), answers)
            for answers in combos
        )
