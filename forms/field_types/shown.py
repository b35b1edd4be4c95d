# ruff: noqa: ANN001, ANN201 - the signatures, and their types, are those of base.FieldType
"""Question types that nobody answers: words to read, and values worked out from other answers."""

from decimal import Decimal

from cms.conditions import as_date, holds
from cms.school_year import age_on

from .base import FieldType, field_type
from .text import pounds


@field_type("info")
class Info(FieldType):
    """Words between questions: the label is the heading, the help the text."""

    label = "Words to read"
    group = "Words"
    is_answerable = False

    def lines(self, question, value):
        return []

    def example(self, question):
        return None


@field_type("calculated")
class Calculated(FieldType):
    """Worked out on the server, shown at the check page and usable in rules.

    One of: `rule` (a condition: yes or no), `sum` (keys of numbers), `age_of` (key of a date, on
    `date`), `count_of` (key of a repeated step).
    """

    label = "Worked out from other answers"
    group = "Words"
    is_answerable = False
    settings_schema = {
        "rule": {"type": "object"},
        "sum": {"type": "array", "items": {"type": "string"}},
        "age_of": {"type": "string"},
        "date": {"type": "string"},
        "count_of": {"type": "string"},
        "money": {"type": "boolean"},
    }

    def work_out(self, question, answers, *, groups=None, facts=None):
        """The value for these answers; None when what it needs has no answer."""
        own, facts = question["settings"], facts or {}
        if own.get("rule"):
            return holds(own["rule"], answers, groups=groups, facts=facts)
        if own.get("sum"):
            numbers = [answers.get(key) for key in own["sum"]]
            return sum(number for number in numbers if isinstance(number, int | float))
        if own.get("age_of"):
            born = as_date(answers.get(own["age_of"]))
            day = as_date(facts.get(own.get("date") or "today") or own.get("date"))
            return age_on(born, day) if born and day and born <= day else None
        if own.get("count_of"):
            return len(answers.get(own["count_of"]) or [])
        return None

    def cell(self, question, value):
        if isinstance(value, bool) or not isinstance(value, int | float):
            return "; ".join(self.lines(question, value))
        return Decimal(value) / 100 if question["settings"].get("money") else value

    def lines(self, question, value):
        if value is None:
            return []
        if isinstance(value, bool):
            return ["Yes" if value else "No"]
        return [pounds(value) if question["settings"].get("money") else str(value)]

    def check(self, question):
        ways = [
            way for way in ("rule", "sum", "age_of", "count_of") if question["settings"].get(way)
        ]
        return [] if len(ways) == 1 else ["Say what it is worked out from, in one way."]

    def example(self, question):
        return None
