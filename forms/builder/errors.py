"""Findings of the linter, turned into errors on the blocks they are about."""

from collections.abc import Iterable
from dataclasses import replace

from django.core.exceptions import ValidationError
from wagtail.blocks import StreamBlockValidationError, StreamValue, StructBlockValidationError

from forms.findings import Finding

from .convert import names_of

ON_THE_RULE = (
    "unknown",
    "unknown_option",
    "forward",
    "repeated",
    "op",
    "no_value",
    "no_way_on",
    "no_way_out",
)
PARTS = {
    "label": "label",
    "key": "key",
    "same_key": "key",
    "reserved": "key",
    "count_from": "count_from",
}


def _on_part(found: list[Finding], parts: set[str]) -> tuple[dict, list]:
    """Messages by part of a block, and those about the whole block."""
    by_part: dict[str, list[str]] = {}
    whole = []
    for finding in found:
        part = "show_if" if finding.code in ON_THE_RULE else PARTS.get(finding.code, "")
        if part in parts:
            by_part.setdefault(part, []).append(finding.message)
        else:
            whole.append(ValidationError(finding.message))
    return {part: ValidationError(messages) for part, messages in by_part.items()}, whole


def block_errors(steps: StreamValue, findings: list[Finding]) -> ValidationError | None:
    """One error for the editor's stream of steps, with each message on its own block.

    Findings about no block that is there are left out: `loose` are those.
    """
    by_id: dict[str, list[Finding]] = {}
    for finding in findings:
        by_id.setdefault(finding.block_id, []).append(finding)
    wrong_steps = {}
    for at, step in enumerate(steps):
        parts, whole = _on_part(by_id.get(step.id, []), {"show_if", "key", "count_from"})
        wrong = {}
        for index, question in enumerate(step.value["questions"]):
            found = by_id.get(question.id)
            if found:
                inner, about_it = _on_part(found, {"show_if", "key", "label"})
                wrong[index] = StructBlockValidationError(inner, about_it)
        if wrong:
            parts["questions"] = StreamBlockValidationError(block_errors=wrong)
        if parts or whole:
            wrong_steps[at] = StructBlockValidationError(parts, whole)
    return StreamBlockValidationError(block_errors=wrong_steps) if wrong_steps else None


def placed(groups: StreamValue, findings: Iterable[Finding]) -> list[Finding]:
    """The findings, those about a named rule with the id of its block in this editor."""
    ids = {name: block_id for block_id, name in names_of(groups).items()}
    return [replace(one, block_id=ids[one.group]) if one.group in ids else one for one in findings]


def group_errors(groups: StreamValue, findings: list[Finding]) -> ValidationError | None:
    """One error for the editor's stream of named rules; `findings` are placed."""
    by_id: dict[str, list[str]] = {}
    for finding in findings:
        by_id.setdefault(finding.block_id, []).append(finding.message)
    wrong = {
        at: StructBlockValidationError({"rule": ValidationError(by_id[child.id])})
        for at, child in enumerate(groups)
        if child.id in by_id
    }
    return StreamBlockValidationError(block_errors=wrong) if wrong else None


def loose(steps: StreamValue, groups: StreamValue, findings: list[Finding]) -> list[Finding]:
    """Findings about the form as a whole."""
    ids = {child.id for child in [*steps, *groups]}
    ids |= {question.id for step in steps for question in step.value["questions"]}
    return [finding for finding in findings if finding.block_id not in ids]
