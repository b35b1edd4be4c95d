"""Words that are left once the stores are empty: a name in a note, a page, a revision, a log.

Every text and JSON column of every model is looked through by the database itself, sealed ones by
us, and the person's names and addresses are replaced. Last names alone stay: they are others' too.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from django.apps import apps
from django.db import connection, models

from .person import Person, written

GONE = "[erased]"
#: Looked through by stores of their own, or holding nothing that anybody wrote.
LEFT_OUT = {
    "cms.AccessLogEntry",
    "cms.Erasure",
    "cms.MoneyEntry",  # a ledger that nobody changes; its rows name nobody
    "cms.PartnerAgreement",  # a contract
    "cms.User",
    "auth.Permission",
    "contenttypes.ContentType",
    "sessions.Session",
    "wagtailsearch.IndexEntry",
    "wagtailsearch.SQLiteFTSIndexEntry",
}


@dataclass(frozen=True)
class Column:
    model: type[models.Model]
    field: models.Field

    @property
    def is_sealed(self) -> bool:
        return getattr(self.field, "is_sealed", False)


def columns() -> Iterator[Column]:
    """Every column that may hold words."""
    for model in apps.get_models(include_auto_created=True):
        if model._meta.label in LEFT_OUT or model._meta.proxy or not model._meta.managed:
            continue
        for field in model._meta.local_concrete_fields:
            if isinstance(field, models.FileField) or field.is_relation or field.choices:
                continue
            if isinstance(field, models.CharField | models.TextField | models.JSONField):
                yield Column(model, field)


def hits(person: Person) -> Iterator[tuple[Column, object, str]]:
    """(column, primary key, text) wherever a word of this person stands."""
    words = written(person.words())
    if not words:
        return
    for column in columns():
        if column.is_sealed:
            yield from _sealed_hits(person, column)
        else:
            yield from _plain_hits(words, column)


def _plain_hits(words: list[str], column: Column) -> Iterator[tuple[Column, object, str]]:
    quote = connection.ops.quote_name
    meta, name = column.model._meta, quote(column.field.column)
    as_text = f"CAST({name} AS text)"
    like = "ILIKE" if connection.vendor == "postgresql" else "LIKE"
    asked = " OR ".join([f"{as_text} {like} %s ESCAPE '!'"] * len(words))
    patterns = [f"%{_literal(word)}%" for word in words]
    key, table = quote(meta.pk.column), quote(meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {key}, {as_text} FROM {table} WHERE {asked}", patterns)  # noqa: S608
        rows = cursor.fetchall()
    yield from ((column, pk, text) for pk, text in rows)


def _sealed_hits(person: Person, column: Column) -> Iterator[tuple[Column, object, str]]:
    rows = column.model._base_manager.values_list("pk", column.field.name)
    for pk, value in rows.iterator(chunk_size=500):
        if value and person.is_in(value):
            yield column, pk, value


def _literal(word: str) -> str:
    return word.replace("!", "!!").replace("%", "!%").replace("_", "!_")


Rows = set[tuple[type[models.Model], object]]


def replace(person: Person, held: Rows) -> Rows:
    """Take this person's words out of every column; (model, key) of each row that was changed.

    Rows that are held, and rows that point to one, stay as they are.
    """
    changed = set()
    for column, pk, text in list(hits(person)):
        if held and _is_held(column.model, pk, held):
            continue
        if column.is_sealed:
            new = redacted(person, text)
            column.model._base_manager.filter(pk=pk).update(**{column.field.name: new})
        else:
            _write(column, pk, person.without(text, GONE))
        changed.add((column.model, pk))
    return changed


def _is_held(model: type[models.Model], pk: object, held: Rows) -> bool:
    row = model._base_manager.filter(pk=pk).first()
    pointed = [
        (one.related_model, getattr(row, one.attname, None))
        for one in model._meta.concrete_fields
        if one.is_relation
    ]
    return (model, pk) in held or not held.isdisjoint(pointed)


def redacted(person: Person, value: object) -> object:
    if isinstance(value, dict):
        return {key: redacted(person, one) for key, one in value.items()}
    if isinstance(value, list):
        return [redacted(person, one) for one in value]
    return person.without(value, GONE) if isinstance(value, str) else value


def _write(column: Column, pk: object, text: str) -> None:
    """Past querysets that refuse: what is written once is still not ours to keep."""
    quote = connection.ops.quote_name
    meta, longest = column.model._meta, getattr(column.field, "max_length", None)
    is_json = isinstance(column.field, models.JSONField) and connection.vendor == "postgresql"
    value = "CAST(%s AS jsonb)" if is_json else "%s"
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {quote(meta.db_table)} SET {quote(column.field.column)} = {value} "  # noqa: S608
            f"WHERE {quote(meta.pk.column)} = %s",
            [text[:longest] if longest else text, pk],
        )
