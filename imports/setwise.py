"""Carrying out new rows of a plan without bringing them here: one statement for thousands.

The engine reads the rows' JSON, finds the records that they name, leaves out what is taken or
gone, writes the rest and logs it. What it leaves is `imports.apply`'s, row by row, with reasons.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from django.db import IntegrityError, connection, models, transaction
from django.utils import timezone

from . import bulk
from .models import Change, ImportRun, PlanRow
from .records import HASH, Records
from .resources import Column
from .widgets import DateWidget, RosterWidget, TimeWidget

SHAPES: dict[type[models.Field], str] = {
    models.CharField: "text", models.TextField: "text", models.DateField: "date",
    models.TimeField: "time", models.IntegerField: "bigint", models.BooleanField: "boolean",
}  # fmt: skip


class Cannot(Exception):  # noqa: N818 - not an error: another way to do it
    """A column of this roster has no SQL of its own here."""


class Statement(NamedTuple):
    """SQL with its parameters, which are values only."""

    sql: str
    values: list[Any]


def create(run: ImportRun, records: Records, first: int, last: int) -> int:
    """Carry out the new rows of `run` with keys from `first` to `last`. Returns how many.

    In the caller's transaction, which holds the write lock where there is only one.
    """
    mapped = run.mapping.get("columns") if run.undoes_id is None else None
    if not mapped:
        return 0
    try:
        insertion = Insertion(run, records, set(mapped), first, last)
    except Cannot:
        return 0
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            return insertion.carry_out(cursor)
    except IntegrityError:
        return 0  # one of them breaks a rule that only the database knows: row by row finds it


class Insertion:
    """The statements for one range of rows."""

    def __init__(self, run: ImportRun, records: Records, mapped: set[str], first: int, last: int):
        self.run, self.records = run, records
        self.model = records.model
        self.first, self.last = first, last
        self.is_postgresql = connection.vendor == "postgresql"
        single = {name: column for name, column in records.single.items() if name in mapped}
        self.many = {name: column for name, column in records.many.items() if name in mapped}
        throughs = [getattr(self.model, c.attribute).through for c in self.many.values()]
        if any(not through._meta.auto_created for through in throughs):
            raise Cannot
        self.links = {name: column for name, column in single.items() if column.is_link}
        self.columns = {column.attribute: name for name, column in single.items()}
        self.values = [self._value(field) for field in self.model._meta.concrete_fields]

    # --- the parts of a statement ---------------------------------------------------------------
    def _said(self, name: str) -> str:
        """The text of one member of a row's JSON; a number or truth stays one on SQLite."""
        if self.is_postgresql:
            return f"(p.after->>'{name}')"
        return f"json_extract(p.after, '$.{name}')"

    def _value(self, field: models.Field) -> Statement:
        """What the new record's field becomes."""
        if field.primary_key:
            return Statement("", [])
        if field.name == HASH and self.records.roster.has_hash:
            return Statement(self._said(HASH), [])
        name = self.columns.get(field.name)
        if name is None:
            return self._constant(field)
        if name in self.links:
            return Statement(f"{name}_.{_q(_pk(self.links[name]).column)}", [])
        said = self._shaped(field, self.records.columns[name], name)
        default = self._constant(field)
        if default.values == [None]:
            return Statement(said, [])
        if field.null:
            raise Cannot
        return Statement(f"COALESCE({said}, {default.sql})", default.values)

    def _constant(self, field: models.Field) -> Statement:
        is_clock = getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False)
        value = timezone.now() if is_clock else bulk.default_of(field)
        prepared = field.get_db_prep_save(value, connection)
        cast = f"%s::{field.db_type(connection).split(' CHECK')[0]}" if self.is_postgresql else "%s"
        return Statement(cast, [prepared])

    def _shaped(self, field: models.Field, column: Column, name: str) -> str:
        shape = next((SHAPES[kind] for kind in type(field).__mro__ if kind in SHAPES), None)
        widget = column.widget
        read: Callable = type(widget).from_json
        known = (RosterWidget.from_json, DateWidget.from_json, TimeWidget.from_json)
        if shape is None or isinstance(field, models.DateTimeField) or read not in known:
            raise Cannot
        said = self._said(name)
        if self.is_postgresql:
            return said if shape == "text" else f"{said}::{shape}"
        return f"({said} || ':00')" if shape == "time" else said

    def _from(self) -> Statement:
        """The rows of this range that can be carried out as they stand."""
        joins, conditions = [], []
        for name, column in self.links.items():
            said = f"NULLIF({self._said(name)}, '')"
            table = _q(column.widget.model._meta.db_table)
            key = _q(column.widget.model._meta.get_field(column.widget.key).column)
            pk = _q(_pk(column).column)
            joins.append(f"LEFT JOIN {table} {name}_ ON {name}_.{key} = {said}")
            conditions.append(f"({said} IS NULL OR {name}_.{pk} IS NOT NULL)")
        conditions += [self._all_found(name, column) for name, column in self.many.items()]
        same = []
        for name in self.records.roster.key:
            column = self.records.columns[name]
            field = self.model._meta.get_field(column.attribute)
            value = f"{name}_.{_q(_pk(column).column)}" if name in self.links else self._said(name)
            same.append(f"m.{_q(field.column)} = {value}")
        conditions.append(
            f"NOT EXISTS (SELECT 1 FROM {_q(self.model._meta.db_table)} m "  # noqa: S608 - names of models
            f"WHERE {' AND '.join(same)})"
        )
        return Statement(
            f"FROM {_q(PlanRow._meta.db_table)} p {' '.join(joins)} "
            "WHERE p.run_id = %s AND p.action = %s AND p.outcome = '' AND p.record_id IS NULL "
            f"AND p.id BETWEEN %s AND %s AND {' AND '.join(conditions)}",
            [self.run.pk, PlanRow.Action.CREATE.value, self.first, self.last],
        )

    def _elements(self, name: str) -> str:
        if self.is_postgresql:
            return f"jsonb_array_elements_text(p.after->'{name}') AS e (value)"
        return f"json_each(p.after, '$.{name}') e"

    def _target(self, column: Column) -> tuple[str, str, str]:
        """Table, natural key and primary key of what a list column names."""
        other = column.widget.model._meta
        return (
            _q(other.db_table),
            _q(other.get_field(column.widget.key).column),
            _q(other.pk.column),
        )

    def _all_found(self, name: str, column: Column) -> str:
        table, key, _pk = self._target(column)
        return (
            f"NOT EXISTS (SELECT 1 FROM {self._elements(name)} "  # noqa: S608 - names of models
            f"WHERE NOT EXISTS (SELECT 1 FROM {table} t WHERE t.{key} = e.value))"
        )

    # --- doing it -------------------------------------------------------------------------------
    def carry_out(self, cursor: Any) -> int:
        done = self._write_postgresql(cursor) if self.is_postgresql else self._write_sqlite(cursor)
        if done:
            for name, column in self.many.items():
                self._write_list(cursor, name, column)
        return done

    def _write_sqlite(self, cursor: Any) -> int:
        table = _q(self.model._meta.db_table)
        cursor.execute(
            "SELECT seq FROM sqlite_sequence WHERE name = %s", [self.model._meta.db_table]
        )
        last = cursor.fetchone()
        ahead = (last[0] if last else 0) + 1 - self.first  # a new key is its row's, moved
        names = ", ".join(_q(field.column) for field in self.model._meta.concrete_fields)
        found = self._from()
        exprs = ", ".join(value.sql or "p.id + %s" for value in self.values)
        given = [x for value in self.values for x in (value.values if value.sql else [ahead])]
        cursor.execute(
            f"INSERT INTO {table} ({names}) SELECT {exprs} {found.sql}",
            [*given, *found.values],
        )
        done = cursor.rowcount
        cursor.execute(
            f"INSERT INTO {_q(Change._meta.db_table)} (run_id, row_id, record_id) "  # noqa: S608
            f"SELECT p.run_id, p.id, m.id FROM {_q(PlanRow._meta.db_table)} p "
            f"JOIN {table} m ON m.{_q(self.model._meta.pk.column)} = p.id + %s "
            "WHERE p.run_id = %s AND p.id BETWEEN %s AND %s",
            [ahead, self.run.pk, self.first, self.last],
        )
        return done

    def _write_postgresql(self, cursor: Any) -> int:
        table = self.model._meta.db_table
        names = ", ".join(_q(field.column) for field in self.model._meta.concrete_fields)
        found = self._from()
        exprs = ", ".join(value.sql for value in self.values if value.sql)
        others = [f for f in self.model._meta.concrete_fields if not f.primary_key]
        taken = ", ".join(["pk" if f.primary_key else f"r.{_q(f.column)}"
                           for f in self.model._meta.concrete_fields])  # fmt: skip
        labels = ", ".join(_q(field.column) for field in others)
        cursor.execute(
            f"WITH r (row_id, pk, {labels}) AS MATERIALIZED (SELECT p.id, "  # noqa: S608
            f"nextval(pg_get_serial_sequence('{_q(table)}', '{self.model._meta.pk.column}')), "
            f"{exprs} {found.sql}), "
            f"made AS (INSERT INTO {_q(table)} ({names}) SELECT {taken} FROM r) "
            f"INSERT INTO {_q(Change._meta.db_table)} (run_id, row_id, record_id) "
            "SELECT %s, row_id, pk FROM r",
            [*(x for value in self.values for x in value.values), *found.values, self.run.pk],
        )
        return cursor.rowcount

    def _write_list(self, cursor: Any, name: str, column: Column) -> None:
        near, far = self.records._sides(column)
        through = getattr(self.model, column.attribute).through._meta
        table, key, pk = self._target(column)
        cursor.execute(
            f"INSERT INTO {_q(through.db_table)} ({near}_id, {far}_id) "  # noqa: S608
            f"SELECT DISTINCT c.record_id, t.{pk} FROM {_q(Change._meta.db_table)} c "
            f"JOIN {_q(PlanRow._meta.db_table)} p ON p.id = c.row_id "
            f"CROSS JOIN {self._elements(name)} JOIN {table} t ON t.{key} = e.value "
            "WHERE c.run_id = %s AND c.row_id BETWEEN %s AND %s AND p.action = %s",
            [self.run.pk, self.first, self.last, PlanRow.Action.CREATE.value],
        )


def _q(name: str) -> str:
    return connection.ops.quote_name(name)


def _pk(column: Column) -> models.Field:
    return column.widget.model._meta.pk
