# ruff: noqa: ANN001, ANN201 - the signatures, and their types, are those of base.FieldType
"""The dates question: can they come, for each rehearsal and course of the audition round.

The rows are the dates of the round that the form is open for, those of the groups that were chosen
before. An answer is `{"d<key of the date>": "yes"}`, or "no", or "unsure". In the form's own data
the question is not required: while a round has no dates there is nothing to say, and once it has
some each of them is asked for.
"""

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from forms.widgets import MatrixWidget
from workflows.models import RoundDate

from .base import FieldType, field_type
from .choices import MatrixField

ANSWERS = {"yes": _("Can come"), "no": _("Cannot come"), "unsure": _("Not sure yet")}


def row_key(date: RoundDate) -> str:
    return f"d{date.pk}"


@field_type("round_dates")
class RoundDates(FieldType):
    label = "Dates of the audition round"
    group = "Dates"
    layout = "parts"
    enter = "Select"

    def field(self, question):
        choices = [(key, str(words)) for key, words in ANSWERS.items()]
        field = MatrixField(rows=[], choices=choices, **self.field_options(question))
        field.choices = choices
        return field

    def prepare(self, field, question, asking):
        from forms.auditions import dates_for  # noqa: PLC0415 - it reads models that read this

        rows = dates_for(asking.form_id, asking.answers)
        field.rows = [(row_key(one), str(one)) for one in rows]
        field.required = bool(rows)
        field.widget.parts = MatrixWidget(field.rows, field.choices).parts
        if not rows:
            field.help_text = gettext("The dates are not set yet. We write to you when they are.")

    def cell(self, question, value):
        said = list(value.values())
        return "; ".join(
            f"{said.count(key)} {words}" for key, words in ANSWERS.items() if key in said
        )

    def look_up(self, values):
        keys = {key[1:] for value in values if isinstance(value, dict) for key in value}
        found = RoundDate.objects.filter(pk__in=[key for key in keys if key.isdigit()])
        return {row_key(one): str(one) for one in found.select_related("ensemble")}

    def lines(self, question, value):
        return self.lines_with(question, value, self.look_up([value]))

    def lines_with(self, question, value, known):
        return [
            f"{known[key]}: {ANSWERS[said]}"
            for key, said in (value or {}).items()
            if key in known and said in ANSWERS
        ]

    def example(self, question):
        return {}
