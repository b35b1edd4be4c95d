"""Booking again with what a family has told us: a brother or sister, or the date offered instead.

It begins an ordinary journey, with its answers to be confirmed page by page and the date chosen, so
places, price, terms and everything else are as for anybody.
"""

from django.utils import timezone

from cms.models import CourseDate, Place
from forms import journeys, siblings
from forms.family import again
from forms.models import CourseRun, FormDefinition, Journey, Submission
from forms.running.changing import Booking


def date_for(booking: Booking) -> CourseDate | None:
    """The same date for one more child; the one that was offered instead when it was cancelled."""
    date = booking.date
    if date.status == CourseDate.Status.CANCELLED:
        run = CourseRun.objects.filter(course_date=date).first()
        date = run.alternative if run else None
    if date is None or not date.is_bookable(timezone.now()):
        return None
    date = CourseDate.objects.with_places().select_related("course", "centre").get(pk=date.pk)
    is_there = _form(date) is not None and date.places_left > 0
    return date if is_there else None


def _form(date: CourseDate) -> FormDefinition | None:
    return FormDefinition.objects.open().filter(slug=date.course.form_slug).first()


def children(
    booking: Booking, date: CourseDate, submissions: list[Submission]
) -> list[again.Child]:
    """Whom the family has named before, without those who have a place on that date already."""
    version = _form(date).current_version
    holders = {one.holder for one in submissions}
    there = Place.objects.filter(course_date=date, holder__in=holders, state__in=Place.SETTLED)
    from forms.running.roll import children_on  # noqa: PLC0415 - only where names are wanted

    taken = {
        child.name.casefold()
        for child in children_on(date)
        if child.place.holder in set(there.values_list("holder", flat=True))
    }
    return [one for one in again.children(version, submissions) if one.name.casefold() not in taken]


def begin(
    date: CourseDate, submissions: list[Submission], *, wanted: set[int], owner: str
) -> Journey:
    """A journey of this browser's for that date, filled in as far as we know."""
    version = _form(date).current_version
    version.form = _form(date)
    journey = journeys.begin(version, owner=owner, offering=date)
    journey.suggested = again.suggestions(version, submissions, wanted=wanted)
    if journey.suggested:
        siblings.remember(journey, submissions)
        journey.suggested["answers"] |= {
            key: {"offering": date.reference, "children": max(1, len(wanted))}
            for key in journeys.places_keys(version.compiled)
        }
    journey.save(update_fields=["suggested"])
    return journey
