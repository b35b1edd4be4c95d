"""Sealed words by which submissions can be filtered, though their answers are encrypted.

One mark for each choice that was made of a question with options, yes/no, instrument or grade. It
is an HMAC under this installation's secret, so a copy of the database does not say what was
chosen. Answers to restricted questions get none: nobody may ask a list about them.
"""

from collections.abc import Iterable, Iterator

from django.conf import settings
from django.utils.crypto import salted_hmac

from forms.models import AnswerMark, Submission

CHOICES = frozenset({"yes_no", "radios", "select", "checkboxes", "instrument", "grade"})
YES = (True, "yes", "true")


def can_be_filtered(question: dict) -> bool:
    return question["type"] in CHOICES and not question["settings"].get("restricted")


def marks_for(question_id: str, option: str) -> list[str]:
    """How that choice is marked: under the present secret, then under each older one."""
    return [
        salted_hmac(
            "forms.answers.mark", f"{question_id}/{option}", secret=secret, algorithm="sha256"
        ).hexdigest()[:32]
        for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    ]


def marks_in(compiled: dict, answers: dict) -> set[str]:
    """The marks of everything that was chosen, in repeated steps too."""
    return {
        marks_for(question["id"], option)[0]
        for question, value in _answered(compiled, answers)
        for option in _options(question, value)
    }


def mark(submission: Submission) -> None:
    """Keep the marks of a new submission. Inside the caller's transaction; one query."""
    found = marks_in(submission.version.compiled, submission.answers)
    AnswerMark.objects.bulk_create(AnswerMark(submission=submission, mark=one) for one in found)


def mark_again(submission: Submission) -> None:
    """The same for a submission whose answers have changed."""
    AnswerMark.objects.filter(submission=submission).delete()
    mark(submission)


def _answered(compiled: dict, answers: dict) -> Iterator[tuple[dict, object]]:
    for step in compiled["steps"]:
        items = answers.get(step["key"]) if step["repeat"] else [answers]
        for question in filter(can_be_filtered, step["questions"]):
            for item in items if isinstance(items, list) else []:
                if isinstance(item, dict) and question["key"] in item:
                    yield question, item[question["key"]]


def _options(question: dict, value: object) -> Iterable[str]:
    if question["type"] == "yes_no":
        return [] if value in (None, "") else ["yes" if value in YES else "no"]
    values = value if isinstance(value, list) else [value]
    return [one for one in values if isinstance(one, str) and one]
