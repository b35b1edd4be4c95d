# ruff: noqa: ANN001, ANN201 - the signatures, and their types, are those of base.FieldType
"""The places question: choose one of the hub's live course dates, and for how many children.

Choosing does not hold anything: forms.holding does, for all children or none, when the page is
saved. An answer is `{"offering": reference of the course date, "children": 2}`.
A date that is full can still be posted: somebody may have taken the last place while the page was
open, and then the family is told so kindly instead of being told that they chose wrongly.
"""

from dataclasses import dataclass

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
    when = "; ".join(
        _say_session(starts, ends) for starts, ends, _note, is_off in offering.times() if not is_off
    )
    room = f"{offering.room}, " if offering.room else ""
    return f"{when}, {room}{offering.centre}"


def _say_session(starts_at, ends_at):
    start, end = timezone.localtime(starts_at), timezone.localtime(ends_at)
    times = f"{say_time(start.time())} to {say_time(end.time())}"
    return f"{start:%A} {say_date(start.date())}, {times}"


def open_offerings(course_slug: str):
    """Course dates that families may book now or see as full, soonest first, with places left."""
    now = timezone.now()
    return (
        CourseDate.objects.with_places()
        .select_related("centre", "course")
        .prefetch_related("sessions")
        .filter(
            course__slug=course_slug,
            status=CourseDate.Status.OPEN,
            booking_opens_at__lte=now,
            booking_closes_at__gt=now,
        )
        .order_by("starts_at")
    )


APART = "apart"


@dataclass(frozen=True)
class Choice:
    """One date as the page shows it."""

    reference: str
    words: str
    hint: str
    can_choose: bool
    pence: int


class PlacesWidget(forms.Widget):
    """Radios of dates, named as the question, and `children-<name>` with how many children.

    Where the author allows it a last radio says that brothers and sisters may go on different
    dates, with a number for each; `help-<name>` says that the family asks for help with costs.
    """

    use_fieldset = True
    template_name = "forms/widgets/places.html"

    def __init__(self, most=MOST_CHILDREN, attrs=None, *, may_part=False):
        super().__init__(attrs)
        self.most, self.may_part = most, may_part
        self.dates: list[Choice] = []
        self.asks_for_help = self.asks_number = False

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
            "help": bool(data.get(f"help-{name}")),
            "dates": {
                one.reference: data.get(f"{APART}-{one.reference}-{name}", "").strip()
                for one in self.dates
            },
        }

    def value_omitted_from_data(self, data, files, name):
        return name not in data and f"children-{name}" not in data

    def get_context(self, name, value, attrs):
        context = super().get_context(name, None, attrs)
        value = value if isinstance(value, dict) else {}
        chosen, several = value.get("offering") or "", _numbers_of(value)
        is_apart = bool(self.may_part and (several or chosen == APART))
        context |= {
            "base": context["widget"]["attrs"].get("id", f"id_{name}"),
            "dates": [
                {
                    "reference": one.reference,
                    "words": one.words,
                    "hint": one.hint,
                    "disabled": not one.can_choose and one.reference != chosen,
                    "checked": one.reference == chosen and not is_apart,
                    "number": str(several.get(one.reference, 0)),
                    "apart": f"{APART}-{one.reference}-{name}",
                }
                for one in self.dates
            ],
            "numbers": range(1, self.most + 1),
            "children": "" if self.asks_number else str(value.get("children") or 1),
            "asks_number": self.asks_number,
            "may_part": self.may_part and len(self.dates) > 1,
            "is_apart": is_apart,
            "apart_value": APART,
            "asks_for_help": self.asks_for_help,
            "help": bool(value.get("help")),
        }
        return context

    def render(self, name, value, attrs=None, renderer=None):
        html = render_to_string(self.template_name, self.get_context(name, value, attrs))
        return mark_safe(html)  # noqa: S308 - rendered by a template that escapes


def _numbers_of(value):
    """How many on which date, of an answer or of what was posted."""
    said = value.get("dates") or []
    if isinstance(said, dict):
        return {reference: number for reference, number in said.items() if number.strip("0")}
    return {one["reference"]: one["children"] for one in said}


class PlacesField(forms.Field):
    """Cleans to `{"offering": reference, "children": n}`; None when nothing was chosen.

    With children on different dates it has `"dates": [{"reference", "children", "pence"}]` too,
    the first of them as its offering and all children as its number; with `"help": true` the
    family asks for help with costs.
    """

    def __init__(self, *, most, may_part=False, **kwargs):
        super().__init__(widget=PlacesWidget(most, may_part=may_part), **kwargs)
        self.most = most

    def clean(self, value):
        value = value or {}
        reference = value.get("offering", "")
        if not reference:
            if self.required:
                raise ValidationError(self.error_messages["required"], code="required")
            return None
        asks = {"help": value["help"]} if self.widget.asks_for_help and "help" in value else {}
        if reference == APART and self.widget.may_part:
            return self._apart(value) | asks
        if reference not in {one.reference for one in self.widget.dates}:
            raise ValidationError(
                _("Select one of the dates that can be booked"), code="invalid_choice"
            )
        return {
            "offering": reference,
            "children": self._number(value.get("children") or "1"),
        } | asks

    def _apart(self, value):
        posted = value.get("dates") or {}
        dates = [
            {"reference": one.reference, "children": self._number(said), "pence": one.pence}
            for one in self.widget.dates
            if (said := posted.get(one.reference, "").strip("0"))
        ]
        if not dates:
            raise ValidationError(_("Say how many children go on which date"), code="children")
        number = sum(one["children"] for one in dates)
        first = {"offering": dates[0]["reference"], "children": self._number(str(number))}
        return first if len(dates) == 1 else {**first, "dates": dates}

    def _number(self, text):
        if text.isascii() and text.isdigit() and 1 <= int(text) <= self.most:
            return int(text)
        raise ValidationError(
            _("Number of children must be between 1 and %(most)s") % {"most": self.most},
            code="children",
        )


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
        "may_part": {"type": "boolean"},
        "check_ages": {"type": "boolean"},
        "help_question": {"type": "string"},
    }

    def required_message(self, question):
        return question["settings"].get("error") or _("Select a date")

    def field(self, question):
        most = question["settings"].get("max_children") or MOST_CHILDREN
        may_part = bool(question["settings"].get("may_part"))
        return PlacesField(most=most, may_part=may_part, **self.field_options(question))

    def prepare(self, field, question, asking):
        now, dates = timezone.now(), []
        for offering in open_offerings(question["settings"].get("course", "")):
            if offering.is_collecting(now):
                continue
            left, mine = offering.places_left, offering.pk == asking.offering_id
            with_help = offering.places_left_with_help
            field.widget.asks_for_help |= offering.kept_back(0, now) > 0
            if mine:
                words = _("Your date")
            elif left:
                words = ngettext("%(n)s place left", "%(n)s places left", left) % {"n": left}
            elif with_help:
                words = ngettext(
                    "Full, but %(n)s place is kept for families who ask for help with costs",
                    "Full, but %(n)s places are kept for families who ask for help with costs",
                    with_help,
                ) % {"n": with_help}
            else:
                words = _("Full")
            hint = _("%(price)s a child. %(words)s.") % {
                "price": pounds(offering.price_pence),
                "words": words,
            }
            dates.append(
                Choice(
                    offering.reference,
                    say_offering(offering),
                    hint,
                    bool(left or with_help or mine),
                    offering.price_pence,
                )
            )
        field.widget.dates = dates

    def cell(self, question, value):
        if not isinstance(value, dict):
            return str(value)
        return f"{value.get('offering', '')}, {value.get('children', '')}"

    def lines(self, question, value):
        if not value:
            return []
        parts = value.get("dates") or [
            {"reference": value["offering"], "children": value["children"]}
        ]
        references = [part["reference"] for part in parts]
        known = {
            offering.reference: offering
            for offering in CourseDate.objects.select_related("centre").filter(
                reference__in=references
            )
        }
        words = []
        for part in parts:
            offering, number = known.get(part["reference"]), part["children"]
            words += [
                say_offering(offering) if offering else str(part["reference"]),
                ngettext("%(n)s child", "%(n)s children", number) % {"n": number},
            ]
        return words

    def check(self, question):
        return [] if question["settings"].get("course") else ["Choose the course it is for."]

    def example(self, question):
        return None
