"""The family's side of a case: whose it is, what the family may press, what both sides write.

Families have no account. Whoever proved in the family folder that an e-mail address is theirs
reaches the cases whose contact has that address, and no others; separated parents who applied each
for themselves are two contacts and never meet. What is written stands in the case's history and is
never sent by e-mail: the letter only says that there is something to read.
"""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from cms import mail
from cms.mailmarkup import site_link
from cms.models import User

from .engine import TransitionNotAllowedError, perform
from .models import Case, CaseEvent, CaseParty

NAME = "The family"
YOUNG = "The young person"
LONGEST = 4000

mail.declare(
    "family-message",
    name=gettext_noop("Family: a message to read"),
    subject="A message about {{ reference }}",
    body="Dear {{ contact_name }},\n\nThere is a message for you about {{ reference }}. To keep it "
    "private it is not in this e-mail.\n\n[Read it in your family folder]({{ folder }})",
    placeholders={
        "contact_name": "Rowan Ashdown",
        "reference": "SW26-4K7P",
        "folder": "/family/",
    },
)
mail.declare(
    "family-young-person",
    name=gettext_noop("Young person: you can act for yourself"),
    subject="You can follow {{ reference }} yourself",
    body="Hello,\n\nYour family has said that you can see where {{ reference }} stands, answer and "
    "write to us yourself, with this e-mail address.\n\n[Open your folder]({{ folder }})\n\n"
    "There is no password: the folder asks for this address and sends you a link. You do not see "
    "what your family wrote, and it does not see your e-mail.",
    placeholders={"reference": "SW26-4K7P", "folder": "/family/"},
)
mail.declare(
    "staff-family-message",
    name=gettext_noop("Staff: a family has written"),
    subject="A family has written or answered: {{ reference }}",
    body="Hello {{ name }},\n\nA family has written or answered about {{ reference }}.\n\n"
    "The case: {{ case }}",
    placeholders={
        "name": "Ada",
        "reference": "SW26-4K7P",
        "case": "https://hub.example.org/admin/cases/1/",
    },
)


class EmptyMessageError(ValueError):
    """Nothing was written, or more than fits. The message is a sentence for whoever wrote it."""


def folder_link(case: Case) -> str:
    """The case's page in the family folder, which asks to sign in first."""
    return site_link(f"/family/{case.reference}/")


def is_contact(case: Case, address: str) -> bool:
    """Whether the address is that of who applied, and not of a young person who joined."""
    return case.contact_email.strip().lower() == address.strip().lower()


def name_for(case: Case, address: str) -> str:
    """Who the history says it was."""
    return NAME if is_contact(case, address) else YOUNG


def let_in(case: Case, email: str) -> CaseParty:
    """Let a young person act for themselves, and tell them; twice is once."""
    with transaction.atomic():
        party = case.parties.filter(email__iexact=email).first()
        if party is not None:
            return party
        party = CaseParty.objects.create(case=case, email=email.strip())
        CaseEvent.objects.create(
            case=case,
            kind=CaseEvent.Kind.NOTE,
            actor_name=NAME,
            summary="A young person may act for themselves in the family folder",
        )
        mail.queue(
            "family-young-person",
            to=party.email,
            context={"reference": case.reference, "folder": folder_link(case)},
            key=f"young-person-{party.pk}",
            record=case,
        )
    return party


def let_out(case: Case) -> None:
    """Nobody but the contact acts on it any more."""
    with transaction.atomic():
        if case.parties.all().delete()[0]:
            CaseEvent.objects.create(
                case=case,
                kind=CaseEvent.Kind.NOTE,
                actor_name=NAME,
                summary="The young person no longer acts in the family folder",
            )


def press(
    case_id: int, button_key: str, *, expected_stage: str, comment: str = "", actor_name: str = NAME
) -> CaseEvent:
    """The family presses one of its buttons. Raises what `engine.perform` raises."""
    with transaction.atomic():
        event = perform(
            case_id,
            button_key,
            by=None,
            as_family=True,
            actor_name=actor_name,
            comment=comment[:LONGEST],
            expected_stage=expected_stage,
        )
        note_news(event.case, event=event)
    return event


def write(case: Case, text: str, *, actor_name: str = NAME) -> CaseEvent:
    """A message from the family, on the case; whoever looks after it is told that there is one.

    Raises EmptyMessageError.
    """
    with transaction.atomic():
        event = CaseEvent.objects.create(
            case=case,
            kind=CaseEvent.Kind.FAMILY,
            actor_name=actor_name,
            summary=f"Message from {actor_name[:1].lower()}{actor_name[1:]}",
            comment=_checked(text),
        )
        note_news(case, event=event)
    return event


def reply(case_id: int, text: str, *, by: User) -> CaseEvent:
    """A message to the family, and the letter that says so.

    Raises Case.DoesNotExist, EmptyMessageError; TransitionNotAllowedError without an address.
    """
    with transaction.atomic():
        case = Case.objects.for_user(by, "change").get(pk=case_id)
        if not case.contact_email:
            raise TransitionNotAllowedError("This family gave no e-mail address to write to.")
        event = CaseEvent.objects.create(
            case=case,
            kind=CaseEvent.Kind.TOLD,
            actor_id=by.pk,
            actor_name=str(by)[:160],
            summary="Message to the family",
            comment=_checked(text),
        )
        young = list(case.parties.order_by("pk").values_list("email", flat=True))
        for number, address in enumerate([case.contact_email, *young]):
            mail.queue(
                "family-message",
                to=address,
                context={
                    "contact_name": "" if number else case.contact_name,
                    "reference": case.reference,
                    "folder": folder_link(case),
                },
                key=f"family-message-{event.pk}" + (f"-{number}" if number else ""),
                record=case,
            )
        Case.objects.filter(pk=case.pk).update(family_wrote_at=None)
    return event


def answered(case_id: int, summary: str) -> CaseEvent:
    """The family has answered what it was asked: note it, and press the button for that, if any.

    The button may be gone or its condition not hold: then the case stays, and the note says it.
    """
    with transaction.atomic():
        event = note_only(case_id, summary)
        case = event.case
        if case.stage.answered_button:
            try:
                event = perform(
                    case_id,
                    case.stage.answered_button,
                    by=None,
                    actor_name="The hub: the family has answered",
                )
            except TransitionNotAllowedError as problem:
                CaseEvent.objects.create(
                    case=case,
                    kind=CaseEvent.Kind.NOTE,
                    actor_name="The hub",
                    summary="Nothing was moved, although the family has answered",
                    comment=str(problem),
                )
    return event


def note_only(case_id: int, summary: str) -> CaseEvent:
    """Note what the family did, where it moves nothing. Locks the case."""
    with transaction.atomic():
        case = Case.objects.select_for_update().get(pk=case_id)
        event = CaseEvent.objects.create(
            case=case,
            kind=CaseEvent.Kind.FAMILY,
            actor_name=NAME,
            summary=summary[:250],
        )
        note_news(case, event=event)
    return event


def note_news(case: Case, *, event: CaseEvent | None = None) -> None:
    """Mark the case until an officer has dealt with it, and tell whoever looks after it."""
    Case.objects.filter(pk=case.pk).update(family_wrote_at=timezone.now())
    if event and case.assignee and case.assignee.is_active and case.assignee.email:
        mail.queue(
            "staff-family-message",
            to=case.assignee.email,
            context={
                "name": case.assignee.first_name or case.assignee.username,
                "reference": case.reference,
                "case": site_link(f"/admin/cases/{case.pk}/"),
            },
            key=f"staff-family-message-{event.pk}",
            record=case,
        )


def deal_with(case_id: int, *, by: User) -> None:
    """Take the mark of news away without an answer. Raises Case.DoesNotExist."""
    case = Case.objects.for_user(by, "change").get(pk=case_id)
    Case.objects.filter(pk=case.pk).update(family_wrote_at=None)


def _checked(text: str) -> str:
    text = text.replace("\0", "").strip()
    if not text:
        raise EmptyMessageError("Write your message first.")
    if len(text) > LONGEST:
        raise EmptyMessageError(f"A message can have {LONGEST:,} characters. Please shorten it.")
    return text
