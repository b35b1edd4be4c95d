"""Rules without code: when a step, a question or a button is shown.

A rule is `{"match": "all" | "any", "clauses": [...]}`; a clause looks at one answer by the key of
its question, or stands for a named group of clauses (`{"group": "evening"}`). Flat on purpose:
no nesting beyond one level of groups, no order, no side effects.
The rule a newcomer would break: a clause on a question that is hidden or has no answer is false,
whatever its operator, `is_not` included; only `not_answered` is true then. Callers keep answers of
hidden questions out of `answers` (forms.walk does).
"""

from collections.abc import Callable, Container, Mapping
from datetime import date, time
from decimal import Decimal, InvalidOperation
from typing import Any

from cms.money.amounts import in_pounds
from cms.school_year import age_on

Rule = dict
Clause = dict
Answers = Mapping[str, Any]


def _is_empty(value: Any) -> bool:
    return value is None or value in ("", [], {})


def _text(value: Any) -> str:
    if value is True:
        return "yes"
    if value is False:
        return "no"
    return str(value).strip().casefold()


def _same(answer: Any, value: Any) -> bool:
    """Equal as people mean it: yes/True, 3/"3", one tick of a list of one."""
    if isinstance(answer, list):
        return len(answer) == 1 and _same(answer[0], value)
    if isinstance(answer, dict):
        return any(_text(part) == _text(value) for part in answer.values() if part is not None)
    return _text(answer) == _text(value)


def _number(value: Any) -> Decimal | None:
    if isinstance(value, bool):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def as_date(value: Any) -> date | None:
    """A date from `date` or "2015-03-27"; None for anything else."""
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        return None


def _as_time(value: Any) -> time | None:
    try:
        return time.fromisoformat(str(value))
    except ValueError:
        return None


def _ordered(answer: Any, value: Any) -> tuple | None:
    """Both as numbers, dates or times, whichever both are; None when they cannot be compared."""
    for read in (_number, as_date, _as_time):
        left, right = read(answer), read(value)
        if left is not None and right is not None:
            return left, right
    return None


def _compare(test: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def compare(answer: Any, value: Any) -> bool:
        pair = _ordered(answer, value)
        return pair is not None and test(*pair)

    return compare


def _includes(answer: Any, value: Any) -> bool:
    ticked = answer if isinstance(answer, list) else [answer]
    return any(_same(tick, value) for tick in ticked)


def _one_of(answer: Any, values: Any) -> bool:
    return any(_same(answer, value) for value in (values if isinstance(values, list) else [values]))


OPS: dict[str, Callable[[Any, Any], bool]] = {
    "is": _same,
    "is_not": lambda answer, value: not _same(answer, value),
    "one_of": _one_of,
    "includes": _includes,
    "excludes": lambda answer, value: not _includes(answer, value),
    "more_than": _compare(lambda a, b: a > b),
    "less_than": _compare(lambda a, b: a < b),
    "at_least": _compare(lambda a, b: a >= b),
    "at_most": _compare(lambda a, b: a <= b),
    "before": _compare(lambda a, b: a < b),
    "after": _compare(lambda a, b: a > b),
}
NEEDS_NO_VALUE = {"answered", "not_answered"}
ALL_OPS = frozenset(OPS) | NEEDS_NO_VALUE | {"age_on"}


def _age_on(clause: Clause, answer: Any, facts: Answers) -> bool:
    """`date` is a day, or the name of a fact such as "today" or "offering" (its first day)."""
    born = as_date(answer)
    day = as_date(facts.get(clause.get("date") or "today") or clause.get("date"))
    if born is None or day is None or born > day:
        return False
    age = age_on(born, day)
    low, high = clause.get("at_least"), clause.get("at_most")
    return (low is None or age >= int(low)) and (high is None or age <= int(high))


def clause_holds(
    clause: Clause,
    answers: Answers,
    *,
    groups: Mapping[str, Rule] | None = None,
    facts: Answers | None = None,
) -> bool:
    """Whether one clause is true. An unknown operator or group is false, never an error."""
    if "group" in clause:
        rule = (groups or {}).get(clause["group"])
        return rule is not None and holds(rule, answers, groups={}, facts=facts)
    answer = answers.get(clause.get("question"))
    op = clause.get("op", "is")
    if op == "not_answered":
        return _is_empty(answer)
    if _is_empty(answer):
        return False
    if op == "answered":
        return True
    if op == "age_on":
        return _age_on(clause, answer, facts or {"today": date.today()})  # noqa: DTZ011
    test = OPS.get(op)
    return test is not None and test(answer, clause.get("value"))


def holds(
    rule: Rule | None,
    answers: Answers,
    *,
    groups: Mapping[str, Rule] | None = None,
    facts: Answers | None = None,
) -> bool:
    """Whether a rule is true for these answers. No rule, or a rule without clauses, is true.

    `facts` are days by name that `age_on` may use: "today" and "offering". Never raises.
    """
    clauses = (rule or {}).get("clauses") or []
    if not clauses:
        return True
    test = any if rule.get("match") == "any" else all
    return test(clause_holds(clause, answers, groups=groups, facts=facts) for clause in clauses)


def questions_of(rule: Rule | None, groups: Mapping[str, Rule] | None = None) -> set[str]:
    """Keys of every question that a rule looks at, through its groups too."""
    found: set[str] = set()
    for clause in (rule or {}).get("clauses") or []:
        if "group" in clause:
            found |= questions_of((groups or {}).get(clause["group"]))
        elif clause.get("question"):
            found.add(clause["question"])
    return found


WORDS = {
    "is": "is {value}",
    "is_not": "is not {value}",
    "one_of": "is one of {value}",
    "includes": "includes {value}",
    "excludes": "does not include {value}",
    "more_than": "is more than {value}",
    "less_than": "is less than {value}",
    "at_least": "is at least {value}",
    "at_most": "is at most {value}",
    "before": "is before {value}",
    "after": "is after {value}",
    "answered": "has an answer",
    "not_answered": "has no answer",
}
FACT_WORDS = {"today": "today", "offering": "on the first day"}


def _say_value(value: Any, options: Mapping[str, str]) -> str:
    if value in (None, "", []):
        return "…"
    if isinstance(value, list):
        words = [_say_value(one, options) for one in value]
        return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " or " + words[-1]
    if isinstance(value, bool):
        return "Yes" if value else "No"
    day = as_date(value) if isinstance(value, str) and len(value) == 10 else None
    if day:
        return f"{day.day} {day:%B %Y}"
    label = options.get(str(value))
    return f"“{label}”" if label else str(value)


def _say_age(clause: Clause) -> str:
    low, high = clause.get("at_least"), clause.get("at_most")
    day = clause.get("date") or "today"
    on = FACT_WORDS.get(day) or f"on {_say_value(str(day), {})}"
    if low is not None and high is not None:
        span = f"{low} to {high}"
    elif low is not None:
        span = f"{low} or over"
    else:
        span = f"{high} or under"
    return f"gives an age of {span} {on}"


def sentence(
    rule: Rule | None,
    labels: Mapping[str, str],
    *,
    options: Mapping[str, Mapping[str, str]] | None = None,
    groups: Mapping[str, Rule] | None = None,
    pence: Container[str] = (),
) -> str:
    """A rule read back: `Shown when “Who is it for?” is “My child”.`; "" when there is none.

    `labels` are question labels by key, `options` option labels by question key, then by key;
    `pence` are keys of questions whose answer is an amount of money.
    """
    clauses = (rule or {}).get("clauses") or []
    if not clauses:
        return ""
    joiner = " or " if rule.get("match") == "any" else " and "
    parts = []
    for clause in clauses:
        if "group" in clause:
            named = (groups or {}).get(clause["group"])
            inner = sentence(named, labels, options=options, pence=pence)
            inner = inner.removeprefix("Shown when ").removesuffix(".")
            parts.append(f"({inner})" if inner else f"the rule {clause['group']!r}")
            continue
        key = clause.get("question", "")
        subject = f"“{labels.get(key, key)}”"
        op = clause.get("op", "is")
        if op == "age_on":
            words = _say_age(clause)
        else:
            value = clause.get("value")
            if key in pence and isinstance(value, int | float):
                value = in_pounds(int(value))
            value = _say_value(value, (options or {}).get(key, {}))
            words = WORDS.get(op, op).format(value=value)
        parts.append(f"{subject} {words}")
    return f"Shown when {joiner.join(parts)}."
