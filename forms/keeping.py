"""How long answers are kept, and what becomes of them then: the policy that each form carries.

`form["retention"]` in the package (forms/package.schema.json) says it by outcome:

    {"unfinished":   {"days": 28},                           after the last answer; always deleted
     "unsuccessful": {"days": 60, "then": "delete"},         declined, cancelled, withdrawn
     "completed":    {"days": 2192, "then": "anonymise"},    everything else that came to an end
     "answers":      {"health": 30, "collection": 30}}          groups of restricted answers, sooner

What is left out gets these values, so that no form keeps anything for ever. A question's setting
`keep_days` is sooner still, or later than its group. Days count from the end: of the case, or of
what was applied for when that is later. A version promises: a later version of the form may
shorten what an earlier one promised to a family, never lengthen it.
Pure, but for the rows that it is given.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cms.conditions import questions_of

from .findings import Report

UNFINISHED, UNSUCCESSFUL, COMPLETED = "unfinished", "unsuccessful", "completed"
DELETE, ANONYMISE = "delete", "anonymise"
MOST_DAYS = 9_999

DEFAULTS = {
    UNFINISHED: {"days": 28},
    UNSUCCESSFUL: {"days": 60, "then": DELETE},
    COMPLETED: {"days": 2192, "then": ANONYMISE},  # six years, as registers and money are kept
    "answers": {"health": 30, "collection": 30},
}


@dataclass(frozen=True)
class Rule:
    """Days after the end, and what is done then."""

    days: int
    then: str = DELETE


def filled_in(retention: Mapping | None) -> dict:
    """A form's policy with the defaults for whatever it does not say."""
    said = retention or {}
    return {
        outcome: default | dict(said.get(outcome) or {}) for outcome, default in DEFAULTS.items()
    }


def rule_for(compiled: Mapping, outcome: str, *, newest: Mapping | None = None) -> Rule:
    """What this version says of an outcome, or its newest version where that is sooner."""
    policies = [
        filled_in(form.get("retention"))[outcome] for form in (compiled, newest or compiled)
    ]
    chosen = min(policies, key=lambda policy: policy["days"])
    then = DELETE if any(one.get("then") == DELETE for one in policies) else chosen.get("then")
    return Rule(chosen["days"], then or DELETE)


def answer_days(compiled: Mapping, *, newest: Mapping | None = None) -> dict[str, int]:
    """`{question key: days}` of the answers that go before the rest of a submission does."""
    found = dict(_answer_days(compiled))
    for key, days in _answer_days(newest or compiled):
        found[key] = min(days, found.get(key, days))
    return found


def _answer_days(compiled: Mapping) -> Iterator[tuple[str, int]]:
    groups = filled_in(compiled.get("retention"))["answers"]
    restricted = restricted_in(compiled)
    for step in compiled.get("steps") or []:
        for question in step["questions"]:
            days = question["settings"].get("keep_days")
            if days is None:
                days = groups.get(restricted.get(question["key"], ""))
            if days is not None:
                yield question["key"], days


def restricted_in(compiled: Mapping) -> dict[str, str]:
    """`{question key: group}` of restricted answers, and of what is worked out from them."""
    found: dict[str, str] = {}
    for step in compiled["steps"]:
        for question in step["questions"]:
            own = question["settings"]
            sources = []
            if question["type"] == "calculated":
                sources = [*(own.get("sum") or []), own.get("age_of"), own.get("count_of")]
                sources += sorted(questions_of(own.get("rule"), compiled.get("groups") or {}))
            group = own.get("restricted") or next((found[s] for s in sources if s in found), "")
            if group:
                found[question["key"]] = group
    return found


def check_keeping(report: Report, form: Mapping) -> None:
    """What is wrong with a compiled form's policy."""
    for outcome, policy in form["retention"].items():
        numbers = policy.values() if outcome == "answers" else [policy.get("days")]
        if not all(_is_days(days) for days in numbers):
            report.add("retention", f"Say for how many days answers are kept ({outcome}).")
        if policy.get("then", DELETE) not in (DELETE, ANONYMISE) and outcome != "answers":
            report.add("retention", f"Answers are deleted or anonymised in the end ({outcome}).")
    for step in form["steps"]:
        for question in step["questions"]:
            days = question["settings"].get("keep_days")
            if days is not None and not _is_days(days):
                report.add("retention", "Say for how many days it is kept.", step, question)


def _is_days(days: object) -> bool:
    return isinstance(days, int) and not isinstance(days, bool) and 1 <= days <= MOST_DAYS
