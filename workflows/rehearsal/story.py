"""What came of a rehearsal, as plain values: what happened, what was written, how it stands."""

from dataclasses import dataclass, field
from datetime import datetime

from workflows.plan import Stage

from .parts import Offer

OPENED, MOVED, CLOCK, LETTER, ACTION, OUTSIDE, REFUSED = (
    *("opened", "moved", "clock", "letter", "action", "outside", "refused"),
)


@dataclass(frozen=True)
class Happening:
    """One thing that happened in step `step` (0 is the sending), `day` days after the beginning.

    `key` says what it was in the same words each time; `letter` is its place among the letters.
    """

    step: int
    day: int
    at: datetime
    kind: str
    key: str
    words: str
    detail: str = ""
    letter: int | None = None

    @property
    def letter_text(self) -> str:
        """For an address."""
        return "" if self.letter is None else str(self.letter)


@dataclass(frozen=True)
class Letter:
    to: str
    subject: str
    text: str
    html: str


@dataclass(frozen=True)
class Press:
    """A button that somebody could press now."""

    button: str
    label: str
    by: str
    who: str
    needs_comment: bool


@dataclass
class Story:
    """What came of it: all that happened, and how things stand at the end."""

    happenings: list[Happening] = field(default_factory=list)
    letters: list[Letter] = field(default_factory=list)
    now: datetime | None = None
    stage: Stage | None = None
    status: str = ""
    reference: str = ""
    presses: list[Press] = field(default_factory=list)
    offers: list[tuple[str, Offer]] = field(default_factory=list)
    screens: list[tuple[str, str]] = field(default_factory=list)
    next_at: datetime | None = None
    screen: str | None = None
    problem: str = ""

    def by_step(self) -> list[list[Happening]]:
        last = max((one.step for one in self.happenings), default=0)
        return [[one for one in self.happenings if one.step == n] for n in range(last + 1)]
