"""An upgrade from a release, played on an empty database: `python -m tests.upgrading`.

1. The tables of the release (tests/releases/<version>.json names its last migrations).
2. Rows in every table of ours, written by the models as that release had them.
3. `manage.py migrate`, as an operator runs it.
4. Every row is read again, and one more written and changed, by the models of the release: while web workers
   are restarted one after the other, old code runs on new tables.

Then it does what an upgrade must never do (a row goes; a column comes that old code cannot fill), so
that the judge is judged too. Prints one JSON object; tests/test_deploy_upgrade.py reads it.
"""

import datetime as dt
import decimal
import itertools
import json
import os
import sys
import uuid
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.hub_settings")
django.setup()

from django.core.files.base import ContentFile  # noqa: E402
from django.core.files.storage import default_storage  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, models, transaction  # noqa: E402
from django.db.migrations.executor import MigrationExecutor  # noqa: E402

OURS = ("cms", "hub_forms", "imports", "pages", "workflows")
RELEASES = Path(__file__).parent / "releases"
ROWS = 3
ONE_DOT = b"GIF89a\1\0\1\0\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\1\0\1\0\0\2\2D\1\0;"
#: What a check constraint asks of a row beyond the kinds of its columns.
FITTING = {
    "cms.Place": {"expires_at": dt.datetime(2026, 3, 1, tzinfo=dt.UTC), "seat": 1},
    "cms.RefundStep": {"percent": 50},
    "cms.RemissionRule": {"percent": 50},
    "workflows.Appointment": {"seat": 1},
    "workflows.Placement": {"outcome": "no"},
}
#: Tables that the release itself never gave a second row.
SINGLE = {"cms.ContentStamp"}
#: The database itself refuses to change these.
APPEND_ONLY = {"cms.AccessLogEntry", "cms.MoneyEntry"}
NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
#: The first kind that fits makes the value, from a number that no other value was made of.
VALUES = {
    models.UUIDField: lambda n: uuid.uuid4(),
    models.BooleanField: lambda n: False,
    models.DateTimeField: lambda n: NOON + dt.timedelta(minutes=n),
    models.DateField: lambda n: NOON.date() + dt.timedelta(days=n),
    models.TimeField: lambda n: (NOON + dt.timedelta(minutes=n)).time(),
    models.DurationField: lambda n: dt.timedelta(minutes=n),
    models.DecimalField: lambda n: decimal.Decimal(n % 9),
    models.IntegerField: lambda n: n,
    models.FloatField: float,
    models.JSONField: lambda n: {"n": n},
    models.GenericIPAddressField: lambda n: "192.0.2.1",
    models.BinaryField: lambda n: str(n).encode(),
}
counter = itertools.count(1)


def leaves(version: str) -> list[tuple[str, str]]:
    """The last migration of each of our apps in that release."""
    return list(json.loads((RELEASES / f"{version}.json").read_text()).items())


def another(model, made: dict, nth: int):
    """The nth row of this model, made when there is none yet."""
    rows = made.setdefault(model._meta.label, [])
    while len(rows) <= nth:
        new_row(model, made)
    return rows[nth]


def value(field, made: dict, nth: int):
    """What the nth row of a table has in this column: something that it takes, unlike the others."""
    if field.is_relation:
        return another(field.remote_field.model, made, nth)
    if field.choices:
        return field.flatchoices[0][0]
    if isinstance(field, models.FileField):
        return default_storage.save(f"{uuid.uuid4().hex}.gif", ContentFile(ONE_DOT))
    if "postcode" in field.name:
        return "SG4 9UJ"
    n = next(counter)
    for kind, made_of in VALUES.items():
        if isinstance(field, kind):
            return made_of(n)
    return f"x{n}"[: field.max_length or 40]


def needs_a_value(field) -> bool:
    """Whether a row cannot be written, or would tell nothing, without it."""
    if getattr(field.remote_field, "parent_link", False) or field.has_default():
        return field.unique and not field.primary_key and not field.is_relation
    if field.primary_key and not field.is_relation:
        return False
    return not field.null


def new_row(model, made: dict):
    """One more row of this model; its keys point at rows that no earlier row of it points at."""
    rows = made.setdefault(model._meta.label, [])
    fitting = FITTING.get(model._meta.label, {})
    row = model()
    for field in model._meta.concrete_fields:
        if field.name in fitting:
            setattr(row, field.name, fitting[field.name])
        elif needs_a_value(field):
            setattr(row, field.name, value(field, made, len(rows)))
    row.save(force_insert=True)
    rows.append(row)
    return row


def columns(model) -> list[str]:
    return [field.attname for field in model._meta.local_concrete_fields]


def read(model) -> dict[str, list[str]]:
    """Every row by its key, each value as text. Only the columns that the release knows."""
    names = columns(model)
    return {str(row[0]): [str(v) for v in row] for row in model.objects.values_list("pk", *names)}


def tables_of(state) -> list:
    """Our models as the release had them."""
    found = [model for model in state.get_models() if model._meta.app_label in OURS]
    return [model for model in found if model._meta.managed and not model._meta.proxy]


def try_each(tables, made: dict, do) -> dict[str, str]:
    """Call `do(model)` for each table; what went wrong, by the label of the model."""
    problems = {}
    for model in tables:
        known = {label: len(rows) for label, rows in made.items()}
        try:
            with transaction.atomic():
                do(model)
        except Exception as problem:  # whatever it is, it is the finding
            problems[model._meta.label] = str(problem).splitlines()[0]
            for label, rows in made.items():
                del rows[known.get(label, 0) :]
    return problems


def rows_of(model) -> int:
    return 1 if model._meta.label in SINGLE else ROWS


def judge(tables, before: dict, made: dict) -> dict:
    """What the release's own models find on the tables as they are now."""
    lost = []
    for model in tables:
        after, label = read(model), model._meta.label
        lost += [f"{label} {key}" for key, row in before[label].items() if after.get(key) != row]

    def write(model) -> None:
        label = model._meta.label
        row = made[label][0] if label in SINGLE else new_row(model, made)
        if label not in APPEND_ONLY:
            row.save()

    return {"lost": lost, "refused": try_each(tables, made, write)}


def add_a_column_that_must_be_filled(school) -> None:
    column = models.IntegerField(default=0)
    column.set_attributes_from_name("needed_from_now_on")
    with connection.schema_editor() as editor:
        editor.add_field(school, column)


def main() -> None:
    """Play it with the release named on the command line."""
    last = leaves(sys.argv[1])
    executor = MigrationExecutor(connection)
    executor.migrate(last)
    state = executor.loader.project_state(last).apps
    tables, made = tables_of(state), {}
    not_filled = try_each(tables, made, lambda model: another(model, made, rows_of(model) - 1))
    tables = [model for model in tables if model._meta.label not in not_filled]
    before = {model._meta.label: read(model) for model in tables}
    call_command("migrate", verbosity=0)
    said = {"tables": len(tables), "rows": sum(map(len, before.values())), "not_filled": not_filled}
    said |= judge(tables, before, made)
    alone = state.get_model("cms", "CentreDate")
    alone.objects.filter(pk=next(iter(before[alone._meta.label]))).delete()
    said["with_a_row_lost"] = judge([alone], before, made)["lost"]
    school = state.get_model("cms", "School")
    add_a_column_that_must_be_filled(school)
    said["with_a_column_to_fill"] = try_each([school], made, lambda model: new_row(model, made))
    print(json.dumps(said))


if __name__ == "__main__":
    main()
