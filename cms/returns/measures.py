"""What a data return can count. Each measure gives rows that belong to pupils, by school.

A year is an academic year, 1 September to 31 August in London. An enrolment counts in a year that
it touches; who only waits does not. `distinct` is what is counted once.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cms.models import Award, Enrolment, LoanInstrument, Place
from cms.registry import Registry


@dataclass(frozen=True)
class Year:
    """An academic year by the calendar year in which it starts."""

    start: int

    @property
    def first(self) -> date:
        return date(self.start, 9, 1)

    @property
    def last(self) -> date:
        return date(self.start + 1, 8, 31)

    @property
    def moments(self) -> tuple[datetime, datetime]:
        """Its first moment, and the first after it, in London."""
        return tuple(
            timezone.make_aware(timezone.datetime(start, 9, 1))
            for start in (self.start, self.start + 1)
        )

    def __str__(self):
        return f"{self.start}/{(self.start + 1) % 100:02d}"


@dataclass(frozen=True)
class Measure:
    """`rows(year, heading)` are narrowed rows; `pupil` is the path to each one's pupil.

    `distinct` is the path that is counted once.
    """

    label: str
    rows: Callable[[Year, dict], QuerySet]
    pupil: str
    distinct: str


measures: Registry[Measure] = Registry("measure of a data return")


def enrolments(year: Year, heading: dict) -> QuerySet:
    """Enrolments that touch the year, narrowed by instrument, level and the group's name."""
    rows = Enrolment.objects.exclude(status=Enrolment.Status.WAITING).filter(
        Q(starts_on__isnull=True) | Q(starts_on__lte=year.last),
        Q(ends_on__gte=year.first) | Q(ends_on__isnull=True, status=Enrolment.Status.ACTIVE),
    )
    if family := heading.get("family"):
        rows = rows.filter(instrument__family=family)
    if level := heading.get("level"):
        rows = rows.filter(group__ensemble__level=level)
    if words := heading.get("words"):
        rows = rows.filter(
            Q(group__name__icontains=words) | Q(group__ensemble__name__icontains=words)
        )
    return rows


def in_ensembles(year: Year, heading: dict) -> QuerySet:
    return enrolments(year, heading).filter(group__ensemble__isnull=False)


def continued(year: Year, heading: dict) -> QuerySet:
    """Those of pupils who were enrolled in the year before as well."""
    before = enrolments(Year(year.start - 1), heading).filter(
        pupil=OuterRef("pupil"), starts_on__lt=year.first
    )
    return enrolments(year, heading).filter(Exists(before))


def awards(year: Year, heading: dict) -> QuerySet:
    rows = Award.objects.filter(awarded_on__range=(year.first, year.last))
    if words := heading.get("words"):
        rows = rows.filter(title__icontains=words)
    if grade := heading.get("grade"):
        rows = rows.filter(level__iexact=grade)
    if family := heading.get("family"):
        rows = rows.filter(instrument__family=family)
    return rows


def places(year: Year, heading: dict) -> QuerySet:
    """Settled places on course dates of the year, not of those that did not come."""
    first, after = year.moments
    rows = Place.objects.filter(
        state__in=("confirmed", "attended"),
        course_date__starts_at__gte=first,
        course_date__starts_at__lt=after,
        pupil__isnull=False,
    )
    if words := heading.get("words"):
        rows = rows.filter(course_date__course__title__icontains=words)
    return rows


def loans(year: Year, heading: dict) -> QuerySet:
    """Instruments at pupils' homes today that were lent before the year ended."""
    rows = LoanInstrument.objects.filter(borrower__isnull=False).filter(
        Q(lent_on__isnull=True) | Q(lent_on__lte=year.last)
    )
    if family := heading.get("family"):
        rows = rows.filter(instrument__family=family)
    return rows


measures("pupils")(Measure(_("Pupils who learn in a group or class"), enrolments, "pupil", "pupil"))
measures("ensemble_pupils")(Measure(_("Pupils in ensembles"), in_ensembles, "pupil", "pupil"))
measures("continued")(
    Measure(_("Pupils who went on from the year before"), continued, "pupil", "pupil")
)
measures("groups")(
    Measure(_("Groups that pupils of the school take part in"), enrolments, "pupil", "group")
)
measures("awards")(Measure(_("Awards and grades won"), awards, "pupil", "pk"))
measures("award_pupils")(Measure(_("Pupils who won an award or grade"), awards, "pupil", "pupil"))
measures("course_pupils")(Measure(_("Pupils on courses"), places, "pupil", "pupil"))
measures("loans")(
    Measure(_("Pupils who have borrowed an instrument"), loans, "borrower", "borrower")
)
