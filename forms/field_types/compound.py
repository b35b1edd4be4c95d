# ruff: noqa: ANN001, ANN201 - the signatures, and their types, are those of base.FieldType
"""Question types with several boxes that make one answer: a name, an address, a school."""

import re

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from localflavor.gb.forms import GBPostcodeField

from cms.areas import area_of_postcode, area_of_school
from cms.models import School
from forms.widgets import Part, PartsWidget

from .base import FieldType, field_type, lower_first

MAX_PART = 120


class PartsField(forms.Field):
    """Boxes of text by part. `needed` are (part, its name in a sentence)."""

    def __init__(self, *, parts, needed, name, **kwargs):
        super().__init__(widget=PartsWidget(parts, layout="parts"), **kwargs)
        self.needed, self.name = needed, name

    def clean(self, value):
        value = {part: text for part, text in (value or {}).items() if text}
        if not value and not self.required:
            return {}
        problems = [
            ValidationError(f"Enter {words}", code="required")
            for part, words in self.needed
            if not value.get(part)
        ]
        problems += [
            ValidationError(f"{self.name} is too long: {MAX_PART} characters a line at most")
            for text in value.values()
            if len(text) > MAX_PART
        ][:1]
        if problems:
            raise ValidationError(problems)
        return value


@field_type("name")
class Name(FieldType):
    """First and last name, as on official papers. Nothing is assumed about either."""

    is_shared = False
    label = "Name of a person"
    group = "Contact"
    layout = "parts"
    settings_schema = {"own": {"type": "boolean"}}

    def field(self, question):
        is_own = question["settings"].get("own", False)
        whose = lower_first(question["label"])
        return PartsField(
            parts=[
                Part("first", "First name", "16", "given-name" if is_own else ""),
                Part("last", "Last name", "16", "family-name" if is_own else ""),
            ],
            needed=[("first", f"the first name ({whose})"), ("last", f"the last name ({whose})")],
            name=question["label"],
            **self.field_options(question),
        )

    def from_json(self, value):
        return value if isinstance(value, dict) else {"first": value or ""}

    def lines(self, question, value):
        return [full_name(value)] if value else []

    def example(self, question):
        return {"first": "Robin", "last": "Example"}


def full_name(value) -> str:
    """{"first": "Robin", "last": "Example"} or plain text -> "Robin Example"."""
    if isinstance(value, dict):
        return f"{value.get('first', '')} {value.get('last', '')}".strip()
    return str(value or "")


class AddressField(PartsField):
    def clean(self, value):
        value = super().clean(value)
        if value.get("postcode"):
            try:
                value["postcode"] = GBPostcodeField().clean(value["postcode"])
            except ValidationError:
                raise ValidationError("Enter a full UK postcode, like SG4 9UJ") from None
        return value


@field_type("uk_address")
class UkAddress(FieldType):
    label = "UK address"
    group = "Contact"
    layout = "parts"
    parts = ("line_1", "line_2", "town", "county", "postcode")
    settings_schema = {"decides_area": {"type": "boolean"}}

    def field(self, question):
        return AddressField(
            parts=[
                Part("line_1", "Address line 1", "", "address-line1"),
                Part("line_2", "Address line 2", "", "address-line2", optional=True),
                Part("town", "Town or city", "16", "address-level2"),
                Part("county", "County", "16", optional=True),
                Part("postcode", "Postcode", "8", "postal-code"),
            ],
            needed=[
                ("line_1", "address line 1, typically the building and street"),
                ("town", "a town or city"),
                ("postcode", "a full UK postcode, like SG4 9UJ"),
            ],
            name=question["label"],
            **self.field_options(question),
        )

    def from_json(self, value):
        return value if isinstance(value, dict) else {"line_1": value or ""}

    def lines(self, question, value):
        if isinstance(value, dict):
            return [value[part] for part in self.parts if value.get(part)]
        return [str(value)] if value else []

    def area(self, value):
        return area_of_postcode(value.get("postcode", "")) if isinstance(value, dict) else None

    def example(self, question):
        return {"line_1": "1 Example Street", "town": "Hitchin", "postcode": "SG4 9UJ"}


AT_SCHOOL, AT_HOME, NOT_AT_SCHOOL, OTHER_SCHOOL = "school", "home", "none", "other"
SITUATIONS = (
    (AT_SCHOOL, "At a school"),
    (AT_HOME, "Educated at home"),
    (NOT_AT_SCHOOL, "Not at school"),
    (OTHER_SCHOOL, "At a school that is not in the list"),
)
MOST_MATCHES = 12


def find_schools(text: str):
    """Schools that are open and fit: the URN, or every word in name, town or postcode."""
    text = text.strip()
    schools = School.objects.exclude(status=School.Status.CLOSED)
    if re.fullmatch(r"\d{6}", text):
        return schools.filter(urn=text)
    for word in re.findall(r"[\w']+", text)[:8]:
        schools = schools.filter(
            Q(name__icontains=word) | Q(town__icontains=word) | Q(postcode__istartswith=word)
        )
    return schools


class SchoolWidget(PartsWidget):
    """Where the child learns, the name or URN of the school and, when several fit, which."""

    def __init__(self, attrs=None):
        super().__init__(
            [
                Part("choice", "Where do they learn?", choices=SITUATIONS),
                Part("", "Name of the school, with its town, or its URN"),
            ],
            layout="parts",
            attrs=attrs,
        )

    def offer(self, matches):
        """Ask which of these is meant, below the box."""
        choices = tuple((school.urn, f"{school.name}, {school.town}") for school in matches)
        self.parts = (*self.parts[:2], Part("which", "Which of these?", choices=choices))

    def value_from_datadict(self, data, files, name):
        value = super().value_from_datadict(data, files, name)
        value["which"] = data.get(f"which-{name}", "").strip()
        return value


class SchoolField(forms.Field):
    """`{"choice", "urn", "name"}`; several matches are offered on the same page."""

    def __init__(self, **kwargs):
        super().__init__(widget=SchoolWidget(), **kwargs)

    def clean(self, value):
        value = value or {}
        text, which = value.get("", "")[:150], value.get("which", "")
        situation = value.get("choice") or (AT_SCHOOL if text else "")
        if not situation:
            if self.required:
                raise ValidationError(self.error_messages["required"], code="required")
            return {}
        if situation not in dict(SITUATIONS):
            raise ValidationError("Select where they learn", code="invalid_choice")
        if situation in (AT_HOME, NOT_AT_SCHOOL):
            return {"choice": situation}
        if not text:
            raise ValidationError("Enter the name of the school", code="required")
        if situation == OTHER_SCHOOL:
            return {"choice": situation, "name": text}
        return self._look_up(text, which)

    def _look_up(self, text, which):
        matches = list(find_schools(text)[: MOST_MATCHES + 1])
        exact = [school for school in matches if school.name.casefold() == text.casefold()]
        chosen = [school for school in matches if school.urn == which]
        found = chosen or (exact if len(exact) == 1 else matches)
        if len(found) == 1:
            return {"choice": AT_SCHOOL, "urn": found[0].urn, "name": found[0].name}
        if not found:
            raise ValidationError(
                "We cannot find that school. Check the spelling, add its town, "
                f"or select “{dict(SITUATIONS)[OTHER_SCHOOL]}”.",
                code="unknown",
            )
        if len(found) > MOST_MATCHES:
            raise ValidationError(
                "Many schools have a name like that. Add the town or the postcode.", code="many"
            )
        self.widget.offer(found)
        raise ValidationError("Select which of these schools it is", code="which")


@field_type("school")
class SchoolChoice(FieldType):
    label = "School"
    group = "Education"
    layout = "parts"
    settings_schema = {"decides_area": {"type": "boolean"}}

    def field(self, question):
        return SchoolField(**self.field_options(question))

    def from_json(self, value):
        if isinstance(value, dict):
            return {"choice": value.get("choice", ""), "": value.get("name", "")}
        return {"choice": AT_SCHOOL if value else "", "": value or ""}

    def lines(self, question, value):
        if not isinstance(value, dict):
            return [str(value)] if value else []
        if value.get("name"):
            urn = f" (URN {value['urn']})" if value.get("urn") else ""
            return [f"{value['name']}{urn}"]
        return [dict(SITUATIONS).get(value.get("choice"), "")]

    def area(self, value):
        urn = value.get("urn") if isinstance(value, dict) else ""
        return area_of_school(urn) if urn else None

    def example(self, question):
        return {"choice": AT_HOME}
