"""What a reviewer is shown of a case: answers and files, without what the stage hides.

Whole answers are left out by question. What they say is then also blacked out wherever it stands
in what is shown: a name in a free text, an address in a title. Files go under a neutral name.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from cms.roles import restricted_fields_of
from workflows.casepage import Section
from workflows.models import Case

from .models import Review
from .rubrics import Reviewing, reviewing

BLACK = "▇▇▇"
SHORTEST = 3  # letters of a name that is blacked out on its own
WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")


@dataclass(frozen=True)
class Shown:
    """What stands on the review page. `files` are `{id, name, note, can_open, is_film}`."""

    title: str
    sections: list[Section] = field(default_factory=list)
    files: list[dict] = field(default_factory=list)
    hidden: int = 0
    files_hidden: bool = False


class Mask:
    """Blacks out what is hidden, in capitals or not, as words of their own."""

    def __init__(self, values: Iterable[str]):
        wanted = sorted({one for one in values if len(one) >= SHORTEST}, key=len, reverse=True)
        parts = "|".join(re.escape(one) for one in wanted)
        self.pattern = re.compile(rf"(?<!\w)(?:{parts})(?!\w)", re.IGNORECASE) if parts else None

    def __call__(self, text: object) -> str:
        return self.pattern.sub(BLACK, str(text)) if self.pattern else str(text)


def hidden_keys(case: Case, how: Reviewing) -> set[str]:
    """Keys of the questions whose answers reviewers do not see."""
    tell = getattr(case.subject, "case_identity", None)
    said = tell() if tell else {}
    return set(how.hide_questions).union(*(said.get(one, ()) for one in how.hide))


def hidden_values(case: Case, how: Reviewing) -> set[str]:
    """What reviewers must not read: each hidden answer, and each name in one by itself."""
    keys = hidden_keys(case, how)
    tell = getattr(case.subject, "case_identity", None)
    names = (tell() if tell else {}).get("name", set()) if "name" in how.hide else set()
    found = set()
    if "name" in how.hide:
        found |= _name_words(case.contact_name)
    if "contact" in how.hide:
        found.add(case.contact_email)
    for part in _parts(case):
        for row in part["rows"]:
            if row.get("key") not in keys:
                continue
            for line in map(str, row["lines"]):
                found |= _name_words(line) if row["key"] in names else {line.strip()}
    return {one for one in found if len(one) >= SHORTEST and one.casefold() not in ("yes", "none")}


def _name_words(name: str) -> set[str]:
    words = {one for one in WORD.findall(name) if len(one) >= SHORTEST}
    return words | {" ".join(name.split())}


def _parts(case: Case) -> list[dict[str, Any]]:
    tell = getattr(case.subject, "case_sections", None)
    return tell() if tell else []


def shown(review: Review) -> Shown:
    """What this reviewer sees of the case."""
    case = review.round.case
    how = reviewing(case.version.plan, review.round.stage_key)
    readable = restricted_fields_of(review.reviewer)
    keys, mask = hidden_keys(case, how), mask_of(case, how)
    sections, hidden = [], 0
    for part in _parts(case):
        if part.get("group") and part["group"] not in readable:
            hidden += len(part["rows"])
            continue
        rows = [row for row in part["rows"] if row.get("key") not in keys]
        hidden += len(part["rows"]) - len(rows)
        if rows:
            sections.append(Section(mask(part["title"]), [_masked(row, mask) for row in rows]))
    sections += references(case, how)
    return Shown(
        title=mask(case.title),
        sections=sections,
        files=files(review),
        hidden=hidden,
        files_hidden="files" in how.hide,
    )


def references(case: Case, how: Reviewing) -> list[Section]:
    """What third persons wrote, where the stage shows it: never who wrote, nor an address."""
    tell = getattr(case.subject, "case_references", None)
    if tell is None or not how.references:
        return []
    found = []
    for number, told in enumerate(tell(), start=1):
        names = {word for name in told["names"] for word in _name_words(name)}
        hidden = hidden_values(case, how) | names | {told["address"]}
        mask = Mask(hidden if how.is_blind else ())
        rows = [{"question": q, "lines": [mask(words)]} for q, words in told["rows"]]
        found.append(Section(_("Reference %(n)s") % {"n": number}, rows))
    return found


def _masked(row: dict, mask: Mask) -> dict:
    return row | {"lines": [mask(line) for line in row["lines"]]}


def mask_of(case: Case, how: Reviewing) -> Mask:
    return Mask(hidden_values(case, how) if how.is_blind else ())


def files(review: Review) -> list[dict]:
    """Files that this reviewer may know of, `[{id, name, note, can_open, is_film}]`.

    Where files are hidden a film is shown all the same, under a neutral name: it is what is scored.
    """
    case = review.round.case
    how = reviewing(case.version.plan, review.round.stage_key)
    tell = getattr(case.subject, "case_files", None)
    if tell is None:
        return []
    readable, keys = restricted_fields_of(review.reviewer), hidden_keys(case, how)
    found = []
    for file in tell():
        if "files" in how.hide and not file.get("is_film"):
            continue
        if (file.get("group") and file["group"] not in readable) or file["question"] in keys:
            continue
        number = len(found) + 1
        name = _("File %(number)s: %(question)s") % {"number": number, "question": file["label"]}
        found.append(
            {
                "id": file["id"],
                "name": name if how.is_blind else file["name"],
                "note": file["note"],
                "can_open": bool(file["url"]),
                "is_film": bool(file.get("is_film")),
            }
        )
    return found
