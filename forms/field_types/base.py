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

from cms.registry import Registry

Question = dict


@dataclass
class Asking:
    """Who asks, for types whose choices depend on it. Everything may be empty in a preview."""

    answers: dict = field(default_factory=dict)
    today: date | None = None
    journey_id: int | None = None
    offering_id: int | None = None
    count_of: dict[str, int] = field(default_factory=dict)


def lower_first(text: str) -> str:
    """ "Date of birth" -> "date of birth", but "GP's name" and "NHS number" stay as they are."""
    return text[:1].lower() + text[1:] if text[1:2].islower() or len(text) == 1 else text


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

    def required_message(self, question: Question) -> str:
        """What to do, as a sentence that names the question; the form's author may give one."""
        own = question["settings"].get("error")
        if own:
            return own
        label = question["label"].rstrip()
        if label.endswith(("?", ".", ":")):
            return f"{self.enter} an answer to “{label}”"
        return f"{self.enter} {lower_first(label)}"

    def field_options(self, question: Question) -> dict:
        """The keyword arguments that every Django field takes."""
        return {
            "label": question["label"],
            "help_text": question["help"],
            "required": question["required"],
            "error_messages": {
                "required": self.required_message(question),
                "invalid_choice": f"Select one of the answers to “{question['label']}”",
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
