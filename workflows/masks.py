"""Blacking out: what hidden answers say, wherever else it stands."""

import re
from collections.abc import Iterable

from .models import Case

BLACK = "▇▇▇"
SHORTEST = 3  # letters of a name that is blacked out on its own
WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
ANYBODYS = ("yes", "none")


class Mask:
    """Blacks out what is hidden, in capitals or not, as words of their own."""

    def __init__(self, values: Iterable[str]):
        wanted = sorted({one for one in values if len(one) >= SHORTEST}, key=len, reverse=True)
        parts = "|".join(re.escape(one) for one in wanted)
        self.pattern = re.compile(rf"(?<!\w)(?:{parts})(?!\w)", re.IGNORECASE) if parts else None

    def __call__(self, text: object) -> str:
        return self.pattern.sub(BLACK, str(text)) if self.pattern else str(text)


def name_words(name: str) -> set[str]:
    """A name, and each word of it that is long enough to stand for it."""
    words = {one for one in WORD.findall(name) if len(one) >= SHORTEST}
    return words | {" ".join(name.split())}


def parts_of(case: Case) -> list[dict]:
    """What the subject of a case tells of itself: see casepage."""
    tell = getattr(case.subject, "case_sections", None)
    return tell() if tell else []


def identity_of(case: Case) -> dict[str, set[str]]:
    """Keys of the questions that say who it is, by how they do."""
    tell = getattr(case.subject, "case_identity", None)
    return tell() if tell else {}


def values_of(case: Case, keys: Iterable[str], names: Iterable[str]) -> set[str]:
    """What was answered to these questions; each word of those that are `names`."""
    found: set[str] = set()
    for part in parts_of(case):
        for row in part["rows"]:
            if row.get("key") in keys:
                for line in map(str, row["lines"]):
                    found |= name_words(line) if row["key"] in names else {line.strip()}
    return {one for one in found if len(one) >= SHORTEST and one.casefold() not in ANYBODYS}
