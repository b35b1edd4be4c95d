"""What a workflow's buttons ask of third persons: a reference, by a mailed link."""

from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from forms import referees
from forms.models import Submission
from workflows.actions import Action, ActionProblemError, actions
from workflows.models import Case
from workflows.plan import FINAL

DAYS = 14
MOST = 5
QUESTIONS = "How do you know them, and for how long?\nWhat can you say about them?"


@actions("request_reference")
class RequestReference(Action):
    """`email_question`, `name_question`, `about_question` are keys of questions.

    `questions` are the reference's own, one on each line; `received` is the key of the button that
    the hub presses when every reference is here.
    """

    label = _("Ask a third person for a reference")
    required = ("email_question",)
    optional = ("name_question", "about_question", "questions", "days", "received")

    @classmethod
    def fields(cls) -> list[tuple[str, blocks.Block]]:
        def key(label: str, help_text: str = "", *, required: bool = False) -> blocks.CharBlock:
            return blocks.CharBlock(
                required=required, max_length=80, label=label, help_text=help_text
            )

        each = _("The key of a question. In a repeated step everybody who is named is asked.")
        about = _("The key of a question. The page says it, the letter does not.")
        press = _("The key of a button of the stage where the case then stands.")
        return [
            ("email_question", key(_("Which answer is their e-mail address"), each, required=True)),
            ("name_question", key(_("Which answer is their name"))),
            ("about_question", key(_("Which answer says who it is about"), about)),
            (
                "questions",
                blocks.TextBlock(
                    required=False,
                    max_length=1500,
                    rows=4,
                    label=_("What is asked"),
                    help_text=_("One question on each line. Left empty, we ask two of our own."),
                ),
            ),
            (
                "days",
                blocks.IntegerBlock(
                    required=False,
                    min_value=1,
                    max_value=90,
                    label=_("Days to write"),
                    help_text=_("Left empty: 14. They are reminded at half time and a day before."),
                ),
            ),
            ("received", key(_("When every reference is here, press"), press)),
        ]

    def check(self, options: dict) -> list[str]:
        problems = super().check(options)
        days = options.get("days") or DAYS
        if not isinstance(days, int) or isinstance(days, bool) or not 1 <= days <= 90:
            problems.append("“days” must be a number from 1 to 90.")
        return problems

    def check_target(self, options: dict, target: dict) -> list[str]:
        if target["kind"] == FINAL:
            return ["The button must not lead to a finished stage: a reference is still to come."]
        pressed = options.get("received")
        if pressed and pressed not in {button["key"] for button in target["buttons"]}:
            return [f"“{target['staff_name']}” has no button “{pressed}” for when all are here."]
        return []

    def run(self, case: Case, options: dict) -> str:
        if not isinstance(case.subject, Submission):
            raise ActionProblemError("This case is not about a form, so it names no referee.")
        people = self.people(case, options)
        if not people:
            raise ActionProblemError(
                "Nobody was named who could write a reference. Ask the family, then try again."
            )
        asked = options.get("questions") or QUESTIONS
        about = case.subject.case_answer(options.get("about_question") or "")
        rows = referees.ask(
            case,
            people,
            questions=[line.strip() for line in asked.splitlines() if line.strip()],
            about=", ".join(about),
            days=options.get("days") or DAYS,
            button=options.get("received") or "",
            once=self.once,
        )
        return "1 reference asked for" if len(rows) == 1 else f"{len(rows)} references asked for"

    def people(self, case: Case, options: dict) -> list[tuple[str, str]]:
        """(name, address) of everybody named; without names where they do not match up."""
        addresses = case.subject.case_answer(options["email_question"])[:MOST]
        names = case.subject.case_answer(options.get("name_question") or "")[:MOST]
        if len(names) != len(addresses):
            names = [""] * len(addresses)
        return list(zip(names, addresses, strict=True))
