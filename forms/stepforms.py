"""The Django form of one page, made from a compiled step once per process and version.

A page shows the questions that are visible for the answers so far. When an answer on the page
itself makes a further question visible, that question was not on the page: it is neither an
error nor skipped, it is asked next (`newly_visible`). Whatever else is posted is ignored.
"""

import copy
from functools import lru_cache
from typing import Any

from django import forms

from cms.conditions import holds

from .field_types import Asking, field_types

ASKED = "asked"


class StepForm(forms.Form):
    """One page. Made by `form_class`; `answers()` gives what was cleaned as JSON.

    `initial_answers` are the stored answers of this page (of the item, in a repeated step),
    `seen` the visible answers of everything before it.
    """

    step: dict = {}
    groups: dict = {}
    templates: dict[str, forms.Field] = {}
    use_required_attribute = False

    def __init__(
        self,
        data: Any = None,
        files: Any = None,
        *,
        initial_answers: dict | None = None,
        seen: dict | None = None,
        facts: dict | None = None,
        asking: Asking | None = None,
    ):
        super().__init__(data, files)
        self.stored = initial_answers or {}
        self.seen, self.facts = dict(seen or {}), facts or {}
        self.asking = asking or Asking()
        self.newly_visible: list[dict] = []
        self.visible: list[dict] = []
        self._json: dict = {}
        scope = dict(self.seen)
        for question in self.step["questions"]:
            if not self.is_bound and holds(
                question["show_if"], scope, groups=self.groups, facts=self.facts
            ):
                self._show(question, scope)
        if self.is_bound:
            self._was_asked = self._keys_on_the_page()

    def _show(self, question: dict, scope: dict) -> None:
        """Put a question on the page, with what is stored for it."""
        kind, key = field_types[question["type"]], question["key"]
        self.visible.append(question)
        if question["type"] == "calculated":
            scope[key] = kind.work_out(question, scope, groups=self.groups, facts=self.facts)
        if not kind.is_answerable:
            return
        field = copy.deepcopy(self.templates[key])
        kind.prepare(field, question, self.asking)
        if getattr(field, "has_nothing", False):
            # Nothing to choose from is no question; it counts as passed.
            self.visible.pop()
            self._json[key] = None
            return
        stored = self.stored.get(key)
        if hasattr(field, "kept"):
            # How many stay, when those that were ticked for removal are gone.
            gone = set(self.data.getlist(f"drop-{key}")) if self.is_bound else set()
            field.kept = sum(str(one["id"]) not in gone for one in stored or [])
        self.fields[key] = field
        self.initial[key] = kind.from_json(stored)
        if not self.is_bound and stored is not None:
            scope[key] = stored

    def _keys_on_the_page(self) -> set[str]:
        """Keys of the questions that the page had, as it says; without a word, those it had."""
        said = self.data.get(ASKED)
        if said is not None:
            return {key for key in said.split(",") if key}
        scope, found = dict(self.seen), set()
        for question in self.step["questions"]:
            if holds(question["show_if"], scope, groups=self.groups, facts=self.facts):
                found.add(question["key"])
                if self.stored.get(question["key"]) is not None:
                    scope[question["key"]] = self.stored[question["key"]]
        return found

    def _clean_fields(self) -> None:
        """Clean in order, so that each answer decides whether the next question is there."""
        scope = dict(self.seen)
        for question in self.step["questions"]:
            if not holds(question["show_if"], scope, groups=self.groups, facts=self.facts):
                continue
            key, kind = question["key"], field_types[question["type"]]
            self._show(question, scope)
            if key not in self.fields:
                continue
            bound = self[key]
            omitted = bound.field.widget.value_omitted_from_data(
                self.data, self.files, self.add_prefix(key)
            )
            if omitted and key not in self._was_asked:
                self.newly_visible.append(question)
                self._drop(key)
                continue
            try:
                value = bound.field.clean(bound.data)
            except forms.ValidationError as error:
                self.add_error(key, error)
                continue
            self.cleaned_data[key] = value
            self._json[key] = kind.to_json(value)
            if self._json[key] is not None:
                scope[key] = self._json[key]

    def _drop(self, key: str) -> None:
        del self.fields[key]
        self._bound_fields_cache.pop(key, None)

    def answers(self) -> dict:
        """`{key: JSON}` of the questions that were on the page; None where left empty."""
        return dict(self._json)

    @property
    def uploads_asked(self) -> list[str]:
        """Keys of the file questions on the page."""
        return [q["key"] for q in self.visible if q["type"] == "file" and q["key"] in self.fields]

    @property
    def uploads(self) -> dict[str, list]:
        """Files that came and were right, by question."""
        return {key: self._json[key] or [] for key in self.uploads_asked if key in self._json}

    @property
    def asked(self) -> str:
        """What the hidden field `asked` carries: the questions that this page shows."""
        return ",".join(self.fields)

    @property
    def rows(self) -> list[dict]:
        """What a template shows, in order: `{question, type, field}`; words have no field."""
        return [
            {
                "question": question,
                "type": field_types[question["type"]],
                "field": self[question["key"]] if question["key"] in self.fields else None,
                "is_optional": not question["required"] and self._may_be_empty(question["key"]),
                "width": question["settings"].get("width") or field_types[question["type"]].width,
            }
            for question in self.visible
            if question["type"] != "calculated"
        ]

    def _may_be_empty(self, key: str) -> bool:
        """A field may ask for more than its question does, once there is something to ask."""
        return key in self.fields and not self.fields[key].required

    @property
    def is_one_question(self) -> bool:
        """Whether the question can be the heading of its page: a statement to tick cannot."""
        rows = self.rows
        return (
            len(rows) == 1
            and rows[0]["field"] is not None
            and rows[0]["question"]["type"] != "declaration"
            and not self.step["repeat"]
        )

    @property
    def error_list(self) -> list[dict]:
        """`[{id, message}]` for components/error_summary.html, in the order of the page."""
        found = [
            {"id": self._first_id(name), "message": message}
            for name in self.fields
            for message in self.errors.get(name, [])
        ]
        return found + [{"id": "", "message": text} for text in self.non_field_errors()]

    def _first_id(self, name: str) -> str:
        bound = self[name]
        if isinstance(bound.field.widget, forms.RadioSelect | forms.CheckboxSelectMultiple):
            return f"{bound.auto_id}_0"
        return bound.field.widget.id_for_label(bound.auto_id) or f"{bound.auto_id}_0"


def build(compiled: dict, step_key: str) -> type[StepForm]:
    """The form class of one step. Raises KeyError when the form has no such step."""
    step = next((step for step in compiled["steps"] if step["key"] == step_key), None)
    if step is None:
        raise KeyError(step_key)
    templates = {
        question["key"]: field_types[question["type"]].field(question)
        for question in step["questions"]
        if field_types[question["type"]].is_answerable
    }
    return type(
        "StepForm",
        (StepForm,),
        {"step": step, "groups": compiled.get("groups") or {}, "templates": templates},
    )


class _ByVersion:
    """A hashable stand-in for a compiled form, so that the cache is keyed by its version alone."""

    def __init__(self, version_id: object, compiled: dict):
        self.version_id, self.compiled = version_id, compiled

    def __eq__(self, other: object) -> bool:
        return self.version_id == other.version_id

    def __hash__(self) -> int:
        return hash(self.version_id)


@lru_cache(maxsize=512)
def _cached(version: _ByVersion, step_key: str) -> type[StepForm]:
    return build(version.compiled, step_key)


def form_class(version_id: object, compiled: dict, step_key: str) -> type[StepForm]:
    """The form class of a published step, built once per process and version.

    A version never changes, so neither do its classes. Raises KeyError for an unknown step.
    """
    return _cached(_ByVersion(version_id, compiled), step_key)
