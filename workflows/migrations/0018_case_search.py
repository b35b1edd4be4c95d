"""What is searched for in the list of all cases is found in an index, on PostgreSQL.

Words are looked for anywhere in four columns (workflows.inbox), which no ordinary index answers:
this one knows every run of three letters. It needs PostgreSQL's own extension pg_trgm, which the
owner of a database may make. Where that is not permitted or not installed, searching is slower
and nothing else changes. SQLite has no such index and reads its table fast enough.
"""

from django.db import migrations, transaction
from django.db.utils import DatabaseError

NAME, TABLE = "case_words", "workflows_case"
COLUMNS = ("reference", "title", "contact_name", "contact_email")


def make(_apps, editor):
    if editor.connection.vendor != "postgresql":
        return
    # As icontains asks: UPPER("title"::text) LIKE UPPER('%word%').
    indexed = ", ".join(f'UPPER("{column}"::text) gin_trgm_ops' for column in COLUMNS)
    try:
        with transaction.atomic(editor.connection.alias):
            editor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    except DatabaseError:
        return
    editor.execute(f'CREATE INDEX IF NOT EXISTS {NAME} ON "{TABLE}" USING gin ({indexed})')


def drop(_apps, editor):
    if editor.connection.vendor == "postgresql":
        editor.execute(f"DROP INDEX IF EXISTS {NAME}")


class Migration(migrations.Migration):
    dependencies = [("workflows", "0017_seasons")]

    operations = [migrations.RunPython(make, drop)]
