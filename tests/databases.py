"""The test database: a copy of one that was migrated once, and again after each test that commits.

Django would migrate for every worker and then empty every table after each committing test, which
also takes away what migrations made (Wagtail's root page, the roles). A copy is both faster and
truer: each test begins with the database that a new hub begins with.
"""

import shutil
from pathlib import Path

from django.contrib.contenttypes.models import ContentType
from django.core.cache import cache
from django.db import connection

from tests import harness
from tests.settings import ON_SERVICES


def lay_out() -> None:
    """Point the default connection at a fresh copy of the migrated template."""
    name = connection.creation._get_test_db_name()
    connection.close()
    connection.settings_dict["NAME"] = name
    restore()


def restore() -> None:
    """Put the test database back to its first state. Connections of this thread are closed."""
    connection.close()
    name = connection.settings_dict["NAME"]
    if ON_SERVICES:
        with harness._only_one("harness-clone"):
            template = harness._postgres_template()
            harness._on_server(
                f"DROP DATABASE IF EXISTS {name} WITH (FORCE)",
                f"CREATE DATABASE {name} TEMPLATE {template}",
            )
    else:
        fresh = f"{name}.fresh"
        shutil.copyfile(harness._sqlite_template(), fresh)
        for leftover in (f"{name}-wal", f"{name}-shm"):
            Path(leftover).unlink(missing_ok=True)
        Path(fresh).replace(name)  # a connection that somebody forgot keeps the old file
    ContentType.objects.clear_cache()
    cache.delete("wagtail_site_root_paths")


def take_away() -> None:
    connection.close()
    name = connection.settings_dict["NAME"]
    if ON_SERVICES:
        harness._on_server(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    else:
        for leftover in (name, f"{name}-wal", f"{name}-shm"):
            Path(leftover).unlink(missing_ok=True)
