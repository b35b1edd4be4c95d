"""A form that asks every type of question, on pages of a few, with rules and a repeated step."""

import pytest

from forms.compile import check, compiled
from forms.field_types import field_types

OPTIONS = [{"key": "one", "label": "One"}, {"key": "two", "label": "Two"}]
NEEDS = {
    "radios": {"options": OPTIONS},
    "select": {"options": OPTIONS},
    "checkboxes": {"options": OPTIONS, "settings": {"min": 1, "max": 2}},
    "slot": {"options": OPTIONS},
    "matrix": {"options": OPTIONS, "settings": {"rows": [{"key": "r1", "label": "Row"}]}},
    "number": {"settings": {"min": 1, "max": 99}},
    "money": {"settings": {"max_pence": 100_000}},
    "date": {"settings": {"in": "past", "earliest": "1990-01-01"}},
    "text": {"settings": {"max_length": 60}},
    "longtext": {"settings": {"max_words": 50}},
    "video_link": {"settings": {"hosts": ["youtube.com"]}},
    "calculated": {"settings": {"sum": ["number"]}},
    "instrument": {"settings": {"none": True}},
}
# They need a course, prices, rules and an audition round.
LEFT_OUT = {"places", "add_ons", "code", "remission", "round_dates"}
OPTIONAL = {"file", "info", "calculated", "select", "time"}


def every_type(slug="every-type"):
    types = sorted(set(field_types) - LEFT_OUT, key=lambda name: name == "calculated")
    questions = [
        {
            "key": name,
            "type": name,
            "label": f"The {name}",
            "required": name not in OPTIONAL,
            **NEEDS.get(name, {}),
        }
        for name in types
    ]
    steps = [
        {"key": f"page_{at}", "title": f"Page {at}", "questions": questions[at : at + 5]}
        for at in range(0, len(questions), 5)
    ]
    hidden = {"match": "all", "clauses": [{"question": "yes_no", "op": "is", "value": True}]}
    steps += [
        {
            "key": "hidden",
            "title": "Hidden",
            "show_if": hidden,
            "questions": [{"key": "secret", "type": "text", "label": "Secret", "required": True}],
        },
        {
            "key": "child",
            "title": "Children",
            "repeat": {"min": 1, "max": 3, "item_name": "child"},
            "questions": [
                {"key": "first_name", "type": "text", "label": "First name", "required": True},
                {"key": "plays", "type": "yes_no", "label": "Plays?", "required": True},
                {
                    "key": "what",
                    "type": "text",
                    "label": "What?",
                    "required": True,
                    "show_if": {
                        "match": "all",
                        "clauses": [{"question": "plays", "op": "is", "value": True}],
                    },
                },
            ],
        },
        {
            "key": "goodbye",
            "title": "Not for you",
            "kind": "exit",
            "show_if": {
                "match": "all",
                "clauses": [{"question": "radios", "op": "is", "value": "two"}],
            },
        },
    ]
    return {"slug": slug, "title": "Every type", "steps": steps}


@pytest.mark.django_db
def test_it_is_a_form_that_can_be_published():
    assert check(compiled(every_type())) == []
