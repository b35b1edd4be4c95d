"""The consent register: which words were agreed to, from when, and how often, version by version.

A consent is a declaration, or a question that asks for leave in so many words. Changing its words
makes a new version of the form, so that what a family agreed to is always the words it saw.
"""

import hashlib
import re
from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from .models import FormVersion, Submission

ASKS_FOR_LEAVE = re.compile(r"\b(may we|can we|consent|permission|agree)\b", re.IGNORECASE)


@dataclass
class Wording:
    """One wording of one consent: the versions that had it, and the answers given to it."""

    form: str
    question: str
    words: str
    document: str
    versions: list[int]
    since: datetime
    given: Counter

    @property
    def answers(self) -> list[tuple[str, int]]:
        """(answer, how often), the most frequent first."""
        return self.given.most_common()

    @property
    def mark(self) -> str:
        """Eight letters by which a wording is named, the same wherever it is used."""
        return hashlib.sha256(self.words.encode()).hexdigest()[:8]


def is_consent(question: dict) -> bool:
    if question["type"] == "declaration":
        return True
    return question["type"] in ("checkboxes", "yes_no", "radios") and bool(
        ASKS_FOR_LEAVE.search(question["label"])
    )


def register() -> list[Wording]:
    """Every wording that was ever published, by form and question, oldest first.

    Counts the answers of every submission that still has them: it opens each.
    """
    found: dict[tuple, Wording] = {}
    of_version: dict[int, list[tuple[str, Wording]]] = {}
    for version in FormVersion.objects.order_by("form__title", "number").select_related("form"):
        for question in _questions(version.compiled):
            words = _words(question)
            key = (version.form_id, question["key"], words)
            if key not in found:
                found[key] = Wording(
                    version.compiled["title"], question["label"], words, _document(question),
                    [], version.published_at, Counter(),
                )  # fmt: skip
            found[key].versions.append(version.number)
            of_version.setdefault(version.pk, []).append((question["key"], found[key]))
    rows = Submission.objects.filter(version__in=of_version).values_list("version", "answers")
    for version, answers in rows.iterator(chunk_size=500):
        for key, wording in of_version[version]:
            for value in _values(answers or {}, key):
                wording.given[value] += 1
    return list(found.values())


def _questions(compiled: dict) -> list[dict]:
    return [q for step in compiled["steps"] for q in step["questions"] if is_consent(q)]


def _words(question: dict) -> str:
    options = [option["label"] for option in question.get("options") or ()]
    return " / ".join([question["label"], question.get("help") or "", *options]).replace(
        " /  /", " /"
    )


def _document(question: dict) -> str:
    own = question["settings"]
    return " ".join(filter(None, (own.get("document"), own.get("version"))))


def _values(answers: dict, key: str) -> list[str]:
    """The answers to one question, in repeated steps too: option keys, "yes" or "no"."""
    items = [
        answers,
        *(one for value in answers.values() if isinstance(value, list) for one in value),
    ]
    found: list[str] = []
    for item in items:
        value = item.get(key) if isinstance(item, dict) else None
        if isinstance(value, list):
            found += [str(one) for one in value] or ["nothing"]
        elif value is not None:
            found.append({True: "yes", False: "no"}.get(value, str(value)))
    return found
