# ruff: noqa: ANN201 - the signatures are those of Wagtail's model forms
"""The form of the editor: shows `FormDefinition.data` as blocks and writes it back.

Steps and named rules are fields of this form, not of the model, so that there is one copy of a
form and it is in the package's shape. A draft may be unfinished: everything that publishing needs
is checked only when the form is published, and said on the block it is about.
"""

import re

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms.models import WagtailAdminModelForm
from wagtail.admin.rich_text import DraftailRichTextArea
from wagtail.admin.widgets.slug import SlugInput
from wagtail.blocks import BlockField

from forms.compile import compiled
from forms.findings import ERROR
from forms.gallery import free_slug
from forms.letters_of import letters_of
from forms.lint import lint
from forms.models import FormDefinition
from workflows.models import WorkflowDefinition

from .convert import (
    clean_html,
    from_package,
    ids_in,
    ids_of,
    prices_from_package,
    to_package,
)
from .errors import block_errors, group_errors, loose, placed
from .keeping_blocks import KeepingBlock, from_retention, to_retention
from .opening_blocks import OpeningBlock, from_settings, to_settings
from .price_blocks import PriceBlocks
from .step_blocks import RICH, NamedRulesBlock, StepsBlock

PLACEHOLDERS = re.compile(r"\{\{\s*(?:answers\.)?([A-Za-z0-9_-]+)")
BLOCKS = ("steps", "groups", "prices", "keeping", "opening")


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

    prices = BlockField(
        block=PriceBlocks(),
        required=False,
        label=_("Prices"),
        help_text=_("What is charged and taken off. Left empty, the form costs nothing."),
    )
    keeping = BlockField(block=KeepingBlock(), required=False, label=_("How long answers are kept"))
    opening = BlockField(block=OpeningBlock(), required=False, label=_("When it is open"))

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        data = self.instance.data or {}
        raw_steps, raw_groups = from_package(data)
        self.initial["steps"] = self.fields["steps"].block.to_python(raw_steps)
        self.initial["groups"] = self.fields["groups"].block.to_python(raw_groups)
        raw_prices = prices_from_package(data)
        self.initial["prices"] = self.fields["prices"].block.to_python(raw_prices)
        keeping = self.fields["keeping"].block
        self.initial["keeping"] = keeping.to_python(from_retention(data.get("retention")))
        opening = self.fields["opening"].block
        self.initial["opening"] = opening.to_python(from_settings(data.get("settings")))
        self.initial["intro"] = data.get("intro", "")
        if "slug" in self.fields:
            self.fields["slug"].required = False
            self.fields["slug"].widget = SlugInput()
            self.fields["slug"].help_text = _(
                "The form is at /apply/…/. Left empty, it is made from the title."
            )
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

    def clean_slug(self):
        return self.cleaned_data["slug"] or free_slug(self.cleaned_data.get("title") or "")

    def clean_workflow_slug(self):
        return self.cleaned_data["workflow_slug"] or ""

    def _data(self) -> dict:
        """What the editor holds, in the package's shape."""
        before, given = self.instance.data or {}, self.cleaned_data
        return before | {
            "intro": clean_html(given.get("intro")),
            "retention": to_retention(given["keeping"]),
            "settings": to_settings(given["opening"], before.get("settings")),
            **to_package(
                given["steps"],
                given["groups"],
                given["prices"],
                before=before,
                settled=self._settled(),
            ),
        }

    def _settled(self) -> set[str] | None:
        """Parts whose key something else may name by now: those of a version or of a letter; all
        of a form with sample families or words in another language."""
        data = self.instance.data or {}
        if self.instance.samples or data.get("translations"):
            return None
        version = self.instance.current_version if self.instance.pk else None
        settled = ids_in(version.compiled) if version else set()
        letters, _workflow = letters_of(self.cleaned_data.get("workflow_slug") or "")
        named = {
            key
            for letter in letters
            for text in (letter["subject"], letter["body"])
            for key in PLACEHOLDERS.findall(text)
        }
        return settled | ids_of(data, named) if named else settled

    def follow(self, latest: FormDefinition) -> None:
        """Build on a draft that was saved after this form was shown what it edits."""
        self.instance.samples = latest.samples
        self.instance.data = latest.data
        self.instance.data = self.data_to_keep = self._data()

    def clean(self):
        cleaned = super().clean()
        if any(name not in self.cleaned_data for name in BLOCKS):
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
        steps, groups = self.cleaned_data["steps"], self.cleaned_data["groups"]
        found = lint(form, emails=letters, workflow=workflow)
        findings = placed(groups, [one for one in found if one.level == ERROR])
        for finding in loose(steps, groups, findings):
            self.add_error(None, ValidationError(str(finding)))
        for name, wrong in (
            ("steps", block_errors(steps, findings)),
            ("groups", group_errors(groups, findings)),
        ):
            if wrong:
                self.add_error(name, wrong)

    def _post_clean(self):
        super()._post_clean()
        if hasattr(self, "data_to_keep"):
            self.instance.data = self.data_to_keep
