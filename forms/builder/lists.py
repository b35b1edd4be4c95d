"""Lists of options and rows, in which every item of every list has an id of its own."""

from typing import Any

from wagtail import blocks
from wagtail.blocks.list_block import ListValue


class OwnIdsListBlock(blocks.ListBlock):
    """A list whose first, empty item is given its id in the browser.

    Wagtail writes the state of a new block into the page once, ids of list items included, so all
    blocks that are added on one page would begin with the same item. An item without an id gets a
    new one there.
    """

    def get_form_state(self, value: Any) -> list[dict]:
        state = super().get_form_state(value)
        children = value.bound_blocks if isinstance(value, ListValue) else []
        for item, child in zip(state, children, strict=False):
            if not child.original_id:
                del item["id"]
        return state
