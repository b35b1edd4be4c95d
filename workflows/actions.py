"""What a button can set off besides the move: one registered class each.

An action runs after the decision is committed, from a job, in its own transaction, once; when it
raises, that transaction is undone and it is tried again later (workflows.running). An action
therefore never talks to the outside itself: it writes rows, such as a message in the outbox.
To add one, decorate a subclass with `@actions("its_key")`; the key is stored, never rename it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from cms import mail
from cms.mailmarkup import MailMarkupError
from cms.models import MailTemplate, User
from cms.registry import Registry
from cms.roles import restricted_fields_of

if TYPE_CHECKING:
    from .models import ActionRun, Case, CaseEvent


class ActionProblemError(Exception):
    """The action could not be done. The message is a sentence that staff will read."""


@dataclass(frozen=True)
class Choice:
    """Something that whoever presses a button may tick: posted as `name`, by its `value`.

    `restricted` is the group of restricted fields that somebody must read to be offered it: that a
    question was asked at all may say something.
    """

    name: str
    value: str
    label: str
    group: str
    is_ticked: bool
    restricted: str = ""


class Action:
    """One kind of action. `check` finds bad options before publishing; `run` does it.

    While running, `self.row` is the ActionRun: `self.row.event` says who pressed what, and
    `self.once` is a key that is the same each time this very action is tried.
    """

    label = ""
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    at_press: tuple[str, ...] = ()  # options that whoever presses may choose anew

    def __init__(self, row: "ActionRun | None" = None):
        self.row = row

    @classmethod
    def fields(cls) -> list[tuple[str, blocks.Block]]:
        """The editor's fields for its options, by name. By default one line of text each."""
        return [
            (name, blocks.CharBlock(required=name in cls.required))
            for name in (*cls.required, *cls.optional)
        ]

    @property
    def once(self) -> str:
        return f"action-{self.row.pk}"

    def check(self, options: dict) -> list[str]:
        """Sentences on what is wrong with these options; none when all is well."""
        missing = [f"“{name}” is missing." for name in self.required if not options.get(name)]
        known = {*self.required, *self.optional}
        return missing + [f"“{name}” is not an option." for name in options if name not in known]

    def check_target(self, options: dict, target: dict) -> list[str]:
        """Sentences on why these options do not suit the compiled stage that comes next."""
        return []

    def choices(self, case: "Case", options: dict) -> list[Choice]:
        """What can be ticked for the options in `at_press`, as the case stands."""
        return []

    def refuses(self, case: "Case", options: dict) -> str:
        """Why the button cannot be pressed with what was chosen; "" when it can."""
        return ""

    def refuses_words(self, case: "Case", words: str) -> str:
        """Why what was written at the press will not do; "" when it will."""
        return ""

    def run(self, case: "Case", options: dict) -> str:
        """Do it, inside a transaction. Returns the line for the case's history.

        Raises ActionProblemError, or anything else, to be tried again later.
        """
        raise NotImplementedError


actions: Registry[type[Action]] = Registry("action")


def offered_to(user: User, case: "Case", action: dict) -> list[Choice]:
    """What this user may tick for an action of a button."""
    options = {key: value for key, value in action.items() if key != "type"}
    readable = restricted_fields_of(user)
    return [
        one
        for one in actions[action["type"]]().choices(case, options)
        if not one.restricted or one.restricted in readable
    ]


@actions("send_email")
class SendEmail(Action):
    """`template` is a mail template's key; `to` is family (the contact) or assignee."""

    label = _("Send an e-mail")
    required = ("template",)
    optional = ("to",)
    recipients = ("family", "assignee")

    @classmethod
    def fields(cls) -> list[tuple[str, blocks.Block]]:
        return [
            ("template", blocks.ChoiceBlock(choices=_templates, label=_("E-mail"))),
            (
                "to",
                blocks.ChoiceBlock(
                    choices=[("family", _("The family")), ("assignee", _("Whoever has the case"))],
                    default="family",
                ),
            ),
        ]

    def check(self, options: dict) -> list[str]:
        problems = super().check(options)
        if options.get("to", "family") not in self.recipients:
            problems.append(f"“to” must be one of {', '.join(self.recipients)}.")
        return problems

    def run(self, case: "Case", options: dict) -> str:
        address, context = case.contact_email, mail_context(case, self.row.event)
        if options.get("to") == "assignee":
            address = case.assignee.email if case.assignee else ""
            context = _for_colleague(case, context) if address else {}
        if not address:
            raise ActionProblemError(
                "There is no e-mail address to send to. Add one, then try again."
            )
        try:
            mail.queue(
                options["template"],
                to=address,
                context=context,
                key=self.once,
                record=case,
            )
        except mail.UnknownTemplateError as problem:
            raise ActionProblemError(
                f"There is no e-mail called “{options['template']}” any more. "
                "Write it, then try again."
            ) from problem
        except MailMarkupError as problem:
            raise ActionProblemError(
                f"{problem} Mend the e-mail “{options['template']}”, then try again."
            ) from problem
        except ValidationError as problem:
            raise ActionProblemError(
                "The address that the family gave cannot be written to."
            ) from problem
        return f"E-mail “{options['template']}” put in the outbox"


def _for_colleague(case: "Case", context: dict) -> dict:
    """What a letter to whoever has the case may say: nothing that its stage hides from them."""
    from .hiding import hidden_from, mask_for  # noqa: PLC0415 - it reads cases

    mask = mask_for(case, hidden_from(case, case.assignee))
    if mask.pattern is None:
        return context
    return {
        name: mask(value) if isinstance(value, str) else value for name, value in context.items()
    }


def _staff() -> list[tuple[str, str]]:
    """User name and name of everybody who may be given a case. At most one query."""
    users = get_user_model().objects.filter(is_active=True)
    may = users.filter(
        Q(is_superuser=True)
        | Q(
            memberships__role__permissions__codename="change_case",
            memberships__role__permissions__content_type__app_label="workflows",
        )
    ).distinct()
    return [(one.username, str(one)) for one in may.order_by("first_name", "last_name", "pk")]


def _templates() -> list[tuple[str, str]]:
    """Key and name of every mail template, and of those that the code brings."""
    named = {key: draft.name for key, draft in mail.drafts.items()}
    named |= dict(MailTemplate.objects.values_list("key", "name"))
    return sorted(named.items(), key=lambda item: item[1])


def mail_context(case: "Case", event: "CaseEvent | None" = None) -> dict:
    """What a case's mail may say: its subject's own `mail_context()`, then the case's facts."""
    from .reviews.feedback import feedback  # noqa: PLC0415 - it reads cases, which read actions

    own = getattr(case.subject, "mail_context", None)
    return {
        **(own() if own else {}),
        "reference": case.reference,
        "contact_name": case.contact_name,
        "status": case.public_status,
        "what_next": case.stage.public_note,
        "comment": event.comment if event else "",
        "feedback": "\n\n".join(feedback(case)),
    }


@actions("assign")
class Assign(Action):
    """`to` is a user name, or left out: whoever pressed the button."""

    label = _("Assign the case")
    optional = ("to",)

    @classmethod
    def fields(cls) -> list[tuple[str, blocks.Block]]:
        text = _("Left empty: whoever pressed the button.")
        person = blocks.ChoiceBlock(
            required=False, choices=_staff, label=_("To whom"), help_text=text
        )
        return [("to", person)]

    def run(self, case: "Case", options: dict) -> str:
        users = get_user_model().objects.filter(is_active=True)
        if options.get("to"):
            user = users.filter(username=options["to"]).first()
        else:
            user = users.filter(pk=self.row.event.actor_id).first()
        if user is None:
            raise ActionProblemError("The person to assign it to has no account any more.")
        case.assignee = user
        case.save(update_fields=["assignee"])
        return f"Assigned to {user}"


@actions("set_due_date")
class SetDueDate(Action):
    """`days` from now, 1 to 366; 0 clears the date."""

    label = _("Set a due date")
    required = ()
    optional = ("days",)

    @classmethod
    def fields(cls) -> list[tuple[str, blocks.Block]]:
        return [
            (
                "days",
                blocks.IntegerBlock(
                    min_value=0, max_value=366, help_text=_("From then on; 0 clears the date.")
                ),
            )
        ]

    def check(self, options: dict) -> list[str]:
        problems = super().check(options)
        days = options.get("days")
        if not isinstance(days, int) or isinstance(days, bool) or not 0 <= days <= 366:
            problems.append("“days” must be a number from 0 to 366.")
        return problems

    def run(self, case: "Case", options: dict) -> str:
        if not options["days"]:
            case.due_at = None
            case.save(update_fields=["due_at"])
            return "Due date cleared"
        case.due_at = in_days(options["days"])
        case.save(update_fields=["due_at"])
        return f"Due on {timezone.localtime(case.due_at):%d %B %Y}"


def in_days(days: int, now: datetime | None = None) -> datetime:
    """The end of the London day that is `days` days from now, whatever the clocks do between."""
    day = timezone.localtime(now).date() + timedelta(days=days)
    return timezone.make_aware(timezone.datetime(day.year, day.month, day.day, 23, 59))


@actions("clear_due_date")
class ClearDueDate(Action):
    """Nothing is due any more, until the case moves on."""

    label = _("Clear the due date")

    def run(self, case: "Case", options: dict) -> str:
        case.due_at = None
        case.save(update_fields=["due_at"])
        return "Due date cleared"


@actions("add_note")
class AddNote(Action):
    """`text` becomes a line of the history."""

    label = _("Add a note")
    required = ("text",)

    def run(self, case: "Case", options: dict) -> str:
        return options["text"]
