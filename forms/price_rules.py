"""What a form's `pricing` may say: its parts by key, and what stops it from being published.

The shape is in forms/pricing.py. Pure; forms.compile calls both.
"""

from collections.abc import Callable, Mapping
from itertools import pairwise

from cms.conditions import as_date, questions_of

from .findings import WARNING, Report

Rewrite = Callable[[dict | None], dict | None]


def normal(pricing: Mapping, *, steps: Mapping, questions: Mapping, rule: Rewrite) -> dict:
    """`pricing` with references by key and the old spelling of siblings made new.

    `steps` and `questions` give the key for an id; `rule` rewrites a rule the same way.
    """
    made = {name: value for name, value in pricing.items() if name != "sibling_discount"}
    discounts = [dict(one) for one in pricing.get("discounts") or []]
    if pricing.get("sibling_discount"):
        discounts.append({"key": "siblings", "kind": "sibling", **pricing["sibling_discount"]})
    if discounts:
        made["discounts"] = [_ruled(one, rule) for one in discounts]
    if pricing.get("children"):
        made["children"] = steps.get(pricing["children"], pricing["children"])
    if pricing.get("items"):
        made["items"] = [
            _ruled(one, rule)
            | ({"per": steps.get(one["per"], one["per"])} if one.get("per") else {})
            | ({"times": questions.get(one["times"], one["times"])} if one.get("times") else {})
            for one in pricing["items"]
        ]
    if pricing.get("remission"):
        periods = [
            {**period, "bands": [_ruled(band, rule) for band in period.get("bands") or []]}
            for period in pricing["remission"].get("periods") or []
        ]
        made["remission"] = {**pricing["remission"], "periods": periods}
        for name in ("question", "how"):
            if asked := pricing["remission"].get(name):
                made["remission"][name] = questions.get(asked, asked)
    if pricing.get("codes"):
        asked = pricing["codes"].get("question")
        made["codes"] = {"question": questions.get(asked, asked)}
    return made


def _ruled(part: Mapping, rule: Rewrite) -> dict:
    return {**part, "show_if": rule(part["show_if"])} if part.get("show_if") else dict(part)


def check(report: Report, form: Mapping) -> None:
    """What is wrong with a compiled form's prices, as findings about the form."""
    pricing = form.get("pricing") or {}
    checks = _Checks(report, form)
    for item in pricing.get("items") or []:
        checks.item(item)
    for discount in pricing.get("discounts") or []:
        checks.discount(discount)
    if pricing.get("remission"):
        checks.remission(pricing["remission"])
    checks.codes(pricing.get("codes"))
    if pricing.get("children") and pricing["children"] not in checks.repeated:
        checks.say("Its children are named by a step that is not repeated.")


class _Checks:
    def __init__(self, report: Report, form: Mapping):
        self.report = report
        self.groups = form.get("groups") or {}
        self.repeated = {step["key"] for step in form["steps"] if step["repeat"]}
        self.asked_in = {q["key"]: step for step in form["steps"] for q in step["questions"]}
        self.types = {q["key"]: q["type"] for step in form["steps"] for q in step["questions"]}
        self.asks_for_code = [key for key, kind in self.types.items() if kind == "code"]

    def say(self, message: str, *, level: str = "") -> None:
        more = {"level": level} if level else {}
        self.report.add("pricing", f"Prices: {message}", **more)

    def rule(self, what: str, rule: dict | None, *, within: str = "") -> None:
        """A rule may look at every question that is asked once, and at those of `within`."""
        for clause in (rule or {}).get("clauses") or []:
            if "group" in clause and clause["group"] not in self.groups:
                self.say(f"{what} uses the rule “{clause['group']}”, which there is not.")
        for key in sorted(questions_of(rule, self.groups)):
            step = self.asked_in.get(key)
            if step is None:
                self.say(f"{what} looks at “{key}”, which is not asked.")
            elif step["repeat"] and step["key"] != within:
                self.say(
                    f"{what} looks at “{key}”, which is asked once for each "
                    f"{step['repeat']['item_name']}. It can only look at what is asked once."
                )

    def item(self, item: Mapping) -> None:
        what, per = f"“{item['label']}”", item.get("per") or "form"
        if per not in ("form", "place") and per not in self.repeated:
            self.say(f"{what} is charged for each item of a step that is not repeated.")
        times = item.get("times")
        if times and self.types.get(times) not in ("number", "calculated"):
            self.say(f"{what} is multiplied by an answer that is not a number.")
        elif times:
            self.rule(what, {"clauses": [{"question": times}]}, within=per)
        self.rule(what, item.get("show_if"), within=per)

    def discount(self, discount: Mapping) -> None:
        what = f"the reduction “{discount.get('label') or discount['kind']}”"
        if bool(discount.get("percent")) == bool(discount.get("pence")):
            self.say(f"{what} needs either a percentage or an amount.")
        if discount["kind"] == "early":
            if bool(discount.get("until")) == bool(discount.get("days_before")):
                self.say(f"{what} needs either a last day or a number of days before the start.")
            if discount.get("until") and as_date(discount["until"]) is None:
                self.say(f"{what} ends on a day that is not in the calendar.")
        if discount["kind"] == "rule" and not (discount.get("show_if") or {}).get("clauses"):
            self.say(f"{what} has no rule, so everybody would get it.")
        self.rule(what, discount.get("show_if"))

    def remission(self, remission: Mapping) -> None:
        asked = remission.get("question")
        if asked and self.types.get(asked) != "remission":
            self.say("help with costs needs a question of the type “Reason for help with costs”.")
        for key in filter(None, (asked, remission.get("how"))):
            if key not in self.asked_in:
                self.say(f"help with costs looks at “{key}”, which is not asked.")
            elif self.asked_in[key]["repeat"]:
                self.say("help with costs is asked in a repeated step. Ask for it once.")
        if not asked and not remission.get("periods"):
            self.say("help with costs needs a question, or a period.")
        days = []
        for period in remission.get("periods") or []:
            first, last = as_date(period.get("from")), as_date(period.get("until"))
            if first and last and first > last:
                self.say(f"help with costs has a period that ends before it begins ({first}).")
            days.append((str(first or ""), str(last or "9999")))
            for band in period.get("bands") or []:
                if not (band.get("show_if") or {}).get("clauses"):
                    self.say("help with costs has a part without a rule. Say who gets it.")
                self.rule("help with costs", band.get("show_if"))
        days.sort()
        if any(later[0] <= earlier[1] for earlier, later in pairwise(days)):
            self.say(
                "two periods of help with costs overlap; the better of the two is given.",
                level=WARNING,
            )

    def codes(self, codes: Mapping | None) -> None:
        if codes and codes.get("question") not in self.asks_for_code:
            self.say("codes need a question of the type “Code for a reduction”.")
        if len(self.asks_for_code) > 1:
            self.say("a form can ask for one code only.")
        for key in self.asks_for_code:
            if self.asked_in[key]["repeat"]:
                self.say("the code is asked in a repeated step. Ask for it once.")
            if not codes:
                self.say(
                    "a code is asked for, but prices do not say that it counts.", level=WARNING
                )
