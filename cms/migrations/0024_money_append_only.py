"""The database itself keeps the ledger: append-only, never over-refunded, never below nothing.

SQLite loses a table's triggers when Django rebuilds the table: a later migration that alters
moneyentry must run `install` again. tests/test_money_ledger.py fails when one is missing.
"""

from django.db import migrations

TABLE = "cms_moneyentry"
REFUSAL = "The ledger is append-only."
TOO_MUCH = "More would be given back than was paid."
BELOW = "More would be taken off than was charged."

REFUNDED = f"(SELECT coalesce(sum(pence), 0) FROM {TABLE} WHERE refund_of_id = NEW.refund_of_id)"
PAID = (
    f"coalesce((SELECT pence FROM {TABLE} WHERE id = NEW.refund_of_id AND kind = 'payment' "
    "AND account_id = NEW.account_id), 0)"
)


def _sum(kind):
    return (
        f"(SELECT coalesce(sum(pence), 0) FROM {TABLE} "
        f"WHERE account_id = NEW.account_id AND kind = '{kind}')"
    )


OVER_REFUND = f"NEW.kind = 'refund' AND {REFUNDED} + NEW.pence > {PAID}"
OVER_CREDIT = f"NEW.kind = 'credit' AND {_sum('credit')} + NEW.pence > {_sum('charge')}"

SQLITE_UP = [
    f"CREATE TRIGGER {TABLE}_no_update BEFORE UPDATE ON {TABLE} "
    f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END",
    f"CREATE TRIGGER {TABLE}_no_delete BEFORE DELETE ON {TABLE} "
    f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END",
    f"CREATE TRIGGER {TABLE}_no_over_refund BEFORE INSERT ON {TABLE} WHEN {OVER_REFUND} "
    f"BEGIN SELECT RAISE(ABORT, '{TOO_MUCH}'); END",
    f"CREATE TRIGGER {TABLE}_no_over_credit BEFORE INSERT ON {TABLE} WHEN {OVER_CREDIT} "
    f"BEGIN SELECT RAISE(ABORT, '{BELOW}'); END",
]
SQLITE_DOWN = [
    f"DROP TRIGGER IF EXISTS {TABLE}_{name}"
    for name in ("no_update", "no_delete", "no_over_refund", "no_over_credit")
]
POSTGRESQL_UP = [
    f"CREATE OR REPLACE FUNCTION {TABLE}_refuse() RETURNS trigger LANGUAGE plpgsql AS "
    f"$$ BEGIN RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'restrict_violation'; END $$",
    f"CREATE TRIGGER {TABLE}_no_change BEFORE UPDATE OR DELETE ON {TABLE} "
    f"FOR EACH ROW EXECUTE FUNCTION {TABLE}_refuse()",
    f"CREATE TRIGGER {TABLE}_no_truncate BEFORE TRUNCATE ON {TABLE} "
    f"FOR EACH STATEMENT EXECUTE FUNCTION {TABLE}_refuse()",
    # The account's row is locked, so that two writers who forgot it cannot pass each other.
    f"CREATE OR REPLACE FUNCTION {TABLE}_sums() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    "PERFORM 1 FROM cms_moneyaccount WHERE id = NEW.account_id FOR NO KEY UPDATE; "
    f"IF {OVER_REFUND} THEN RAISE EXCEPTION '{TOO_MUCH}' USING ERRCODE = 'check_violation'; "
    f"END IF; IF {OVER_CREDIT} THEN RAISE EXCEPTION '{BELOW}' "
    "USING ERRCODE = 'check_violation'; END IF; RETURN NEW; END $$",
    f"CREATE TRIGGER {TABLE}_sums BEFORE INSERT ON {TABLE} "
    f"FOR EACH ROW EXECUTE FUNCTION {TABLE}_sums()",
]
POSTGRESQL_DOWN = [
    f"DROP TRIGGER IF EXISTS {TABLE}_sums ON {TABLE}",
    f"DROP TRIGGER IF EXISTS {TABLE}_no_change ON {TABLE}",
    f"DROP TRIGGER IF EXISTS {TABLE}_no_truncate ON {TABLE}",
    f"DROP FUNCTION IF EXISTS {TABLE}_sums()",
    f"DROP FUNCTION IF EXISTS {TABLE}_refuse()",
]
STATEMENTS = {"sqlite": (SQLITE_UP, SQLITE_DOWN), "postgresql": (POSTGRESQL_UP, POSTGRESQL_DOWN)}


def _run(connection, statements):
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def install(connection):
    _run(connection, STATEMENTS[connection.vendor][0])


def remove(connection):
    _run(connection, STATEMENTS[connection.vendor][1])


class Migration(migrations.Migration):
    dependencies = [("cms", "0023_money")]

    operations = [
        migrations.RunPython(
            lambda apps, schema_editor: install(schema_editor.connection),
            lambda apps, schema_editor: remove(schema_editor.connection),
        )
    ]
