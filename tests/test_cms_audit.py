"""The access log: sealed, append-only, and found out when somebody reaches round it."""

import random
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module

import pytest
from django.contrib.auth import get_user_model
from django.db import DatabaseError, connection, transaction

from cms.audit import record, verify
from cms.models import AccessLogEntry, Pupil

triggers = import_module("cms.migrations.0007_audit_append_only")


@pytest.fixture
def officer(db):
    return get_user_model().objects.create_user("officer", first_name="Ada", last_name="Officer")


def tamper(statement, *values):
    """What somebody with the database's own password could do."""
    triggers.remove(connection)
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
    finally:
        triggers.install(connection)


def test_a_row_says_who_did_what_to_which_record(officer):
    pupil = Pupil.objects.create(legal_first_name="Zebedee", legal_last_name="Canary")

    row = record(officer, "inspect", pupil, {"why": "a call from school"})

    row.refresh_from_db()
    assert (row.user_id, row.actor, row.action, row.record_type, row.record_id, row.detail) == (
        officer.pk,
        "Ada Officer",
        "inspect",
        "cms.pupil",
        str(pupil.pk),
        {"why": "a call from school"},
    )
    assert "Canary" not in f"{row} {row.detail}"


def test_the_chain_is_whole_after_many_rows(officer):
    for number in range(5):
        record(officer, "list", Pupil, {"rows": number})

    verdict = verify()

    assert (verdict.is_whole, verdict.checked) == (True, 5)
    assert verdict.head == AccessLogEntry.objects.latest("id").seal


@pytest.mark.parametrize(
    "attempt",
    [
        lambda row: AccessLogEntry.objects.filter(pk=row.pk).update(actor="Nobody"),
        lambda row: AccessLogEntry.objects.filter(pk=row.pk).delete(),
        lambda row: row.delete(),
        lambda row: connection.cursor().execute("DELETE FROM cms_accesslogentry"),
    ],
    ids=["update", "delete", "delete one", "plain SQL"],
)
def test_the_database_refuses_to_change_or_delete_a_row(officer, attempt):
    row = record(officer, "export", Pupil)

    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        attempt(row)
    assert AccessLogEntry.objects.get(pk=row.pk).actor == "Ada Officer"


def test_without_its_triggers_the_database_would_not_refuse(officer):
    row = record(officer, "export", Pupil)
    triggers.remove(connection)
    try:
        assert AccessLogEntry.objects.filter(pk=row.pk).update(actor="Nobody") == 1
    finally:
        triggers.install(connection)


@pytest.mark.parametrize("column", ["actor", "action", "record_type", "record_id"])
def test_a_row_that_was_altered_is_found(officer, column):
    rows = [record(officer, "list", Pupil) for _ in range(3)]

    tamper(f"UPDATE cms_accesslogentry SET {column} = 'x' WHERE id = %s", rows[1].pk)

    assert (verify().is_whole, verify().broken_at) == (False, rows[1].pk)


#: What somebody might write there by hand, for each column that says something.
OTHERWISE = {
    "at": "2020-01-01 00:00:00+00",
    "user_id": 987654,
    "actor": "Nobody",
    "action": "none",
    "record_type": "cms.other",
    "record_id": "987654",
    "detail": '{"why": "nothing"}',
    "seal": "0" * 64,
}


def test_each_of_a_hundred_edits_from_outside_is_found(officer):
    rows = [record(officer, "export", Pupil, {"n": n}) for n in range(20)]
    chance, found = random.Random(18), []
    triggers.remove(connection)
    try:
        for edit in range(100):
            column = list(OTHERWISE)[edit % len(OTHERWISE)]
            row = chance.choice(rows)
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(
                    f"UPDATE cms_accesslogentry SET {column} = %s WHERE id = %s",
                    [OTHERWISE[column], row.pk],
                )
                found.append(verify().broken_at == row.pk)
                transaction.set_rollback(True)
    finally:
        triggers.install(connection)

    assert found == [True] * 100
    assert verify().is_whole


def test_a_row_that_was_cut_out_is_found(officer):
    rows = [record(officer, "list", Pupil) for _ in range(3)]

    tamper("DELETE FROM cms_accesslogentry WHERE id = %s", rows[1].pk)

    assert verify().broken_at == rows[2].pk


def test_newest_rows_that_were_cut_off_are_found_with_an_anchor(officer):
    rows = [record(officer, "list", Pupil) for _ in range(3)]
    anchor = (rows[2].pk, rows[2].seal)
    assert verify(anchor=anchor).is_whole

    tamper("DELETE FROM cms_accesslogentry WHERE id = %s", rows[2].pk)

    assert verify().is_whole
    assert verify(anchor=anchor).broken_at == rows[2].pk


def test_deleting_a_user_leaves_what_they_did(officer):
    row = record(officer, "list", Pupil)

    officer.delete()

    row.refresh_from_db()
    assert row.actor == "Ada Officer"
    assert verify().is_whole


@pytest.mark.django_db(transaction=True)
def test_many_writers_at_once_make_one_chain():
    user = get_user_model().objects.create_user("busy")

    def write(number):
        try:
            for _ in range(5):
                record(user, "list", Pupil, {"worker": number})
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(write, range(6)))

    assert (verify().is_whole, verify().checked) == (True, 30)
