# ruff: noqa: ANN001, ANN201 - the signatures are those of Django widgets and Wagtail blocks
"""Blocks for rules: "show when ... is ...", chosen from the questions of the same editor.

The choices are read in the browser from the unsaved blocks around the control
(cms/admin/condition-picker.js); what is stored names questions and options by block id, never by
words. Whether those are still there, and earlier, is checked when the form is published.
"""

import json

from django import forms
from django.utils.translation import gettext_lazy as _
from wagtail.admin.staticfiles import versioned_static
from wagtail.admin.telepath import register
from wagtail.admin.telepath.widgets import WidgetAdapter
from wagtail.blocks import FieldBlock

from cms.conditions import ALL_OPS
from forms.field_types.choices import GRADES

MOST_CLAUSES = 30
CLAUSE_PARTS = ("question", "op", "value", "date", "at_least", "at_most", "group")


def tidy_rule(rule: object) -> dict | None:
    """A rule with nothing in it that no rule has; None when it has no clauses.

    A clause keeps its place even when it is not finished, so that a draft loses nothing.
    """
    if not isinstance(rule, dict) or not isinstance(rule.get("clauses"), list):
        return None
    clauses = []
    for clause in rule["clauses"][:MOST_CLAUSES]:
        if not isinstance(clause, dict):
            continue
        kept = {name: clause[name] for name in CLAUSE_PARTS if clause.get(name) not in (None, "")}
        if "group" in kept:
            kept = {"group": str(kept["group"])}
        elif kept.get("op", "is") not in ALL_OPS:
            continue
        if kept:
            clauses.append(kept)
    match = "any" if rule.get("match") == "any" else "all"
    return {"match": match, "clauses": clauses} if clauses else None


class JSONInput(forms.HiddenInput):
    """A hidden input that holds JSON; anything unreadable is nothing."""

    def value_from_datadict(self, data, files, name):
        try:
            return json.loads(data.get(name) or "null")
        except ValueError:
            return None

    def format_value(self, value):
        # In the letters of the browser's JSON: a value that nobody touched is no change.
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False) if value else ""


class BuilderWidget(JSONInput):
    """A control that lives in condition-picker.js."""

    @property
    def media(self):
        return forms.Media(
            js=[
                versioned_static("cms/admin/outline.js"),
                versioned_static("cms/admin/condition-picker.js"),
            ],
            css={"all": [versioned_static("cms/admin/builder.css")]},
        )


class RuleWidget(BuilderWidget):
    pass


class EffectsWidget(BuilderWidget):
    pass


class ReferenceWidget(BuilderWidget):
    """`kind` says which questions may be chosen: number, date, count (steps), choice."""

    def __init__(self, *args, kind="", multiple=False, **kwargs):
        super().__init__(*args, **kwargs)
        self.kind, self.multiple = kind, multiple


class RuleWidgetAdapter(WidgetAdapter):
    js_constructor = "cms.widgets.Rule"

    def js_args(self, widget):
        return [{"grade": GRADES}]


class EffectsWidgetAdapter(WidgetAdapter):
    js_constructor = "cms.widgets.RuleEffects"

    def js_args(self, widget):
        return []


class ReferenceWidgetAdapter(WidgetAdapter):
    js_constructor = "cms.widgets.Reference"

    def js_args(self, widget):
        return [{"kind": widget.kind, "multiple": widget.multiple}]


register(RuleWidgetAdapter(), RuleWidget)
register(EffectsWidgetAdapter(), EffectsWidget)
register(ReferenceWidgetAdapter(), ReferenceWidget)


class RuleField(forms.Field):
    widget = RuleWidget

    def clean(self, value):
        return tidy_rule(value)


class RuleBlock(FieldBlock):
    """`{"match", "clauses"}` with block ids, or None: always shown."""

    def __init__(self, **kwargs):
        self.field = RuleField(required=False)
        kwargs.setdefault("label", _("Who is asked"))
        super().__init__(**kwargs)

    class Meta:
        icon = "redirect"


class EffectsBlock(FieldBlock):
    """Shows and edits, at a question's options, the rules of later parts that wait for them.

    It holds nothing itself: what it changes is the rule of the part that is asked.
    """

    def __init__(self, **kwargs):
        self.field = forms.Field(required=False, widget=EffectsWidget)
        kwargs.setdefault("label", _("What each answer leads to"))
        super().__init__(**kwargs)

    def clean(self, value):
        return None

    class Meta:
        icon = "redirect"


class ReferenceField(forms.Field):
    def clean(self, value):
        value = super().clean(value)
        if isinstance(value, list):
            return [str(one) for one in value if one][:MOST_CLAUSES]
        return str(value) if value else None


class ReferenceBlock(FieldBlock):
    """Another question, or step, of the same form, by block id."""

    def __init__(self, kind="", multiple=False, required=False, help_text=None, **kwargs):
        self.field = ReferenceField(
            required=required,
            help_text=help_text,
            widget=ReferenceWidget(kind=kind, multiple=multiple),
        )
        super().__init__(**kwargs)

    class Meta:
        icon = "link"
