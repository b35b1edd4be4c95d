# ruff: noqa: ANN001, ANN201 - the signatures, and their types, are those of base.FieldType
"""Question types that are answered in one box: words, numbers, money, times, codes."""

import re
from datetime import time
from decimal import Decimal, InvalidOperation
from urllib.parse import urlsplit

import phonenumbers
from django import forms
from django.core.exceptions import ValidationError
from localflavor.gb.forms import GBPostcodeField

from cms.areas import area_of_postcode

from .base import FieldType, field_type, lower_first
from .registers import EXAMPLES, REGISTERS, as_registered

CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
MAX_TEXT, MAX_LONGTEXT = 250, 20_000


class LineField(forms.CharField):
    """One line of text without control characters, its own sentence when it is too long."""

    def to_python(self, value):
        value = super().to_python(value)
        return CONTROL.sub("", value.replace("\r\n", "\n")).strip() if value else value


class RegisterField(LineField):
    """A number of a public register, as the register writes it."""

    register = ""

    def clean(self, value):
        value = super().clean(value)
        return as_registered(self.register, value) if value else value


@field_type("text")
class Text(FieldType):
    label = "Short text"
    settings_schema = {
        "register": {"enum": [*REGISTERS, ""]},
        "max_length": {"type": "integer", "minimum": 1, "maximum": MAX_TEXT},
        "autocomplete": {"type": "string"},
        "width": {"enum": ["2", "4", "8", "16", ""]},
    }

    def field(self, question):
        limit = question["settings"].get("max_length") or MAX_TEXT
        options = self.field_options(question)
        options["error_messages"]["max_length"] = (
            f"{question['label']} must be {limit} characters or less"
        )
        widget = forms.TextInput(self.input_attrs(question))
        register = question["settings"].get("register")
        if not register:
            return LineField(max_length=limit, widget=widget, **options)
        field = RegisterField(max_length=40, widget=widget, **options)
        field.register = register
        return field

    def example(self, question):
        return EXAMPLES.get(question["settings"].get("register")) or super().example(question)


@field_type("longtext")
class LongText(FieldType):
    label = "Long text"
    settings_schema = {
        "max_words": {"type": "integer", "minimum": 1, "maximum": 5000},
        "rows": {"type": "integer", "minimum": 2, "maximum": 20},
    }

    def field(self, question):
        words = question["settings"].get("max_words")
        rows = question["settings"].get("rows") or 5
        options = self.field_options(question)
        if words:
            limit = f"You can write up to {words} words."
            options["help_text"] = f"{options['help_text']} {limit}".strip()
        options["error_messages"]["max_length"] = f"{question['label']} is too long to be kept"
        field = LineField(
            max_length=MAX_LONGTEXT,
            widget=forms.Textarea({"rows": rows, **self.input_attrs(question)}),
            **options,
        )
        if words:
            field.validators.append(_at_most_words(question["label"], words))
        return field

    def lines(self, question, value):
        return str(value).splitlines() if value else []


def _at_most_words(label, limit):
    def check(value):
        count = len(value.split())
        if count > limit:
            raise ValidationError(
                f"{label} must be {limit} words or less. You have written {count} words."
            )

    return check


@field_type("email")
class Email(FieldType):
    label = "E-mail address"
    group = "Contact"
    autocomplete = "email"

    def field(self, question):
        options = self.field_options(question)
        options["error_messages"]["invalid"] = (
            "Enter an email address in the correct format, like name@example.org"
        )
        attrs = {"spellcheck": "false", **self.input_attrs(question)}
        return forms.EmailField(max_length=254, widget=forms.EmailInput(attrs), **options)

    def example(self, question):
        return "family@example.org"


class PhoneField(forms.CharField):
    """A phone number, of the United Kingdom unless it begins with +; kept as E.164."""

    def clean(self, value):
        value = super().clean(value)
        if not value:
            return ""
        problem = ValidationError(
            "Enter a telephone number, like 01632 960 001 or 07700 900 982", code="invalid"
        )
        try:
            number = phonenumbers.parse(value, "GB")
        except phonenumbers.NumberParseException as error:
            raise problem from error
        if not phonenumbers.is_possible_number(number):
            raise problem
        if not (phonenumbers.is_valid_number(number) or _is_for_drama(number)):
            raise problem
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _is_for_drama(number) -> bool:
    """Ofcom keeps some ranges for made-up people; training and tests use them."""
    return number.country_code == 44 and str(number.national_number).startswith(
        ("1632960", "7700900")
    )


@field_type("phone")
class Phone(FieldType):
    label = "Telephone number"
    group = "Contact"
    autocomplete = "tel"
    width = "16"

    def field(self, question):
        attrs = {"type": "tel", **self.input_attrs(question)}
        return PhoneField(
            max_length=40, widget=forms.TextInput(attrs), **self.field_options(question)
        )

    def lines(self, question, value):
        if not value:
            return []
        try:
            number = phonenumbers.parse(value, "GB")
        except phonenumbers.NumberParseException:
            return [value]
        shape = phonenumbers.PhoneNumberFormat
        home = number.country_code == 44
        return [phonenumbers.format_number(number, shape.NATIONAL if home else shape.INTERNATIONAL)]

    def example(self, question):
        return "+441632960001"


class NumberField(forms.CharField):
    """A number as people write it: spaces and thousands commas are fine."""

    def __init__(self, *, name, whole=True, low=None, high=None, scale=1, sign="", **kwargs):
        super().__init__(max_length=40, **kwargs)
        self.name, self.whole, self.low, self.high = name, whole, low, high
        self.scale, self.sign = scale, sign

    def clean(self, value):
        value = super().clean(value)
        if not value:
            return None
        example = "like 12" if not self.sign else "like 25 or 25.50"
        try:
            number = Decimal(re.sub(r"[\s,£]", "", value))
        except InvalidOperation:
            raise ValidationError(f"{self.name} must be a number, {example}") from None
        if not number.is_finite() or abs(number) > Decimal("1e12"):
            raise ValidationError(f"{self.name} must be a number, {example}")
        scaled = number * self.scale
        if self.whole and scaled != scaled.to_integral_value():
            kind = "in pounds and whole pence" if self.sign else "a whole number"
            raise ValidationError(f"{self.name} must be {kind}, {example}")
        if self.low is not None and scaled < self.low:
            raise ValidationError(f"{self.name} must be {self._say(self.low)} or more")
        if self.high is not None and scaled > self.high:
            raise ValidationError(f"{self.name} must be {self._say(self.high)} or less")
        return int(scaled) if scaled == scaled.to_integral_value() else float(scaled)

    def _say(self, bound):
        if self.sign:
            return pounds(bound)
        return f"{bound:,}" if abs(bound) >= 10_000 else f"{bound}"  # 1700 may be a year


def pounds(pence: int) -> str:
    """4550 -> "£45.50", 4500 -> "£45", -250 -> "-£2.50"."""
    whole, part = divmod(abs(pence), 100)
    text = f"£{whole:,}.{part:02d}" if part else f"£{whole:,}"
    return f"-{text}" if pence < 0 else text


@field_type("number")
class Number(FieldType):
    label = "Number"
    group = "Number"
    width = "8"
    settings_schema = {
        "min": {"type": "number"},
        "max": {"type": "number"},
        "decimals": {"type": "boolean"},
        "unit": {"type": "string", "maxLength": 20},
    }

    def field(self, question):
        own = question["settings"]
        decimals = own.get("decimals", False)
        attrs = {"inputmode": "decimal" if decimals else "numeric", **self.input_attrs(question)}
        return NumberField(
            name=question["label"],
            whole=not decimals,
            low=own.get("min"),
            high=own.get("max"),
            widget=forms.TextInput(attrs),
            **self.field_options(question),
        )

    def to_json(self, value):
        return value

    def cell(self, question, value):
        return value if isinstance(value, int | float) else str(value)

    def lines(self, question, value):
        if value is None:
            return []
        unit = question["settings"].get("unit", "")
        if not isinstance(value, int | float):
            return [str(value)]
        # Without a unit it may be a year, which no comma divides.
        return [f"{value:,} {unit}".strip() if unit or value >= 10_000 else str(value)]

    def example(self, question):
        return question["settings"].get("min") or 1


@field_type("money")
class Money(FieldType):
    """Pounds and pence, kept as whole pence. Rules about it are in pence too."""

    label = "Amount of money"
    group = "Number"
    width = "8"
    prefix = "£"
    settings_schema = {
        "min_pence": {"type": "integer"},
        "max_pence": {"type": "integer"},
    }

    def field(self, question):
        own = question["settings"]
        return NumberField(
            name=question["label"],
            low=own.get("min_pence", 0),
            high=own.get("max_pence"),
            scale=100,
            sign="£",
            widget=forms.TextInput({"inputmode": "decimal", **self.input_attrs(question)}),
            **self.field_options(question),
        )

    def to_json(self, value):
        return value

    def from_json(self, value):
        return pounds(value).lstrip("£").replace(",", "") if isinstance(value, int) else value

    def cell(self, question, value):
        return Decimal(value) / 100 if isinstance(value, int) else str(value)

    def lines(self, question, value):
        return [pounds(value)] if isinstance(value, int) else []

    def example(self, question):
        return 2500


TIME = re.compile(r"^(\d{1,2})(?:[:.\s]?(\d{2}))?\s*(am|pm|a\.m\.|p\.m\.)?$")


class TimeOfDayField(forms.CharField):
    """3:30pm, 15:30, 9am, midday. Kept as 15:30."""

    def clean(self, value):
        value = super().clean(value)
        if not value:
            return ""
        text = value.strip().casefold()
        text = {"noon": "12:00", "midday": "12:00", "midnight": "00:00"}.get(text, text)
        match = TIME.match(text)
        problem = ValidationError("Enter a time, like 9am or 3:30pm", code="invalid")
        if not match:
            raise problem
        hour, minute, half = int(match[1]), int(match[2] or 0), (match[3] or "").replace(".", "")
        if half and not 1 <= hour <= 12:
            raise problem
        if half == "pm" and hour < 12:
            hour += 12
        if half == "am" and hour == 12:
            hour = 0
        try:
            return time(hour, minute).isoformat("minutes")
        except ValueError:
            raise problem from None


def say_time(value: time) -> str:
    """15:30 -> 3:30pm, 9:00 -> 9am, 12:00 -> midday."""
    if (value.hour, value.minute) == (12, 0):
        return "midday"
    hour = value.hour % 12 or 12
    minutes = f":{value.minute:02d}" if value.minute else ""
    return f"{hour}{minutes}{'am' if value.hour < 12 else 'pm'}"


@field_type("time")
class Time(FieldType):
    label = "Time"
    group = "Date and time"
    width = "8"

    def field(self, question):
        attrs = self.input_attrs(question)
        return TimeOfDayField(
            max_length=12, widget=forms.TextInput(attrs), **self.field_options(question)
        )

    def lines(self, question, value):
        try:
            return [say_time(time.fromisoformat(value))] if value else []
        except ValueError:
            return [str(value)]

    def example(self, question):
        return "09:30"


class OurPostcodeField(GBPostcodeField):
    default_error_messages = {"invalid": "Enter a full UK postcode, like SG4 9UJ"}


@field_type("uk_postcode")
class UkPostcode(FieldType):
    label = "UK postcode"
    group = "Contact"
    autocomplete = "postal-code"
    width = "8"
    settings_schema = {
        "areas": {"type": "array", "items": {"type": "string"}},
        "decides_area": {"type": "boolean"},
    }

    def field(self, question):
        field = OurPostcodeField(
            max_length=12,
            widget=forms.TextInput({"spellcheck": "false", **self.input_attrs(question)}),
            **self.field_options(question),
        )
        areas = tuple(area.upper() for area in question["settings"].get("areas") or ())
        if areas:
            field.validators.append(_begins_with(areas))
        return field

    def area(self, value):
        return area_of_postcode(str(value))

    def example(self, question):
        return "SG4 9UJ"


def _begins_with(areas):
    def check(value):
        if not value.startswith(areas):
            raise ValidationError(f"Enter a postcode that begins with {' or '.join(areas)}")

    return check


VIDEO_HOSTS = ("youtube.com", "youtu.be", "vimeo.com", "drive.google.com", "onedrive.live.com")


class VideoLinkField(forms.CharField):
    """A whole https:// address on a host that the hub's staff can open."""

    def __init__(self, *, hosts, **kwargs):
        super().__init__(max_length=300, **kwargs)
        self.hosts = hosts

    def clean(self, value):
        value = super().clean(value)
        if not value:
            return ""
        if "://" not in value:
            value = f"https://{value}"
        try:
            parts = urlsplit(value)
            host = (parts.hostname or "").removeprefix("www.").removeprefix("m.")
        except ValueError:
            host, parts = "", None
        if not parts or parts.scheme != "https" or "." not in host or " " in value:
            raise ValidationError("Enter a whole link, like https://www.youtube.com/watch?v=…")
        if self.hosts and not any(host == h or host.endswith(f".{h}") for h in self.hosts):
            raise ValidationError(f"Enter a link to a video on {', '.join(self.hosts)}")
        return value


@field_type("video_link")
class VideoLink(FieldType):
    label = "Link to a video"
    group = "Files"
    settings_schema = {"hosts": {"type": "array", "items": {"type": "string"}}}

    def field(self, question):
        hosts = tuple(question["settings"].get("hosts") or VIDEO_HOSTS)
        attrs = {"type": "url", "inputmode": "url", "spellcheck": "false"}
        return VideoLinkField(
            hosts=hosts, widget=forms.TextInput(attrs), **self.field_options(question)
        )

    def required_message(self, question):
        return question["settings"].get("error") or (
            f"Enter the link to {lower_first(question['label'])}"
        )

    def example(self, question):
        return "https://www.youtube.com/watch?v=example"
