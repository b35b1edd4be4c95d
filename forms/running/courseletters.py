"""The letters around the day: joining packs a week and a day before, thanks afterwards.

A job looks each quarter of an hour at what is due by London's clock and writes each letter once for
a booking and a date: the key in the outbox is the memory, so an outage catches up and sends no
letter twice. A booking that came after its week's letter was due gets the next one only.
"""

from datetime import datetime, time, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cms import clock, jobs, places
from cms.mailmarkup import site_link
from cms.models import CourseDate, Place
from forms.models import FormDefinition, RegisterLine, Submission
from forms.running import roll, words
from forms.running.calloff import run_of
from forms.running.entries import entry_for

KIND = "forms.course_letters"
AT = time(10)
AFTER = timedelta(days=7)  # how late a letter of thanks may be


def due_at(date: CourseDate, days: int) -> datetime:
    """Ten in the morning, London time, so many days before its first day (after it, if below 0)."""
    day = timezone.localtime(date.starts_at if days > 0 else date.ends_at).date()
    return timezone.make_aware(datetime.combine(day - timedelta(days=days), AT))


def _coming(now: datetime) -> list[CourseDate]:
    open_ones = CourseDate.objects.filter(
        status=CourseDate.Status.OPEN, starts_at__gt=now, starts_at__lte=now + timedelta(days=9)
    )
    return list(open_ones.select_related("course", "centre").order_by("pk"))


def _over(now: datetime) -> list[CourseDate]:
    ended = CourseDate.objects.filter(
        status=CourseDate.Status.OPEN, ends_at__lte=now, ends_at__gt=now - AFTER
    )
    return list(ended.select_related("course", "centre").order_by("pk"))


@jobs.handlers(KIND)
def write_letters(run: jobs.JobRun) -> None:
    """Joining packs and thanks that are due, and who did not come; one date in each chunk."""
    now = timezone.now()
    for work, dates in ((joining, _coming(now)), (afterwards, _over(now))):
        for date in dates:
            with run.chunk(to=run.cursor + 1, count=1):
                work(date, now)


def joining(date: CourseDate, now: datetime) -> int:
    """Write the joining letter that is due, to each booking once; how many bookings have theirs."""
    week, day = due_at(date, 7), due_at(date, 1)
    if now < week:
        return 0
    letter = words.JOINING_DAY if now >= day else words.JOINING_WEEK
    found = _booked(date)
    with transaction.atomic():
        for submission, number in found:
            _joining(letter, submission, date, number)
    return len(found)


def _joining(letter: str, submission: Submission, date: CourseDate, number: int) -> None:
    run = run_of(date)
    is_week = letter == words.JOINING_WEEK
    until = timezone.localtime(run.changes_until)
    more = {"change_until": f"{until:%A} {until.day} {until:%B %Y}, {until:%H:%M}"}
    words.write(
        letter,
        submission,
        date,
        key=f"{letter}-{date.pk}-{submission.pk}",
        attachments=(entry_for(submission, date),) if is_week else (),
        places=ngettext("%(n)s place", "%(n)s places", number) % {"n": number},
        joining=run.joining_words,
        **(more if is_week else {}),
    )


def _booked(date: CourseDate) -> list[tuple[Submission, int]]:
    """`(booking, its places)` with a place there, in the order they came."""
    taken = list(Place.objects.filter(course_date=date, state__in=Place.SETTLED))
    found = roll.bookings_of(taken)
    return [
        (found[holder], sum(place.holder == holder for place in taken))
        for holder in sorted(found, key=lambda one: found[one].pk)
    ]


def afterwards(date: CourseDate, now: datetime) -> None:
    """Note who did not come; from the next morning on, thank those who did."""
    settle(date)
    if now < due_at(date, -1):
        return
    plan = roll.plan_of(date.course_id)
    came = _came(date)
    form = FormDefinition.objects.open().filter(slug=plan.thanks_form or "-").first()
    feedback = (
        _("Tell us how it was, in two minutes: %(link)s")
        % {"link": site_link(f"/apply/{form.slug}/")}
        if form
        else ""
    )
    for submission, _number in _booked(date):
        if submission.holder in came:
            words.write(
                words.THANKS,
                submission,
                date,
                key=f"{words.THANKS}-{date.pk}-{submission.pk}",
                feedback_words=feedback,
            )


def settle(date: CourseDate) -> int:
    """Where the register was used: who was never signed in did not come. How many."""
    if not RegisterLine.objects.filter(place__course_date=date, in_at__isnull=False).exists():
        return 0
    waiting = Place.objects.filter(course_date=date, state=Place.State.CONFIRMED)
    return places.note_attendance(waiting.values_list("pk", flat=True), Place.State.NO_SHOW)


def _came(date: CourseDate) -> set[str]:
    """Holders with a child who came; without a register, everybody who has a place."""
    rows = Place.objects.filter(course_date=date)
    attended = set(rows.filter(state=Place.State.ATTENDED).values_list("holder", flat=True))
    return attended or set(rows.filter(state__in=Place.SETTLED).values_list("holder", flat=True))


clock.every(KIND, minutes=15)
