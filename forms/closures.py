"""Families with a confirmed place on a course date, for letters about a closed centre."""

from collections.abc import Iterator
from datetime import date

from cms import closure_mail
from cms.models import CourseDate, MusicCentre, Place
from forms.models import Submission
from workflows.models import Case


@closure_mail.also_tell("course dates")
def families_on_course_dates(centre: MusicCentre, first: date, last: date) -> Iterator[str]:
    """Where the letters of each such booking go."""
    dates = CourseDate.objects.filter(
        centre=centre, starts_at__date__gte=first, starts_at__date__lte=last
    )
    confirmed = Place.objects.filter(course_date__in=dates, state=Place.State.CONFIRMED)
    journeys = {
        int(holder.removeprefix("journey-"))
        for holder in confirmed.values_list("holder", flat=True)
        if holder.startswith("journey-")
    }
    booked = Submission.objects.filter(journey__in=journeys)
    cases = Case.objects.filter(reference__in=booked.values("reference"))
    yield from cases.exclude(contact_email="").values_list("contact_email", flat=True)
