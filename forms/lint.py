"""Everything worth telling the author of a form before it is published.

Pure: a compiled form in, findings out. `forms.compile.check` finds what would break it (errors);
this adds what would strand a family, ask too much or read badly. Errors stop publishing; warnings
are shown. Rules are judged by trying every combination of answers that matters
(forms.possibilities); where there are too many, nothing is claimed.
"""

from cms.conditions import NEEDS_NO_VALUE, questions_of

from .compile import check
from .findings import WARNING, Finding, Report
from .lint_words import lint_words
from .possibilities import Possibilities

NEVER = "its rule can never be true. Change the rule."
ALWAYS = "Its rule is always true. Remove the rule, or check that it says what you mean."


def lint(
    compiled: dict, *, emails: list[dict] | tuple = (), workflow: dict | None = None
) -> list[Finding]:
    """Findings on a compiled form, what breaks it first, then in the order of its steps.

    `emails` are those sent for it, `{key, subject, body}`; `workflow` the compiled workflow that
    its submissions go through, for the rules of its buttons. Never raises on a compiled form.
    """
    report = Report(check(compiled))
    ways = Possibilities(compiled)
    for name, rule in compiled["groups"].items():
        _values(report, rule, ways, group=name)
    for at, step in enumerate(compiled["steps"]):
        _lint_step(report, ways, at, step)
    _lint_ends(report, ways, compiled["steps"])
    _lint_buttons(report, ways, workflow)
    lint_words(report, compiled, ways, emails)
    return report


def _lint_step(report: Report, ways: Possibilities, at: int, step: dict) -> None:
    if step["kind"] == "questions" and not step["questions"] and not step["intro"]:
        report.add("empty_step", "It asks nothing. Add a question or remove it.", step)
    _values(report, step["show_if"], ways, step)
    for question in step["questions"]:
        _values(report, question["show_if"], ways, step, question)
    if not _lint_reach(report, ways, at, step):
        return
    for question in step["questions"]:
        rule = question["show_if"]
        if not (rule and rule["clauses"]):
            continue
        found = ways.outcomes(rule, given=step["show_if"], at=at)
        if found == {False}:
            message = f"Nobody can ever see this question: {NEVER}"
            report.add("unreachable", message, step, question, level=WARNING)
        if found == {True}:
            report.add("rule_always", ALWAYS, step, question, level=WARNING)


def _lint_reach(report: Report, ways: Possibilities, at: int, step: dict) -> bool:
    """Say when a step can never be come to, or its rule is idle. Whether it can be reached."""
    rule = step["show_if"]
    if not (rule and rule["clauses"]):
        return True
    found = ways.outcomes(rule, at=at)
    if found == {False}:
        message = f"Nobody can ever see this step: {NEVER}"
        report.add("unreachable", message, step, level=WARNING)
        return False
    if found == {True}:
        report.add("rule_always", ALWAYS, step, level=WARNING)
    return True


def _values(
    report: Report,
    rule: dict | None,
    ways: Possibilities,
    step: dict | None = None,
    question: dict | None = None,
    *,
    group: str = "",
) -> None:
    """A clause that compares with nothing is a rule somebody did not finish."""
    for clause in (rule or {}).get("clauses") or []:
        other = ways.place.get(clause.get("question") or "")
        if other is None or clause.get("op") in NEEDS_NO_VALUE | {"age_on"}:
            continue
        if clause.get("value") in (None, "", []):
            label = ways.question(clause["question"])["label"]
            report.add(
                "no_value",
                f"Its rule does not say what “{label}” is compared with. Choose a value.",
                step,
                question,
                group=group,
            )


def _lint_ends(report: Report, ways: Possibilities, steps: list[dict]) -> None:
    """There has to be a way to the end that no exit page cuts off."""
    exits = [step for step in steps if step["kind"] == "exit"]
    keys: set[str] = set()
    for step in exits:
        keys |= questions_of(step["show_if"], ways.groups)
    combos = ways.every(keys) if exits else None
    if combos is not None and all(
        any(ways.holds(step["show_if"], answers) for step in exits) for answers in combos
    ):
        report.add(
            "no_way_out",
            "Nobody can finish this form: whatever is answered, a page that ends it comes up. "
            "Change the rules of those pages.",
            exits[0],
        )


def _lint_buttons(report: Report, ways: Possibilities, workflow: dict | None) -> None:
    """Buttons of the workflow may look at answers, so those questions have to be there."""
    for stage in (workflow or {}).get("stages") or []:
        for button in stage.get("buttons") or []:
            for key in sorted(questions_of(button.get("show_if"))):
                if key not in ways.place:
                    report.add(
                        "button_question_gone",
                        f"Button “{button.get('label')}” of stage “{stage.get('staff_name')}” "
                        f"looks at “{key}”, which this form does not ask. Change its rule.",
                    )
