"""What a family changes of its booking by itself, until the cut-off: cancel, answer anew.

Each verb is one transaction, locks the case before any date, and says beforehand what it would do.
Moving to another date is moving.py.
After the cut-off, or once the register knows the child, only the office changes anything.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import uuid4

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cms import audit
from cms.models import CourseDate, Place
from cms.running import giveback
from forms import asking_more
from forms.evidence_later import is_for_evidence
from forms.models import MoreRequest, Submission
from forms.running import ending, roll, words
from forms.running.calloff import run_of
from forms.running.entries import entry_for
from workflows import family
from workflows.models import Case


class TooLateError(Exception):
    """It can no longer be changed here. Nothing has changed."""


class NotPossibleError(Exception):
    """It cannot be done so. The message is a sentence for the family."""


@dataclass
class Booking:
    """A booking with places to come, as its family sees it."""

    submission: Submission
    date: CourseDate
    children: list[roll.Child] = field(default_factory=list)

    @property
    def until(self):  # noqa: ANN201 - a datetime
        return run_of(self.date).changes_until

    @property
    def is_open(self) -> bool:
        """Whether the family may still change it by itself."""
        return (
            bool(self.children)
            and self.date.status == CourseDate.Status.OPEN
            and timezone.now() < self.until
            and all(child.place.state == Place.State.CONFIRMED for child in self.children)
        )


def booking_of(submission: Submission | None) -> Booking | None:
    """The booking that a submission is, or None when it is about no date."""
    if submission is None or submission.offering is None:
        return None
    date = CourseDate.objects.select_related("course", "centre").get(pk=submission.offering_id)
    mine = [
        child
        for child in roll.children_on(date)
        if child.submission and child.submission.pk == submission.pk
    ]
    return Booking(submission, date, mine)


def number_words(number: int) -> str:
    return ngettext("%(n)s place", "%(n)s places", number) % {"n": number}


def would_get_back(booking: Booking, numbers: Iterable[int]) -> giveback.GivenBack:
    """What cancelling these children's places would give back. Changes nothing."""
    wanted = set(numbers)
    ending_now = sum(child.place.child_number in wanted for child in booking.children)
    return giveback.preview(
        giveback.Ending(
            booking.submission.holder,
            booking.date,
            ending_now,
            len(booking.children),
            by_hub=False,
        )
    )


def fresh(submission_id: int) -> tuple[Booking, Case | None]:
    """The booking as it stands under the lock on its case. Raises TooLateError."""
    submission = Submission.objects.select_related("version").get(pk=submission_id)
    case = ending.lock_case(submission)
    submission.refresh_from_db()
    booking = booking_of(submission)
    if booking is None or not booking.is_open:
        raise TooLateError
    return booking, case


def cancel(submission: Submission, numbers: Iterable[int]) -> int:
    """Give these children's places back (their numbers), with what is due; how many ended.

    Raises TooLateError, NotPossibleError when none of them has a place.
    """
    with transaction.atomic():
        booking, _case = fresh(submission.pk)
        wanted = {child.place.child_number for child in booking.children} & set(numbers)
        if not wanted:
            raise NotPossibleError(_("Choose whose place you cancel."))
        date = booking.date
        ended, back = ending.end(
            booking.submission,
            date,
            children=wanted,
            by_hub=False,
            actor_name=family.NAME,
            why=_("Cancelled by the family in its folder"),
        )
        is_all = len(ended) == len(booking.children)
        keys = "-".join(str(place.pk) for place in ended)
        words.write(
            words.CANCELLED,
            booking.submission,
            date,
            key=f"cancelled-{keys}"[:160],
            attachments=(entry_for(booking.submission, date, is_cancelled=True),) if is_all else (),
            places=number_words(len(ended)),
            refund=back.words,
        )
        audit.record(None, "change", booking.submission, {"cancelled": len(ended)})
    return len(ended)


def parts(submission: Submission) -> list[tuple[str, str, list[str]]]:
    """`(key, title, names)`: parts of its answers that a family may give anew by itself.

    Never what decides the price, who the child is, what was agreed, or evidence.
    """
    pricing = str(submission.version.compiled.get("pricing") or {})
    shut = {
        question["key"]
        for step in submission.version.compiled["steps"]
        for question in step["questions"]
        if question["type"] in ("name", "declaration", "file", "code")
        or question["settings"].get("autocomplete") in ("bday", "email")
        or question["settings"].get("restricted") == "evidence"
        or any(option.get("price_pence") for option in question.get("options") or [])
        or f"'{question['key']}'" in pricing
    }
    found: dict[str, list[str]] = {}
    titles: dict[str, str] = {}
    for one in asking_more.askable(submission):
        _step, _slash, rest = one.name.partition("/")
        key = rest.rpartition("/")[2] or one.name
        if key in shut or _decides(submission, key):
            continue
        part = one.name.rpartition("/")[0] if rest else _step_of(submission, key)
        titles.setdefault(part, one.section)
        found.setdefault(part, []).append(one.name)
    return [(part.replace("/", "-"), titles[part], names) for part, names in found.items()]


def _step_of(submission: Submission, key: str) -> str:
    steps = submission.version.compiled["steps"]
    return next(s["key"] for s in steps if any(q["key"] == key for q in s["questions"]))


def _decides(submission: Submission, key: str) -> bool:
    """Whether it decides that the form ends, or that help with costs is asked for."""
    return any(
        f"'{key}'" in str(step.get("show_if") or {})
        and (
            step["kind"] == "exit"
            or any(q["settings"].get("restricted") == "evidence" for q in step["questions"])
        )
        for step in submission.version.compiled["steps"]
    )


def begin_anew(submission: Submission, part: str) -> MoreRequest:
    """Open one part of the answers again, as the office does when it asks for more.

    Raises TooLateError; NotPossibleError while the office itself waits for an answer.
    """
    with transaction.atomic():
        booking, case = fresh(submission.pk)
        names = next((n for key, _t, n in parts(booking.submission) if key == part), None)
        if case is None or names is None:
            raise NotPossibleError(_("That cannot be changed here. Please write to us."))
        already = asking_more.open_request(case)
        if already is not None and not (already.is_own or is_for_evidence(already)):
            raise NotPossibleError(_("Please answer first what we have asked you."))
        if already is not None and already.is_own:
            stop_anew(already)
        return MoreRequest.objects.create(
            case=case,
            submission=booking.submission,
            once=f"own-{uuid4().hex}",
            stage_key=case.stage_key,
            questions=names,
            words="",
        )


def stop_anew(request: MoreRequest) -> None:
    """Leave everything as it was."""
    MoreRequest.objects.filter(pk=request.pk, answered_at=None).update(
        answered_at=timezone.now(), answers={}
    )
