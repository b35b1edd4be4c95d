"""A hub of the first release, with people in it, comes to today's tables without losing any."""

import contextlib
import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.harness import ROOT, _environment
from tests.settings import ON_SERVICES

pytestmark = [
    pytest.mark.crash,
    pytest.mark.skipif(ON_SERVICES, reason="from empty tables; PostgreSQL's are made by the suite"),
]
#: Each app's last migration in the release before this one; a release writes it anew.
RELEASED = json.loads((Path(__file__).with_name("released.json")).read_text())


def manage(folder, *words):
    done = subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=ROOT,
        env=_environment(folder),
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def rows(folder, sql):
    with contextlib.closing(sqlite3.connect(folder / "hub.sqlite3")) as database:
        return database.execute(sql).fetchall()


def test_a_released_hub_is_upgraded_without_losing_a_row(tmp_path):
    for app, name in RELEASED.items():
        manage(tmp_path, "migrate", app, name, "--verbosity", "0", "--skip-checks")
    manage(tmp_path, "shell", "-c", "from tests.upgrading import fill; fill()")
    tables = [
        name
        for (name,) in rows(
            tmp_path,
            "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE '%VIRTUAL%'",
        )
        if name.partition("_")[0] in ("cms", "workflows", "hub", "imports", "pages")
    ]
    before = {name: rows(tmp_path, f'SELECT count(*) FROM "{name}"')[0][0] for name in tables}
    assert before["cms_pupil"] == 500

    manage(tmp_path, "migrate", "--verbosity", "0")

    after = {name: rows(tmp_path, f'SELECT count(*) FROM "{name}"')[0][0] for name in tables}
    assert {name: n for name, n in after.items() if n < before[name]} == {}
    assert rows(tmp_path, "PRAGMA foreign_key_check") == []
    assert rows(tmp_path, "PRAGMA integrity_check") == [("ok",)]
    kept = rows(tmp_path, "SELECT legal_last_name FROM cms_pupil ORDER BY id LIMIT 1")
    assert kept == [("Upgrade0",)]
    assert "[ ]" not in manage(tmp_path, "showmigrations")
