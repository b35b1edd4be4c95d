# ruff: noqa: ANN001, ANN201 - the signatures, and their types, are those of base.FieldType
"""Dates in three boxes, with the sentences that say which box is wrong."""

import re
from datetime import date

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from forms.widgets import DateBoxes

from .base import FieldType, field_type

MONTHS = "january february march april may june july august september october november december"
MONTH_NUMBERS = {name: number for number, name in enumerate(MONTHS.split(), start=1)}
PARTS = ("day", "month", "year")


def month_number(text: str) -> int | None:
    """3, "03", "mar" or "March" -> 3; None when it is no month."""
    text = text.strip().casefold().rstrip(".")
    if text.isascii() and text.isdigit():
        return int(text)
    if len(text) < 3:
        return None
    found = [number for name, number in MONTH_NUMBERS.items() if name.startswith(text)]
    return found[0] if len(found) == 1 else None


def _listed(words: list[str]) -> str:
    return " and ".join(f"a {word}" if index == 0 else word for index, word in enumerate(words))


class DateField(forms.Field):
    """Three boxes to a `date`. Raises one sentence that names the boxes that need attention."""

    def __init__(self, *, name, when="", earliest=None, latest=None, **kwargs):
        super().__init__(**kwargs)
        self.name, self.when = name, when
        self.earliest, self.latest = earliest, latest

    def clean(self, value):
        value = value or {}
        missing = [part for part in PARTS if not value.get(part)]
        if len(missing) == 3:
            if self.required:
                raise ValidationError(self.error_messages["required"], code="required")
            return None
        if missing:
            raise ValidationError(f"{self.name} must include {_listed(missing)}", code="missing")
        day, month, year = value["day"], month_number(value["month"]), value["year"]
        if not (year.isascii() and re.fullmatch(r"\d{4}", year)):
            raise ValidationError(f"{self.name} must have a year with 4 numbers", code="year")
        problem = ValidationError(f"{self.name} must be a real date", code="unreal")
        if month is None or not (day.isascii() and day.isdigit() and len(day) < 3):
            raise problem
        try:
            found = date(int(year), month, int(day))
        except ValueError:
            raise problem from None
        self._check_range(found)
        return found

    def _check_range(self, found):
        today = timezone.localdate()
        if self.when == "past" and found >= today:
            raise ValidationError(f"{self.name} must be in the past", code="past")
        if self.when == "future" and found <= today:
            raise ValidationError(f"{self.name} must be in the future", code="future")
        if found.year < 1900:
            raise ValidationError(f"{self.name} must be after 1900", code="range")
        if self.earliest and found < self.earliest:
            raise ValidationError(
                f"{self.name} must be the same as or after {say_date(self.earliest)}", code="range"
            )
        if self.latest and found > self.latest:
            raise ValidationError(
                f"{self.name} must be the same as or before {say_date(self.latest)}", code="range"
            )


def say_date(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def _day(text):
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


@field_type("date")
class Date(FieldType):
    is_shared = False
    label = "Date"
    group = "Date and time"
    layout = "date"
    settings_schema = {
        "in": {"enum": ["past", "future", ""]},
        "earliest": {"type": "string", "format": "date"},
        "latest": {"type": "string", "format": "date"},
        "birthday": {"type": "boolean"},
    }

    def field(self, question):
        own = question["settings"]
        is_birthday = own.get("birthday", "birth" in question["label"].casefold())
        return DateField(
            name=question["label"].rstrip("?"),
            when=own.get("in") or ("past" if is_birthday else ""),
            earliest=_day(own.get("earliest")),
            latest=_day(own.get("latest")),
            widget=DateBoxes(birthday=is_birthday and own.get("autocomplete") == "bday"),
            **self.field_options(question),
        )

    def to_json(self, value):
        return value.isoformat() if value else None

    def from_json(self, value):
        day = _day(value)
        return {"day": str(day.day), "month": str(day.month), "year": str(day.year)} if day else {}

    def cell(self, question, value):
        return _day(value) or str(value)

    def lines(self, question, value):
        day = _day(value)
        return [say_date(day)] if day else []

    def check(self, question):
        own = question["settings"]
        return [
            f"“{name}” must be a date like 2027-08-31."
            for name in ("earliest", "latest")
            if own.get(name) and not _day(own[name])
        ]

    def example(self, question):
        own = question["settings"]
        return own.get("latest") or own.get("earliest") or "2015-03-27"
