"""The statements that run while a course date is locked, written out. For cms.places alone.

Everybody who books waits for whoever is in there, and building these statements anew each time took
as long as all the rest. What they say is what the queries of cms.places said.
"""

from collections.abc import Iterable
from datetime import datetime
from functools import cache

from django.db import connection
from django.utils import timezone

from cms.models import CourseDate, Place

STANDING = (*Place.ACTIVE, Place.State.LAPSED)


def _columns(model: type, *, but: Iterable[str] = ()) -> list:
    return [field for field in model._meta.concrete_fields if field.attname not in set(but)]


def _names(fields: Iterable) -> str:
    return ", ".join(connection.ops.quote_name(field.column) for field in fields)


def _table(model: type) -> str:
    return connection.ops.quote_name(model._meta.db_table)


@cache
def lock_dates(number: int) -> str:
    """Reads and locks so many course dates by their keys, lowest first.

    SQLite has no row locks: there BEGIN IMMEDIATE has taken the one write lock already.
    """
    keys = ", ".join(["%s"] * number) or "NULL"
    lock = " FOR NO KEY UPDATE" if connection.features.has_select_for_update else ""
    return (
        f"SELECT {_names(_columns(CourseDate))} FROM {_table(CourseDate)} "  # noqa: S608 - names alone
        f"WHERE id IN ({keys}) ORDER BY id{lock}"
    )


def dates_of(holder: str) -> set[int]:
    """The course dates on which a holder has places: active ones, or holds that ran out."""
    marks = ", ".join(["%s"] * len(STANDING))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT DISTINCT course_date_id FROM {_table(Place)} "  # noqa: S608 - names alone
            f"WHERE holder = %s AND state IN ({marks})",
            [holder, *STANDING],
        )
        return {row[0] for row in cursor.fetchall()}


@cache
def places_of() -> str:
    """Reads a holder's places, active or run out, when its course dates are locked."""
    marks = ", ".join(["%s"] * len(STANDING))
    return (
        f"SELECT {_names(_columns(Place))} FROM {_table(Place)} "  # noqa: S608 - names alone
        f"WHERE holder = %s AND state IN ({marks}) ORDER BY id"
    )


def count(course_date_id: int, now: datetime) -> tuple[int, int | None, int, int]:
    """Seats taken, the highest of them, how many have run out, how many are of families with
    help."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), max(seat), "  # noqa: S608 - names alone
            "count(CASE WHEN state IN (%s, %s) AND expires_at <= %s THEN 1 END), "
            "count(CASE WHEN claims_help THEN 1 END) "
            f"FROM {_table(Place)} WHERE course_date_id = %s AND seat IS NOT NULL",
            [*Place.TIMED, connection.ops.adapt_datetimefield_value(now), course_date_id],
        )
        return cursor.fetchone()


def insert(places: Iterable[Place]) -> list[Place]:
    """Write new places, which get their keys and their moments."""
    places, fields = list(places), _columns(Place, but=("id",))
    now, values = timezone.now(), []
    for place in places:
        place.created_at = place.changed_at = now
        values += [
            field.get_db_prep_save(getattr(place, field.attname), connection) for field in fields
        ]
    row = "(" + ", ".join(["%s"] * len(fields)) + ")"
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {_table(Place)} ({_names(fields)}) "  # noqa: S608 - names alone
            f"VALUES {', '.join([row] * len(places))} RETURNING id",
            values,
        )
        keys = sorted(row[0] for row in cursor.fetchall())
    for place, key in zip(places, keys, strict=True):
        place.pk, place._state.adding, place._state.db = key, False, connection.alias
    return places
