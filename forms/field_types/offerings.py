# ruff: noqa: ANN001, ANN201 - the signatures, and their types, are those of base.FieldType
"""The places question: choose one of the hub's live course dates, with the places left.

Choosing does not hold anything: forms.holding does, for all children or none, when the page is
saved. An answer is the reference of the course date.
"""

from django import forms
from django.utils import timezone

from cms.models import CourseDate

from .base import FieldType, field_type
from .choices import OptionLabel
from .dates import say_date
from .text import pounds, say_time


def say_offering(offering: CourseDate) -> str:
    """ "Saturday 24 October 2026, 10am to 4pm, Hitchin Music Centre"."""
    start, end = timezone.localtime(offering.starts_at), timezone.localtime(offering.ends_at)
    times = f"{say_time(start.time())} to {say_time(end.time())}"
    return f"{start:%A} {say_date(start.date())}, {times}, {offering.centre}"


def open_offerings(course_slug: str):
    """Course dates that families may book now or see as full, soonest first, with places left."""
    now = timezone.now()
    return (
        CourseDate.objects.with_places()
        .select_related("centre", "course")
        .filter(
            course__slug=course_slug,
            status=CourseDate.Status.OPEN,
            booking_opens_at__lte=now,
            booking_closes_at__gt=now,
        )
        .order_by("starts_at")
    )


@field_type("places")
class Places(FieldType):
    """`course` is a course's slug; `children` the key of the repeated step that counts them."""

    label = "Places on a course date"
    group = "Booking"
    enter = "Select"
    settings_schema = {
        "course": {"type": "string"},
        "children": {"type": "string"},
        "hold_minutes": {"type": "integer", "minimum": 5, "maximum": 120},
    }

    def field(self, question):
        options = self.field_options(question)
        options["error_messages"]["invalid_choice"] = "Select one of the dates that can be booked"
        return forms.ChoiceField(choices=[], widget=forms.RadioSelect, **options)

    def prepare(self, field, question, asking):
        choices = []
        for offering in open_offerings(question["settings"].get("course", "")):
            left = offering.places_left
            mine = offering.pk == asking.offering_id
            if not left and not mine:
                continue
            words = f"{left} place{'' if left == 1 else 's'} left" if left else "your places"
            hint = f"{pounds(offering.price_pence)} a child. {words[0].upper()}{words[1:]}."
            choices.append((offering.reference, OptionLabel(say_offering(offering), hint)))
        field.choices = choices

    def lines(self, question, value):
        if not value:
            return []
        offering = CourseDate.objects.select_related("centre").filter(reference=value).first()
        return [say_offering(offering) if offering else str(value)]

    def check(self, question):
        return [] if question["settings"].get("course") else ["Choose the course it is for."]

    def example(self, question):
        return None
