# ruff: noqa: ANN001, ANN201 - the signatures, and their types, are those of base.FieldType
"""The question why a family asks for help with costs: the hub's own dated rules, one to choose."""

from django import forms
from django.utils.translation import gettext_lazy

from cms.models import CourseDate, RemissionRule

from .base import FieldType, field_type
from .choices import OptionLabel

EVIDENCE = "evidence"


@field_type("remission")
class RemissionReason(FieldType):
    """The answer is a rule's short name. Only the remission officer may read it."""

    label = gettext_lazy("Reason for help with costs")
    group = "Booking"
    enter = "Select"
    is_shared = False

    def field(self, question):
        return forms.ChoiceField(
            choices=[], widget=forms.RadioSelect, **self.field_options(question)
        )

    def prepare(self, field, question, asking):
        from forms.models.journeys import offering_day  # noqa: PLC0415 - it reads field types

        date = CourseDate.objects.filter(pk=asking.offering_id).first()
        day = offering_day(date) or asking.today
        rules = RemissionRule.objects.on(day) if day else RemissionRule.objects.none()
        field.choices = [(rule.basis, OptionLabel(rule.label, rule.hint)) for rule in rules]

    def check(self, question):
        if question["settings"].get("restricted") != EVIDENCE:
            return [
                (
                    "Nobody but the remission officer may read this. Set “Only for staff who may "
                    "read” to “Evidence for help with costs”."
                )
            ]
        return []

    def cell(self, question, value):
        return str(value).replace("-", " ").capitalize()

    def look_up(self, values):
        rules = RemissionRule.objects.filter(basis__in=set(filter(None, values)))
        return {rule.basis: rule.label for rule in rules.order_by("valid_from")}

    def lines(self, question, value):
        return self.lines_with(question, value, self.look_up([value]))

    def lines_with(self, question, value, known):
        return [known.get(value, self.cell(question, value))] if value else []

    def example(self, question):
        return "free-meals"
