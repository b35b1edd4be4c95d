"""Going ahead or not: a date that its minimum has not reached is called off by one action.

The decision, the closed date and the job are one transaction; the job ends booking by booking,
each in a chunk of its own: places, money, case, letter with the calendar entry taken away. Pressed
twice, by two people or by a restarted worker, each booking ends once.
"""

from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cms import audit, jobs, mail, places
from cms.mailmarkup import site_link
from cms.models import CourseDate, Place, User
from cms.running import giveback
from forms.letters import say_when
from forms.models import CourseRun, Submission
from forms.running import ending, words
from forms.running.entries import entry_for
from forms.running.roll import bookings_of
from workflows.models import Case, ListEntry

KIND = "forms.call_off"
HUB = "The hub: the date is cancelled"


class CannotDecideError(Exception):
    """The date is not to be decided any more. The message is a sentence for staff."""


@dataclass(frozen=True)
class Effects:
    """What calling a date off would do: `refund_pence` is known where payments are kept here."""

    families: int
    places: int
    letters: int
    waiting: int
    refund_pence: int


def run_of(date: CourseDate) -> CourseRun:
    """How the date is run; one that nobody has touched has the usual values and is not saved."""
    return CourseRun.objects.filter(course_date=date).first() or CourseRun(course_date=date)


def bookings(date: CourseDate) -> list[Submission]:
    """The bookings with a place there, in the order they came."""
    taken = Place.objects.filter(course_date=date, state__in=Place.SETTLED)
    return sorted(bookings_of(taken).values(), key=lambda one: one.pk)


def _waiting(date: CourseDate) -> list[ListEntry]:
    entries = ListEntry.objects.filter(pool__course_date=date, state__in=ListEntry.ON_LIST)
    return list(entries.select_related("case").order_by("pk"))


def preview(date: CourseDate) -> Effects:
    """Who would be told, how many letters, what goes back. Changes nothing."""
    found = bookings(date)
    cases = Case.objects.filter(reference__in=[one.reference for one in found])
    taken = Place.objects.filter(course_date=date, state__in=Place.SETTLED)
    counts: dict[str, int] = {}
    for holder in taken.values_list("holder", flat=True):
        counts[holder] = counts.get(holder, 0) + 1
    back = sum(
        giveback.preview(giveback.Ending(holder, date, number, number, by_hub=True)).pence
        for holder, number in counts.items()
    )
    waiting = _waiting(date)
    return Effects(
        families=len(found),
        places=sum(counts.values()),
        letters=cases.exclude(contact_email="").count()
        + sum(bool(entry.case.contact_email) for entry in waiting),
        waiting=len(waiting),
        refund_pence=back,
    )


def alternatives(date: CourseDate) -> list[CourseDate]:
    """Other dates of the course that can be booked now, the nearest in time first."""
    now = timezone.now()
    others = CourseDate.objects.filter(
        course=date.course, status=CourseDate.Status.OPEN, starts_at__gt=now
    ).exclude(pk=date.pk)
    bookable = others.with_places().select_related("course", "centre")
    found = [one for one in bookable if one.is_bookable(now) and one.places_left > 0]
    return sorted(found, key=lambda one: abs(one.starts_at - date.starts_at))


def go_ahead(date_id: int, *, by: User) -> CourseRun:
    """Write down that it takes place. Raises CannotDecideError for a date that was cancelled."""
    with transaction.atomic():
        run = _locked(date_id)
        if run.decision == CourseRun.Decision.CANCELLED:
            raise CannotDecideError(_("This date is cancelled already."))
        _decide(run, CourseRun.Decision.GO, by, "")
        audit.record(by, "change", run.course_date, {"decision": "go"})
    return run


def call_off(
    date_id: int, *, by: User, reason: str, alternative: CourseDate | None = None
) -> CourseRun:
    """Cancel a date: it can no longer be booked at once, and a job ends its bookings.

    Called again it changes nothing. `reason` is a sentence that families read. Raises
    CannotDecideError without one, or once the date has begun.
    """
    reason = reason.strip()
    if not reason:
        raise CannotDecideError(_("Say why, in a sentence: families read it."))
    with transaction.atomic():
        run = _locked(date_id)
        date = run.course_date
        if run.decision == CourseRun.Decision.CANCELLED:
            return run
        if date.starts_at <= timezone.now():
            raise CannotDecideError(_("This date has begun. It can no longer be cancelled here."))
        run.alternative = alternative
        _decide(run, CourseRun.Decision.CANCELLED, by, reason)
        date.status = CourseDate.Status.CANCELLED
        date.save(update_fields=["status"])
        # Named here: the list itself is closed as soon as its date is.
        waiting = [entry.pk for entry in _waiting(date)]
        jobs.enqueue(KIND, key=f"call-off-{date.pk}", payload={"date": date.pk, "waiting": waiting})
        audit.record(by, "change", date, {"decision": "cancelled"})
    return run


def _locked(date_id: int) -> CourseRun:
    date = places.lock_course_dates([date_id])[date_id]
    run, _made = CourseRun.objects.get_or_create(course_date=date)
    run.course_date = date
    return run


def _decide(run: CourseRun, decision: str, by: User, reason: str) -> None:
    run.decision, run.decided_at = decision, timezone.now()
    run.decided_by, run.reason = str(by)[:160], reason[:500]
    run.save()


@jobs.handlers(KIND)
def end_bookings(run: jobs.JobRun) -> None:
    """The cursor is the key of a booking; whoever waited, and loose holds, come last."""
    date = CourseDate.objects.select_related("course", "centre").get(pk=run.payload["date"])
    decided = CourseRun.objects.select_related("alternative__course").get(course_date=date)
    left = [one for one in bookings(date) if one.pk > run.cursor]
    run.describe(phase=_("Ending bookings"), total=run.done + len(left))
    for submission in left:
        with run.chunk(to=submission.pk, count=1):
            _end(submission, date, decided)
    with run.finish():
        waited = ListEntry.objects.filter(pk__in=run.payload["waiting"]).select_related("case")
        for entry in waited.order_by("pk"):
            _tell_who_waits(entry, date, decided)
        rest = Place.objects.filter(course_date=date, state__in=Place.ACTIVE)
        for holder in sorted(set(rest.values_list("holder", flat=True))):
            places.give_up(holder, course_date_id=date.pk, reason="cancelled")


def _end(submission: Submission, date: CourseDate, decided: CourseRun) -> None:
    ended, back = ending.end(submission, date, by_hub=True, actor_name=HUB, why=decided.reason)
    if ended:
        words.write(
            words.CALLED_OFF,
            submission,
            date,
            key=f"called-off-{date.pk}-{submission.pk}",
            attachments=(entry_for(submission, date, is_cancelled=True),),
            reason=decided.reason,
            refund=back.words,
            alternative=_alternative(decided, folder=True),
        )


def _tell_who_waits(entry: ListEntry, date: CourseDate, decided: CourseRun) -> None:
    case = entry.case
    mail.queue(
        words.CALLED_OFF_WAITING,
        to=case.contact_email,
        context={
            "contact_name": case.contact_name,
            "reference": case.reference,
            "course": date.course.title,
            "when": say_when(date),
            "where": str(date.centre),
            "folder": site_link(f"/family/{case.reference}/"),
            "reason": decided.reason,
            "alternative": _alternative(decided, folder=False),
        },
        key=f"called-off-{date.pk}-waiting-{entry.pk}",
        record=case,
    )


def _alternative(decided: CourseRun, *, folder: bool) -> str:
    """What is offered instead, as a sentence; "" when nothing is."""
    other = decided.alternative
    if other is None or other.status != CourseDate.Status.OPEN:
        return ""
    facts = {"when": say_when(other), "where": other.centre}
    if folder:
        return (
            _(
                "There are places on %(when)s at %(where)s. You can book them in your family "
                "folder; your answers are filled in."
            )
            % facts
        )
    link = site_link(f"/apply/{other.course.form_slug}/?for={other.reference}")
    return _("There are places on %(when)s at %(where)s: %(link)s") % {**facts, "link": link}
