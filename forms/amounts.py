"""Amounts of money as lines that add up: what a family reads, and what a submission keeps."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from django.utils.translation import gettext as _

from cms.money.amounts import in_pounds

__all__ = ["CodeTerms", "HelpTerms", "Line", "Price", "from_data", "in_pounds"]


@dataclass(frozen=True)
class Line:
    """One line of a price; a discount is below zero."""

    label: str
    pence: int

    @property
    def words(self) -> str:
        return in_pounds(self.pence)


@dataclass(frozen=True)
class Price:
    """A breakdown. Its total is nothing but the sum of its lines."""

    lines: tuple[Line, ...]
    help_pence: int = 0  # what help with costs takes off, or would if its fund had the money
    help_waits: bool = False  # the fund is spent: nothing is taken off yet

    @property
    def pence(self) -> int:
        return sum(line.pence for line in self.lines)

    @property
    def words(self) -> str:
        """ "£63", "£58.50" or "Nothing to pay"."""
        return in_pounds(self.pence) if self.pence else _("Nothing to pay")

    def as_data(self) -> dict:
        """What a submission keeps: `{"pence": 6300, "lines": [{"label": ..., "pence": ...}]}`."""
        return {"pence": self.pence, "lines": [asdict(line) for line in self.lines]}


@dataclass(frozen=True)
class CodeTerms:
    """What a code that may be used takes off: per cent or pence."""

    percent: int = 0
    pence: int = 0


@dataclass(frozen=True)
class HelpTerms:
    """What help with costs takes off, in per cent: of the rule that was found for the reason."""

    percent: int


def from_data(data: Mapping | None) -> Price | None:
    """The price that a submission kept."""
    if not data:
        return None
    return Price(tuple(Line(line["label"], line["pence"]) for line in data["lines"]))
