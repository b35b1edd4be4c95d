# ruff: noqa: ANN001, ANN201 - the signatures, and their types, are those of base.FieldType
"""The places question: choose one of the hub's live course dates, and for how many children.

Choosing does not hold anything: forms.holding does, for all children or none, when the page is
saved. An answer is `{"offering": reference of the course date, "children": 2}`.
A date that is full can still be posted: somebody may have taken the last place while the page was
open, and then the family is told so kindly instead of being told that they chose wrongly.
"""

from django import forms
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cms.models import CourseDate

from .base import FieldType, field_type
from .dates import say_date
from .text import pounds, say_time

MOST_CHILDREN = 6


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


class PlacesWidget(forms.Widget):
    """Radios of dates, named as the question, and `children-<name>` with how many children."""

    use_fieldset = True
    template_name = "forms/widgets/places.html"

    def __init__(self, most=MOST_CHILDREN, attrs=None):
        super().__init__(attrs)
        self.most = most
        self.dates = []  # (reference, words, hint, can be chosen)

    def __deepcopy__(self, memo):
        copied = super().__deepcopy__(memo)
        copied.dates = list(self.dates)
        return copied

    def id_for_label(self, id_, index=None):
        return f"{id_}_0" if id_ else ""

    def value_from_datadict(self, data, files, name):
        return {
            "offering": data.get(name, "").strip(),
            "children": data.get(f"children-{name}", "").strip(),
        }

    def value_omitted_from_data(self, data, files, name):
        return name not in data and f"children-{name}" not in data

    def get_context(self, name, value, attrs):
        context = super().get_context(name, None, attrs)
        value = value if isinstance(value, dict) else {}
        chosen = value.get("offering") or ""
        context |= {
            "base": context["widget"]["attrs"].get("id", f"id_{name}"),
            "dates": [
                {
                    "reference": reference,
                    "words": words,
                    "hint": hint,
                    "disabled": not can_choose and reference != chosen,
                    "checked": reference == chosen,
                }
                for reference, words, hint, can_choose in self.dates
            ],
            "numbers": range(1, self.most + 1),
            "children": str(value.get("children") or 1),
        }
        return context

    def render(self, name, value, attrs=None, renderer=None):
        html = render_to_string(self.template_name, self.get_context(name, value, attrs))
        return mark_safe(html)  # noqa: S308 - rendered by a template that escapes


class PlacesField(forms.Field):
    """Cleans to `{"offering": reference, "children": n}`; None when nothing was chosen."""

    def __init__(self, *, most, **kwargs):
        super().__init__(widget=PlacesWidget(most), **kwargs)
        self.most = most

    def clean(self, value):
        value = value or {}
        reference = value.get("offering", "")
        if not reference:
            if self.required:
                raise ValidationError(self.error_messages["required"], code="required")
            return None
        if reference not in {date[0] for date in self.widget.dates}:
            raise ValidationError(
                _("Select one of the dates that can be booked"), code="invalid_choice"
            )
        number = str(value.get("children") or "1")
        if not (number.isascii() and number.isdigit() and 1 <= int(number) <= self.most):
            raise ValidationError(
                _("Number of children must be between 1 and %(most)s") % {"most": self.most},
                code="children",
            )
        return {"offering": reference, "children": int(number)}


@field_type("places")
class Places(FieldType):
    """`course` is a course's slug; `children` the key of the repeated step that names them."""

    is_shared = False
    label = "Places on a course date"
    group = "Booking"
    layout = "places"
    enter = "Select"
    settings_schema = {
        "course": {"type": "string"},
        "children": {"type": "string"},
        "max_children": {"type": "integer", "minimum": 1, "maximum": 12},
        "hold_minutes": {"type": "integer", "minimum": 5, "maximum": 120},
    }

    def required_message(self, question):
        return question["settings"].get("error") or _("Select a date")

    def field(self, question):
        most = question["settings"].get("max_children") or MOST_CHILDREN
        return PlacesField(most=most, **self.field_options(question))

    def prepare(self, field, question, asking):
        field.widget.dates = []
        for offering in open_offerings(question["settings"].get("course", "")):
            left, mine = offering.places_left, offering.pk == asking.offering_id
            if mine:
                words = _("Your date")
            elif left:
                words = ngettext("%(n)s place left", "%(n)s places left", left) % {"n": left}
            else:
                words = _("Full")
            hint = _("%(price)s a child. %(words)s.") % {
                "price": pounds(offering.price_pence),
                "words": words,
            }
            field.widget.dates.append(
                (offering.reference, say_offering(offering), hint, bool(left or mine))
            )

    def cell(self, question, value):
        if not isinstance(value, dict):
            return str(value)
        return f"{value.get('offering', '')}, {value.get('children', '')}"

    def lines(self, question, value):
        if not value:
            return []
        offering = (
            CourseDate.objects.select_related("centre").filter(reference=value["offering"]).first()
        )
        number = value["children"]
        return [
            say_offering(offering) if offering else str(value["offering"]),
            ngettext("%(n)s child", "%(n)s children", number) % {"n": number},
        ]

    def check(self, question):
        return [] if question["settings"].get("course") else ["Choose the course it is for."]

    def example(self, question):
        return None
