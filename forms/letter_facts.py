"""What letters about a form may say: facts of the booking, and answers that may stand in a mailbox.

A mailbox is often shared and never ours. So no letter can name a question whose answer is
restricted (health, collection, money, evidence), a date of birth, a long text, a file, an address
or anything that is asked about each child; a package that tries is refused by its check.
"""

from .field_types import field_types

#: Facts of every submission, with a sample of each for previews.
FACTS = {
    "reference": "SW26-4K7P",
    "contact_name": "Rowan Ashdown",
    "form": "Book a Songwriter course",
    "course": "Songwriter",
    "when": "Saturday 24 October 2026, 10am to 4pm",
    "where": "Hitchin Music Centre",
    "places": "2 places",
    "price": "£66.50",
    "status": "Received",
    "what_next": "We write to you within three working days.",
    "comment": "",
    "feedback": "A clear tone, and a steady beat.",
}
TYPES = frozenset(
    {"text", "number", "money", "date", "time", "yes_no", "radios", "select", "checkboxes"}
    | {"name", "email", "school", "instrument", "grade", "slot", "video_link", "calculated"}
)


def may_be_in_letters(question: dict) -> bool:
    """Whether a letter may carry the answer to this compiled question."""
    settings = question["settings"]
    is_birthday = question["type"] == "date" and (
        "birth" in question["label"].casefold() or settings.get("autocomplete") == "bday"
    )
    return question["type"] in TYPES and not settings.get("restricted") and not is_birthday


def _questions(form: dict) -> list[dict]:
    return [
        question
        for step in form["steps"]
        if not step["repeat"]
        for question in step["questions"]
        if may_be_in_letters(question)
    ]


def placeholders(form: dict) -> dict[str, str]:
    """`{placeholder: sample}` for letters about a compiled form. A fact wins over a question."""
    return {question["key"]: question["label"][:60] for question in _questions(form)} | FACTS


def answer_facts(form: dict, answers: dict) -> dict[str, str]:
    """The answers that letters may say, as text by question key; "" where there is none."""
    return {
        question["key"]: ", ".join(
            str(line)
            for line in field_types[question["type"]].lines(question, answers.get(question["key"]))
        )
        for question in _questions(form)
    }
