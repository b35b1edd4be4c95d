"""Sample families for the blind-review proof: a form's own samples, with words that stand out.

What is hidden is worked out here from the form alone, apart from what the review page does, so
that a mistake there is found and not repeated.
"""

from collections.abc import Callable, Iterator
from copy import deepcopy

from django.urls import reverse

from forms.answersets import normal
from forms.findings import ERROR, Finding
from forms.models import FormDefinition, FormVersion
from forms.standins import stand_in
from workflows.engine import NoSuchWorkflowError, latest_version
from workflows.reviews.proof import Behind, Planted, findings, makers
from workflows.reviews.rubrics import Reviewing

CONTACT = ("email", "phone", "uk_address", "uk_postcode")
#: Shorter words stand in many a page by chance.
SHORTEST = 5


def _is_hidden(step: dict, question: dict, how: Reviewing | Behind) -> bool:
    settings, kind = question["settings"], question["type"]
    return (
        question["key"] in how.hide_questions
        or (how.hides_steps and step["key"] in how.hide_questions)
        or ("personal" in how.hide and bool(settings.get("personal")))
        or ("name" in how.hide and (kind == "name" or settings.get("role") == "contact_name"))
        or ("contact" in how.hide and (kind in CONTACT or settings.get("role") == "contact_email"))
    )


def planted_value(question: dict) -> object:
    """An answer of the question's type that stands nowhere else; None for choices and the like."""
    mark = "".join(letter for letter in question["key"].title() if letter.isalpha())
    return {
        "name": {"first": f"Zeph{mark}", "last": f"Quill{mark}"},
        "email": f"zeph.{mark.lower()}@quill.example.org",
        "phone": "+441632960987",
        "uk_address": {"line_1": f"77 Quill{mark} Lane", "town": "Zephton", "postcode": "ZE3 9ZZ"},
        "uk_postcode": "ZE3 9ZZ",
        "text": f"Quill{mark} of Zephton",
        "longtext": f"Quill{mark} has lived in Zephton",
        "date": "2011-02-13",
    }.get(question["type"])


def plant(form: dict, answers: dict, how: Reviewing | Behind) -> dict:
    """The sample's answers with planted ones where they are hidden, named in free text too."""
    found = normal(form, deepcopy(answers))
    named = []
    for step in form["steps"]:
        items = found.get(step["key"]) if step["repeat"] else [found]
        for item in items if isinstance(items, list) else ():
            for question in step["questions"]:
                value = planted_value(question)
                if item.get(question["key"]) and value and _is_hidden(step, question, how):
                    item[question["key"]] = value
                    if question["type"] == "name" and "name" in how.hide:
                        named.append(f"{value['first']} {value['last']}")
    for step in form["steps"]:
        for question in step["questions"] if not step["repeat"] else ():
            said = found.get(question["key"])
            if (
                question["type"] == "longtext"
                and said
                and not _is_hidden(step, question, how)
                and named
            ):
                found[question["key"]] = f"{said} {' '.join(named)} wrote this."
    return found


def secrets_of(version: FormVersion, labels: list[dict], how: Reviewing | Behind) -> dict[str, str]:
    """`{words: label of the question}` of all that reviewers must not read."""
    hidden = {
        question["key"]: question
        for step in version.compiled["steps"]
        for question in step["questions"]
        if _is_hidden(step, question, how) and planted_value(question)
    }
    found = {}
    for part in labels:
        for row in part["rows"]:
            question = hidden.get(row.get("key"))
            for line in row["lines"] if question else ():
                words = line.split() if question["type"] == "name" else [line]
                found |= {one: question["label"] for one in words if len(one) >= SHORTEST}
    return found


@makers("forms")
def sample_cases(slug: str, how: Reviewing | Behind) -> Iterator[Callable[[], Planted]]:
    """Each sample family of each published form that goes through the process."""
    for form in FormDefinition.objects.filter(workflow_slug=slug):
        version = form.current_version
        if version is None or version.compiled.get("workflow") != slug:
            continue
        for sample in form.samples or [{"name": form.title, "answers": {}}]:
            yield _maker(version, sample, how)


def _maker(version: FormVersion, sample: dict, how: Reviewing | Behind) -> Callable[[], Planted]:
    def make() -> Planted:
        answers = plant(version.compiled, sample.get("answers") or {}, how)
        case = stand_in(version, answers)
        secrets = secrets_of(version, case.subject.labels, how)
        if "name" in how.hide:
            for one in case.contact_name.split():
                if len(one) >= SHORTEST:
                    secrets.setdefault(one, "Contact")
        if "contact" in how.hide and case.contact_email:
            secrets.setdefault(case.contact_email, "E-mail of the contact")
        slug = version.form.slug
        form = {"kind": "csv", "rows_of": "", "headings": "words", "reason": "The proof"}
        address = reverse("answers:export", args=[slug])
        return Planted(
            sample["name"], case, secrets, [int(case.subject_id)], [slug], {address: form}
        )

    return make


def findings_of(version: FormVersion) -> list[Finding]:
    """What the proof says of a form's process now that this version is its newest."""
    slug = version.compiled.get("workflow")
    if not slug:
        return []
    try:
        found = findings(latest_version(slug))
    except NoSuchWorkflowError:
        return []
    return [Finding(ERROR, one.code, one.where, one.message) for one in found]
