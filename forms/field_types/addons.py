# ruff: noqa: ANN001, ANN201 - the signatures, and their types, are those of base.FieldType
"""The add-ons question: what may be booked with a place, such as early drop-off or lunch.

It offers the add-ons of the date that is being booked, with what is left of each, and is no
question where the date has none. An answer is `[{"id", "name", "pence"}]` as the family saw it.
Ticking does not keep anything: forms.holding does, all or none, when the page is saved.
"""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cms.addons import left_of
from cms.models import AddOn

from .base import FieldType, field_type
from .choices import OptionLabel
from .text import pounds


class AddOnField(forms.Field):
    """Checkboxes of add-ons; cleans to what is stored, None when nothing is ticked."""

    def __init__(self, **kwargs):
        super().__init__(widget=forms.CheckboxSelectMultiple, **kwargs)
        self.known = {}

    def clean(self, value):
        chosen = [str(one) for one in value or []]
        if unknown := [one for one in chosen if one not in self.known]:
            raise ValidationError(
                _("Select from what this date offers"), code="invalid_choice", params=unknown
            )
        return [self.known[one] for one in self.known if one in chosen] or None


@field_type("add_ons")
class AddOns(FieldType):
    """No settings: everything about an add-on is said beside its date."""

    is_shared = False
    label = "Add-ons of the date"
    group = "Booking"
    enter = "Select"

    def field(self, question):
        return AddOnField(**self.field_options(question))

    def prepare(self, field, question, asking):
        field.known, choices = {}, []
        rows = AddOn.objects.none()
        if asking.offering_id:
            rows = AddOn.objects.filter(course_date=asking.offering_id)
        for row in rows:
            field.known[str(row.pk)] = {"id": row.pk, "name": row.name, "pence": row.price_pence}
            choices.append((str(row.pk), OptionLabel(row.name, _hint(row))))
        field.widget.choices = choices
        field.has_nothing = not choices

    def from_json(self, value):
        return [str(one["id"]) for one in value or []]

    def cell(self, question, value):
        return ", ".join(one["name"] for one in value or [])

    def lines(self, question, value):
        return [f"{one['name']}, {pounds(one['pence'])}" for one in value or []]

    def example(self, question):
        return None


def _hint(row: AddOn) -> str:
    price = pounds(row.price_pence) if row.price_pence else _("No extra cost")
    left = left_of(row)
    if left is None:
        return price
    words = ngettext("%(n)s left", "%(n)s left", left) % {"n": left} if left else _("Full")
    return f"{price}. {words}"
