"""Copying course dates: one date, the next half-term's, a whole school year's.

What is proposed here is shown and edited before anything is saved (cms.datecopyviews). A date keeps
its place in the half-term, or in the term where it is in none, and its hours on the clock of the
county, whatever the clock change does. Places, people and waiting lists are never copied.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils import timezone

from cms.models import AddOn, CourseDate, CourseSession, RefundStep, Term

SAME = (
    "course", "centre", "room", "capacity", "minimum_number", "price_pence", "min_age", "max_age",
    "min_year", "max_year", "equity_places", "equity_release_days", "takes_waiting", "draw_minutes",
)  # fmt: skip


@dataclass(frozen=True)
class Proposal:
    """One date as it would be made: `days` later than `source`."""

    source: CourseDate
    days: int

    @property
    def starts_at(self) -> datetime:
        return later(self.source.starts_at, self.days)

    @property
    def booking_opens_at(self) -> datetime:
        return later(self.source.booking_opens_at, self.days)

    @property
    def booking_closes_at(self) -> datetime:
        return later(self.source.booking_closes_at, self.days)

    @property
    def reference(self) -> str:
        return free_reference(self.source, self.starts_at)


def later(moment: datetime, days: int) -> datetime:
    """So many days later at the same time on the clock of the county."""
    here = timezone.localtime(moment)
    return timezone.make_aware(datetime.combine(here.date() + timedelta(days=days), here.time()))


def free_reference(source: CourseDate, starts_at: datetime, taken: Iterable[str] = ()) -> str:
    """Course, centre and day, such as `sw-watford-270217`; numbered when that is taken."""
    day = timezone.localtime(starts_at)
    centre = source.centre.slug[:12].rstrip("-")
    stem = f"{source.course.code.lower()}-{centre}-{day:%y%m%d}"
    reference, number, taken = stem, 1, set(taken)
    while reference in taken or CourseDate.objects.filter(reference=reference).exists():
        number += 1
        reference = f"{stem}-{number}"
    return reference


def days_between(source: date, terms: Iterable[Term], target: Term) -> int:
    """How many days later a date of one half-term is in another, on the same day of the week.

    A date in no half-term keeps its distance from the beginning of its term instead; one in no
    term goes a whole number of weeks nearest to the distance of the terms.
    """
    anchor = None
    for term in terms:
        if term.half_term_starts_on <= source <= term.half_term_ends_on:
            anchor = (term.half_term_starts_on, target.half_term_starts_on)
            break
        if term.starts_on <= source <= term.ends_on:
            anchor = (term.starts_on, target.starts_on)
    if anchor is None:
        before = [term for term in terms if term.starts_on <= source]
        nearest = max(before, key=lambda term: term.starts_on, default=None)
        anchor = (nearest.starts_on, target.starts_on) if nearest else (source, source)
    return (_monday(anchor[1]) - _monday(anchor[0])).days


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def to_half_term(sources: Iterable[CourseDate], target: Term) -> list[Proposal]:
    """The same dates in another half-term."""
    terms = list(Term.objects.order_by("starts_on"))
    return [Proposal(source, days_between(source.first_day, terms, target)) for source in sources]


def to_next_year(sources: Iterable[CourseDate]) -> list[Proposal]:
    """Each date in the same term of the next school year; 52 weeks later where it is not known."""
    terms = list(Term.objects.select_related("academic_year").order_by("starts_on"))
    by_season = {(term.academic_year.start_year, term.season): term for term in terms}
    found = []
    for source in sources:
        day, days = source.first_day, 364
        own = [term for term in terms if term.starts_on <= day <= term.ends_on]
        if own:
            year = own[0].academic_year.start_year + 1
            target = by_season.get((year, own[0].season))
            if target:
                days = days_between(day, terms, target)
        found.append(Proposal(source, days))
    return found


def make(
    proposal: Proposal,
    *,
    starts_at: datetime,
    booking_opens_at: datetime,
    booking_closes_at: datetime,
    capacity: int,
    price_pence: int,
    is_draft: bool,
) -> CourseDate:
    """Make the date with what staff decided, its sessions, add-ons and refunds with it."""
    source = proposal.source
    moved = _wall(starts_at) - _wall(source.starts_at)
    days = (timezone.localdate(starts_at) - source.first_day).days
    with transaction.atomic():
        new = CourseDate.objects.create(
            **{name: getattr(source, name) for name in SAME}
            | {
                "reference": free_reference(source, starts_at),
                "starts_at": starts_at,
                "ends_at": _shift(source.ends_at, moved),
                "booking_opens_at": booking_opens_at,
                "booking_closes_at": booking_closes_at,
                "capacity": capacity,
                "price_pence": price_pence,
                "equity_places": min(source.equity_places, capacity),
                "decide_by": source.decide_by and source.decide_by + timedelta(days=days),
                "status": CourseDate.Status.DRAFT if is_draft else CourseDate.Status.OPEN,
            }
        )
        CourseSession.objects.bulk_create(
            CourseSession(
                course_date=new,
                starts_at=_shift(row.starts_at, moved),
                ends_at=_shift(row.ends_at, moved),
                note=row.note,
            )
            for row in source.sessions.all()
        )
        AddOn.objects.bulk_create(
            AddOn(
                course_date=new,
                name=row.name,
                price_pence=row.price_pence,
                capacity=row.capacity,
            )
            for row in source.add_ons.all()
        )
        RefundStep.objects.bulk_create(
            RefundStep(course_date=new, days_before=row.days_before, percent=row.percent)
            for row in source.refund_steps.all()
        )
    return new


def _wall(moment: datetime) -> datetime:
    return timezone.localtime(moment).replace(tzinfo=None)


def _shift(moment: datetime, by: timedelta) -> datetime:
    """A moment moved on the clock on the wall."""
    return timezone.make_aware(_wall(moment) + by)
