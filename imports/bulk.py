"""Thousands of rows into a table at once, past the instances of the ORM, which cost ten times more.

COPY on PostgreSQL, one prepared statement on SQLite. No signal is sent and no default of a model
is filled in here: `imports.records` says every column. Errors are Django's.
"""

import gc
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any

from django.db import connection, models
from django.db.models.lookups import Lookup

dumps = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
quoted = json.encoder.encode_basestring  # a text as JSON
EMPTY = {"{}": "{}", "[]": "[]"}


class Among(Lookup):
    """`field__among=[...]`: IN for thousands of texts or whole numbers, as a single parameter."""

    lookup_name = "among"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple]:
        left, params = self.process_lhs(compiler, connection)
        values = list(self.rhs)
        if connection.vendor == "postgresql":
            return f"{left} = ANY(%s)", (*params, values)
        return f"{left} IN (SELECT value FROM json_each(%s))", (*params, json.dumps(values))  # noqa: S608 - a column


models.Field.register_lookup(Among)
models.ForeignKey.register_lookup(Among)


@contextmanager
def without_pauses() -> Iterator[None]:
    """No search for cycles meanwhile: rows of a roster make none, and each search looks at the
    whole process, which is half of the time that thousands of new rows take."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def default_of(field: models.Field) -> Any:
    """What a new row has in a column that nobody names, whether Django or the database gives it."""
    if field.has_db_default() and not field.has_default():
        return field.db_default
    return field.get_default()


def converter(field: models.Field) -> Callable[[Any], Any] | None:
    """How a value is handed to the database, or None when as it is."""
    if isinstance(field, models.JSONField):
        return as_json
    if isinstance(field, (models.ForeignKey, models.CharField, models.TextField)):
        return None
    if isinstance(field, (models.IntegerField, models.BooleanField)):
        return None
    if type(field) is models.DateField:
        return _as_date if connection.vendor == "sqlite" else None
    return lambda value: None if value is None else field.get_db_prep_save(value, connection)


def _as_date(value: date | None) -> str | None:
    return value.isoformat() if value else None


def as_json(value: Any) -> str:
    """A list or an object as the text that the database is given."""
    return dumps(value) if value else EMPTY[str(value)]


def insert(
    model: type[models.Model],
    names: Sequence[str],
    rows: list[Sequence[Any]],
    *,
    is_ready: bool = False,
) -> None:
    """Add rows, whose values are in the order of `names`. Raises IntegrityError.

    `is_ready` says that every value is already what the database takes, JSON as text.
    """
    fields = [model._meta.get_field(name) for name in names]
    table = connection.ops.quote_name(model._meta.db_table)
    columns = ", ".join(connection.ops.quote_name(field.column) for field in fields)
    prepared = rows if is_ready else _prepared(fields, rows)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            statement = f"COPY {table} ({columns}) FROM STDIN"
            with connection.wrap_database_errors, cursor.cursor.copy(statement) as copy:
                for row in prepared:
                    copy.write_row(row)
        else:
            marks = ", ".join(["%s"] * len(fields))
            cursor.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", prepared)  # noqa: S608 - names of models


def update(model: type[models.Model], names: Sequence[str], rows: list[Sequence[Any]]) -> None:
    """Change rows: each is the values in the order of `names`, then the primary key."""
    fields = [model._meta.get_field(name) for name in names]
    table = connection.ops.quote_name(model._meta.db_table)
    values = ", ".join(f"{connection.ops.quote_name(field.column)} = %s" for field in fields)
    key = connection.ops.quote_name(model._meta.pk.column)
    with connection.cursor() as cursor:
        cursor.executemany(
            f"UPDATE {table} SET {values} WHERE {key} = %s",  # noqa: S608 - names of models
            _prepared([*fields, model._meta.pk], rows),
        )


def new_keys(model: type[models.Model], number: int) -> list[int]:
    """Primary keys that nothing has had or will have; on SQLite, while the write lock is held."""
    table, column = model._meta.db_table, model._meta.pk.column
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)",
                [f'"{table}"', column, number],
            )
            return [key for (key,) in cursor.fetchall()]
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        last = cursor.fetchone()
    start = last[0] + 1 if last else 1
    return list(range(start, start + number))


def _prepared(fields: list[models.Field], rows: Iterable[Sequence[Any]]) -> Iterable[Sequence[Any]]:
    convert = [(at, how) for at, field in enumerate(fields) if (how := converter(field))]
    if not convert:
        return rows
    return _converted(convert, rows)


def _converted(
    convert: list[tuple[int, Callable[[Any], Any]]], rows: Iterable[Sequence[Any]]
) -> Iterable[Sequence[Any]]:
    for row in rows:
        values = list(row)
        for at, how in convert:
            values[at] = how(values[at])
        yield values
