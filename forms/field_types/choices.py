# ruff: noqa: ANN001, ANN201 - the signatures, and their types, are those of base.FieldType
"""Question types that are answered by choosing: yes or no, one of several, some of several."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext

from cms.models import Instrument
from forms.widgets import Declaration, MatrixWidget

from .base import FieldType, field_type, lower_first, option_labels

OTHER = "other"


class OptionLabel(str):
    """A choice's label with the hint that stands below it (components/field.html reads it)."""

    __slots__ = ("hint",)

    def __new__(cls, text, hint=""):
        label = super().__new__(cls, text)
        label.hint = hint
        return label


def _choices(question):
    return [
        (option["key"], OptionLabel(option["label"], option.get("help", "")))
        for option in question["options"] or []
    ]


class Choosing(FieldType):
    """What radios, select and checkboxes share: options with keys that never change."""

    group = "Choice"
    takes_options = True
    enter = "Select"

    def check(self, question):
        if not question["options"]:
            return ["There is nothing to choose from. Add at least one option."]
        return []

    def lines(self, question, value):
        labels = option_labels(question)
        values = value if isinstance(value, list) else [value]
        return [labels.get(one, str(one)) for one in values if one not in (None, "")]

    def example(self, question):
        return question["options"][0]["key"] if question["options"] else None


@field_type("yes_no")
class YesNo(FieldType):
    label = "Yes or no"
    group = "Choice"

    def required_message(self, question):
        own = question["settings"].get("error")
        label = question["label"]
        return own or (
            gettext("Select yes or no for “%(label)s”") % {"label": label}
            if label.endswith("?")
            else gettext("Select yes or no for %(label)s") % {"label": lower_first(label)}
        )

    def field(self, question):
        return forms.TypedChoiceField(
            choices=[("yes", gettext("Yes")), ("no", gettext("No"))],
            coerce=lambda value: value == "yes",
            empty_value=None,
            widget=forms.RadioSelect,
            **self.field_options(question),
        )

    def to_json(self, value):
        return value

    def from_json(self, value):
        return {True: "yes", False: "no"}.get(value, value)

    def cell(self, question, value):
        return self.lines(question, value)[0]

    def lines(self, question, value):
        if value is None or value == "":
            return []
        return [gettext("Yes") if value in (True, "yes", "true") else gettext("No")]

    def example(self, question):
        return True


@field_type("radios")
class Radios(Choosing):
    label = "One of several (radio buttons)"

    def field(self, question):
        return forms.ChoiceField(
            choices=_choices(question), widget=forms.RadioSelect, **self.field_options(question)
        )


@field_type("select")
class Select(Choosing):
    label = "One of a long list (drop-down)"

    def field(self, question):
        return forms.ChoiceField(
            choices=[("", gettext("Choose one")), *_choices(question)],
            **self.field_options(question),
        )


@field_type("checkboxes")
class Checkboxes(Choosing):
    label = "Some of several (tick boxes)"
    settings_schema = {
        "min": {"type": "integer", "minimum": 0},
        "max": {"type": "integer", "minimum": 1},
    }

    def field_options(self, question):
        options = super().field_options(question)
        if not options["help_text"]:
            options["help_text"] = gettext("Select all that apply.")
        return options

    def field(self, question):
        field = forms.MultipleChoiceField(
            choices=_choices(question),
            widget=forms.CheckboxSelectMultiple,
            **self.field_options(question),
        )
        low, high = question["settings"].get("min"), question["settings"].get("max")
        field.validators.append(_count_between(low, high))
        return field

    def to_json(self, value):
        return list(value) or None

    def example(self, question):
        return [question["options"][0]["key"]] if question["options"] else None


def _count_between(low, high):
    def check(values):
        if low and len(values) < low:
            raise ValidationError(f"Select {low} or more")
        if high and len(values) > high:
            raise ValidationError(f"Select {high} or fewer")

    return check


@field_type("instrument")
class InstrumentChoice(FieldType):
    """One of the hub's instruments and voices, by family; `none` adds "none yet"."""

    label = "Instrument or voice"
    group = "Music"
    enter = "Select"
    named = {"none": "None yet", OTHER: "Another instrument"}
    settings_schema = {
        "none": {"type": "boolean"},
        "families": {"type": "array", "items": {"enum": list(Instrument.Family.values)}},
    }

    def field(self, question):
        return forms.ChoiceField(choices=[], **self.field_options(question))

    def prepare(self, field, question, asking):
        instruments = Instrument.objects.all()
        families = question["settings"].get("families")
        if families:
            instruments = instruments.filter(family__in=families)
        groups = {}
        for instrument in instruments:
            groups.setdefault(instrument.get_family_display(), []).append(
                (instrument.slug, instrument.name)
            )
        choices = [("", "Choose one"), *sorted(groups.items())]
        if question["settings"].get("none"):
            choices.insert(1, ("none", "None yet"))
        field.choices = [*choices, (OTHER, "Another instrument")]

    def cell(self, question, value):
        return self.named.get(value) or str(value).replace("-", " ").capitalize()

    def look_up(self, values):
        slugs = {value for value in values if value and value not in self.named}
        found = Instrument.objects.filter(slug__in=slugs) if slugs else ()
        return {instrument.slug: instrument.name for instrument in found}

    def lines(self, question, value):
        return self.lines_with(question, value, self.look_up([value]))

    def lines_with(self, question, value, known):
        return [(self.named | known).get(value, str(value))] if value else []

    def example(self, question):
        return OTHER


GRADES = [
    ("none", "No grades taken"),
    ("initial", "Initial or Prep"),
    *[(f"grade_{number}", f"Grade {number}") for number in range(1, 9)],
    ("diploma", "Diploma"),
]


@field_type("grade")
class Grade(FieldType):
    """The last exam passed. A guide for teachers, never a bar."""

    label = "Music grade"
    group = "Music"
    enter = "Select"
    settings_schema = {"from_grade": {"type": "integer", "minimum": 1, "maximum": 8}}

    def field(self, question):
        low = question["settings"].get("from_grade") or 0
        grades = [
            (key, label)
            for key, label in GRADES
            if not (low and key.startswith("grade_") and int(key[6:]) < low)
        ]
        return forms.ChoiceField(
            choices=[("", "Choose one"), *grades], **self.field_options(question)
        )

    def lines(self, question, value):
        return [dict(GRADES).get(value, str(value))] if value else []

    def example(self, question):
        return "grade_3"


@field_type("declaration")
class DeclarationTick(FieldType):
    """A statement that has to be ticked to go on; its words are kept with the submission."""

    is_shared = False
    label = "Declaration"
    group = "Agreement"

    def required_message(self, question):
        return question["settings"].get("error") or f"Confirm: {lower_first(question['label'])}"

    def field(self, question):
        return forms.BooleanField(widget=Declaration, **self.field_options(question))

    def to_json(self, value):
        return bool(value)

    def lines(self, question, value):
        return ["Agreed"] if value else ["Not agreed"] if value is False else []

    def example(self, question):
        return True


@field_type("slot")
class Slot(Choosing):
    """One of the appointments that the form's author lists; each option is a time."""

    is_shared = False
    label = "Appointment"
    group = "Date and time"

    def field(self, question):
        return forms.ChoiceField(
            choices=_choices(question), widget=forms.RadioSelect, **self.field_options(question)
        )


class MatrixField(forms.Field):
    """One choice for each row. Its value is a dict of option keys by row key."""

    def __init__(self, *, rows, choices, **kwargs):
        super().__init__(widget=MatrixWidget(rows, choices), **kwargs)
        self.rows, self.allowed = rows, {key for key, _label in choices}

    def clean(self, value):
        value = {row: choice for row, choice in (value or {}).items() if choice}
        if any(choice not in self.allowed for choice in value.values()):
            raise ValidationError("Select one of the answers in each row", code="invalid_choice")
        if self.required:
            for key, label in self.rows:
                if key not in value:
                    raise ValidationError(f"Select an answer for “{label}”", code="required")
        return value


@field_type("matrix")
class Matrix(Choosing):
    """Several rows with the same choices: `settings.rows` are `{key, label}`."""

    label = "Grid of choices"
    layout = "parts"
    settings_schema = {
        "rows": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"key": {"type": "string"}, "label": {"type": "string"}},
                "required": ["key", "label"],
            },
        }
    }

    def _rows(self, question):
        return [(row["key"], row["label"]) for row in question["settings"].get("rows") or []]

    def field(self, question):
        return MatrixField(
            rows=self._rows(question), choices=_choices(question), **self.field_options(question)
        )

    def check(self, question):
        problems = super().check(question)
        return problems if self._rows(question) else [*problems, "The grid has no rows. Add one."]

    def lines(self, question, value):
        labels = option_labels(question)
        return [
            f"{label}: {labels.get(value[key], value[key])}"
            for key, label in self._rows(question)
            if isinstance(value, dict) and value.get(key)
        ]

    def example(self, question):
        first = question["options"][0]["key"] if question["options"] else None
        return {key: first for key, _label in self._rows(question)}
