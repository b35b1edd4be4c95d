"""Printed sheets that a form's settings ask for: a scorecard with its plans, and certificates.

`settings.scorecard`: every number with a least and a most is a score; the page compares them with
what the same school said last, and turns the low ones into an action plan and a visit's agenda.
`settings.certificate`: whoever took part is named on one, from a stage of the case on.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from django.utils import timezone

from cms.models import User
from forms.models import Submission
from workflows.models import Case

LOW = 0.5  # of what can be reached: at or below it something is to be done
ON_THE_AGENDA = 3


@dataclass(frozen=True)
class Line:
    """One score: what was asked, what was answered, the most, and last time's answer or None."""

    label: str
    score: int
    most: int
    before: int | None = None

    @property
    def change(self) -> int | None:
        return None if self.before is None else self.score - self.before

    @property
    def down(self) -> int:
        """By how much it has fallen."""
        return (self.before or 0) - self.score

    @property
    def is_low(self) -> bool:
        return self.score <= self.most * LOW


@dataclass(frozen=True)
class Part:
    """The scores of one step, added up."""

    title: str
    lines: list[Line]

    @property
    def score(self) -> int:
        return sum(line.score for line in self.lines)

    @property
    def most(self) -> int:
        return sum(line.most for line in self.lines)

    @property
    def before(self) -> int | None:
        known = [line.before for line in self.lines if line.before is not None]
        return sum(known) if len(known) == len(self.lines) else None

    @property
    def percent(self) -> int:
        return round(100 * self.score / self.most) if self.most else 0


@dataclass(frozen=True)
class Scorecard:
    """`before_on` is the day of the one it is compared with; `rest` the other answers by key."""

    parts: list[Part]
    on: date
    before_on: date | None = None
    rest: Mapping[str, object] = field(default_factory=dict)
    promised: str = ""

    @property
    def total(self) -> Part:
        return Part("", [line for part in self.parts for line in part.lines])

    @property
    def plan(self) -> list[Line]:
        """What is low, lowest first."""
        low = [line for line in self.total.lines if line.is_low]
        return sorted(low, key=lambda line: line.score / line.most)

    @property
    def agenda(self) -> list[Line]:
        """What a visit talks about: the lowest three."""
        return sorted(self.total.lines, key=lambda line: line.score / line.most)[:ON_THE_AGENDA]


def settings_of(submission: Submission) -> Mapping:
    return submission.version.compiled.get("settings") or {}


def scorecard(submission: Submission) -> Scorecard | None:
    """The scores of a submission, beside those that the same school sent before."""
    if not settings_of(submission).get("scorecard"):
        return None
    earlier = before(submission)
    said = earlier.answers if earlier else {}
    parts = []
    for step in submission.version.compiled["steps"]:
        lines = [
            Line(q["label"], answer, q["settings"]["max"], _number(said.get(q["key"])))
            for q in step["questions"]
            if _is_scored(q) and (answer := _number(submission.answers.get(q["key"]))) is not None
        ]
        if lines:
            parts.append(Part(step["title"], lines))
    return Scorecard(
        parts=parts,
        on=timezone.localdate(submission.submitted_at),
        before_on=timezone.localdate(earlier.submitted_at) if earlier else None,
        rest=submission.answers,
        promised=str(said.get("first_action") or ""),
    )


def _is_scored(question: Mapping) -> bool:
    own = question["settings"]
    return question["type"] == "number" and own.get("min") is not None and 0 < (
        own.get("max") or 0
    ) <= 10  # fmt: skip


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def before(submission: Submission) -> Submission | None:
    """What the same school sent with the same form last, before this; None without any."""
    mine = school_of(submission)
    if not mine:
        return None
    others = Submission.objects.filter(
        version__form=submission.version.form_id,
        submitted_at__lt=submission.submitted_at,
        anonymised_at=None,
    ).select_related("version")
    for other in others.order_by("-submitted_at").iterator(chunk_size=50):
        if school_of(other) == mine:
            return other
    return None


def school_of(submission: Submission) -> str:
    """Which school it is about: its key in the register, or the name that was typed; else ""."""
    asked = (
        q["key"]
        for step in submission.version.compiled["steps"]
        for q in step["questions"]
        if q["type"] == "school"
    )
    said = submission.answers.get(next(asked, ""))
    if not isinstance(said, Mapping):
        return ""
    key = said.get("school") or said.get("urn") or said.get("name")
    return str(key or "").strip().casefold()


def certificates(submission: Submission, case: Case) -> tuple[str, list[str]] | None:
    """What was taken part in, and by whom; None before the stage that the settings name."""
    wanted = settings_of(submission).get("certificate")
    if not wanted or wanted["stage"] not in _been(case):
        return None
    people = submission.answers.get(wanted["step"]) or []
    names = [_name(item.get(wanted["name"])) for item in people if isinstance(item, Mapping)]
    return str(submission.answers.get(wanted["title"]) or ""), [name for name in names if name]


def _been(case: Case) -> set[str]:
    return {case.stage_key} | set(case.events.values_list("to_stage", flat=True))


def _name(value: object) -> str:
    if isinstance(value, Mapping):
        return " ".join(str(part) for part in value.values() if part)
    return str(value or "")


@dataclass(frozen=True)
class Delegate:
    name: str
    rest: str
    reference: str


def delegates(submission: Submission, user: User) -> list[Delegate]:
    """Everybody booked in for the same, of every booking whose case the user may see, by name."""
    wanted = settings_of(submission).get("certificate")
    if not wanted:
        return []
    same = _said(submission, wanted["title"])
    reach = Case.objects.for_user(user).order_by().values("reference")
    others = Submission.objects.filter(
        version__form=submission.version.form_id, anonymised_at=None, reference__in=reach
    ).select_related("version")
    found = [
        Delegate(
            _name(item.get(wanted["name"])),
            ", ".join(str(v) for key, v in item.items() if key != wanted["name"] and v),
            other.reference,
        )
        for other in others.order_by("pk")
        if _said(other, wanted["title"]) == same
        for item in other.answers.get(wanted["step"]) or []
        if isinstance(item, Mapping)
    ]
    return sorted(found, key=lambda one: one.name.casefold())


def _said(submission: Submission, key: str) -> str:
    return " ".join(str(submission.answers.get(key) or "").casefold().split())


def is_there(submission: Submission | None, case: Case) -> bool:
    """Whether whoever sent it has a sheet to print."""
    if submission is None:
        return False
    own = settings_of(submission)
    return bool(own.get("scorecard")) or certificates(submission, case) is not None


def is_there_for_staff(submission: Submission | None) -> bool:
    """Whether staff have one: they see who is booked in before anybody took part."""
    own = settings_of(submission) if submission else {}
    return bool(own.get("scorecard") or own.get("certificate"))


def context(submission: Submission, case: Case) -> dict:
    """What templates/forms/_sheet.html shows."""
    found = certificates(submission, case)
    return {
        "case": case,
        "card": scorecard(submission),
        "taken_part": found[0] if found else "",
        "people": found[1] if found else [],
        "today": timezone.localdate(),
    }
