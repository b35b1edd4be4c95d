"""A content stamp for each model; the one that there was stands for changes of anything."""

from django.core.management.color import no_style
from django.db import migrations, models


def number_rows_from_the_next(apps, schema_editor):
    """The first row was given its key by hand: the sequence has to be told."""
    stamp = apps.get_model("cms", "ContentStamp")
    operations = schema_editor.connection.ops
    for statement in operations.sequence_reset_sql(no_style(), [stamp]):
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("cms", "0029_governance")]

    operations = [
        migrations.AddField(
            model_name="contentstamp",
            name="of",
            field=models.CharField(db_default="", default="", max_length=100, unique=True),
        ),
        migrations.RunPython(number_rows_from_the_next, migrations.RunPython.noop),
    ]
