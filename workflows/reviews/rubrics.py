"""Scoring sheets (rubrics) and how a stage is scored, as a compiled workflow holds them. Pure.

    plan["rubrics"] = [{"key", "id", "name", "criteria": [{"key", "name", "guidance", "weight",
        "min", "max", "points": {"0": "words"}, "comment": "none|optional|required"}],
        "recommendations": [{"key", "label"}]}]
    stage["review"] = {"rubric": key, "scorers": [roles], "needed": 2, "due_days": 7,
        "hide": ["name", "contact", "personal", "files", "reviewers"],
        "hide_questions": [keys], "combine": "median|mean|drop_high_low", "group_by": question,
        "references": False}

A score is a percentage, 0 to 100 with two decimals: each criterion's share of its own scale,
weighted. So sheets with other scales can be put beside each other.
"""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from statistics import median

from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from workflows.plan import Plan

IDS = uuid.UUID("a8b54f11-3f6f-4a44-8e5c-7a4f0b1f0f6d")
HIDE = {
    "name": _("Names of people"),
    "contact": _("E-mail, telephone, address"),
    "personal": _("Every answer that the form marks as personal"),
    "files": _("Files"),
    "reviewers": _("Who the other reviewers are"),
}
IDENTITY = frozenset({"name", "contact", "personal"})
MEDIAN, MEAN, DROP = "median", "mean", "drop_high_low"
COMBINE = {
    MEDIAN: _("The middle score (median)"),
    MEAN: _("The mean"),
    DROP: _("The mean without the highest and the lowest"),
}
COMMENT = {"optional": _("Optional"), "required": _("Required"), "none": _("None")}
CENT = Decimal("0.01")


@dataclass(frozen=True)
class Criterion:
    """One line of a sheet. `points` says what a score means, for those scores that have words."""

    key: str
    name: str
    guidance: str
    weight: int
    minimum: int
    maximum: int
    points: Mapping[int, str]
    comment: str

    @property
    def scale(self) -> list[tuple[int, str]]:
        return [
            (score, self.points.get(score, "")) for score in range(self.minimum, self.maximum + 1)
        ]


@dataclass(frozen=True)
class Rubric:
    """A scoring sheet. `recommendations` are (key, label); none means that none is asked for."""

    key: str
    name: str
    criteria: tuple[Criterion, ...]
    recommendations: tuple[tuple[str, str], ...]

    def total(self, scores: Mapping[str, int]) -> Decimal:
        """The weighted percentage of a whole sheet. Raises KeyError when a score is missing."""
        weights = sum(one.weight for one in self.criteria)
        reached = sum(
            Decimal(one.weight * (scores[one.key] - one.minimum)) / (one.maximum - one.minimum)
            for one in self.criteria
        )
        return _cents(100 * reached / weights)

    def missing(
        self, scores: Mapping[str, int], comments: Mapping[str, str], recommendation: str
    ) -> dict[str, str]:
        """What stands between this sheet and being sent: a sentence for each field's name."""
        found = {}
        for one in self.criteria:
            if one.key not in scores:
                found[f"score-{one.key}"] = f"Give a score for “{one.name}”."
            if one.comment == "required" and not comments.get(one.key):
                found[f"comment-{one.key}"] = f"Say why, for “{one.name}”."
        if self.recommendations and not recommendation:
            found["recommendation"] = "Choose what you recommend."
        return found


@dataclass(frozen=True)
class Reviewing:
    """How one stage is scored."""

    stage: str
    rubric: Rubric
    scorers: tuple[str, ...]
    needed: int
    due_days: int | None
    hide: frozenset[str]
    hide_questions: frozenset[str]
    combine: str
    group_by: str
    references: bool = False
    hides_steps: bool = False  # it names questions alone

    @property
    def is_blind(self) -> bool:
        """Whether something that says who it is, or any answer, is kept from reviewers."""
        return bool(self.hide & IDENTITY or self.hide_questions)


def compiled(data: Mapping) -> list[dict]:
    """The sheets of an edited workflow, with keys and ids filled in."""
    found = []
    for rubric in data.get("rubrics") or []:
        key = _key(rubric)
        found.append(
            {
                "key": key,
                "id": str(rubric.get("id") or uuid.uuid5(IDS, f"{data.get('slug')}/{key}")),
                "name": rubric.get("name") or key,
                "criteria": [_criterion(one) for one in rubric.get("criteria") or []],
                "recommendations": [
                    {"key": _key(one, "label"), "label": one.get("label") or _key(one, "label")}
                    for one in rubric.get("recommendations") or []
                ],
            }
        )
    return found


def compiled_review(review: Mapping, rubrics: Iterable[Mapping]) -> dict:
    """How a stage is scored, with defaults filled in and its sheet by key."""
    by_ref = {ref: one["key"] for one in rubrics for ref in (one["name"], one["id"], one["key"])}
    named = str(review.get("rubric") or "")
    return {
        "rubric": by_ref.get(named, named),
        "scorers": list(dict.fromkeys(review.get("scorers") or [])),
        "needed": review.get("needed") or 2,
        "due_days": review.get("due_days"),
        "hide": [one for one in HIDE if one in (review.get("hide") or [])],
        "hide_questions": list(review.get("hide_questions") or []),
        "combine": review.get("combine") or MEDIAN,
        "group_by": review.get("group_by") or "",
        "references": bool(review.get("references")),
    }


def _key(item: Mapping, name: str = "name") -> str:
    return item.get("key") or slugify(item.get(name) or "").replace("-", "_")[:50]


def _criterion(data: Mapping) -> dict:
    return {
        "key": _key(data),
        "name": data.get("name") or _key(data),
        "guidance": data.get("guidance") or "",
        "weight": data.get("weight", 1),
        "min": data.get("min", 0),
        "max": data.get("max", 5),
        "points": {str(at): words for at, words in (data.get("points") or {}).items()},
        "comment": data.get("comment") or "optional",
    }


def rubrics_of(plan: Plan) -> dict[str, Rubric]:
    """The sheets of a compiled workflow, by key."""
    return {
        one["key"]: Rubric(
            one["key"],
            one["name"],
            tuple(
                Criterion(
                    key=line["key"],
                    name=line["name"],
                    guidance=line["guidance"],
                    weight=line["weight"],
                    minimum=line["min"],
                    maximum=line["max"],
                    points={int(at): words for at, words in line["points"].items()},
                    comment=line["comment"],
                )
                for line in one["criteria"]
            ),
            tuple((choice["key"], choice["label"]) for choice in one["recommendations"]),
        )
        for one in plan.data.get("rubrics") or []
    }


def reviewing(plan: Plan, stage_key: str) -> Reviewing | None:
    """How a stage of a published workflow is scored; None when it is not."""
    stage = plan.by_key.get(stage_key)
    if stage is None or not stage.review:
        return None
    said = stage.review
    return Reviewing(
        stage=stage_key,
        rubric=rubrics_of(plan)[said["rubric"]],
        scorers=tuple(said["scorers"]),
        needed=said["needed"],
        due_days=said["due_days"],
        hide=frozenset(said["hide"]),
        hide_questions=frozenset(said["hide_questions"]),
        combine=said["combine"],
        group_by=said["group_by"],
        references=bool(said.get("references")),
    )


def combined(totals: Iterable[Decimal], how: str = MEDIAN) -> Decimal | None:
    """What several reviews come to; None without any.

    Without the highest and the lowest only where more than two are there to drop them from.
    """
    found = sorted(totals)
    if not found:
        return None
    if how == MEDIAN:
        return _cents(Decimal(median(found)))
    if how == DROP and len(found) > 2:
        found = found[1:-1]
    return _cents(sum(found) / len(found))


def _cents(number: Decimal) -> Decimal:
    return number.quantize(CENT, rounding=ROUND_HALF_UP)
