"""References from third persons: asked by letter, given once by its link, chased, and over in time.

Each verb is one transaction that locks the case and then the row, looks at it as it stands then,
and writes row, history and letter together. The history names nobody: who was asked stands on the
case page alone. A link works until the reference is given, and never after its last day.
"""

from collections.abc import Sequence
from datetime import time

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from cms import clock, jobs, mail
from cms.mailmarkup import site_link
from cms.models import OutboxMessage, User
from cms.secrecy import hashed, new_token
from forms.models import ReferenceRequest, Submission
from forms.more_reminders import moments
from workflows.actions import in_days
from workflows.engine import TransitionNotAllowedError, perform
from workflows.models import Case, CaseEvent

State = ReferenceRequest.State
ASK, REMIND = "reference-asked", "reference-reminder"
CHASE, CHUNK = "forms.chase_references", 50
AT = time(10, 25)
LONGEST = 4000
SAMPLE = {
    "name": "Morgan Penn",
    "applicant": "Rowan Ashdown",
    "link": "/reference/sample/",
    "by": "3 November 2026",
}

mail.declare(
    ASK,
    name="Reference: please write one",
    subject="Please write a reference for {{ applicant }}",
    body=(
        "Dear {{ name }},\n\n{{ applicant }} has named you as somebody who can write a reference. "
        "It takes a few minutes, and needs no account.\n\n[Write the reference]({{ link }})\n\n"
        "Please write by {{ by }}. The link is for you alone and works once. {{ applicant }} does "
        "not see what you write.\n\nWould you rather not? The same page lets you say so."
    ),
    placeholders=SAMPLE,
)
mail.declare(
    REMIND,
    name="Reference: reminder",
    subject="We are waiting for your reference for {{ applicant }}",
    body=(
        "Dear {{ name }},\n\nWe asked you for a reference for {{ applicant }} and have not heard "
        "from you.\n\n[Write the reference]({{ link }})\n\nPlease write by {{ by }}, or tell us on "
        "the same page that you would rather not."
    ),
    placeholders=SAMPLE,
)


class NoSuchReferenceError(LookupError):
    """No reference was ever asked for by this link."""


class ReferenceOverError(Exception):
    """It was given already, or is not wanted any more. The message is a sentence for the writer."""


def ask(
    case: Case,
    people: Sequence[tuple[str, str]],
    *,
    questions: Sequence[str],
    about: str,
    days: int,
    button: str,
    once: str,
) -> list[ReferenceRequest]:
    """Write to each of `people`, (name, address), in the caller's transaction; once for `once`."""
    asked = []
    for number, (name, address) in enumerate(people, start=1):
        token = new_token()
        request, made = ReferenceRequest.objects.get_or_create(
            once=f"{once}-{number}",
            defaults={
                "case": case,
                "name": name,
                "address": address,
                "about": about,
                "questions": list(questions),
                "token": token,
                "token_hash": hashed(token),
                "button": button,
                "ends_at": in_days(days),
            },
        )
        if made:
            write(request, ASK)
        asked.append(request)
    return asked


def write(request: ReferenceRequest, template: str) -> None:
    """Promise a letter with the link, in the caller's transaction."""
    request.letters += 1
    request.save(update_fields=["letters"])
    last = timezone.localdate(request.ends_at)
    mail.queue(
        template,
        to=request.address,
        context={
            "name": request.name or "Sir or Madam",
            "applicant": request.case.contact_name or request.case.reference,
            "link": site_link(f"/reference/{request.token}/"),
            "by": f"{last.day} {last:%B %Y}",
        },
        key=f"reference-{request.pk}-{request.letters}",
        record=request,
    )


def find(token: str) -> ReferenceRequest:
    """The request of a link. Changes nothing. Raises NoSuchReferenceError."""
    found = ReferenceRequest.objects.filter(token_hash=hashed(token)).select_related(
        "case__version__definition"
    )
    request = found.first()
    if request is None:
        raise NoSuchReferenceError
    return request


def panel(submission: Submission) -> list[dict]:
    """Who was asked and what they wrote, for the page of the case: see casepage.panels."""
    rows = ReferenceRequest.objects.filter(case__reference=submission.reference)
    shown = [(row, list(zip(row.questions, row.answers or [], strict=False))) for row in rows]
    return [{"template": "forms/references.html", "rows": shown, "in_pack": True}] if shown else []


def of_case(case: Case) -> list[ReferenceRequest]:
    return list(ReferenceRequest.objects.filter(case=case))


def give(request_id: int, answers: Sequence[str]) -> None:
    """Keep what was written. Raises ReferenceOverError, also for the second of two."""
    _answered(request_id, State.GIVEN, [words.strip()[:LONGEST] for words in answers])


def decline(request_id: int) -> None:
    """Whoever was asked would rather not. Raises ReferenceOverError."""
    _answered(request_id, State.DECLINED, [])


def _answered(request_id: int, state: str, answers: list[str]) -> None:
    with transaction.atomic():
        request = _locked(request_id)
        if not request.is_open():
            raise ReferenceOverError(over_words(request))
        request.answers = answers
        _end(request, state)
        words = "A reference was given" if state == State.GIVEN else "A referee would rather not"
        _note(request.case, f"{words}. {_count(request.case)}", actor_name="A referee")
        _all_in(request)


def withdraw(request_id: int, *, by: User) -> None:
    """It is not needed any more: the link says so. Twice is once."""
    with transaction.atomic():
        request = _locked(request_id)
        if request.state == State.ASKED:
            _end(request, State.WITHDRAWN)
            _note(request.case, "A reference is not needed any more", by=by)
            _all_in(request)


def again(request_id: int, *, by: User, days: int) -> None:
    """Write once more, with a link that works for so many days. Raises ReferenceOverError."""
    with transaction.atomic():
        request = _locked(request_id)
        if request.state == State.GIVEN:
            raise ReferenceOverError(over_words(request))
        token = request.token or new_token()
        request.token, request.token_hash = token, hashed(token)
        request.state, request.ended_at = State.ASKED, None
        request.asked_at, request.ends_at, request.reminders = timezone.now(), in_days(days), 0
        request.save()
        write(request, ASK)
        _note(request.case, "Asked for a reference again", by=by)


def over_words(request: ReferenceRequest) -> str:
    """Why nothing can be written any more, for whoever has the link."""
    return {
        State.GIVEN: "We have this reference already. Thank you.",
        State.DECLINED: "You have told us that you would rather not. Thank you.",
        State.WITHDRAWN: "This reference is not needed any more. Thank you all the same.",
    }.get(request.state, "The time for this reference is over. Thank you all the same.")


@jobs.handlers(CHASE)
def chase(run: jobs.JobRun) -> None:
    """Remind of those that are open, and end those whose time is over; an outage catches up."""
    waiting = ReferenceRequest.objects.filter(state=State.ASKED).order_by("pk")
    while batch := list(waiting.filter(pk__gt=run.cursor).values_list("pk", flat=True)[:CHUNK]):
        with run.chunk(to=batch[-1], count=len(batch)):
            for pk in batch:
                chase_one(pk)


def chase_one(request_id: int) -> None:
    """What is due for one: a reminder, or its end. In a transaction; again changes nothing."""
    request = _locked(request_id)
    if request.state != State.ASKED:
        return
    if not request.is_open():
        _end(request, State.OVER)
        words = f"A reference did not come in time. {_count(request.case)}"
        _note(request.case, words, actor_name="The clock")
        return
    asked, last = timezone.localdate(request.asked_at), timezone.localdate(request.ends_at)
    come = sum(moment <= timezone.localdate() for moment in moments(asked, last))
    if come > request.reminders:
        request.reminders = come
        request.save(update_fields=["reminders"])
        write(request, REMIND)


def forget(case: Case) -> None:
    """Who was asked, what they wrote, and the letters to them."""
    rows = ReferenceRequest.objects.filter(case=case)
    _letters(rows).delete()
    rows.delete()


def _locked(request_id: int) -> ReferenceRequest:
    known = ReferenceRequest.objects.only("case_id").get(pk=request_id)
    case = Case.objects.select_for_update(of=("self",)).get(pk=known.case_id)
    request = ReferenceRequest.objects.get(pk=request_id)
    request.case = case
    return request


def _end(request: ReferenceRequest, state: str) -> None:
    """The link keeps saying how it ended; nobody can read it out of our rows any more."""
    request.state, request.ended_at, request.token = state, timezone.now(), ""
    request.save()
    sent = _letters(ReferenceRequest.objects.filter(pk=request.pk))
    sent.filter(state=OutboxMessage.State.SENT).delete()


def _letters(rows: QuerySet[ReferenceRequest]) -> QuerySet[OutboxMessage]:
    ids = [str(pk) for pk in rows.values_list("pk", flat=True)]
    return OutboxMessage.objects.filter(
        record_type=ReferenceRequest._meta.label_lower, record_id__in=ids
    )


def _count(case: Case) -> str:
    rows = [row for row in of_case(case) if row.state != State.WITHDRAWN]
    return f"{sum(row.state == State.GIVEN for row in rows)} of {len(rows)} are here."


def _all_in(request: ReferenceRequest) -> None:
    """Press the button for it, once every reference that is still wanted is here."""
    states = {row.state for row in of_case(request.case)} - {State.WITHDRAWN}
    if states != {State.GIVEN} or not request.button:
        return
    if not request.case.stage.button(request.button):
        return
    try:
        perform(request.case_id, request.button, by=None, actor_name="The hub: references are here")
    except TransitionNotAllowedError as problem:
        _note(request.case, "Nothing was moved", actor_name="The hub", comment=str(problem))


def _note(
    case: Case, words: str, *, by: User | None = None, actor_name: str = "", comment: str = ""
) -> None:
    CaseEvent.objects.create(
        case=case,
        kind=CaseEvent.Kind.NOTE,
        actor_id=by.pk if by else None,
        actor_name=(str(by) if by else actor_name)[:160],
        summary=words[:250],
        comment=comment,
    )


clock.daily(CHASE, at=f"{AT:%H:%M}")
