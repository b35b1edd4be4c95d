"""The records behind a roster, read and written in batches, in the roster's own words.

Values are those of plans: a link is the other record's natural key, dates are ISO text. Every
function costs the same number of queries for one record and for two thousand.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Model, QuerySet

from .links import Lookup
from .resources import Column, RosterResource

HASH = "source_hash"


class Records:
    """Reads and writes the records of one roster. Keeps what links mean for its own life."""

    def __init__(self, roster: type[RosterResource]):
        self.roster = roster
        self.model: type[Model] = roster._meta.model
        self.columns: dict[str, Column] = roster.fields
        self.single = {name: c for name, c in self.columns.items() if not c.is_many}
        self.many = {name: c for name, c in self.columns.items() if c.is_many}
        self.left_field = roster.left_field
        self.lookups = {name: Lookup(c.widget) for name, c in self.columns.items() if c.is_link}
        self.all: QuerySet = self.model._default_manager.order_by()

    # --- keys ---------------------------------------------------------------------------------
    def find(self, keys: Iterable[tuple]) -> dict[tuple, tuple]:
        """Key -> (pk, source hash, left value, locked columns) of the records that exist."""
        keys = set(keys)
        paths = [self.columns[name].path for name in self.roster.key]
        condition = {f"{path}__in": {key[at] for key in keys} for at, path in enumerate(paths)}
        extras = [HASH, self.left_field, "locked_fields"] if self.roster.has_hash else []
        found = {}
        for row in self.all.filter(**condition).values_list("pk", *paths, *extras):
            key = row[1 : 1 + len(paths)]
            if key in keys:
                rest = row[1 + len(paths) :] or ("", None, [])
                found[key] = (row[0], *rest)
        return found

    def key_text(self, key: tuple) -> str:
        return " · ".join(str(part) for part in key)[:160]

    # --- values -------------------------------------------------------------------------------
    def read(self, pks: Iterable[int], names: Iterable[str], *, lock: bool = False) -> dict:
        """pk -> {column: value} as it is now, left and hash included; a query plus one per list.

        With `lock`, the records stay as they are until the transaction ends.
        """
        pks, names = list(pks), list(names)
        single = [name for name in names if name in self.single]
        extras = [self.left_field, *([HASH] if self.roster.has_hash else [])]
        rows = self.all.filter(pk__in=pks)
        if lock:
            rows = rows.select_for_update(of=("self",))
        paths = [self.single[name].path for name in single]
        values = {}
        for pk, *row in rows.values_list("pk", *paths, *extras):
            values[pk] = dict(zip([*single, *extras], row, strict=True))
            for name in single:
                if values[pk][name] is None:
                    values[pk][name] = self.columns[name].blank
        for name in names:
            if name in self.many:
                lists = self._lists(self.many[name], pks)
                for pk, row in values.items():
                    row[name] = sorted(lists[pk])
        return values

    def _lists(self, column: Column, pks: list[int]) -> dict[int, list[str]]:
        """pk -> the natural keys of what it is linked to; others without such a key are unseen."""
        near, far = self._sides(column)
        through = getattr(self.model, column.attribute).through._default_manager.order_by()
        lists: dict[int, list[str]] = defaultdict(list)
        pairs = through.filter(**{f"{near}__in": pks, f"{far}__{column.widget.key}__isnull": False})
        for pk, key in pairs.values_list(near, f"{far}__{column.widget.key}"):
            lists[pk].append(str(key))
        return lists

    def _sides(self, column: Column) -> tuple[str, str]:
        """The names of the two ends of a many-to-many table: this record's, and the other's."""
        accessor = getattr(self.model, column.attribute)
        relation = accessor.field
        near, far = relation.m2m_field_name(), relation.m2m_reverse_field_name()
        return (far, near) if accessor.reverse else (near, far)

    # --- JSON ---------------------------------------------------------------------------------
    def encode(self, name: str, value: Any) -> Any:
        if name == HASH:
            return value
        if name == self.left_field:
            return value.isoformat() if isinstance(value, datetime) else value
        column = self.columns[name]
        return value if column.is_link else column.widget.to_json(value)

    def decode(self, name: str, value: Any) -> Any:
        if name == HASH:
            return value
        if name == self.left_field:
            return datetime.fromisoformat(value) if isinstance(value, str) else value
        column = self.columns[name]
        return value if column.is_link else column.widget.from_json(value)

    def fresh(self, name: str) -> Any:
        """What a new record holds in a column that nothing was said about, as JSON."""
        column = self.columns[name]
        if column.is_link:
            return column.blank
        value = self.model._meta.get_field(column.attribute).get_default()
        return self.encode(name, column.blank if value is None else value)

    # --- writing ------------------------------------------------------------------------------
    def learn(self, changes: Iterable[dict[str, Any]]) -> None:
        """Look up the links that these changes will need: one query for each link column."""
        changes = list(changes)
        for name, lookup in self.lookups.items():
            words = []
            for values in changes:
                value = values.get(name)
                words += value if isinstance(value, list) else [value] if value else []
            if words:
                lookup.learn_words(words)

    def link_pk(self, name: str, key: str | None) -> int | None:
        """Raises KeyError when the other record is gone."""
        return self.lookups[name].pk(key) if key else None

    def instance(self, values: dict[str, Any], pk: int | None = None) -> Model:
        """An unsaved record holding these JSON values, lists left out. Raises KeyError."""
        fields = {"pk": pk} if pk else {}
        for name, value in values.items():
            if name in self.many:
                continue
            if name in self.lookups:
                fields[f"{self.columns[name].attribute}_id"] = self.link_pk(name, value)
            else:
                attribute = self.columns[name].attribute if name in self.columns else name
                fields[attribute] = self.decode(name, value)
        return self.model(**fields)

    def attributes(self, names: Iterable[str]) -> list[str]:
        """Model fields behind these columns, for bulk_update."""
        return [
            self.columns[name].attribute if name in self.columns else name
            for name in names
            if name not in self.many
        ]

    def write_lists(self, name: str, changes: dict[int, tuple[set[str], set[str]]]) -> None:
        """Take away and add links of this column: {pk: (keys gone, keys new)}; three queries.

        Links that stand are left alone, with whatever else their row holds.
        """
        column = self.many[name]
        near, far = self._sides(column)
        through = getattr(self.model, column.attribute).through._default_manager
        fresh = [
            through.model(**{f"{near}_id": pk, f"{far}_id": self.link_pk(name, key)})
            for pk, (_gone, new) in changes.items()
            for key in sorted(new)
        ]
        gone = {
            (pk, self.link_pk(name, key)) for pk, (keys, _new) in changes.items() for key in keys
        }
        if gone:
            rows = through.order_by().filter(**{f"{near}__in": {pk for pk, _other in gone}})
            pairs = rows.values_list("pk", f"{near}_id", f"{far}_id")
            stale = [row for row, pk, other in pairs if (pk, other) in gone]
            through.filter(pk__in=stale).delete()
        through.bulk_create(fresh, batch_size=2_000, ignore_conflicts=True)
