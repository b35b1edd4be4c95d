"""What a question type is: one class that holds every aspect of it, and the registry of them.

A question is a compiled dict: key, type, label, help, required, options, settings. A type turns it
into a Django form field, its cleaned value into plain JSON and back, and that JSON into the lines
people read. To add one, decorate a subclass with `@field_types("its_key")`; the key is stored in
every published form, so it is never renamed.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import get_language, gettext

from cms.models import Area
from cms.registry import Registry

Question = dict


@dataclass
class Asking:
    """Who asks, for types whose choices depend on it. Everything may be empty in a preview."""

    answers: dict = field(default_factory=dict)
    today: date | None = None
    form_id: int | None = None
    journey_id: int | None = None
    offering_id: int | None = None
    count_of: dict[str, int] = field(default_factory=dict)


def lower_first(text: str) -> str:
    """ "Date of birth" -> "date of birth", but "GP's name" and "NHS number" stay as they are."""
    is_word = text[1:2].islower() or text[1:2] in ("", "-")
    return text[:1].lower() + text[1:] if is_word else text


#: Words before which no "a" stands: other articles, whose it is, and questions.
WITHOUT = (
    "a an the your their his her our my its any some all each every other another which what who "
    "whom whose how where when why if whether anything anyone more further at for to in on"
)
NO_ARTICLE = frozenset(WITHOUT.split())
MASS = frozenset({"information", "music", "help", "advice", "evidence", "details", "feedback"})
SOUNDS_LIKE_YOU = ("uni", "uk", "one", "eu")


def with_article(label: str) -> str:
    """ "E-mail address" -> "an e-mail address"; "Your name", "Allergies" stay as they are."""
    words = lower_first(label)
    first, head = words.split(" ")[0].casefold(), words.split(" of ")[0].split(" ")[-1].casefold()
    is_plural = head.endswith("s") and not head.endswith(("ss", "us", "’s", "'s"))
    if not words[:1].isalpha() or first in NO_ARTICLE or head in MASS or is_plural:
        return words
    is_an = first[0] in "aeiou" and not first.startswith(SOUNDS_LIKE_YOU)
    return f"{'an' if is_an else 'a'} {words}"


class FieldType:
    """One question type. Subclasses change what differs from a line of text."""

    key = ""
    label = ""
    group = "Text"
    is_answerable = True
    takes_options = False
    #: JSON Schema of `settings`: property name -> schema, shown and checked in the builder.
    settings_schema: dict[str, dict] = {}
    autocomplete = ""
    width = ""
    #: "date" for the three boxes, "parts" for several labelled boxes, "" for anything else.
    layout = ""
    prefix = ""
    enter = "Enter"
    #: Whether one child's answer may be another's: then `settings.same_as_first` offers it.
    is_shared = True

    def required_message(self, question: Question) -> str:
        """What to do, as a sentence that names the question; the form's author may give one."""
        own = question["settings"].get("error")
        if own:
            return own
        label = question["label"].rstrip()
        words = {"do": gettext(self.enter), "label": label}
        if label.endswith(("?", ".", ":")):
            return gettext("%(do)s an answer to “%(label)s”") % words
        is_english = (get_language() or "en").startswith("en")
        named = with_article(label) if is_english else lower_first(label)
        return gettext("%(do)s %(label)s") % {**words, "label": named}

    def field_options(self, question: Question) -> dict:
        """The keyword arguments that every Django field takes."""
        return {
            "label": question["label"],
            "help_text": question["help"],
            "required": question["required"],
            "error_messages": {
                "required": self.required_message(question),
                "invalid_choice": gettext("Select one of the answers to “%(label)s”")
                % {"label": question["label"]},
            },
        }

    def input_attrs(self, question: Question) -> dict:
        """HTML attributes of the control."""
        token = question["settings"].get("autocomplete", self.autocomplete)
        return {"autocomplete": token} if token else {}

    def field(self, question: Question) -> forms.Field:
        """The Django form field, built once per version and then copied."""
        raise NotImplementedError

    def prepare(self, field: forms.Field, question: Question, asking: Asking) -> None:
        """Last touches on the copy of the field that one person will see."""

    def to_json(self, value: Any) -> Any:
        """Cleaned value -> what is stored; None when there is no answer."""
        return None if value in (None, "", [], {}) else value

    def from_json(self, value: Any) -> Any:
        """What is stored -> the field's initial value."""
        return value

    def lines(self, question: Question, value: Any) -> list[str]:
        """The answer as people read it, line by line; [] when there is none."""
        return [] if value in (None, "", [], {}) else [str(value)]

    def cell(self, question: Question, value: Any) -> Any:
        """The answer as one cell of a table: a number or a day as such, else text.

        A table has many: it must not ask the database. Never called without an answer.
        """
        return "; ".join(str(line) for line in self.lines(question, value))

    def look_up(self, values: list) -> dict:
        """What `lines` needs of the database for all these answers, in one query."""
        return {}

    def lines_with(self, question: Question, value: Any, known: dict) -> list[str]:
        """`lines`, with what `look_up` found. Types that read the database say it here."""
        return self.lines(question, value)

    def area(self, value: Any) -> Area | None:
        """The part of the county that the answer lies in, for types that know."""
        return None

    def check(self, question: Question) -> list[str]:
        """What is wrong with the question's own settings, in sentences."""
        return []

    def example(self, question: Question) -> Any:
        """Some valid stored answer, for walking paths and for previews."""
        return "Example"


field_types: Registry[FieldType] = Registry("question type")


def field_type(key: str) -> Callable[[type[FieldType]], type[FieldType]]:
    """Register a subclass under its key; its single instance is what the registry holds."""

    def register(cls: type[FieldType]) -> type[FieldType]:
        cls.key = key
        field_types(key)(cls())
        return cls

    return register


def option_labels(question: Question) -> dict[str, str]:
    return {option["key"]: option["label"] for option in question["options"] or []}
