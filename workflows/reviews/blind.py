"""What a reviewer is shown of a case: answers and files, without what the stage hides.

Whole answers are left out by question. What they say is then also blacked out wherever it stands
in what is shown: a name in a free text, an address in a title. Files go under a neutral name.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from cms.roles import restricted_fields_of
from workflows.casepage import Section
from workflows.hiding import hidden_from, mask_for
from workflows.masks import SHORTEST, Mask, identity_of, name_words, parts_of, values_of
from workflows.models import Case

from .models import Review
from .rubrics import Reviewing, reviewing


@dataclass(frozen=True)
class Shown:
    """What stands on the review page. `files` are `{id, name, note, can_open, is_film}`."""

    title: str
    sections: list[Section] = field(default_factory=list)
    files: list[dict] = field(default_factory=list)
    hidden: int = 0
    files_hidden: bool = False


def hidden_keys(case: Case, how: Reviewing) -> set[str]:
    """Keys of the questions whose answers reviewers do not see."""
    said = identity_of(case)
    return set(how.hide_questions).union(*(said.get(one, ()) for one in how.hide))


def hidden_values(case: Case, how: Reviewing) -> set[str]:
    """What reviewers must not read: each hidden answer, and each name in one by itself."""
    names = identity_of(case).get("name", set()) if "name" in how.hide else set()
    found = values_of(case, hidden_keys(case, how), names)
    if "name" in how.hide:
        found |= name_words(case.contact_name)
    if "contact" in how.hide:
        found.add(case.contact_email)
    return {one for one in found if len(one) >= SHORTEST}


def shown(review: Review) -> Shown:
    """What this reviewer sees of the case."""
    case = review.round.case
    how = reviewing(case.version.plan, review.round.stage_key)
    readable = restricted_fields_of(review.reviewer)
    own = hidden_from(case, review.reviewer)
    keys, blind, more = hidden_keys(case, how) | own, mask_of(case, how), mask_for(case, own)

    def mask(words: object) -> str:
        return more(blind(words))

    sections, hidden = [], 0
    for part in parts_of(case):
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
        names = {word for name in told["names"] for word in name_words(name)}
        hidden = hidden_values(case, how) | names | {told["address"]}
        mask = Mask(hidden if how.is_blind else ())
        rows = [{"question": q, "lines": [mask(words)]} for q, words in told["rows"]]
        found.append(Section(_("Reference %(n)s") % {"n": number}, rows))
    return found


def _masked(row: dict, mask: Callable[[object], str]) -> dict:
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
    readable = restricted_fields_of(review.reviewer)
    keys = hidden_keys(case, how) | hidden_from(case, review.reviewer)
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
