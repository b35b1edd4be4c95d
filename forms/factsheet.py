"""Single answers of a submission, by the key of their question, for those who ask for a few.

Such as the desk that makes appointments: it asks for the instrument, and never for an address.
"""

from forms.models import Submission


def facts_of(submission: Submission) -> list[dict]:
    """`[{key, question, lines, values, type, group}]`, one for each answer, in the form's order.

    `lines` is how it read, `values` what was stored, as text; `group` the group of restricted
    fields (cms.roles) or "". A repeated question comes once for each item, `values` with the first.
    """
    questions = {
        question["key"]: (question, step)
        for step in submission.version.compiled["steps"]
        for question in step["questions"]
    }
    found = []
    for section in submission.labels:
        for row in section["rows"]:
            if row.get("key") in questions:
                question, _step = questions[row["key"]]
                found.append(
                    {
                        "key": row["key"],
                        "question": row["question"],
                        "lines": row["lines"],
                        "values": _values(submission, *questions[row["key"]]),
                        "type": question["type"],
                        "group": section.get("group") or "",
                    }
                )
    return found


def _values(submission: Submission, question: dict, step: dict) -> list[str]:
    """Everything that was stored for it, as text: each tick, each item of a repeated step."""
    items = submission.answers.get(step["key"]) if step["repeat"] else [submission.answers]
    found = []
    for item in items if isinstance(items, list) else ():
        value = item.get(question["key"])
        parts = value.values() if isinstance(value, dict) else value
        found += parts if isinstance(parts, (list, type({}.values()))) else [parts]
    return [str(part) for part in found if part not in (None, "")]
