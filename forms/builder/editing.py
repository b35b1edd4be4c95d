# ruff: noqa: ANN201 - the signatures are those of Wagtail's model forms
"""The form of the editor: shows `FormDefinition.data` as blocks and writes it back.

Steps and named rules are fields of this form, not of the model, so that there is one copy of a
form and it is in the package's shape. A draft may be unfinished: everything that publishing needs
is checked only when the form is published, and said on the block it is about.
"""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms.models import WagtailAdminModelForm
from wagtail.admin.rich_text import DraftailRichTextArea
from wagtail.blocks import BlockField

from forms.compile import compiled
from forms.findings import ERROR
from forms.letters_of import letters_of
from forms.lint import lint
from workflows.models import WorkflowDefinition

from .convert import clean_html, from_package, to_package
from .errors import block_errors, loose
from .step_blocks import RICH, NamedRulesBlock, StepsBlock


class FormDefinitionForm(WagtailAdminModelForm):
    intro = forms.CharField(
        required=False,
        widget=DraftailRichTextArea(features=RICH),
        label=_("Words on the start page"),
        help_text=_("What the form is for, who may use it, how long it takes, what to have ready."),
    )
    steps = BlockField(
        block=StepsBlock(),
        required=False,
        label=_("Steps"),
        help_text=_("One page each. Families see only those whose rule is true for them."),
    )
    groups = BlockField(
        block=NamedRulesBlock(),
        required=False,
        label=_("Named rules"),
        help_text=_("A rule that several steps or questions share, or one inside another."),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        data = self.instance.data or {}
        raw_steps, raw_groups = from_package(data)
        self.initial["steps"] = self.fields["steps"].block.to_python(raw_steps)
        self.initial["groups"] = self.fields["groups"].block.to_python(raw_groups)
        self.initial["intro"] = data.get("intro", "")
        if "workflow_slug" in self.fields:
            self.fields["workflow_slug"] = forms.ChoiceField(
                choices=self._workflows,
                required=False,
                label=_("Review process"),
                help_text=_("What happens to a form after it is sent in."),
            )

    def _workflows(self):
        yield "", _("None: it is only kept")
        yield from WorkflowDefinition.objects.values_list("slug", "title")

    def clean_workflow_slug(self):
        return self.cleaned_data["workflow_slug"] or ""

    def _data(self) -> dict:
        """What the editor holds, in the package's shape."""
        before = self.instance.data or {}
        return before | {
            "intro": clean_html(self.cleaned_data.get("intro")),
            **to_package(self.cleaned_data["steps"], self.cleaned_data["groups"], before=before),
        }

    def clean(self):
        cleaned = super().clean()
        if "steps" not in self.cleaned_data or "groups" not in self.cleaned_data:
            return cleaned
        self.data_to_keep = self._data()
        if not self.is_deferred_validation:
            self._check()
        return cleaned

    def _check(self):
        form = compiled(
            self.data_to_keep
            | {name: self.cleaned_data.get(name) or "" for name in ("slug", "title")}
        )
        letters, workflow = letters_of(self.cleaned_data.get("workflow_slug") or "")
        findings = [
            one for one in lint(form, emails=letters, workflow=workflow) if one.level == ERROR
        ]
        steps = self.cleaned_data["steps"]
        for finding in loose(steps, findings):
            self.add_error(None, ValidationError(str(finding)))
        on_blocks = block_errors(steps, findings)
        if on_blocks:
            self.add_error("steps", on_blocks)

    def _post_clean(self):
        super()._post_clean()
        if hasattr(self, "data_to_keep"):
            self.instance.data = self.data_to_keep
