"""Backups: taken under load, tried for real, restored on a fresh machine, refused when not sound."""

import hashlib
import json
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cms.backup import nightly
from tests.harness import ROOT, a_hub, wait_for
from tests.trust import at_length

pytestmark = pytest.mark.crash


def manage(hub, *command, patches=()):
    """A command of manage.py in this hub: (exit code, everything it said)."""
    return tuple(hub.call("tests.backups:run", patches, command=[str(word) for word in command]))


@contextmanager
def families_at_work(hub, folder):
    """Another process that makes and erases journeys with files, until the block is left."""
    start = "import django; django.setup(); from tests.backups import families_come_and_go as go; "
    process = subprocess.Popen(
        [sys.executable, "-c", f"{start}go({str(folder)!r})"], cwd=ROOT, env=hub.environment
    )
    wait_for((folder / "busy").exists, what="the families")
    yield
    (folder / "stop").touch()
    assert process.wait(60) == 0


@pytest.fixture(scope="module")
def backed_up(tmp_path_factory):
    """A hub with families, and a sound backup of it: (hub, folder, what they had said)."""
    with a_hub(tmp_path_factory.mktemp("source")) as hub:
        hub.call("tests.backups:a_family_with_evidence")
        folder = hub.folder / "copy"
        code, said = manage(hub, "backup", folder)
        assert code == 0, said
        yield hub, folder, hub.call("tests.backups:answers_and_letters")


def test_a_backup_taken_under_load_is_sound_and_comes_back_whole_elsewhere(tmp_path):
    with a_hub(tmp_path) as hub, a_hub(tmp_path) as fresh:
        hub.call("tests.backups:a_family_with_evidence")
        folder = tmp_path / "copy"
        with families_at_work(hub, tmp_path):
            code, said = manage(hub, "backup", folder)

        assert code == 0, said
        code, said = manage(hub, "backup_check", folder)
        assert code == 0, said
        assert manage(fresh, "restore", folder, "--yes")[0] == 0
        fresh.start_anew()  # its secret is the backup's now
        manifest = json.loads((folder / "manifest.json").read_text())
        erased = [Path(name).name for name in manifest["erased"]]
        told = fresh.call("tests.backups:answers_and_letters", erased=erased)
        assert len(told) + len(erased) == manifest["tables"]["hub_forms_journey"]["rows"]
        assert len(told) >= 3
        assert told == {email: f"A letter about {email}" for email in told}


FILES, MEGABYTES, ROWS = at_length(8, 256), at_length(1, 4), at_length(500, 20_000)
TEN_MINUTES = 600


def files_of(folder):
    """{path below `folder`: its hash}"""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_hub_of_some_size_comes_back_within_ten_minutes(tmp_path):
    """At length: 1 GB of files and 20,000 journeys, each row and each file the same."""
    with a_hub(tmp_path) as hub, a_hub(tmp_path) as fresh:
        hub.call("tests.backups:much", files=FILES, megabytes=MEGABYTES, rows=ROWS)
        folder, took = tmp_path / "copy", {}
        for name, at, *command in [
            ("backup", hub, "backup", folder),
            ("check", hub, "backup_check", folder),
            ("restore", fresh, "restore", folder, "--yes", "--no-safety-copy"),
        ]:
            began = time.monotonic()
            code, said = manage(at, *command)
            assert code == 0, said
            took[name] = round(time.monotonic() - began)
        print(f"{FILES * MEGABYTES} MB, {ROWS} journeys, in seconds: {took}")
        assert files_of(fresh.folder / "private") == files_of(hub.folder / "private")
        fresh.start_anew()  # its secret is the backup's now
        seen = [each.call("tests.backups:all_answers") for each in (hub, fresh)]
        assert seen[0] == seen[1]
        assert seen[0]["journeys"] == ROWS + FILES
        assert took["restore"] < TEN_MINUTES


def test_without_the_second_round_of_files_the_check_finds_them_missing(tmp_path):
    with a_hub(tmp_path) as hub:
        hub.call("tests.backups:a_family_with_evidence")
        folder = tmp_path / "copy"
        with families_at_work(hub, tmp_path):
            manage(hub, "backup", folder, patches=["tests.backups:one_round_of_files"])

        code, said = manage(hub, "backup_check", folder)
        assert code == 1
        assert "names a file that is not in the backup" in said


def test_what_was_erased_while_the_backup_was_taken_is_not_a_loss(tmp_path):
    with a_hub(tmp_path) as hub:
        hub.call("tests.backups:a_family_with_evidence")
        folder = tmp_path / "copy"
        meanwhile = ["tests.backups:a_family_that_comes_and_goes_meanwhile"]
        code, said = manage(hub, "backup", folder, patches=meanwhile)
        assert code == 0, said
        assert len(json.loads((folder / "manifest.json").read_text())["erased"]) == 1
        code, said = manage(hub, "backup_check", folder)
        assert code == 0, said


def spoil_the_database(folder):
    path = next(folder.glob("database.*"))
    path.write_bytes(path.read_bytes()[:-4096])


def spoil_a_file(folder):
    path = next(path for path in folder.glob("files/private/**/*") if path.is_file())
    path.write_bytes(path.read_bytes().replace(b"letter", b"LETTER"))


def lose_a_file(folder):
    next(path for path in folder.glob("files/private/**/*") if path.is_file()).unlink()


def spoil_the_manifest(folder):
    path = folder / "manifest.json"
    path.write_text(path.read_text().replace("hub_forms_journey", "hub_forms_tourney"))


def spoil_the_keys(folder):
    (folder / "keys.json").write_text('{"SECRET_KEY": "x", "SECRET_KEY_FALLBACKS": []}')


def lose_the_manifest(folder):
    (folder / "manifest.json").unlink()


@pytest.mark.parametrize(
    ("harm", "sentence"),
    [
        (spoil_the_database, "was changed or cut short"),
        (spoil_a_file, "was changed or cut short"),
        (lose_a_file, "is missing from the backup"),
        (spoil_the_manifest, "was changed after the backup was taken"),
        (spoil_the_keys, "was changed or cut short"),
        (lose_the_manifest, "holds no finished backup"),
    ],
)
def test_a_backup_that_was_harmed_is_refused_and_nothing_is_changed(
    backed_up, tmp_path, harm, sentence
):
    hub, folder, told = backed_up
    harmed = tmp_path / "harmed"
    shutil.copytree(folder, harmed)
    harm(harmed)

    code, said = manage(hub, "backup_check", harmed)
    assert (code, sentence in said) == (1, True), said
    assert manage(hub, "restore", harmed, "--yes", "--no-safety-copy")[0] == 1
    assert hub.call("tests.backups:answers_and_letters") == told


def test_restore_puts_back_what_was_erased_and_keeps_a_copy_of_what_was_there(backed_up):
    hub, folder, told = backed_up
    hub.sql("DELETE FROM hub_forms_attachment")
    hub.sql("DELETE FROM hub_forms_journey")

    code, said = manage(hub, "restore", folder)
    assert (code, "add --yes" in said) == (2, True)
    assert hub.call("tests.backups:answers_and_letters") == {}
    code, said = manage(hub, "restore", folder, "--yes")
    assert (code, "What was there is in" in said) == (0, True), said
    assert hub.call("tests.backups:answers_and_letters") == told
    assert manage(hub, "backup", folder)[0] == 1  # never over another backup


def test_a_backup_is_readable_by_its_owner_alone(backed_up):
    _hub, folder, _told = backed_up
    assert oct(folder.stat().st_mode & 0o777) == "0o700"
    assert oct((folder / "keys.json").stat().st_mode & 0o777) == "0o600"


def test_the_backup_of_the_night_is_taken_tried_and_shown(tmp_path):
    with a_hub(tmp_path) as hub:
        hub.call("tests.backups:a_family_with_evidence")
        hub.call("tests.backups:promise_a_nightly_backup")
        hub.start_consumer()
        wait_for(
            lambda: hub.sql("SELECT state FROM cms_job WHERE kind = 'cms.backup'") == [("done",)],
            what="the backup",
        )
        (folder,) = (hub.folder / "backups").iterdir()
        assert (folder / "tried.json").is_file()
        assert manage(hub, "backup_check", folder)[0] == 0


def test_old_nights_are_cleared_away_but_never_the_newest_that_was_tried(settings, tmp_path):
    settings.BACKUP_DIR = tmp_path
    now = datetime(2026, 11, 21, tzinfo=UTC)
    for days, tried in ((40, True), (30, True), (20, False), (1, False)):
        folder = tmp_path / f"nightly-{days}"
        folder.mkdir()
        made = (now - timedelta(days=days)).isoformat()
        (folder / "manifest.json").write_text(json.dumps({"made_at": made}))
        if tried:
            (folder / "tried.json").write_text(json.dumps({"tried_at": made}))
    (tmp_path / "before-restore-1").mkdir()

    assert nightly.clear_away(now - timedelta(days=14)) == 2
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"before-restore-1", "nightly-1", "nightly-30"}
