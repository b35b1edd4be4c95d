"""Trigrams of page titles, for words typed wrongly (pages.spelling). PostgreSQL only.

The extension is a trusted one: the owner of a database may add it. Where that is not allowed, or
the extension is not installed, searching works without it, so this migration changes nothing then.
"""

from django.db import Error, migrations, transaction


def add(apps, schema_editor):
    connection = schema_editor.connection
    if connection.vendor != "postgresql":
        return
    try:
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
            cursor.execute(
                "CREATE INDEX IF NOT EXISTS pages_title_trigrams"
                " ON wagtailcore_page USING gin (title gin_trgm_ops)"
            )
    except Error:
        return


def remove(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        with schema_editor.connection.cursor() as cursor:
            cursor.execute("DROP INDEX IF EXISTS pages_title_trigrams")


class Migration(migrations.Migration):
    dependencies = [
        ("pages", "0005_daily_counts"),
        ("wagtailcore", "0098_apitoken"),
    ]

    operations = [migrations.RunPython(add, remove)]
