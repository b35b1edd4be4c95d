"""What an appointment may know of its case: who comes, the group that fits, what the panel sees.

Read from the answers each time, by the keys that the action's settings name, so that nothing is
kept twice. Questions about how to reach a family are never shown, whatever the settings say; what
a question of the group "health" says is shown only where the settings name it for the day.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import prefetch_related_objects

from workflows.models import Case

CONTACT_TYPES = frozenset({"email", "phone", "uk_address", "uk_postcode", "file", "video_link"})
SHOWN_GROUPS = frozenset({"", "health"})
ADDRESS = re.compile(r"\S+@\S+")
NUMBER = re.compile(r"\+?\(?\d[\d\s()/-]{7,}\d")
LEFT_OUT = "[left out]"


@dataclass
class Sheet:
    """What the day sheet says of one case: who, and `rows` of (question, words)."""

    who: str
    rows: list[tuple[str, str]] = field(default_factory=list)


def facts(case: Case) -> list[dict]:
    """The answers of the case's subject, `[]` when it has none."""
    tell = getattr(case.subject, "case_facts", None)
    return tell() if tell else []


def warm(cases: Iterable[Case]) -> None:
    """Fetch what `facts` reads for all of these cases at once; their subjects are there already."""
    kinds: dict[type, list] = defaultdict(list)
    for case in cases:
        if hasattr(type(case.subject), "version"):
            kinds[type(case.subject)].append(case.subject)
    for subjects in kinds.values():
        prefetch_related_objects(subjects, "version")


def keys(text: str | None) -> list[str]:
    """The question keys of a setting: separated by commas."""
    return [part.strip() for part in (text or "").split(",") if part.strip()]


def groups_of(case: Case, options: dict) -> set[str]:
    """Everything that the case answered to the questions that decide its groups."""
    wanted = keys(options.get("group_question"))
    return {
        str(words).strip().casefold()
        for fact in facts(case)
        if fact["key"] in wanted
        for words in (*fact["values"], *fact["lines"])
    }


def fits(session_groups: set[str], case_groups: set[str]) -> bool:
    """Whether a session without groups, or with one of the case's."""
    return not session_groups or bool(session_groups & case_groups)


def companions(case: Case, options: dict) -> set[str]:
    """Names of those who come along to play, such as an accompanist, without capitals."""
    wanted = keys(options.get("companion_question"))
    return {
        " ".join(words.casefold().split())
        for fact in facts(case)
        if fact["key"] in wanted and fact["type"] not in CONTACT_TYPES
        for words in fact["lines"]
        if words.strip()
    }


def sheet(case: Case, options: dict) -> Sheet:
    """What the panel sees of a case, and no more."""
    found = [
        fact
        for fact in facts(case)
        if fact["type"] not in CONTACT_TYPES and fact["group"] in SHOWN_GROUPS
    ]
    named = keys(options.get("who_question"))
    who = " ".join(line for fact in found if fact["key"] in named for line in fact["lines"])
    shown = keys(options.get("shown_questions"))
    rows = [
        (fact["question"], hide_contact("; ".join(fact["lines"])))
        for key in shown
        for fact in found
        if fact["key"] == key and fact["lines"]
    ]
    return Sheet(hide_contact(who) or case.reference, rows)


def hide_contact(words: str) -> str:
    """The words without e-mail addresses and telephone numbers that somebody wrote into them."""
    return NUMBER.sub(LEFT_OUT, ADDRESS.sub(LEFT_OUT, words))
