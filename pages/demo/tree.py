"""The page tree of the demo hub, from its files: pages first, then what they say.

A page that exists is left as it is. Bodies come after the tree, because they link to other pages.
"""

from typing import Any

from django.apps import apps
from modelcluster.models import get_all_child_relations
from wagtail.models import Page

from pages.models import HomePage

from .references import References

STRUCTURE = {"type", "slug", "title", "in_menu", "children"}


class Tree:
    """Adds pages below `home`. `added` counts those that were not there yet."""

    def __init__(self, references: References):
        self.references = references
        self.added: list[tuple[Page, dict]] = []

    def fill_home(self, home: HomePage, entry: dict) -> None:
        if not home.headline:
            home.title = entry["title"]
            self.added.append((home, entry))
        self.add_children(home, entry)

    def add_children(self, parent: Page, entry: dict) -> None:
        written = entry.get("children", [])
        there = {page.slug: page for page in parent.get_children()} if written else {}
        for child in written:
            page = there.get(child["slug"]) or self._add(parent, child)
            self.add_children(page, child)

    def _add(self, parent: Page, entry: dict) -> Page:
        model = apps.get_model("pages", entry["type"])
        page = model(
            title=entry["title"],
            slug=entry["slug"],
            show_in_menus=entry.get("in_menu", False),
            live=False,
        )
        self._set(page, entry, only_plain=True)
        parent.add_child(instance=page)
        self.added.append((page, entry))
        return page

    def publish(self) -> None:
        """Give each added page its words and publish it, in the order of the tree."""
        for page, entry in self.added:
            self._set(page, entry)
            page.save_revision(clean=False).publish(skip_permission_checks=True)

    def keep_as_drafts(self) -> None:
        """Give each added page its words and publish none."""
        for page, entry in self.added:
            self._set(page, entry)
            page.save()
            page.save_revision(clean=False)

    def _set(self, page: Page, entry: dict, *, only_plain: bool = False) -> None:
        children = {relation.get_accessor_name() for relation in get_all_child_relations(page)}
        for name, value in entry.items():
            if name in STRUCTURE:
                continue
            if name in children:
                if not only_plain:
                    self._set_children(page, name, value)
                continue
            field = page._meta.get_field(name)
            if only_plain and (field.get_internal_type() == "JSONField" or field.many_to_many):
                continue
            if only_plain and isinstance(value, str) and "page=" in value:
                continue
            if only_plain and field.is_relation and field.null:
                continue  # may name a page that is added later
            setattr(page, name, self.references.field(field, value))

    def _set_children(self, page: Page, name: str, written: list[dict[str, Any]]) -> None:
        model = page._meta.get_field(name).related_model
        rows = []
        for order, entry in enumerate(written):
            row = model(sort_order=order)
            for key, value in entry.items():
                setattr(row, key, self.references.field(model._meta.get_field(key), value))
            rows.append(row)
        setattr(page, name, rows)
