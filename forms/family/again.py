"""What a family has told us before, for its next form: filled in, shown, and asked "still right?".

Only from what this very address has sent. Nothing counts as answered: each page is shown with what
was said, and the family confirms or changes it. Consents, choices of places, files and declarations
are never taken over; they are given anew each time.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.utils import timezone

from forms import journeys
from forms.family import links
from forms.field_types import field_types
from forms.models import FormVersion, Journey, Submission

TAKEN_OVER = {
    *("name", "text", "longtext", "email", "phone", "number", "date", "uk_postcode", "uk_address"),
    *("school", "instrument", "grade", "radios", "select", "yes_no"),
}


@dataclass(frozen=True)
class Child:
    """One item of a repeated step that a family has sent, such as a child."""

    number: int
    name: str
    said_on: date
    answers: dict


def matches(one: dict, other: dict) -> bool:
    """Whether two questions ask the same: key and type, or what a browser would fill in."""
    if one["type"] != other["type"] or one["type"] not in TAKEN_OVER:
        return False
    if one["key"] == other["key"]:
        return True
    hint = one["settings"].get("autocomplete")
    return bool(hint) and hint == other["settings"].get("autocomplete")


def value_for(question: dict, sources: Iterable[tuple[dict, object]]) -> object:
    """The first answer among `(question, answer)` that fits; None when none does."""
    options = {option["key"] for option in question["options"] or []}
    for asked, answer in sources:
        if answer in (None, "") or not matches(question, asked):
            continue
        if not options or answer in options:
            return answer
    return None


def children(version: FormVersion, submissions: list[Submission]) -> list[Child]:
    """Everybody whom this family has named in a step that repeats, the newest word on each.

    `submissions` are the family's own, newest first.
    """
    step = repeated_step(version)
    found: dict[str, Child] = {}
    for submission in submissions if step else ():
        for source in submission.version.compiled["steps"]:
            items = submission.answers.get(source["key"]) if source["repeat"] else None
            for item in items if isinstance(items, list) else ():
                asked = [(question, item.get(question["key"])) for question in source["questions"]]
                answers = {
                    question["key"]: value
                    for question in step["questions"]
                    if (value := value_for(question, asked)) is not None
                }
                name = _name(step, answers)
                who = f"{name.casefold()}/{_birthday(step, answers)}"
                if name and who not in found and len(answers) > 1:
                    day = timezone.localtime(submission.submitted_at).date()
                    found[who] = Child(len(found) + 1, name, day, answers)
    return list(found.values())


def repeated_step(version: FormVersion) -> dict | None:
    """The step that is asked for each child: the first that repeats and asks for a name."""
    for step in version.compiled["steps"]:
        if step["repeat"] and any(_is_name(question) for question in step["questions"]):
            return step
    return None


def _is_name(question: dict) -> bool:
    return question["type"] == "name" or (
        question["type"] == "text" and "name" in question["label"].casefold()
    )


def _name(step: dict, answers: dict) -> str:
    for question in step["questions"]:
        if _is_name(question) and question["key"] in answers:
            lines = field_types[question["type"]].lines(question, answers[question["key"]])
            return " ".join(str(line) for line in lines)
    return ""


def _birthday(step: dict, answers: dict) -> str:
    """Two children of one name are two, when they were born on different days."""
    asked = next((q for q in step["questions"] if q["settings"].get("autocomplete") == "bday"), {})
    return str(answers.get(asked.get("key"), ""))


def _others(step: dict, submissions: list[Submission]) -> list[dict]:
    """What was last said in a repeated step that is not the children's, such as whom to ring."""
    for submission in submissions:
        for source in submission.version.compiled["steps"]:
            items = submission.answers.get(source["key"]) if source["repeat"] else None
            if source["key"] != step["key"] or not isinstance(items, list) or not items:
                continue
            asked = [
                [(question, item.get(question["key"])) for question in source["questions"]]
                for item in items
            ]
            return [
                {
                    question["key"]: value
                    for question in step["questions"]
                    if (value := value_for(question, one)) is not None
                }
                for one in asked
            ]
    return []


def suggestions(version: FormVersion, submissions: list[Submission], *, wanted: set[int]) -> dict:
    """What a new journey begins with: `{"on": day, "answers": {...}}`; {} when nothing is known.

    `wanted` are the numbers of the children that it is for.
    """
    sources = [
        (question, submission.answers.get(question["key"]))
        for submission in submissions
        for step in submission.version.compiled["steps"]
        if not step["repeat"]
        for question in step["questions"]
    ]
    answers: dict = {}
    for step in version.compiled["steps"]:
        for question in step["questions"] if not step["repeat"] else ():
            value = value_for(question, sources)
            if value is not None:
                answers[question["key"]] = value
    chosen = [one.answers for one in children(version, submissions) if one.number in wanted]
    step = repeated_step(version)
    if step and chosen:
        answers[step["key"]] = chosen
    for other in version.compiled["steps"]:
        if other["repeat"] and other is not step and (said := _others(other, submissions)):
            answers[other["key"]] = said
    if not answers:
        return {}
    day = timezone.localtime(submissions[0].submitted_at).date()
    return {"on": day.isoformat(), "answers": answers}


def begin(
    version: FormVersion,
    submissions: list[Submission],
    *,
    wanted: set[int],
    owner: str,
    address: str = "",
    language: str = "",
) -> Journey:
    """A new journey of this browser's, with what is known to be confirmed page by page.

    The folder of `address` lists it until it is sent. In `language`, where the form has it.
    """
    journey = journeys.begin(version, owner=owner, language=language)
    journey.suggested = suggestions(version, submissions, wanted=wanted)
    journey.folder_seal = links.seal(address) if address else ""
    journey.save(update_fields=["suggested", "folder_seal"])
    return journey
