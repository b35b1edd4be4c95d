"""Asking a family for more after it has applied: chosen questions are opened again, no others.

A request goes through the very version that the family filled in. Its pages hold the chosen
questions, and those that become visible by the new answers. Nothing of the submission changes until
the family sends; then the old answers are kept beside the new ones, and the case goes on by itself.

A question is named by its key; inside a repeated step by step, number and key: "child/2/school".
A page is named the same way without the question: "needs", "child/2".
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import transaction
from django.utils import timezone

from cms import mail
from cms.mailmarkup import site_link
from cms.secrecy import hashed
from forms import attachments, children, journeys
from forms.answers import marks
from forms.field_types import Asking, field_types
from forms.models import AnswerChange, Attachment, Journey, MoreRequest, Submission, facts_for
from forms.stepforms import StepForm, build
from forms.summary import for_the_case
from forms.walk import Walk, walk
from workflows import family
from workflows.models import Case

NEVER_AGAIN = {"round_dates", "places", "add_ons", "slot", "calculated", "info"}
ASK, REMIND = "more-needed", "more-reminder"
SAMPLE = {
    "contact_name": "Rowan Ashdown",
    "reference": "SW26-4K7P",
    "folder": "/family/",
    "by": "3 November 2026",
}

mail.declare(
    ASK,
    name="Family: we need a little more",
    subject="We need a little more from you: {{ reference }}",
    body=(
        "Dear {{ contact_name }},\n\nTo go on with {{ reference }} we need a little more from "
        "you.\n\nPlease answer by {{ by }}.\n\n[Answer in your family folder]({{ folder }})\n\n"
        "There is no password: the folder asks for this e-mail address and sends you a link."
    ),
    placeholders=SAMPLE,
)
mail.declare(
    REMIND,
    name="Family: reminder that we wait for an answer",
    subject="We are waiting for you: {{ reference }}",
    body=(
        "Dear {{ contact_name }},\n\nWe asked you for something about {{ reference }}, and cannot "
        "go on without it.\n\nPlease answer by {{ by }}.\n\n"
        "[Answer in your family folder]({{ folder }})"
    ),
    placeholders=SAMPLE,
)


class NothingToAskError(ValueError):
    """None of the questions is part of what this family filled in."""


class EndsTheFormError(Exception):
    """With the new answers the form would end on a page that says it is not for this family."""


class NotOpenError(Exception):
    """The request was answered meanwhile, or the case has moved on."""


@dataclass(frozen=True)
class Askable:
    """A question that may be asked again: its name, how it reads, and where it stands."""

    name: str
    label: str
    section: str
    restricted: str = ""


@dataclass
class Page:
    """One page of a request. `step` is the compiled step with the re-opened questions only."""

    name: str
    step: dict
    number: int | None
    title: str
    keys: list[str]
    is_done: bool


def name_of(step: dict, number: int | None, key: str = "") -> str:
    page = f"{step['key']}/{number}" if number else step["key"]
    return (f"{page}/{key}" if number else key) if key else page


def facts_of(submission: Submission) -> dict[str, date]:
    """The days that rules may name, as they stood when the form was sent."""
    sent = timezone.localtime(submission.submitted_at).date()
    facts = facts_for(submission.offering)
    return {**facts, "today": sent}


def _seen(submission: Submission, answers: dict) -> Walk:
    return walk(submission.version.compiled, answers, facts=facts_of(submission))


def _named(seen: Walk) -> dict[str, tuple]:
    """Name -> (step, item, question) of every visible question that can be asked again."""
    return {
        name_of(step.step, item.number if item else None, question["key"]): (step, item, question)
        for step, item, question in seen.visible_questions()
        if question["type"] not in NEVER_AGAIN and step.kind == "questions"
    }


def askable(submission: Submission) -> list[Askable]:
    """What may be asked again of this submission, in the order of its form."""
    found = []
    for name, (step, item, question) in _named(_seen(submission, submission.answers)).items():
        section = f"{step.repeat['item_name'].capitalize()} {item.number}" if item else step.title
        restricted = question["settings"].get("restricted") or ""
        found.append(Askable(name, question["label"], section, restricted))
    return found


def names_for(submission: Submission, wanted: Iterable[str]) -> list[str]:
    """Names for keys or names that a designer or officer chose; a key in a repeat means each."""
    wanted = set(wanted)
    return [
        name
        for name, (_step, _item, question) in _named(_seen(submission, submission.answers)).items()
        if name in wanted or question["key"] in wanted
    ]


def ask(
    case: Case, *, questions: Iterable[str], words: str, once: str, days: int, template: str = ASK
) -> MoreRequest:
    """Open the questions again and tell the family, in the caller's transaction; once for `once`.

    What an open request still asks is taken over. Raises NothingToAskError.
    """
    already = MoreRequest.objects.filter(once=once).first()
    if already:
        return already
    submission = case.subject
    names = names_for(submission, questions)
    if not names:
        raise NothingToAskError("None of the chosen questions was asked in this family's form.")
    before = open_request(case)
    draft = {}
    if before and not before.form_id:
        names, draft = list(dict.fromkeys([*before.questions, *names])), before.answers
        MoreRequest.objects.filter(pk=before.pk).update(answered_at=timezone.now(), answers={})
    request = MoreRequest.objects.create(
        case=case,
        submission=submission,
        once=once,
        stage_key=case.stage_key,
        questions=names,
        answers=draft,
        words=words,
        answer_by=_in(days),
    )
    tell(request, template)
    return request


def ask_for_form(case: Case, form, *, words: str, once: str, days: int) -> MoreRequest:  # noqa: ANN001
    """Ask the family to fill in another form, in the caller's transaction; once for `once`."""
    request, made = MoreRequest.objects.get_or_create(
        once=once,
        defaults={
            "case": case,
            "submission": case.subject if isinstance(case.subject, Submission) else None,
            "stage_key": case.stage_key,
            "form": form,
            "words": words,
            "answer_by": _in(days),
        },
    )
    if made:
        tell(request, ASK)
    return request


def _in(days: int) -> date:
    return timezone.localdate() + timedelta(days=days)


def tell(request: MoreRequest, template: str) -> None:
    """Promise the letter that something is asked. It does not say what: mailboxes are shared."""
    case, by = request.case, request.answer_by
    mail.queue(
        template,
        to=case.contact_email,
        context={
            "contact_name": case.contact_name,
            "reference": case.reference,
            "folder": site_link(f"/family/{case.reference}/"),
            "by": f"{by.day} {by:%B %Y}" if by else "",
        },
        key=f"{template}-{request.pk}-{request.reminders}",
        record=case,
    )


def open_request(case: Case) -> MoreRequest | None:
    """What the family is asked for now: the newest request of the present stage."""
    return (
        MoreRequest.objects.open()
        .filter(case=case)
        .select_related("submission__version__form", "submission__offering", "form")
        .last()
    )


def merged(request: MoreRequest) -> dict:
    """The submission's answers with the family's draft over them."""
    answers = dict(request.submission.answers)
    for page, drafted in request.answers.items():
        step, _slash, number = page.partition("/")
        if number:
            items = [dict(item) for item in answers.get(step) or []]
            if int(number) <= len(items):
                items[int(number) - 1] |= drafted
            answers[step] = items
        else:
            answers |= drafted
    return answers


def pages(request: MoreRequest) -> list[Page]:
    """The pages of a request as its answers stand, each with the questions that it asks."""
    submission = request.submission
    before = _named(_seen(submission, submission.answers))
    now = _named(_seen(submission, merged(request)))
    wanted = set(request.questions)
    grouped: dict[str, list] = {}
    for name, (step, item, question) in now.items():
        if name in wanted or name not in before:
            page = name_of(step.step, item.number if item else None)
            grouped.setdefault(page, []).append((step, item, question))
    found = []
    for page, rows in grouped.items():
        step, item, _question = rows[0]
        keys = [question["key"] for _s, _i, question in rows]
        number = item.number if item else None
        title = step.title if item is None else f"{step.repeat['item_name'].capitalize()} {number}"
        drafted = request.answers.get(page, {})
        found.append(
            Page(
                name=page,
                # Also what could become visible on this very page, so that it is asked at once.
                step={**step.step, "questions": _of_page(step.step, number, keys, before, wanted)},
                number=number,
                title=title,
                keys=keys,
                is_done=all(key in drafted for key in keys),
            )
        )
    return found


def _of_page(
    step: dict, number: int | None, keys: list[str], before: dict, wanted: set[str]
) -> list[dict]:
    """The questions of a step that are open: those asked, and those that were hidden before."""
    found = []
    for question in step["questions"]:
        name = name_of(step, number, question["key"])
        is_new = name not in before and question["type"] not in NEVER_AGAIN
        if question["key"] in keys or name in wanted or is_new:
            found.append(question)
    return found


def page_form(request: MoreRequest, page: Page, data=None, files=None) -> StepForm:  # noqa: ANN001
    """The Django form of one page, with what is known for it."""
    submission = request.submission
    compiled, answers = submission.version.compiled, merged(request)
    seen = _seen(submission, answers).answers
    own = answers
    if page.number:
        own = (answers.get(page.step["key"]) or [{}] * page.number)[page.number - 1]
        seen = {key: value for key, value in seen.items() if key != page.step["key"]} | own
    asked = {question["key"] for question in page.step["questions"]}
    facts = facts_of(submission)
    make = build({"steps": [page.step], "groups": compiled.get("groups")}, page.step["key"])
    return make(
        data,
        files,
        initial_answers=own,
        seen={key: value for key, value in seen.items() if key not in asked},
        facts=facts,
        asking=Asking(
            answers=seen,
            today=facts["today"],
            journey_id=submission.journey_id,
            offering_id=submission.offering_id,
        ),
    )


def save_page(request: MoreRequest, page: Page, form: StepForm) -> MoreRequest:
    """Keep one page of the draft. Raises NotOpenError, attachments.TooManyFilesError."""
    answers = form.answers()
    asked = [question for question in page.step["questions"] if question["type"] == "file"]
    files = [question["key"] for question in asked if question["key"] in answers]
    journey = request.submission.journey
    # Written before anything is locked, as the pages of a journey are.
    written = {key: attachments.write(journey, key, answers[key] or []) for key in files}
    try:
        with transaction.atomic():
            locked = _locked(request)
            new = answers | {key: _kept(key, form, rows) for key, rows in written.items()}
            draft = {**locked.answers.get(page.name, {}), **new}
            locked.answers = {**locked.answers, page.name: draft}
            locked.save(update_fields=["answers"])
    except BaseException:
        attachments.discard(row for rows in written.values() for row in rows)
        raise
    return locked


def _kept(key: str, form: StepForm, rows: list[Attachment]) -> list[dict] | None:
    """The files of a question: new ones replace or join the old, which stay in the history."""
    question = next(one for one in form.visible if one["key"] == key)
    dropped = {int(one) for one in form.data.getlist(f"drop-{key}") if one.isdigit()}
    kept = [one for one in form.stored.get(key) or [] if one["id"] not in dropped]
    most = question["settings"].get("max_files") or 1
    if rows:
        kept = kept[: max(0, most - len(rows))] if most > 1 else []
        kept += attachments.keep(rows)
    return kept or None


def lines_of(request: MoreRequest) -> list[dict]:
    """`[{title, rows: [{question, lines, change_url}]}]` of what was drafted, to check it."""
    answers = merged(request)
    parts = []
    for page in pages(request):
        own = answers if not page.number else answers[page.step["key"]][page.number - 1]
        rows = [
            {
                "question": question["label"],
                "lines": [
                    str(line)
                    for line in field_types[question["type"]].lines(
                        question, own.get(question["key"])
                    )
                ],
            }
            for question in page.step["questions"]
            if question["key"] in page.keys
        ]
        parts.append({"title": page.title, "page": page.name, "rows": rows})
    return parts


def send(request: MoreRequest) -> None:
    """Put the new answers into the submission, keep the old, and let the case go on.

    Raises NotOpenError, EndsTheFormError; ValueError when a page was not answered.
    """
    with transaction.atomic():
        locked = _locked(request)
        asked = pages(locked)
        if not all(page.is_done for page in asked):
            raise ValueError("A page was not answered yet.")
        submission = Submission.objects.select_for_update(of=("self",)).get(pk=locked.submission_id)
        seen = _seen(submission, merged(locked))
        if seen.exit and not _seen(submission, submission.answers).exit:
            raise EndsTheFormError
        AnswerChange.objects.create(
            submission=submission,
            request=locked,
            answers=submission.answers,
            labels=submission.labels,
        )
        changed = {question["label"] for page in asked for question in page.step["questions"]}
        submission.labels = _labels(submission.labels, for_the_case(seen), changed)
        submission.answers = seen.answers
        submission.save(update_fields=["answers", "labels"])
        marks.mark_again(submission)
        children.mark_again(submission)
        _close(locked)
        number = sum(len(page.keys) for page in asked)
        words = "1 question" if number == 1 else f"{number} questions"
        family.answered(locked.case_id, f"The family answered {words} again")


def _labels(old: list[dict], new: list[dict], changed: set[str]) -> list[dict]:
    """The new rows; those that were not asked again read as they did when they were sent."""
    kept = {
        (part["title"], part.get("group"), row["question"]): row["lines"]
        for part in old
        for row in part["rows"]
        if row["question"] not in changed
    }
    return [
        {
            **part,
            "rows": [
                {
                    **row,
                    "lines": kept.get(
                        (part["title"], part.get("group"), row["question"]), row["lines"]
                    ),
                }
                for row in part["rows"]
            ],
        }
        for part in new
    ]


def begin_form(request: MoreRequest, *, owner: str) -> Journey:
    """The journey through the form that is asked for, for this browser: the same one each time.

    One that was deleted because nobody went on with it begins again.
    """
    with transaction.atomic():
        locked = MoreRequest.objects.select_for_update(of=("self",)).get(pk=request.pk)
        journey = locked.journey
        if journey is None or not (journey.is_open or journey.submitted_at):
            journey = journeys.begin(request.form.current_version, owner=owner)
            locked.journey = journey
            locked.save(update_fields=["journey"])
        else:
            journey.owner_hash = hashed(owner)
            journey.save(update_fields=["owner_hash"])
    return journey


def form_arrived(journey: Journey) -> None:
    """A journey that a case had asked for was sent: go on, in the caller's transaction."""
    request = MoreRequest.objects.filter(journey=journey, answered_at=None).first()
    if request is None:
        return
    is_open = MoreRequest.objects.open().filter(pk=request.pk).exists()
    _close(request)
    words = f"The family sent “{journey.version.title}”"
    if is_open:
        family.answered(request.case_id, words)
    else:
        family.note_only(request.case_id, words)


def _close(request: MoreRequest) -> None:
    request.answers, request.answered_at = {}, timezone.now()
    request.save(update_fields=["answers", "answered_at"])


def _locked(request: MoreRequest) -> MoreRequest:
    """The request as it is now, locked after its case, which the desk locks first too."""
    Case.objects.select_for_update().get(pk=request.case_id)
    found = (
        MoreRequest.objects.open()
        .select_for_update(of=("self",))
        .select_related("submission__version__form", "submission__offering", "submission__journey")
        .filter(pk=request.pk)
        .first()
    )
    if found is None:
        raise NotOpenError
    return found


def forget(submission: Submission) -> None:
    """Erase what was asked and what was said before, when the answers themselves are erased."""
    submission.changes.all().delete()
    MoreRequest.objects.filter(submission=submission).update(answers={}, words="")
