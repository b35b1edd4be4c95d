"""How the cells of a roster are read and written in this country.

Each widget turns the text of a cell into the value the record holds (`parse`) and back
(`render`), so that export and import are each other's reverse. They are django-import-export
widgets: `clean` is `parse` with its errors. Nothing is guessed: an identifier stays text, the
third of April is never the fourth of March, and what was mended is said (`Repaired`).
"""

import re
from datetime import date, time, timedelta
from typing import Any, NamedTuple

import phonenumbers
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator, validate_email
from import_export.widgets import Widget
from localflavor.gb.forms import GBPostcodeField
from phonenumber_field.phonenumber import PhoneNumber

from cms.exports import unescape

from .errors import CellProblem
from .sheetreader import text_of

SPACES = re.compile(r"\s+")
NOTHING = {"n/a", "na", "null", "none", "nil", "-", "--", "."}
TELLING = " ='"  # a cell that begins with one of these, or is blank, is looked at
CONTROL = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]"
)


class Repaired(NamedTuple):
    """A value that is not quite what the cell said, and what was done to it."""

    value: Any
    note: str


def is_tidy(text: str) -> bool:
    """Whether `tidy` would change nothing: the usual cell, seen at a glance."""
    return (
        text.isascii()
        and text.isprintable()
        and "  " not in text
        and text[:1] not in TELLING
        and text[-1] != " "
    )


def tidy(text: str) -> str:
    """Spaces single and none at the ends; no invisible marks; our own exports' `'` taken off."""
    if is_tidy(text):
        return text
    return unescape(SPACES.sub(" ", CONTROL.sub("", text)).strip())


def are_tidy(texts: list[str]) -> bool:
    """Whether each of these texts is blank or tidy; seen at one glance, so rather False than True.

    A double space or a `|` followed by a space within one cell makes it False as well.
    """
    row = f"|{'|'.join(texts)}|"
    return (
        row.isascii()
        and row.isprintable()
        and "  " not in row
        and " |" not in row
        and not any(f"|{letter}" in row for letter in TELLING)
    )


class RosterWidget(Widget):
    """One kind of cell. Subclasses say `parse`; blank cells never reach it."""

    kind = "text"  # said on the mapping page

    def __init__(self):
        Widget.__init__(self, coerce_to_string=True)  # several links are two kinds of widget

    def parse(self, text: str) -> Any:
        """The value, or Repaired(value, note). Raises CellProblem."""
        raise NotImplementedError

    def take_as_they_are(self, texts: list[str]) -> bool:
        """Whether `parse` would give back each of these texts unchanged, blank ones apart.

        False when that cannot be told at a glance.
        """
        return False

    def to_json(self, value: Any) -> Any:
        return value

    def from_json(self, value: Any) -> Any:
        return value

    def clean(self, value, row=None, **kwargs):
        """As django-import-export calls it: blank is None. Raises CellProblem, a ValueError."""
        text = text_of(value)
        if not text.strip():
            return None
        value = self.parse(text)
        return value.value if isinstance(value, Repaired) else value

    def render(self, value, obj=None, **kwargs) -> str:
        return "" if value is None else str(value)


class TextWidget(RosterWidget):
    def __init__(self, max_length: int = 250):
        super().__init__()
        self.max_length = max_length

    def take_as_they_are(self, texts):
        return (
            type(self).parse is TextWidget.parse
            and len(max(texts, key=len, default="")) <= self.max_length
            and are_tidy(texts)
        )

    def parse(self, text):
        if is_tidy(text) and len(text) <= self.max_length:
            return text
        value = tidy(text)
        if text.lstrip().startswith("="):
            raise CellProblem(
                "This is a formula, not a value.",
                "In the spreadsheet, copy the column and paste it back as values.",
            )
        if len(value) > self.max_length:
            raise CellProblem(
                f"This is {len(value)} characters long.", f"At most {self.max_length} fit."
            )
        return value

    def clean(self, value, row=None, **kwargs):
        return super().clean(value, row, **kwargs) or ""  # text columns hold blank, never null


class IdWidget(TextWidget):
    """A number that is a name: kept letter by letter, leading zeros too."""

    kind = "identifier, kept as text"

    def __init__(self, max_length: int = 64, pattern: str = "", example: str = "", blank=None):
        super().__init__(max_length)
        self.pattern = re.compile(pattern) if pattern else None
        self.example = example
        self.blank = blank

    def take_as_they_are(self, texts):
        return (
            type(self).parse is IdWidget.parse
            and self.pattern is None
            and len(max(texts, key=len, default="")) <= self.max_length
            and are_tidy(texts)
            and "+" not in "".join(texts)  # as in a number that a spreadsheet has shortened
        )

    def parse(self, text):
        if (
            self.pattern is None
            and text.isascii()
            and text.isalnum()
            and len(text) <= self.max_length
        ):
            return text
        value = super().parse(text)
        if re.fullmatch(r"\d(\.\d+)?[eE]\+\d+", value):
            raise CellProblem(
                "The spreadsheet has shortened this number, so its last figures are lost.",
                "Format the column as text in the source and save it again.",
            )
        if self.pattern and not self.pattern.fullmatch(value):
            raise CellProblem("This is not a number of the right form.", f"Like {self.example}.")
        return value

    def clean(self, value, row=None, **kwargs):
        return super().clean(value, row, **kwargs) or self.blank


class LaestabWidget(IdWidget):
    def __init__(self):
        super().__init__(7, r"\d{7}", "9194001 or 919/4001", blank="")

    def parse(self, text):
        return super().parse(tidy(text).replace("/", "").replace(" ", ""))


class DateWidget(RosterWidget):
    """Day first, or ISO, or in words, or Excel's count of days; never month first unless proved.

    `order` is "dmy" unless the caller has proved "mdy" for the column (imports.mapping).
    """

    kind = "date, day first"
    SEPARATED = re.compile(r"(\d{1,4})[-/. ](\d{1,2})[-/. ](\d{1,4})(?:[ T]0{1,2}:00(?::00)?)?")
    WORDS = re.compile(
        r"(?:\w{3,9},? )?(\d{1,2})(?:st|nd|rd|th)?[ -]([a-z]{3,9})[ -,]+(\d{4})", re.IGNORECASE
    )
    MONTHS = (
        "january", "february", "march", "april", "may", "june", "july", "august", "september",
        "october", "november", "december",
    )  # fmt: skip

    def __init__(self, earliest: date = date(1900, 1, 1), latest_days: int | None = 3660):
        super().__init__()
        self.earliest = earliest
        self.latest_days = latest_days

    def parse(self, text, order="dmy"):
        value = self._read(tidy(text), order)
        day = value.value if isinstance(value, Repaired) else value
        if day < self.earliest:
            raise CellProblem(f"{day:%d/%m/%Y} is too long ago.", "Is the year right?")
        if self.latest_days is not None and day > date.today() + timedelta(self.latest_days):  # noqa: DTZ011 - a day's slack is no matter here
            raise CellProblem(f"{day:%d/%m/%Y} lies in the future.", "Is the year right?")
        return value

    def _read(self, text: str, order: str) -> date | Repaired:
        if found := self.SEPARATED.fullmatch(text):
            first, second, third = found.groups()
            if len(first) == 4:
                return self._date(int(first), int(second), int(third), text)
            if len(third) < 4:
                raise CellProblem(
                    f"The year of {text} has {len(third)} figures.", "Write 27/03/2015."
                )
            day, month = (first, second) if order == "dmy" else (second, first)
            return self._date(int(third), int(month), int(day), text)
        if found := self.WORDS.fullmatch(text):
            word = found[2].lower()
            for number, month in enumerate(self.MONTHS, 1):
                if month.startswith(word) or (word == "sept" and number == 9):
                    return self._date(int(found[3]), number, int(found[1]), text)
        if re.fullmatch(r"\d{8}", text):
            return self._date(int(text[:4]), int(text[4:6]), int(text[6:]), text)
        if re.fullmatch(r"[1-5]\d{4}", text):
            day = date(1899, 12, 30) + timedelta(int(text))
            return Repaired(day, f"Excel's day number {text} was read as {day:%d/%m/%Y}.")
        raise CellProblem(f"“{text[:40]}” is not a date.", "Write the day first: 27/03/2015.")

    def _date(self, year: int, month: int, day: int, text: str) -> date:
        try:
            return date(year, month, day)
        except ValueError:
            if 1 <= month <= 12 and 1 <= year <= 9998:
                after = date(year + month // 12, month % 12 + 1, 1)
                last = (after - timedelta(1)).day
                problem = f"{text} is not a date: {self.MONTHS[month - 1].title()} has {last} days."
                raise CellProblem(problem, "Write the day first: 27/03/2015.") from None
            raise CellProblem(
                f"{text} is not a date: there is no month {month}.",
                "Write the day first: 27/03/2015.",
            ) from None

    def to_json(self, value):
        return value.isoformat() if value else None

    def from_json(self, value):
        return date.fromisoformat(value) if value else None

    def render(self, value, obj=None, **kwargs):
        return f"{value:%d/%m/%Y}" if value else ""


class TimeWidget(RosterWidget):
    kind = "time of day"
    SHAPE = re.compile(r"(\d{1,2})(?:[:.](\d{2}))?(?::00)? ?([ap]m)?", re.IGNORECASE)

    def parse(self, text):
        found = self.SHAPE.fullmatch(tidy(text))
        if found and (found[2] or found[3]):
            hour = int(found[1])
            half = (found[3] or "").lower()
            if half and 1 <= hour <= 12:
                hour = hour % 12 + (12 if half == "pm" else 0)
            if hour < 24 and int(found[2] or 0) < 60:
                return time(hour, int(found[2] or 0))
        raise CellProblem(f"“{text.strip()[:40]}” is not a time.", "Write 16:30 or 4.30pm.")

    def to_json(self, value):
        return value.isoformat("minutes") if value else None

    def from_json(self, value):
        return time.fromisoformat(value) if value else None

    def render(self, value, obj=None, **kwargs):
        return f"{value:%H:%M}" if value else ""


class YesNoWidget(RosterWidget):
    kind = "yes or no"
    YES = {"yes", "y", "true", "t", "1", "on", "x", "✓"}
    NO = {"no", "n", "false", "f", "0", "off"}

    def parse(self, text):
        word = tidy(text).casefold()
        if word in self.YES:
            return True
        if word in self.NO:
            return False
        raise CellProblem(f"“{text.strip()[:40]}” is neither yes nor no.", "Write Yes or No.")

    def render(self, value, obj=None, **kwargs):
        return {True: "Yes", False: "No"}.get(value, "")


class NumberWidget(RosterWidget):
    kind = "whole number"

    def __init__(self, most: int = 10_000_000):
        super().__init__()
        self.most = most

    def parse(self, text):
        digits = tidy(text).replace(",", "")
        if not re.fullmatch(r"\d{1,9}(\.0{1,6})?", digits) or int(digits.split(".")[0]) > self.most:
            raise CellProblem(f"“{text.strip()[:40]}” is not a whole number.", "Figures only.")
        return int(digits.split(".")[0])


class YearWidget(RosterWidget):
    """A school year: `Yr 7`, `Year 7`, `Y07` and `7` are 7; Reception is 0, Nursery -1."""

    kind = "school year"
    WORDS = {"reception": 0, "r": 0, "yr": 0, "nursery": -1, "n": -1, "n2": -1, "n1": -2}

    def parse(self, text):
        word = tidy(text).casefold()
        if word in self.WORDS:
            return self.WORDS[word]
        found = re.fullmatch(r"(?:school )?(?:year|yr|y)?[ .]?(\d{1,2})", word)
        if not found or int(found[1]) > 14:
            raise CellProblem(f"“{text.strip()[:40]}” is not a school year.", "Write Year 7 or 7.")
        return int(found[1])


class ChoiceWidget(RosterWidget):
    """One of a few values, by its label, its key or another word for it."""

    kind = "one of a list"

    def __init__(self, choices: list[tuple[Any, str]], also: dict[str, Any] | None = None):
        super().__init__()
        self.labels = dict(choices)
        self.words = {str(label).casefold(): value for value, label in choices}
        self.words |= {str(value).casefold(): value for value, _label in choices} | (also or {})

    def parse(self, text):
        try:
            return self.words[tidy(text).casefold()]
        except KeyError:
            known = ", ".join(str(label) for label in self.labels.values())
            problem = f"“{text.strip()[:40]}” is not one of the values known here."
            raise CellProblem(problem, f"One of: {known}.") from None

    def render(self, value, obj=None, **kwargs):
        return str(self.labels.get(value, ""))


class PostcodeWidget(TextWidget):
    kind = "UK postcode"
    field = GBPostcodeField(required=False)
    USUAL = re.compile(rf"({GBPostcodeField.outcode_pattern}) ?({GBPostcodeField.incode_pattern})")

    def parse(self, text):
        if found := self.USUAL.fullmatch(text.strip(" ").upper()):
            return f"{found[1]} {found[found.lastindex]}"
        try:
            return self.field.clean(tidy(text))
        except ValidationError:
            raise CellProblem(
                f"“{text.strip()[:12]}” is not a UK postcode.", "Like SG4 9UJ."
            ) from None


class EmailWidget(TextWidget):
    kind = "e-mail address"
    PLAIN = re.compile(r"[a-zA-Z0-9_+-]+(\.[a-zA-Z0-9_+-]+)*@([a-zA-Z0-9-]+\.)+[a-zA-Z]{2,24}")

    def parse(self, text):
        value = super().parse(text).removeprefix("mailto:")
        if not self.PLAIN.fullmatch(value):  # the usual shape, checked fast
            try:
                validate_email(value)
            except ValidationError:
                raise CellProblem(
                    "This is not an e-mail address.", "Like name@example.org, one to a cell."
                ) from None
        return value


class WebAddressWidget(TextWidget):
    """The address of a website. One without its beginning gets `https://`, and that is said."""

    kind = "web address"
    check = URLValidator(schemes=["http", "https"])

    def parse(self, text):
        value = super().parse(text)
        whole = value if "://" in value else f"https://{value}"
        try:
            self.check(whole)
        except ValidationError:
            raise CellProblem("This is not a web address.", "Like https://example.org.") from None
        if whole == value:
            return value
        return Repaired(whole, f"The beginning of a web address was missing; read as {whole}.")


class PhoneWidget(TextWidget):
    """A telephone number, stored as E.164. A zero that a spreadsheet dropped is put back."""

    kind = "telephone number"
    UK = re.compile(r"(?:\+44\(?0?\)?|0044|0)?([1-35789]\d{8,9})")
    HINT = "Like 01632 960 001 or 07700 900 982, one to a cell."

    def __init__(self):
        super().__init__(128)

    def parse(self, text):
        plain = tidy(text)
        digits = re.sub(r"[\s().\-/]", "", plain)
        found = self.UK.fullmatch(digits)
        if found:
            number = found[1]
            if len(number) == 10 or number[0] in "18":
                value = f"+44{number}"
                if digits.startswith(("0", "+")):
                    return value
                return Repaired(value, f"A leading 0 was missing; read as 0{number}.")
        if digits.startswith(("+", "00")):
            try:
                number = phonenumbers.parse("+" + digits.lstrip("+0"))
            except phonenumbers.NumberParseException:
                pass
            else:
                if phonenumbers.is_possible_number(number):
                    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        raise CellProblem("This is not a telephone number.", self.HINT)

    def to_json(self, value):
        return str(value or "")

    def render(self, value, obj=None, **kwargs):
        if not value:
            return ""
        return value.as_e164 if isinstance(value, PhoneNumber) else str(value)
