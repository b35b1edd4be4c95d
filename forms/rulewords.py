"""Rules of a compiled form read back as sentences, with its own words for questions and options."""

from cms.conditions import Rule, sentence

YES_NO = {"yes": "Yes", "no": "No"}


class RuleWords:
    """What the questions, options and named rules of one compiled form are called."""

    def __init__(self, form: dict):
        questions = [question for step in form["steps"] for question in step["questions"]]
        self.labels = {one["key"]: one["label"] for one in questions}
        self.options = {
            one["key"]: {option["key"]: option["label"] for option in one["options"] or []}
            or (YES_NO if one["type"] == "yes_no" else {})
            for one in questions
        }
        self.pence = {
            one["key"]
            for one in questions
            if one["type"] == "money" or one["settings"].get("money")
        }
        self.groups = form.get("groups") or {}

    def say(self, rule: Rule | None) -> str:
        """The rule as a sentence; "" when there is none."""
        return sentence(
            rule, self.labels, options=self.options, groups=self.groups, pence=self.pence
        )
