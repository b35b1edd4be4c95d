"""How fair a season was: what panels saw, what they gave, who was offered a seat.

Numbers of fewer than five people are hidden, and one more with them where the hidden one could be
worked out from the total. Marks are per cent. Nothing here names a player.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from statistics import median, quantiles

from cms.models import School
from workflows.appointments import facts
from workflows.engine import latest_version
from workflows.models import Review
from workflows.reviews import blind
from workflows.reviews.rubrics import HIDE, reviewing

from .entering import answers_of
from .models import AuditionRound, Placement

FEW = 5
HIDDEN = None
NOT_SAID = "Not said"


@dataclass(frozen=True)
class Spread:
    """How the marks of one panel or one panellist lie, in per cent; drawn 0 to 100.

    None where there are so few that they would be the marks of one player or another.
    """

    label: str
    number: int
    least: float | None
    low: float | None
    middle: float | None
    high: float | None
    most: float | None
    first_locked: datetime | None = None
    last_locked: datetime | None = None

    @property
    def box(self) -> float:
        return self.high - self.low

    @property
    def line(self) -> float:
        return self.most - self.least


@dataclass(frozen=True)
class Share:
    """One line of a table of offers; None is a number that is hidden."""

    label: str
    applied: int | None
    offered: int | None

    @property
    def share(self) -> float | None:
        if self.applied is None or self.offered is None or not self.applied:
            return None
        return round(100 * self.offered / self.applied, 1)


def spread(label: str, marks: Iterable, locked: Iterable[datetime] = ()) -> Spread:
    """The five numbers of a box, hidden where there are few marks."""
    found, times = sorted(float(one) for one in marks), sorted(one for one in locked if one)
    ends = (times[0], times[-1]) if times else (None, None)
    if len(found) < FEW:
        return Spread(label, len(found), *[HIDDEN] * 5, *ends)
    low, _middle, high = quantiles(found, n=4, method="inclusive")
    return Spread(label, len(found), found[0], low, median(found), high, found[-1], *ends)


def marks(made: AuditionRound) -> dict[str, list[Spread]]:
    """`{"panels": [...], "panellists": [...]}`: by instrument, and by who gave them."""
    rows = Review.objects.filter(
        state=Review.State.SUBMITTED,
        round__stage_key=made.stage_key,
        round__case__entrant__round=made,
    ).values_list("round__part", "reviewer_name", "total", "submitted_at")
    panels, people = defaultdict(list), defaultdict(list)
    for part, name, total, at in rows:
        panels[part.replace("-", " ").capitalize() or "All"].append((total, at))
        people[name].append((total, at))
    return {
        "panels": [_spread(name, panels[name]) for name in sorted(panels)],
        "panellists": [_spread(name, people[name]) for name in sorted(people)],
    }


def _spread(label: str, rows: list[tuple]) -> Spread:
    return spread(label, [row[0] for row in rows], [row[1] for row in rows])


def what_panels_saw(made: AuditionRound) -> dict:
    """`{"hidden": [words], "shown": [questions]}`: of the newest process, and one application."""
    plan = latest_version(made.workflow).plan
    how = reviewing(plan, made.stage_key)
    if how is None:
        return {"hidden": [], "shown": []}
    review = (
        Review.objects.filter(round__case__entrant__round=made, reviewer__isnull=False)
        .select_related("round__case__version", "reviewer")
        .first()
    )
    sections = blind.shown(review).sections if review else []
    shown = [str(row["question"]) for part in sections for row in part.rows]
    return {
        "hidden": [str(words) for key, words in HIDE.items() if key in how.hide],
        "kept": sorted(_named(review, how.hide_questions)),
        "shown": list(dict.fromkeys(shown)),
    }


def _named(review: Review | None, keys: Iterable[str]) -> list[str]:
    """The questions of these keys as families read them; the key where nobody answered one."""
    said = answers_of(review.round.case) if review else {}
    return [said[key]["question"] if key in said else key.replace("_", " ") for key in keys]


def offers(made: AuditionRound) -> dict[str, list[Share]]:
    """Applications and offers by school, district and free school meals, small numbers hidden."""
    told = _facts(made)
    return {
        "school": hide_few(_shares(told, "school")),
        "district": hide_few(_shares(told, "district")),
        "meals": hide_few(_shares(told, "meals")),
    }


def _facts(made: AuditionRound) -> list[dict]:
    standing = made.entrants.select_related("case", "placement")
    entrants = list(standing.prefetch_related("case__subject"))
    facts.warm(entrant.case for entrant in entrants)
    rows = []
    for entrant in entrants:
        said = answers_of(entrant.case)
        school = said.get(made.school_question)
        meals = said.get(made.meals_question)
        placement = getattr(entrant, "placement", None)
        rows.append(
            {
                "school": " ".join(school["lines"]) if school and school["lines"] else NOT_SAID,
                "keys": school["values"] if school else [],
                "meals": " ".join(meals["lines"]) if meals and meals["lines"] else NOT_SAID,
                "is_offered": bool(placement and placement.outcome in Placement.SEATED),
            }
        )
    keys = {key for row in rows for key in row["keys"] if key.isdigit()}
    districts = dict(School.objects.filter(urn__in=keys).values_list("urn", "district"))
    for row in rows:
        found = [districts[key] for key in row["keys"] if districts.get(key)]
        row["district"] = found[0] if found else NOT_SAID
    return rows


def _shares(rows: list[dict], by: str) -> list[Share]:
    applied, offered = defaultdict(int), defaultdict(int)
    for row in rows:
        applied[row[by]] += 1
        offered[row[by]] += row["is_offered"]
    return [Share(label, applied[label], offered[label]) for label in sorted(applied)]


def hide_few(rows: list[Share]) -> list[Share]:
    """Hide every line of fewer than FEW people; a line hidden alone takes the next smallest with
    it, or the total would tell it."""
    few = {row.label for row in rows if row.applied < FEW}
    few_offered = {
        row.label for row in rows
        if row.label not in few
        and (0 < row.offered < FEW or 0 < row.applied - row.offered < FEW)
    }  # fmt: skip
    if len(few) == 1 and len(rows) > 1:
        few.add(min((row for row in rows if row.label not in few), key=_size).label)
    hidden_offers = few | few_offered
    if len(hidden_offers) == 1 and len(rows) > 1:
        rest = [row for row in rows if row.label not in hidden_offers]
        few_offered.add(min(rest, key=_size).label)
    return [
        Share(
            row.label,
            HIDDEN if row.label in few else row.applied,
            HIDDEN if row.label in few | few_offered else row.offered,
        )
        for row in rows
    ]


def _size(row: Share) -> tuple:
    return (row.applied, row.label)
