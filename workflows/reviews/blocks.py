"""The editor of scoring sheets, and of how a stage is scored, beside stages and buttons."""

import uuid

from django import forms
from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from .rubrics import COMBINE, COMMENT, HIDE


class PointBlock(blocks.StructBlock):
    score = blocks.IntegerBlock(min_value=0, max_value=100)
    words = blocks.CharBlock(max_length=200, label=_("Means"))

    class Meta:
        label = _("Score in words")


class CriterionBlock(blocks.StructBlock):
    name = blocks.CharBlock(max_length=80)
    guidance = blocks.TextBlock(required=False, rows=2, help_text=_("What to listen or look for."))
    weight = blocks.IntegerBlock(
        default=1, min_value=1, max_value=100, help_text=_("Twice the number counts twice.")
    )
    min = blocks.IntegerBlock(default=0, min_value=0, max_value=100, label=_("Lowest score"))
    max = blocks.IntegerBlock(default=5, min_value=1, max_value=100, label=_("Highest score"))
    points = blocks.ListBlock(PointBlock(), default=[], label=_("What scores mean"))
    comment = blocks.ChoiceBlock(choices=list(COMMENT.items()), default="optional")
    key = blocks.CharBlock(required=False, max_length=60)

    class Meta:
        label = _("Criterion")


class RecommendationBlock(blocks.StructBlock):
    label = blocks.CharBlock(max_length=60)
    key = blocks.CharBlock(required=False, max_length=60)

    class Meta:
        label = _("Recommendation")


class RubricBlock(blocks.StructBlock):
    name = blocks.CharBlock(max_length=80, help_text=_("Stages choose the sheet by this name."))
    criteria = blocks.ListBlock(CriterionBlock(), default=[], label=_("Criteria"))
    recommendations = blocks.ListBlock(
        RecommendationBlock(),
        default=[],
        label=_("Recommendations to choose from"),
        help_text=_("None: only scores are asked for."),
    )
    key = blocks.CharBlock(required=False, max_length=60)

    class Meta:
        label = _("Scoring sheet")
        icon = "list-ol"
        label_format = "{name}"


class ReviewBlock(blocks.StructBlock):
    """How a stage is scored. Scorers see their own review and never the case."""

    rubric = blocks.CharBlock(max_length=80, label=_("Scoring sheet"), help_text=_("Its name."))
    needed = blocks.IntegerBlock(
        default=2, min_value=1, max_value=20, label=_("How many reviews each")
    )
    due_days = blocks.IntegerBlock(
        required=False, min_value=1, max_value=366, label=_("Due after days")
    )
    hide = blocks.MultipleChoiceBlock(
        required=False,
        choices=list(HIDE.items()),
        widget=forms.CheckboxSelectMultiple,
        label=_("Hidden from reviewers"),
    )
    hide_questions = blocks.ListBlock(
        blocks.CharBlock(max_length=80), default=[], label=_("And these questions, by key")
    )
    combine = blocks.ChoiceBlock(
        choices=list(COMBINE.items()), default="median", label=_("Several reviews come to")
    )
    group_by = blocks.CharBlock(
        required=False,
        max_length=80,
        label=_("Rank within groups by"),
        help_text=_("The key of a question, such as instrument."),
    )
    references = blocks.BooleanBlock(
        required=False,
        label=_("References are shown to reviewers"),
        help_text=_("What was written, without who wrote it. Names are blacked out as elsewhere."),
    )

    class Meta:
        label = _("Scoring")


def rubric_data(child: blocks.StreamValue.StreamChild) -> dict:
    """A scoring sheet of the editor as a package has it."""
    value = child.value
    return {
        "id": child.id,
        "key": value["key"],
        "name": value["name"],
        "criteria": [
            {
                **{name: part for name, part in one.items() if name != "points"},
                "points": {str(point["score"]): point["words"] for point in one["points"]},
            }
            for one in value["criteria"]
        ],
        "recommendations": [dict(one) for one in value["recommendations"]],
    }


def review_data(value: blocks.StructValue) -> dict:
    return {name: list(part) if isinstance(part, list) or name == "hide_questions" else part
            for name, part in value.items()}  # fmt: skip


def rubric_value(rubric: dict) -> dict:
    """The raw value of the editor for a compiled sheet."""
    return {
        "type": "rubric",
        "id": rubric["id"],
        "value": {
            "name": rubric["name"],
            "key": rubric["key"],
            "criteria": [
                _item(
                    rubric["id"],
                    one["key"],
                    one
                    | {
                        "points": [
                            _item(rubric["id"], f"{one['key']}{at}", {"score": at, "words": words})
                            for at, words in one["points"].items()
                        ]
                    },
                )
                for one in rubric["criteria"]
            ],
            "recommendations": [
                _item(rubric["id"], f"says-{one['key']}", one) for one in rubric["recommendations"]
            ],
        },
    }


def review_value(review: dict, names: dict[str, str], stage_id: str) -> list[dict]:
    """The raw value of a stage's list of at most one."""
    value = review | {
        "rubric": names.get(review["rubric"], review["rubric"]),
        "hide_questions": [_item(stage_id, f"hide-{key}", key) for key in review["hide_questions"]],
    }
    return [_item(stage_id, "review", value)]


def _item(within: str, name: str, value: object) -> dict:
    space = uuid.uuid5(uuid.UUID(int=0), str(within))
    return {"type": "item", "id": str(uuid.uuid5(space, name)), "value": value}
