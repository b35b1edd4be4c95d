"""The base of every roster: columns declared once, read and written by the same widgets.

A roster is a django-import-export `ModelResource`. Its `Column`s say what a column is called, by
which other names sources know it, and how its cells are read; `imports.plan` uses them to read,
`export` writes the same columns, so that what was exported imports as "nothing changed".
The stock `import_data` works too; it is row by row and keeps no plan, so screens never use it.
"""

from collections.abc import Iterator
from typing import Any, ClassVar

from django.db.models import QuerySet
from import_export.fields import Field
from import_export.resources import ModelResource

from cms.registry import Registry

from .links import LinksWidget, LinkWidget
from .widgets import RosterWidget, TextWidget


class Column(Field):
    """One column of a roster.

    `synonyms` are headings that mean the same; `combines` are headings whose cells are joined,
    such as an authority's code and a school's number. `when_bad` is "refuse" (the row is refused)
    or "leave" (the cell is left out with a warning, the row stands).
    """

    def __init__(
        self,
        attribute: str,
        heading: str,
        widget: RosterWidget,
        *,
        synonyms: tuple[str, ...] = (),
        combines: tuple[str, ...] = (),
        required: bool = False,
        when_bad: str = "refuse",
    ):
        super().__init__(attribute=attribute, column_name=heading, widget=widget)
        self.heading = heading
        self.synonyms = synonyms
        self.combines = combines
        self.required = required
        self.when_bad = when_bad

    @property
    def is_link(self) -> bool:
        return isinstance(self.widget, LinkWidget)

    @property
    def is_many(self) -> bool:
        return isinstance(self.widget, LinksWidget)

    @property
    def path(self) -> str:
        """Where a query finds the value: a link is read as the natural key behind it."""
        return f"{self.attribute}__{self.widget.key}" if self.is_link else self.attribute

    @property
    def blank(self) -> Any:
        """What the record holds when nothing was ever said."""
        if self.is_many:
            return []
        if isinstance(self.widget, TextWidget) and not self.is_link:
            return getattr(self.widget, "blank", "")
        return None


class RosterResource(ModelResource):
    """One roster. Subclasses declare columns, `title`, `key` and what leaving means.

    `key` names the columns that together say which record a row is about. `leaves` is the value
    that the record's `left_field` takes when a full file no longer holds it.
    """

    title: ClassVar[str]
    one: ClassVar[str]  # "school"
    key: ClassVar[tuple[str, ...]]
    left_field: ClassVar[str] = "left_at"  # "" for records that never leave
    has_hash: ClassVar[bool] = True
    scope: ClassVar[str] = ""  # path to the school or centre whose leavers are counted together
    keeps_links: ClassVar[frozenset[str]] = frozenset()  # link columns that only ever gain

    def columns(self) -> dict[str, Column]:
        return self.fields

    @classmethod
    def present(cls) -> QuerySet:
        """The records that have not left."""
        here = {"left_at": {"left_at": None}, "is_open": {"is_open": True}, "": {}}
        return cls._meta.model._default_manager.filter(**here[cls.left_field])

    @classmethod
    def known_headings(cls) -> Iterator[str]:
        """Every heading that this roster understands."""
        for column in cls.fields.values():
            yield from (column.heading, *column.synonyms, *column.combines)

    @classmethod
    def can_erase(cls, name: str) -> bool:
        """Whether a blank cell may empty this column, where its source says so."""
        column = cls.fields[name]
        if column.required or name in cls.key or name in cls.keeps_links:
            return False
        if column.is_many:
            return True
        field = cls._meta.model._meta.get_field(column.attribute)
        return field.null or (field.blank and column.blank == "")

    def check(self, values: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
        """(column, problem, hint) for what is wrong between columns of one row."""
        return iter(())

    def after_import(self, dataset: Any, result: Any, **kwargs) -> None:
        """Nothing: the stock reset of sequences lets two imports take the same key."""

    def get_queryset(self) -> QuerySet:
        queryset = super().get_queryset().order_by("pk")
        links = [c.attribute for c in self.fields.values() if c.is_link and not c.is_many]
        many = [c.attribute for c in self.fields.values() if c.is_many]
        return queryset.select_related(*links).prefetch_related(*many)


def in_words(column: Column, value: Any) -> str:
    """A value of a plan as its column writes it."""
    if value is None or value == "":
        return ""
    if isinstance(value, list):
        return "; ".join(value)
    if column.is_link:
        return str(value)
    return str(column.widget.render(column.widget.from_json(value)))


rosters: Registry[type[RosterResource]] = Registry("roster")
