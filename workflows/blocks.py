"""The editor of a workflow: what staff call stages, buttons and what a button sets off.

A stage is one block, its buttons a list inside it, each action a block of its own made from the
action's class. The block's id is what other stages point at, so names may change; `key` is filled
in once and kept. `to_data` and `from_data` go between the editor's value and the package format;
checking happens in `StagesBlock.clean`, on publishing only: a draft may be unfinished.
"""

import json
import uuid

from django import forms
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _
from wagtail import blocks
from wagtail.blocks.list_block import ListBlockValidationError
from wagtail.blocks.stream_block import StreamBlockValidationError
from wagtail.blocks.struct_block import StructBlockValidationError

from cms.roles import BY_LABEL, ROLES

from .actions import actions
from .findings import ERROR
from .plan import APPOINTMENT, FAMILY, KINDS
from .reviews.blocks import (
    ReviewBlock,
    RubricBlock,
    review_data,
    review_value,
    rubric_data,
    rubric_value,
)

# Fields of a stage that name one of its own buttons.
BY_LABEL_OF_BUTTON = (
    "auto_button",
    "answered_button",
    "booked_button",
    "kept_button",
    "missed_button",
)
OPERATORS = {
    "is": _("is"),
    "is_not": _("is not"),
    "one_of": _("is one of (separate with commas)"),
    "includes": _("includes"),
    "excludes": _("does not include"),
    "more_than": _("is more than"),
    "less_than": _("is less than"),
    "at_least": _("is at least"),
    "at_most": _("is at most"),
    "before": _("is before"),
    "after": _("is after"),
    "answered": _("was answered"),
    "not_answered": _("was not answered"),
}


def role_choices():
    """Every role of the hub, then the groups that staff made themselves."""
    own = Group.objects.exclude(name__in=BY_LABEL).values_list("name", "name")
    return [*((role.key, role.label) for role in ROLES.values()), *own]


def presser_choices():
    """The same, and the family itself."""
    return [(FAMILY, _("The family, in its folder")), *role_choices()]


class RolesBlock(blocks.MultipleChoiceBlock):
    def __init__(self, *, choices=role_choices, **kwargs):
        kwargs.setdefault("required", False)
        super().__init__(choices=choices, widget=forms.CheckboxSelectMultiple, **kwargs)


class StageChoiceBlock(blocks.FieldBlock):
    """The id of a stage; workflow-editor.js lists the stages as they stand in the editor."""

    def __init__(self, *, required=True, help_text=None, **kwargs):
        self.field = forms.CharField(
            required=required,
            help_text=help_text,
            max_length=60,
            widget=forms.TextInput(attrs={"data-stage-choice": ""}),
        )
        super().__init__(**kwargs)


class ClauseBlock(blocks.StructBlock):
    question = blocks.CharBlock(required=False, help_text=_("The key of a question of the form."))
    score = blocks.CharBlock(
        required=False,
        max_length=80,
        label=_("Or a score"),
        help_text=_("total, reviews, missing, spread, or the key of a criterion."),
    )
    op = blocks.ChoiceBlock(choices=list(OPERATORS.items()), default="is", label=_("Compare"))
    value = blocks.CharBlock(required=False)
    more = blocks.CharBlock(required=False, max_length=2000)  # what this editor cannot show

    class Meta:
        label = _("Answer")


class ConditionBlock(blocks.StructBlock):
    match = blocks.ChoiceBlock(
        choices=[("all", _("All of these")), ("any", _("Any of these"))], default="all"
    )
    clauses = blocks.ListBlock(ClauseBlock(), default=[], label=_("Answers"))


class ActionsBlock(blocks.StreamBlock):
    """One kind of block for each registered action, whichever app registered it and when."""

    @property
    def child_blocks(self):
        built = self.__dict__.setdefault("_built", {})
        for key, kind in actions.items():
            if key not in built:
                built[key] = blocks.StructBlock(kind.fields(), label=kind.label, icon="arrow-right")
                built[key].set_name(key)
        return built

    @child_blocks.setter
    def child_blocks(self, value):
        """Nothing is declared: the registry says."""


class ButtonBlock(blocks.StructBlock):
    label = blocks.CharBlock(max_length=60)
    to = StageChoiceBlock(label=_("Leads to"))
    roles = RolesBlock(
        choices=presser_choices,
        label=_("Who may press it"),
        help_text=_("None chosen: those who own the stage."),
    )
    comment = blocks.ChoiceBlock(
        choices=[("optional", _("Optional")), ("required", _("Required")), ("none", _("None"))],
        default="optional",
    )
    actions = ActionsBlock(required=False, label=_("Then, in this order"))
    show_if = blocks.ListBlock(
        ConditionBlock(),
        default=[],
        max_num=1,
        label=_("Only when"),
        help_text=_("Without a condition it can always be pressed."),
    )
    appointment = blocks.ChoiceBlock(
        required=False,
        choices=list(APPOINTMENT.items()),
        label=_("And only when"),
        help_text=_("What has to be true of the case's appointment. Empty: nothing."),
    )
    all_ticked = blocks.BooleanBlock(
        required=False,
        label=_("Only when the checklist is done"),
        help_text=_("Every item of this stage's checklist has to be ticked first."),
    )
    key = blocks.CharBlock(required=False, max_length=60)

    class Meta:
        label = _("Button")
        icon = "arrow-right-full"


class ItemBlock(blocks.StructBlock):
    label = blocks.CharBlock(max_length=160, label=_("What is ticked off"))
    key = blocks.CharBlock(required=False, max_length=60)

    class Meta:
        label = _("Item")
        icon = "tick"


class HiddenBlock(blocks.StructBlock):
    roles = RolesBlock(label=_("From these roles"), required=True)
    questions = blocks.ListBlock(
        blocks.CharBlock(max_length=80),
        min_num=1,
        label=_("These questions or steps, by key"),
    )

    class Meta:
        label = _("Hidden")
        icon = "view"


class ScoringBlock(ReviewBlock):
    scorers = RolesBlock(
        label=_("Who scores"),
        help_text=_("They see what is not hidden from them and their own sheet, never the case."),
    )


def _own_button(label):
    return blocks.CharBlock(
        required=False,
        max_length=60,
        label=label,
        help_text=_("The label of one of the buttons above, or nothing."),
    )


class StageBlock(blocks.StructBlock):
    staff_name = blocks.CharBlock(max_length=60, label=_("Name for staff"))
    public_name = blocks.CharBlock(
        max_length=60,
        required=False,
        label=_("Name that families see"),
        help_text=_("Or the same."),
    )
    kind = blocks.ChoiceBlock(
        choices=list(KINDS.items()),
        default="open",
        help_text=_("Whose turn it is. This, not the name, is what the hub goes by."),
    )
    start = blocks.BooleanBlock(required=False, label=_("New cases begin here"))
    roles = RolesBlock(label=_("Who owns it"))
    viewers = RolesBlock(label=_("Who may look only"))
    guidance = blocks.TextBlock(
        required=False, rows=2, label=_("Guidance"), help_text=_("What to check here, for staff.")
    )
    checklist = blocks.ListBlock(
        ItemBlock(),
        default=[],
        max_num=30,
        label=_("Checklist"),
        help_text=_("Officers tick each item on the case; who did and when is in its history."),
    )
    hidden = blocks.ListBlock(
        HiddenBlock(),
        default=[],
        label=_("Hidden while a case stands here"),
        help_text=_("From roles that see the case. Who also holds another role of it sees all."),
    )
    public_note = blocks.CharBlock(
        required=False, max_length=250, label=_("What happens next, for families")
    )
    public_days = blocks.IntegerBlock(
        required=False,
        min_value=1,
        max_value=366,
        label=_("Families expect news within days"),
        help_text=_("They read the day in their folder. Leave empty to promise nothing."),
    )
    remind_after_days = blocks.IntegerBlock(
        required=False, min_value=1, max_value=366, label=_("Due after days")
    )
    buttons = blocks.ListBlock(ButtonBlock(), default=[], label=_("Buttons"))
    auto_after_days = blocks.IntegerBlock(
        required=False,
        min_value=1,
        max_value=366,
        label=_("Move on by itself after days"),
        help_text=_("Leave empty, and only people press buttons here."),
    )
    auto_button = blocks.CharBlock(
        required=False,
        max_length=60,
        label=_("By this button"),
        help_text=_("The label of one of the buttons above."),
    )
    outcome = blocks.ChoiceBlock(
        required=False,
        choices=[("unsuccessful", _("Declined, cancelled or withdrawn"))],
        label=_("How it ended"),
        help_text=_(
            "For a finished stage. Left empty, the application was successful. "
            "How long answers are kept goes by it."
        ),
    )
    auto_on = blocks.CharBlock(
        required=False,
        max_length=10,
        label=_("Or from this day on"),
        help_text=_("Such as 2026-10-25: by the same button, at the beginning of that day."),
    )
    escalate_after_days = blocks.IntegerBlock(
        required=False,
        min_value=1,
        max_value=366,
        label=_("Tell another role after days"),
    )
    escalate_to = blocks.ChoiceBlock(
        required=False,
        choices=role_choices,
        label=_("Which role"),
        help_text=_("It then owns the case too, and finds it in its inbox."),
    )
    answered_button = blocks.CharBlock(
        required=False,
        max_length=60,
        label=_("When the family has answered, press"),
        help_text=_("The label of one of the buttons above. Leave empty, and the case stays here."),
    )
    review = blocks.ListBlock(
        ScoringBlock(),
        default=[],
        max_num=1,
        label=_("Scored by reviewers"),
        help_text=_("For a stage that is being reviewed."),
    )
    booked_button = _own_button(_("When an appointment is booked, press"))
    kept_button = _own_button(_("After the appointment took place, press"))
    missed_button = _own_button(_("When nobody came to it, press"))
    key = blocks.CharBlock(required=False, max_length=60)

    class Meta:
        label = _("Stage")
        icon = "tasks"
        label_format = "{staff_name}"
        form_classname = "workflow-stage"


class StagesBlock(blocks.StreamBlock):
    """All stages, and the scoring sheets that they use.

    Cleaning fills in keys; outside drafts it also checks that cases can flow.
    """

    stage = StageBlock()
    rubric = RubricBlock()

    def clean(self, value):
        value = super().clean(value)
        _fill_in_keys(value)
        if not self.is_deferred_validation:
            self._check(value)
        return value

    def _check(self, value):
        from .compile import check_all  # noqa: PLC0415 - compile publishes definitions, which hold this

        found = [f for f in check_all(to_data("draft", "Draft", value)) if f.level == ERROR]
        if not found:
            return
        places = {
            child.value["key"]: index
            for index, child in enumerate(value)
            if child.block_type == "stage"
        }
        by_stage: dict[int, list] = {}
        loose = []
        for finding in found:
            if finding.stage in places:
                by_stage.setdefault(places[finding.stage], []).append(finding)
            else:
                loose.append(ValidationError(finding.message))
        raise StreamBlockValidationError(
            block_errors={
                index: _stage_error(value[index].value, findings)
                for index, findings in by_stage.items()
            },
            non_block_errors=loose,
        )


def _stage_error(stage, findings):
    buttons: dict[int, list[str]] = {}
    loose = []
    places = {button["key"]: index for index, button in enumerate(stage["buttons"])}
    for finding in findings:
        if finding.button in places:
            buttons.setdefault(places[finding.button], []).append(finding.message)
        else:
            loose.append(ValidationError(finding.message))
    errors = {}
    if buttons:
        errors["buttons"] = ListBlockValidationError(
            block_errors={
                index: StructBlockValidationError(
                    non_block_errors=[ValidationError(message) for message in messages]
                )
                for index, messages in buttons.items()
            }
        )
    return StructBlockValidationError(block_errors=errors, non_block_errors=loose)


def _fill_in_keys(value):
    """A key for each stage and button that has none, or that is a copy of another."""
    stages: set[str] = set()
    rubrics: set[str] = set()
    for child in value:
        if child.block_type == "rubric":
            _fill_in_sheet(child.value, rubrics)
            continue
        _give_key(child.value, child.value["staff_name"], stages)
        in_stage: set[str] = set()
        for button in child.value["buttons"]:
            _give_key(button, button["label"], in_stage)
        in_checklist: set[str] = set()
        for item in child.value["checklist"]:
            _give_key(item, item["label"], in_checklist)


def _fill_in_sheet(sheet, rubrics):
    _give_key(sheet, sheet["name"], rubrics)
    for part, name in (("criteria", "name"), ("recommendations", "label")):
        taken: set[str] = set()
        for one in sheet[part]:
            _give_key(one, one[name], taken)


def _give_key(struct, name, taken):
    start = struct["key"] or slugify(name or "").replace("-", "_")[:50] or "stage"
    key, number = start, 2
    while key in taken:
        key, number = f"{start}_{number}", number + 1
    taken.add(key)
    struct["key"] = key


def to_data(slug, title, value):
    """The package format (contract: key "workflow") of what stands in the editor."""
    stages = [_stage_data(child) for child in value if child.block_type == "stage"]
    rubrics = [rubric_data(child) for child in value if child.block_type == "rubric"]
    data = {"slug": slug, "title": title, "stages": stages}
    return data | ({"rubrics": rubrics} if rubrics else {})


def _stage_data(child):
    stage = {name: part for name, part in child.value.items() if part not in ("", None, [])}
    stage["id"] = child.id
    by_label = {button["label"]: button["key"] for button in child.value["buttons"]}
    for name in BY_LABEL_OF_BUTTON:
        if stage.get(name):
            stage[name] = by_label.get(stage[name], stage[name])
    stage.pop("review", None)
    for said in child.value["review"]:
        stage["review"] = review_data(said)
    if child.value["hidden"]:
        stage["hidden"] = [
            {
                "id": one.id,
                "roles": list(one.value["roles"]),
                "questions": list(one.value["questions"]),
            }
            for one in child.value["hidden"].bound_blocks
        ]
    if child.value["checklist"]:
        stage["checklist"] = [
            {"key": item.value["key"], "id": item.id, "label": item.value["label"]}
            for item in child.value["checklist"].bound_blocks
        ]
    stage["buttons"] = [
        _button_data(item.value, item.id) for item in child.value["buttons"].bound_blocks
    ]
    return stage


def _button_data(button, block_id):
    named = ("key", "label", "to", "comment", "appointment", "all_ticked")
    data = {name: button[name] for name in named if button[name]}
    data["id"] = block_id
    data["roles"] = list(button["roles"] or [])
    data["actions"] = [
        {
            "type": action.block_type,
            **{name: part for name, part in action.value.items() if part not in ("", None)},
        }
        for action in button["actions"]
    ]
    for condition in button["show_if"]:
        data["show_if"] = {
            "match": condition["match"],
            "clauses": [_clause_data(clause) for clause in condition["clauses"]],
        }
    return data


def _clause_data(clause):
    data = json.loads(clause["more"]) if clause["more"] else {}
    if clause["question"]:
        data |= {"question": clause["question"], "op": clause["op"]}
    elif clause["score"]:
        data |= {"score": clause["score"], "op": clause["op"]}
    if clause["value"] and clause["op"] == "one_of":
        data["value"] = [part.strip() for part in clause["value"].split(",")]
    elif clause["value"]:
        data["value"] = clause["value"]
    return data


def from_data(plan):
    """The raw value of the editor for a compiled workflow, with an id at every level."""
    ids = {stage["key"]: stage["id"] for stage in plan["stages"]}
    rubrics = plan.get("rubrics") or []
    names = {one["key"]: one["name"] for one in rubrics}
    stages = [
        {
            "type": "stage",
            "id": stage["id"],
            "value": {
                **{name: part for name, part in stage.items() if name != "id"},
                **_labels_of_buttons(stage),
                "review": review_value(stage["review"], names, stage["id"])
                if stage.get("review")
                else [],
                "hidden": [_hidden_value(one) for one in stage.get("hidden", ())],
                "checklist": [
                    {
                        "type": "item",
                        "id": item["id"],
                        "value": {"key": item["key"], "label": item["label"]},
                    }
                    for item in stage.get("checklist", ())
                ],
                "buttons": [
                    {"type": "item", "id": button["id"], "value": _button_value(button, ids)}
                    for button in stage["buttons"]
                ],
            },
        }
        for stage in plan["stages"]
    ]
    return [*stages, *(rubric_value(one) for one in rubrics)]


def _hidden_value(entry):
    """The raw value of one entry of what a stage hides."""
    space = uuid.uuid5(uuid.UUID(int=0), entry["id"])
    questions = [
        {"type": "item", "id": str(uuid.uuid5(space, key)), "value": key}
        for key in entry["questions"]
    ]
    value = {"roles": entry["roles"], "questions": questions}
    return {"type": "item", "id": entry["id"], "value": value}


def _labels_of_buttons(stage):
    """The editor names a stage's own buttons by label, which is what its designer sees."""
    labels = {button["key"]: button["label"] for button in stage["buttons"]}
    return {name: labels.get(stage.get(name), "") for name in BY_LABEL_OF_BUTTON}


def _button_value(button, ids):
    condition = button["show_if"]
    return {
        **{name: part for name, part in button.items() if name != "id"},
        "to": ids.get(button["to"], button["to"]),
        "actions": [
            {
                "type": action["type"],
                "id": str(uuid.uuid5(uuid.UUID(int=0), f"{button['id']}/{index}")),
                "value": {name: part for name, part in action.items() if name != "type"},
            }
            for index, action in enumerate(button["actions"])
        ],
        "show_if": [_condition_value(condition)] if condition else [],
    }


def _condition_value(condition):
    return {
        "type": "item",
        "id": str(uuid.uuid4()),
        "value": {
            "match": condition.get("match", "all"),
            "clauses": [
                {"type": "item", "id": str(uuid.uuid4()), "value": _clause_value(clause)}
                for clause in condition.get("clauses", [])
            ],
        },
    }


def _clause_value(clause):
    value = clause.get("value", "")
    listed = isinstance(value, list) and clause.get("op") == "one_of"
    if isinstance(value, int) and "score" in clause:
        value = str(value)
    shown = {
        "question": clause.get("question", ""),
        "score": clause.get("score", ""),
        "op": clause.get("op", "is"),
        "value": ", ".join(map(str, value)) if listed else value if isinstance(value, str) else "",
    }
    more = {
        name: part
        for name, part in clause.items()
        if name not in shown or (name == "value" and not shown["value"])
    }
    return shown | {"more": json.dumps(more) if more else ""}
