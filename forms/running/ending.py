"""Ending a booking, or some of its places: places, money, case and letter in one transaction.

Used by the office that calls a date off and by the family that cancels. The case is moved by the
button of its present stage that gives places back, whatever staff call it; what that button would
send is left out, since the letter here says more. A process without such a button gets a note.
"""

from collections.abc import Iterable

from django.db import transaction

from cms import places
from cms.models import CourseDate, Place
from cms.running import giveback
from forms.models import Submission
from workflows.engine import TransitionNotAllowedError, perform
from workflows.models import Case, CaseEvent

OWN_WORK = ("release_place", "send_email")


def settled(submission: Submission, date: CourseDate) -> list[Place]:
    """The places of a booking on a date that count."""
    rows = Place.objects.filter(holder=submission.holder, course_date=date, state__in=Place.SETTLED)
    return list(rows.order_by("child_number"))


def lock_case(submission: Submission) -> Case | None:
    """The booking's case, locked before any date: everybody locks in that order."""
    cases = Case.objects.select_for_update(of=("self",))
    return cases.filter(reference=submission.reference).first()


def end(
    submission: Submission,
    date: CourseDate,
    *,
    children: Iterable[int] | None = None,
    by_hub: bool,
    actor_name: str,
    why: str,
) -> tuple[list[Place], giveback.GivenBack]:
    """End these children's places (their numbers), or all: `(what ended, what is given back)`.

    Ended before, it does nothing and gives nothing back.
    """
    with transaction.atomic():
        case = lock_case(submission)
        before = settled(submission, date)
        ended = places.give_up(
            submission.holder,
            course_date_id=date.pk,
            children=children,
            reason="cancelled" if by_hub else "released",
        )
        gone = [place for place in ended if place.pk in {one.pk for one in before}]
        if not gone:
            return [], giveback.GivenBack(0, "")
        back = giveback.give_back(
            giveback.Ending(submission.holder, date, len(gone), len(before), by_hub), why=why
        )
        if case is not None:
            _close(case, is_all=len(gone) == len(before), actor_name=actor_name, why=why)
    return gone, back


def _close(case: Case, *, is_all: bool, actor_name: str, why: str) -> None:
    """Move the case on when nothing of the booking is left, else note what happened."""
    button = next(
        (
            one
            for one in case.stage.buttons
            if any(action["type"] == "release_place" for action in one.actions)
        ),
        None,
    )
    if is_all and button is not None:
        try:
            perform(
                case.pk,
                button.key,
                by=None,
                actor_name=actor_name,
                comment=why,
                leave_out=OWN_WORK,
            )
        except TransitionNotAllowedError:  # its condition does not hold: staff decide
            pass
        else:
            return
    CaseEvent.objects.create(
        case=case,
        kind=CaseEvent.Kind.NOTE,
        actor_name=actor_name,
        summary=("Every place was given back" if is_all else "Some places were given back"),
        comment=why,
    )
