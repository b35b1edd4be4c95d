"""Answers as people read them: the check page, the case page and what a submission keeps.

Read once, at submission, and kept with it: a label that is changed later, a school that is renamed
or a date that moves does not change what the family agreed to.
"""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from cms.models import Area
from forms.field_types import field_types
from forms.models import Submission
from forms.walk import Item, VisibleStep, Walk


def sections(seen: Walk) -> list[dict]:
    """`[{key, title, number, rows: [{key, question, lines, group}]}]`, in the order of the form.

    One for each visible step, and one for each item of a repeated step (`number` from 1).
    """
    found: list[dict] = []
    last: tuple[str, int | None] | None = None
    known = _looked_up(seen)
    for step, item, question in seen.visible_questions():
        if step.kind != "questions":
            continue
        where = (step.key, item.number if item else None)
        if where != last:
            found.append(_section(step, item))
            last = where
        if row := _row(seen, item, question, known.get(question["type"], {})):
            found[-1]["rows"].append(row)
    return [section for section in found if section["rows"]]


def _section(step: VisibleStep, item: Item | None) -> dict:
    title = step.title
    if item is not None:
        name = step.repeat["item_name"]
        title = _("%(item)s %(number)s") % {
            "item": name[:1].upper() + name[1:],
            "number": item.number,
        }
    return {"key": step.key, "title": title, "number": item.number if item else None, "rows": []}


def _looked_up(seen: Walk) -> dict[str, dict]:
    """What types need of the database for all of these answers: one query for each type."""
    values: dict[str, list] = {}
    for _step, item, question in seen.visible_questions():
        answers = item.answers if item else seen.answers
        if (value := answers.get(question["key"])) is not None:
            values.setdefault(question["type"], []).append(value)
    return {kind: field_types[kind].look_up(found) for kind, found in values.items()}


def _row(seen: Walk, item: Item | None, question: dict, known: dict) -> dict | None:
    kind = field_types[question["type"]]
    answers = item.answers if item else seen.answers
    value = answers.get(question["key"])
    if question["type"] == "info":
        return None
    lines = kind.lines_with(question, value, known)
    if not kind.is_answerable and not lines:
        return None
    return {
        "key": question["key"] if kind.is_answerable else "",
        "question": question["label"],
        "lines": [str(line) for line in lines],
        "group": question["settings"].get("restricted") or "",
    }


def for_the_case(seen: Walk) -> list[dict]:
    """`[{title, group, rows: [{key, question, lines}]}]`: what a submission keeps for its case.

    Rows of a restricted group stand in a section of their own, so that a reader who may not see
    them still sees the rest.
    """
    kept: list[dict] = []
    for section in sections(seen):
        for group, rows in _by_group(section["rows"]):
            kept.append({"title": section["title"], "group": group, "rows": rows})
    return kept


def _by_group(rows: list[dict]) -> Iterator[tuple[str, list[dict]]]:
    groups: dict[str, list[dict]] = {}
    for row in rows:
        plain = {"key": row["key"], "question": row["question"], "lines": row["lines"]}
        groups.setdefault(row["group"], []).append(plain)
    yield from groups.items()


def area_of(compiled: dict, answers: dict) -> Area | None:
    """The area whose office answers: of the first question that decides it and knows one."""
    for step in compiled["steps"]:
        for question in step["questions"] if not step["repeat"] else ():
            value = answers.get(question["key"])
            if question["settings"].get("decides_area") and value is not None:
                area = field_types[question["type"]].area(value)
                if area is not None:
                    return area
    return None


CONTACT_ROLES = {"contact_name": "name", "contact_email": "email"}


def contact_of(compiled: dict, answers: dict) -> tuple[str, str]:
    """Name and e-mail address of whoever filled the form in: the questions with those roles.

    A form that gives nobody a role means the first name and the first e-mail address it asks for.
    """
    questions = [
        question
        for step in compiled["steps"]
        if not step["repeat"]
        for question in step["questions"]
        if question["key"] in answers
    ]

    def first(role: str) -> str:
        marked = [one for one in questions if one["settings"].get("role") == role]
        of_type = [one for one in questions if one["type"] == CONTACT_ROLES[role]]
        for question in marked or of_type:
            lines = field_types[question["type"]].lines(question, answers[question["key"]])
            return " ".join(str(line) for line in lines)
        return ""

    return first("contact_name"), first("contact_email")


def title_of(submission: Submission) -> str:
    """What lists call a case: what is applied for, and never who."""
    form = submission.version.title
    if submission.offering is None:
        return form
    return f"{submission.offering}"
