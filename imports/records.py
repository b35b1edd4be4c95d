"""The records behind a roster, read and written in batches, in the roster's own words.

Values are those of plans: a link is the other record's natural key, dates are ISO text. Every
function costs the same number of queries for one record and for two thousand.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import partial
from typing import Any

from django.db.models import BooleanField, Model, QuerySet, Value
from django.utils import timezone

from . import bulk
from .links import Lookup
from .resources import Column, RosterResource
from .widgets import RosterWidget

HASH = "source_hash"
NEVER_LEFT = Value(None, output_field=BooleanField())


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
        self._to_json = {
            name: column.widget.to_json
            for name, column in self.columns.items()
            if not column.is_link and type(column.widget).to_json is not RosterWidget.to_json
        }
        self._kinds: dict[str, tuple[str, Callable[[Any], Any] | None]] = {}
        self.all: QuerySet = self.model._default_manager.order_by()

    # --- keys ---------------------------------------------------------------------------------
    def find(self, keys: Iterable[tuple]) -> dict[tuple, tuple]:
        """Key -> (pk, source hash, left value) of the records that exist; one query."""
        keys = set(keys)
        if not keys:
            return {}
        paths = [self.columns[name].path for name in self.roster.key]
        condition = {f"{path}__among": {key[at] for key in keys} for at, path in enumerate(paths)}
        left = self.left_field or NEVER_LEFT
        extras = [HASH, left] if self.roster.has_hash else [left]
        rows = self.all.filter(**condition).values_list(*paths, "pk", *extras)
        width = len(paths)
        found = {row[:width]: row[width:] for row in rows.iterator(chunk_size=2_000)}
        if width > 1:
            found = {key: row for key, row in found.items() if key in keys}
        if not self.roster.has_hash:
            found = {key: (pk, "", left) for key, (pk, left) in found.items()}
        return found

    def keys_of(self, pks: Iterable[int]) -> dict[int, tuple[tuple, Any]]:
        """pk -> (its key, left value)."""
        paths = [self.columns[name].path for name in self.roster.key]
        rows = self.all.filter(pk__among=list(pks)).values_list(
            "pk", self.left_field or NEVER_LEFT, *paths
        )
        return {pk: (tuple(key), left) for pk, left, *key in rows}

    def kept(self, pks: Iterable[int]) -> dict[int, dict[str, str]]:
        """pk -> {column: "locked", or the day of an edit here}, for records that have any."""
        if not self.roster.has_hash:
            return {}
        rows = self.all.filter(pk__among=list(pks)).exclude(locked_fields=[], edited_fields={})
        names = {column.attribute: name for name, column in self.columns.items()}
        return {
            pk: {
                names[word]: day
                for word, day in (edited | dict.fromkeys(locked, "locked")).items()
                if word in names
            }
            for pk, locked, edited in rows.values_list("pk", "locked_fields", "edited_fields")
        }

    def key_text(self, key: tuple) -> str:
        return (str(key[0]) if len(key) == 1 else " · ".join(map(str, key)))[:160]

    # --- values -------------------------------------------------------------------------------
    def read(self, pks: Iterable[int], names: Iterable[str], *, lock: bool = False) -> dict:
        """pk -> {column: value} as it is now, left and hash included; a query plus one per list.

        With `lock`, the records stay as they are until the transaction ends.
        """
        pks, names = list(pks), list(names)
        single = [name for name in names if name in self.single]
        extras = [self.left_field] if self.left_field else []
        extras += [HASH] if self.roster.has_hash else []
        rows = self.all.filter(pk__among=pks)
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
        pairs = through.filter(
            **{f"{near}_id__among": pks, f"{far}__{column.widget.key}__isnull": False}
        )
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

    def encoded(self, values: dict[str, Any]) -> dict[str, Any]:
        """The columns that were read from a line, as JSON."""
        widgets = self._to_json
        return {
            name: widgets[name](value) if name in widgets else value
            for name, value in values.items()
        }

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
        value = bulk.default_of(self.model._meta.get_field(column.attribute))
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

    def has_links(self, values: dict[str, Any]) -> bool:
        """Whether every record that these values name was found by `learn`."""
        for name in self.lookups.keys() & values.keys():
            value = values[name]
            for key in value if isinstance(value, list) else [value] if value else ():
                if not self.lookups[name].knows(key):
                    return False
        return True

    def insert(self, rows: list[tuple[int, dict[str, Any]]]) -> None:
        """New records from (pk, JSON values), lists left out. Raises IntegrityError, KeyError."""
        fields = self.model._meta.concrete_fields
        at = {field.attname: place for place, field in enumerate(fields)}
        now = timezone.now()
        fresh = [
            now if getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False)
            else bulk.default_of(field)
            for field in fields
        ]  # fmt: skip
        place_of_key = at[self.model._meta.pk.attname]
        written = []
        for pk, values in rows:
            row = fresh.copy()
            row[place_of_key] = pk
            for name, value in self.stored(values):
                row[at[name]] = value
            written.append(row)
        bulk.insert(self.model, [field.name for field in fields], written)

    def update(self, rows: list[tuple[int, dict[str, Any]]]) -> None:
        """Change records by (pk, JSON values), lists left out; a statement per set of columns."""
        alike: dict[tuple[str, ...], list[list[Any]]] = defaultdict(list)
        for pk, values in rows:
            stored = sorted(self.stored(values))
            if stored:
                alike[tuple(name for name, _value in stored)].append(
                    [*(value for _name, value in stored), pk]
                )
        for names, changed in alike.items():
            fields = [self.model._meta.get_field(name).name for name in names]
            bulk.update(self.model, fields, changed)

    def stored(self, values: dict[str, Any]) -> Iterator[tuple[str, Any]]:
        """(database attribute, value) of these JSON values, lists left out. Raises KeyError."""
        for name, value in values.items():
            kind = self._kinds.get(name)
            if kind is None:
                kind = self._kinds[name] = self._kind(name)
            attribute, how = kind
            if attribute:
                yield attribute, how(value) if how else value

    def _kind(self, name: str) -> tuple[str, Callable[[Any], Any] | None]:
        if name in self.many:
            return "", None
        if name in self.lookups:
            return f"{self.columns[name].attribute}_id", partial(self.link_pk, name)
        if name == HASH:
            return name, None
        if name == self.left_field:
            return name, partial(self.decode, name)
        column = self.columns[name]
        plain = type(column.widget).from_json is RosterWidget.from_json
        return column.attribute, None if plain else column.widget.from_json

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
