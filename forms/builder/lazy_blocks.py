# ruff: noqa: ANN001, ANN201 - the signatures are those of Wagtail blocks
"""Structs of the editor: drawn when they are opened, so that a long form opens at once.

The browser's half is cms/admin/lazy-blocks.js. A block that `packs` posts everything in it as one
value of JSON: the state of its controls, which is read here as if each control had posted its own.
"""

import json
from collections.abc import Iterator

from django.forms import Media
from django.utils.datastructures import MultiValueDict
from wagtail import blocks
from wagtail.admin.staticfiles import versioned_static
from wagtail.admin.telepath import register
from wagtail.blocks.struct_block import StructBlockAdapter

Posted = Iterator[tuple[str, list[str]]]


class LazyStructBlock(blocks.StructBlock):
    def value_from_datadict(self, data, files, prefix):
        packed = data.get(f"{prefix}-packed")
        if packed is not None:
            data = MultiValueDict(posted_by(self, prefix, _read(packed)))
        return super().value_from_datadict(data, files, prefix)

    class Meta:
        packs = False


class RootStructBlock(blocks.StructBlock):
    """A struct that is a whole field of the editor."""


class RootStructBlockAdapter(StructBlockAdapter):
    js_constructor = "cms.blocks.RootStruct"

    @property
    def media(self):
        return super().media + Media(js=[versioned_static("cms/admin/lazy-blocks.js")])


class LazyStructBlockAdapter(RootStructBlockAdapter):
    js_constructor = "cms.blocks.LazyStruct"

    def js_args(self, block):
        name, children, meta = super().js_args(block)
        return [name, children, meta | {"packs": block.meta.packs}]


register(RootStructBlockAdapter(), RootStructBlock)
register(LazyStructBlockAdapter(), LazyStructBlock)


def _read(packed: str) -> object:
    try:
        return json.loads(packed)
    except (ValueError, RecursionError):
        return None


def posted_by(block: blocks.Block, name: str, state: object) -> Posted:
    """What the controls of `block` would post, as (name, values), when they hold `state`.

    What is not there, or has another shape than the block, is empty.
    """
    if isinstance(block, blocks.StructBlock):
        known = state if isinstance(state, dict) else {}
        for child_name, child in block.child_blocks.items():
            yield from posted_by(child, f"{name}-{child_name}", known.get(child_name))
    elif isinstance(block, blocks.StreamBlock | blocks.ListBlock):
        yield from _posted_by_each(block, name, state)
    else:
        values = _as_posted(state)
        if values:
            yield name, values


def _posted_by_each(block: blocks.Block, name: str, state: object) -> Posted:
    items = [one for one in state if isinstance(one, dict)] if isinstance(state, list) else []
    yield f"{name}-count", [str(len(items))]
    for at, item in enumerate(items):
        own = f"{name}-{at}"
        yield f"{own}-deleted", [""]
        yield f"{own}-order", [str(at)]
        yield f"{own}-type", [str(item.get("type") or "")]
        yield f"{own}-id", [str(item.get("id") or "")]
        child = (
            block.child_block
            if isinstance(block, blocks.ListBlock)
            else block.child_blocks.get(item.get("type"))
        )
        if child is not None:
            yield from posted_by(child, f"{own}-value", item.get("value"))


def _as_posted(state: object) -> list[str]:
    if isinstance(state, list):
        return [str(one) for one in state if isinstance(one, str | int | float)]
    if isinstance(state, dict):  # the content of a rich text
        return [json.dumps(state)]
    if state is None or state is False:
        return []
    return ["on" if state is True else str(state)]
