"""Upgrading from the last release keeps every row, and its code goes on on the new tables."""

import json
import subprocess
import sys
import uuid

import pytest

from tests import harness

LAST_RELEASE = "0.1.0"


@pytest.fixture(scope="module")
def upgrade(tmp_path_factory):
    """What tests/upgrading.py says of an upgrade from the last release, on a database of its own."""
    folder = tmp_path_factory.mktemp("upgrade")
    name, extra = f"hub_t_{harness.CLONE}_upgrade_{uuid.uuid4().hex[:8]}", {}
    if harness.ON_SERVICES:
        harness._on_server(f"CREATE DATABASE {name}")
        extra["DATABASE_URL"] = harness._database_url(name)
    try:
        said = subprocess.run(
            [sys.executable, "-m", "tests.upgrading", LAST_RELEASE],
            cwd=harness.ROOT,
            env=harness._environment(folder, **extra),
            stdout=subprocess.PIPE,
            check=True,
        ).stdout
    finally:
        if harness.ON_SERVICES:
            harness._on_server(f"DROP DATABASE {name} WITH (FORCE)")
    return json.loads(said)


def test_rows_are_written_to_every_table_of_the_release(upgrade):
    assert upgrade["not_filled"] == {}
    assert upgrade["tables"] > 150
    assert upgrade["rows"] > 3 * upgrade["tables"] - 5


def test_no_row_is_lost_or_changed(upgrade):
    assert upgrade["lost"] == []


def test_the_code_of_the_release_writes_on_the_new_tables(upgrade):
    assert upgrade["refused"] == {}, "give the new column a db_default, or let it be empty"


def test_twin_a_row_that_goes_is_noticed(upgrade):
    assert len(upgrade["with_a_row_lost"]) == 1


def test_twin_a_column_that_old_code_cannot_fill_is_noticed(upgrade):
    assert list(upgrade["with_a_column_to_fill"]) == ["cms.School"]
