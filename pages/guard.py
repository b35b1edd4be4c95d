"""The editor's form of every page: what must not be published is refused, in its own block.

A draft may say anything. Publishing, and handing in for approval, are refused while a finding
blocks (pages.wording); whatever way the request came, this is where it is decided.
"""

from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from wagtail import blocks
from wagtail.admin.forms import WagtailAdminPageForm
from wagtail.blocks.list_block import ListBlockValidationError
from wagtail.blocks.stream_block import StreamBlockValidationError
from wagtail.blocks.struct_block import StructBlockValidationError
from wagtail.images.blocks import ImageBlock

from pages.wording import findings

Tree = dict[str | int, Any]


class GuardedPageForm(WagtailAdminPageForm):
    """Adds the blocking findings as errors, once the page holds what was typed."""

    def _post_clean(self) -> None:
        super()._post_clean()
        if self.is_deferred_validation or self.errors:
            return
        by_field: dict[str, Tree] = {}
        for finding in findings(self.instance, timezone.localdate()):
            if finding.blocks:
                name, *inner = finding.place
                _plant(by_field.setdefault(name, {}), inner, finding.message)
        for name, tree in by_field.items():
            self.add_error(name if name in self.fields else None, self._error(name, tree))

    def _error(self, name: str, tree: Tree) -> ValidationError:
        field = self.instance._meta.get_field(name)
        block = getattr(field, "stream_block", None)
        return error_in_place(block, getattr(self.instance, name), tree)


def _plant(tree: Tree, place: list[str | int], message: str) -> None:
    """Messages at the leaves, each under the key ""; the branches are those of the blocks."""
    for step in place:
        tree = tree.setdefault(step, {})
    tree.setdefault("", []).append(message)


def error_in_place(block: blocks.Block | None, value: Any, tree: Tree) -> ValidationError:
    """The tree of messages as the errors that Wagtail shows beside each block of `value`."""
    inner = {step: branch for step, branch in tree.items() if step != ""}
    if not inner:
        return ValidationError(tree[""])
    if isinstance(block, blocks.StreamBlock):
        return StreamBlockValidationError(
            {at: error_in_place(value[at].block, value[at].value, inner[at]) for at in inner}
        )
    if isinstance(block, blocks.ListBlock):
        return ListBlockValidationError(
            {at: error_in_place(block.child_block, value[at], inner[at]) for at in inner}
        )
    if isinstance(block, ImageBlock):  # its value is the picture itself
        return StructBlockValidationError({at: ValidationError(inner[at][""]) for at in inner})
    return StructBlockValidationError(
        {at: error_in_place(block.child_blocks[at], value[at], inner[at]) for at in inner}
    )
