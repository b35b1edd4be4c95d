"""The record of processing and the draft of an impact assessment, made from the definitions.

Nobody types them: which form asks what, why it asks, who reads the answers and for how long they
are kept is what the published form and its process say, so the record is as new as they are.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from django.utils import timezone
from django.utils.html import strip_tags

from cms.erasing.register import PERSONAL
from cms.roles import ROLES
from workflows.models import WorkflowVersion

from .keeping import COMPLETED, UNFINISHED, UNSUCCESSFUL, answer_days, filled_in, restricted_in
from .models import FormDefinition, Submission

SPECIAL = {
    "health": "Health and access needs (special category)",
    "safeguarding": "Safeguarding",
    "therapy": "Referrals to therapy",
    "evidence": "Evidence of benefits or income",
    "collection": "Who may collect a child",
    "money": "Money",
}
ENDS = {
    UNFINISHED: "never sent in",
    UNSUCCESSFUL: "declined, cancelled or withdrawn",
    COMPLETED: "completed",
}


@dataclass(frozen=True)
class Asked:
    """One question: why it is asked, its restricted group, for how many days it stays."""

    label: str
    kind: str
    reason: str
    group: str
    days: int | None


@dataclass(frozen=True)
class Activity:
    """One thing that is done with personal data: a form, or a store of the hub's own."""

    title: str
    purpose: str
    about: str
    asked: list[Asked] = field(default_factory=list)
    readers: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    received: int | None = None

    @property
    def special(self) -> list[str]:
        groups = {one.group for one in self.asked}
        return [words for group, words in SPECIAL.items() if group in groups]


def activities() -> list[Activity]:
    """Every published form, then what the hub keeps besides."""
    return [*_forms(), *_stores()]


def _forms() -> Iterator[Activity]:
    for definition in FormDefinition.objects.order_by("title"):
        version = definition.versions.order_by("-number").first()
        if version is None:
            continue
        compiled = version.compiled
        yield Activity(
            title=compiled["title"],
            purpose=" ".join(
                strip_tags((compiled.get("intro") or "").replace("><", "> <")).split()
            ),
            about="Children" if _asks_birthday(compiled) else "Adults, and children they name",
            asked=list(_asked(compiled)),
            readers=_readers(compiled),
            kept=_kept(compiled),
            received=Submission.objects.filter(version__form=definition).count(),
        )


def _asks_birthday(compiled: dict) -> bool:
    return any(
        question["settings"].get("autocomplete") == "bday"
        for step in compiled["steps"]
        for question in step["questions"]
    )


def _asked(compiled: dict) -> Iterator[Asked]:
    groups, days = restricted_in(compiled), answer_days(compiled)
    for step in compiled["steps"]:
        for question in step["questions"]:
            if question["type"] in ("info", "calculated"):
                continue
            own, key = question["settings"], question["key"]
            yield Asked(
                question["label"], question["type"], own.get("reason") or "",
                groups.get(key, ""), days.get(key),
            )  # fmt: skip


def _readers(compiled: dict) -> list[str]:
    """Roles of the process, each with the restricted groups that it may read."""
    versions = WorkflowVersion.objects.filter(definition__slug=compiled.get("workflow") or "")
    newest = versions.order_by("-number").first()
    if newest is None:
        return ["Nobody but superusers: the form has no process"]
    found = []
    for key in sorted(newest.plan.roles & set(ROLES)):
        fields = ", ".join(sorted(ROLES[key].fields)) or "no restricted answers"
        found.append(f"{ROLES[key].label} ({fields}), within their centre, area or the whole hub")
    return found


def _kept(compiled: dict) -> list[str]:
    policy = filled_in(compiled.get("retention"))
    found = []
    for outcome, words in ENDS.items():
        then = "made anonymous" if policy[outcome].get("then") == "anonymise" else "deleted"
        found.append(f"{words.capitalize()}: {then} {policy[outcome]['days']} days after the end")
    for group, days in policy["answers"].items():
        found.append(f"{SPECIAL.get(group, group)}: deleted {days} days after the end")
    return found


NOBODY_ELSE = (
    "Recipients outside the hub: none, unless an action of a process names one. "
    "Transfers abroad: none. Security: docs/trust.md."
)
KEPT = {
    "Rosters": "Until the source says that the child has left, or until it is erased",
    "Roster imports": "Files two weeks, lines a month",
    "Letters": "As long as what they are about",
    "Cases": "As long as the form that began them",
    "Answers and files": "As each form says, above",
    "Sign-in links": "Until they end, at most some weeks",
    "Newsletter": "Until the reader leaves",
    "Money": "As the law asks for accounts; the payer's name goes with an erasure",
    "Partners": "As long as the partner is one of the hub's",
    "Access log": "For good: keys of records and names of staff, no answers",
    "Ledger of erasures": "400 days with the name, sealed; then without",
}


def _stores() -> Iterator[Activity]:
    stores: dict[str, list[str]] = {}
    for store, what in PERSONAL.values():
        stores.setdefault(store, []).append(what)
    for store, holds in stores.items():
        yield Activity(
            title=store,
            purpose="Kept by the hub for its own work.",
            about="Children and the adults who answer for them",
            asked=[Asked(one, "", "", "", None) for one in holds],
            readers=["Roles whose permissions name it, within their scope (docs/operating.md)"],
            kept=[KEPT.get(store, "As long as what it is about")],
        )


def as_markdown(found: list[Activity]) -> str:
    """The record of processing (UK GDPR, Article 30) as a file that can be handed on."""
    lines = [
        "# Record of processing activities",
        "",
        f"Made from the published forms and processes on {timezone.localdate():%-d %B %Y}.",
        NOBODY_ELSE,
    ]
    for one in found:
        lines += ["", f"## {one.title}", "", f"Purpose: {one.purpose or 'not said'}", ""]
        lines += [f"About: {one.about}.", ""]
        if one.received is not None:
            lines += [f"Received so far: {one.received}.", ""]
        lines += ["| what | why | restricted | days kept |", "|---|---|---|---|"]
        lines += [
            f"| {_cell(q.label)} | {_cell(q.reason) or '–'} | {q.group or '–'} | {q.days or '–'} |"
            for q in one.asked
        ]
        lines += ["", "Who reads it:", "", *(f"* {reader}" for reader in one.readers)]
        lines += ["", "How long:", "", *(f"* {words}" for words in one.kept)]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


@dataclass(frozen=True)
class Risk:
    what: str
    because: str
    against: str


def risks(found: list[Activity]) -> list[Risk]:
    """What could go wrong, for what is really asked, and what the hub does against it."""
    special = sorted({words for one in found for words in one.special})
    unsaid = [
        f"{one.title}: {q.label}" for one in found for q in one.asked if q.kind and not q.reason
    ]
    listed = [
        Risk(
            "Somebody of another centre or another family reads about a child",
            "Children's names, birthdays and schools are kept.",
            "One scoped query for every record; a crawl of every address, role and method.",
        ),
        Risk(
            "Data is kept for longer than it is needed",
            "Each form says for how long; the night carries it out.",
            "Retention by outcome and by question; a list of what goes next; a count each night.",
        ),
        Risk(
            "A person cannot get their data, or cannot have it erased",
            "It stands in many places.",
            "One page finds, takes out and erases everywhere, and again after a restore.",
        ),
    ]
    if special:
        listed.append(
            Risk(
                "Sensitive answers reach people who do not need them",
                f"Asked for: {', '.join(special)}.",
                "Sealed at rest, shown to roles by group, left out of exports and letters.",
            )
        )
    if unsaid:
        listed.append(
            Risk(
                "More is asked than is needed",
                f"{len(unsaid)} questions do not say why they are asked.",
                "Give each a reason in the form editor, or take it out.",
            )
        )
    return listed


def dpia_as_markdown(found: list[Activity]) -> str:
    """A draft to be finished by a person: the facts and the risks, with room for a judgement."""
    children = [one.title for one in found if one.about.startswith("Children")]
    lines = [
        "# Data protection impact assessment: draft",
        "",
        f"Made from the definitions on {timezone.localdate():%-d %B %Y}.",
        "A person must judge each risk, ask those concerned, and sign.",
        "",
        "## Why one is needed",
        "",
        f"Data of children is processed in {len(children)} of {len(found)} activities:",
        f"{', '.join(children)}.",
        "",
        "## Risks",
        "",
        "| risk | why here | what the hub does | likelihood and severity (to be judged) |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {_cell(r.what)} | {_cell(r.because)} | {_cell(r.against)} | |" for r in risks(found)
    ]
    lines += ["", "## Signed", "", "Data protection officer, date:", ""]
    return "\n".join(lines) + "\n" + as_markdown(found)
