"""What a workflow's buttons ask of a family: answers again, or another form."""

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from forms import asking_more
from forms.models import FormDefinition, FormVersion, Submission
from workflows.actions import Action, ActionProblemError, Choice, actions, in_days
from workflows.models import Case
from workflows.plan import WAITING

DAYS = 14


class AsksFamily(Action):
    """What both have in common: how long the family has, and where the case must then stand."""

    def days(self, options: dict) -> int:
        return options.get("days") or DAYS

    def check(self, options: dict) -> list[str]:
        problems = super().check(options)
        days = options.get("days", DAYS)
        if not isinstance(days, int) or isinstance(days, bool) or not 1 <= days <= 90:
            problems.append("“days” must be a number from 1 to 90.")
        return problems

    def check_target(self, options: dict, target: dict) -> list[str]:
        if target["kind"] != WAITING:
            return ["The button must lead to a stage that waits for the family."]
        if not target.get("answered_button"):
            problem = (
                f"“{target['staff_name']}” does not say which button is pressed when the family "
                "has answered, so its answer would lie there unseen. Choose one there."
            )
            return [problem]
        return []

    def due(self, case: Case, options: dict) -> None:
        if not case.contact_email:
            raise ActionProblemError("This family gave no e-mail address, so it cannot be asked.")
        case.due_at = in_days(self.days(options))
        case.save(update_fields=["due_at"])


def _days_block() -> blocks.IntegerBlock:
    return blocks.IntegerBlock(
        required=False,
        min_value=1,
        max_value=90,
        label=_("Days to answer"),
        help_text=_("Left empty: 14. The family is reminded at half time and on the day before."),
    )


@actions("ask_for_more")
class AskForMore(AsksFamily):
    """`questions` are keys, separated by commas; whoever presses may choose others."""

    label = _("Ask the family for more: open questions again")
    optional = ("questions", "days")
    at_press = ("questions",)

    @classmethod
    def fields(cls) -> list[tuple[str, blocks.Block]]:
        return [
            (
                "questions",
                blocks.CharBlock(
                    required=False,
                    max_length=400,
                    label=_("Questions"),
                    help_text=_(
                        "Their keys, separated by commas. Whoever presses the button sees these "
                        "ticked and may choose others."
                    ),
                ),
            ),
            ("days", _days_block()),
        ]

    def wanted(self, options: dict) -> list[str]:
        chosen = options.get("questions") or []
        if isinstance(chosen, str):
            chosen = chosen.split(",")
        return [one.strip() for one in chosen if one.strip()]

    def choices(self, case: Case, options: dict) -> list[Choice]:
        if not isinstance(case.subject, Submission):
            return []
        ticked = set(asking_more.names_for(case.subject, self.wanted(options)))
        return [
            Choice(
                "questions",
                one.name,
                one.label,
                one.section,
                one.name in ticked,
                restricted=one.restricted,
            )
            for one in asking_more.askable(case.subject)
        ]

    def refuses(self, case: Case, options: dict) -> str:
        if isinstance(case.subject, Submission) and not self.wanted(options):
            return "Tick what the family is to answer again first."
        return ""

    def run(self, case: Case, options: dict) -> str:
        if not isinstance(case.subject, Submission):
            raise ActionProblemError("This case is not about a form, so no question can be asked.")
        wanted = self.wanted(options)
        if not wanted:
            raise ActionProblemError(
                "No question was chosen. Move the case back, and tick what is to be asked again."
            )
        self.due(case, options)
        try:
            request = asking_more.ask(
                case,
                questions=wanted,
                words=self.row.event.comment,
                once=self.once,
                days=self.days(options),
            )
        except asking_more.NothingToAskError as problem:
            raise ActionProblemError(str(problem)) from problem
        number = len(request.questions)
        words = "1 question" if number == 1 else f"{number} questions"
        return f"The family was asked {words} again, until {request.answer_by:%d %B %Y}"


@actions("request_form")
class RequestForm(AsksFamily):
    """`form` is the slug of a published form, which the family finds in its folder."""

    label = _("Ask the family to fill in another form")
    required = ("form",)
    optional = ("days",)

    @classmethod
    def fields(cls) -> list[tuple[str, blocks.Block]]:
        return [
            ("form", blocks.ChoiceBlock(choices=_published, label=_("Form"))),
            ("days", _days_block()),
        ]

    def check(self, options: dict) -> list[str]:
        problems = super().check(options)
        form = options.get("form")
        if form and form not in dict(_published()):
            problems.append(f"There is no published form at /apply/{form}/.")
        return problems

    def run(self, case: Case, options: dict) -> str:
        form = FormDefinition.objects.open().filter(slug=options["form"]).first()
        if form is None:
            raise ActionProblemError(
                f"The form “{options['form']}” is not published now. Publish it, then try again."
            )
        self.due(case, options)
        request = asking_more.ask_for_form(
            case,
            form,
            words=self.row.event.comment,
            once=self.once,
            days=self.days(options),
        )
        return f"The family was asked for “{form.title}”, until {request.answer_by:%d %B %Y}"


def _published() -> list[tuple[str, str]]:
    versions = FormVersion.objects.filter(form=OuterRef("pk"))
    forms = FormDefinition.objects.filter(Exists(versions)).order_by("title")
    return list(forms.values_list("slug", "title"))
