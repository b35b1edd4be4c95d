"""A disk that is really full: each thing ends in a clear sentence, nothing is half-written, and all
goes on when there is room again.

The disk is a small tmpfs, mounted where the machine lets us and taken away afterwards.
"""

import subprocess
import time
from contextlib import contextmanager

import pytest
from django.core.files.base import ContentFile
from django.test.client import BOUNDARY, encode_multipart

from tests.harness import a_hub, post, wait_for
from tests.roster_files import pupil_line, pupils
from tests.settings import ON_SERVICES
from tests.test_cms_backup import manage
from tests.test_forms_race import TOKEN, book
from tests.test_trust_degraded import BUSY

pytestmark = pytest.mark.crash
PDF = b"%PDF-1.4\n1 0 obj << /Type /Catalog >> endobj\ntrailer << /Root 1 0 R >>\n%%EOF\n"
LETTER = PDF + b"%" * 800_000


@contextmanager
def a_small_disk(folder, megabytes=64):
    """A file system of that size at `folder`."""
    folder.mkdir()
    size = f"size={megabytes}m"
    command = ["mount", "-t", "tmpfs", "-o", size, "hub-test", str(folder)]
    if subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("this machine lets nobody mount a small disk: run it as root")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def full(tmp_path):
    """A hub on a small disk, with what fills it, and a function that makes room."""
    with a_small_disk(tmp_path / "disk") as disk, a_hub(disk) as hub:
        hub.log = tmp_path / "log.txt"  # where a service's log goes is not the hub's disk
        yield hub, disk / "filler"


def fill(filler):
    """Take all the room that is left, to the last byte."""
    with filler.open("wb", buffering=0) as file:
        for size in (1 << 20, 4096, 1):
            try:
                while True:
                    if file.write(b"x" * size) < size:
                        break
            except OSError:
                continue


def stored(hub):
    return sorted(path.name for path in (hub.folder / "private").rglob("*") if path.is_file())


def upload(hub, family):
    path, owner = family
    body = encode_multipart(
        BOUNDARY,
        {"csrfmiddlewaretoken": TOKEN, "note": "Here", "papers": ContentFile(LETTER, "a.pdf")},
    )
    return post(
        f"{hub.address}{path}proof/",
        body,
        cookies=f"apply={owner}; csrftoken={TOKEN}",
        headers={"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"},
    )


def test_bookings_and_uploads_meet_a_full_disk_and_go_on_afterwards(full):
    hub, filler = full
    families = hub.call("tests.formrace:families_at_the_date", number=3, capacity=9)
    helped = hub.call("tests.fulldisk:families_with_a_letter", number=1)[0]
    hub.start_web(workers=1)
    assert book(hub, families[0]) == "booked"
    before = hub.call("tests.formrace:counts")

    fill(filler)
    met = book(hub, families[1])
    # On PostgreSQL the rows lie elsewhere: a booking needs no room on a web host's disk.
    assert met == ("booked" if ON_SERVICES else "date 503")
    status, headers, body = upload(hub, helped)
    assert (status, headers["Retry-After"], BUSY in body.decode()) == (503, "30", True)
    assert stored(hub) == []  # not a byte of what did not fit
    counted = hub.call("tests.formrace:counts")
    assert counted == {name: number + ON_SERVICES for name, number in before.items()}

    filler.unlink()
    assert book(hub, families[2]) == "booked"
    if not ON_SERVICES:
        assert hub.sql("PRAGMA integrity_check") == [("ok",)]
        assert book(hub, families[1]) == "booked"
    assert upload(hub, helped)[0] == 303
    assert len(stored(hub)) == 1
    assert set(hub.call("tests.formrace:counts").values()) == {3}


def test_a_backup_that_does_not_fit_says_so_and_leaves_nothing(full):
    hub, filler = full
    hub.call("tests.backups:a_family_with_evidence")
    fill(filler)
    folder = hub.folder / "copy"
    code, said = manage(hub, "backup", folder)

    assert (code, "There is no room" in said) == (1, True), said
    assert "Traceback" not in said
    assert not folder.exists()
    filler.unlink()
    code, said = manage(hub, "backup", folder)
    assert code == 0, said
    assert manage(hub, "backup_check", folder)[0] == 0


def test_an_import_that_does_not_fit_says_so_and_changes_nothing(full, tmp_path):
    hub, filler = full
    hub.call("tests.fulldisk:schools")
    roster = tmp_path / "pupils.csv"
    roster.write_bytes(pupils(*map(pupil_line, range(500))))
    fill(filler)
    code, said = manage(hub, "roster_import", "pupils", roster, "--yes")

    assert (code, "There is no room" in said) == (1, True), said
    assert "Traceback" not in said
    assert stored(hub) == []
    filler.unlink()
    assert hub.sql("SELECT count(*) FROM cms_pupil") == [(0,)]
    assert hub.sql("SELECT count(*) FROM imports_importrun") == [(0,)]
    code, said = manage(hub, "roster_import", "pupils", roster, "--yes")
    assert code == 0, said
    assert hub.sql("SELECT count(*) FROM cms_pupil") == [(500,)]


def applied(hub):
    return hub.sql("SELECT count(*) FROM cms_pupil")[0][0]


def stands_still(hub):
    before = applied(hub)
    time.sleep(2)
    return applied(hub) == before


@pytest.mark.skipif(ON_SERVICES, reason="the rows of PostgreSQL lie on another disk")
def test_a_disk_that_fills_in_the_middle_of_an_import_stops_it_and_room_lets_it_go_on(full):
    hub, filler = full
    hub.patches = ["tests.crash:short_leases", "tests.roster_crash:small_slow_chunks"]
    run = hub.call("tests.roster_crash:promise_planning", rows=4_000)
    hub.call("tests.roster_crash:work_undisturbed", run=run)
    hub.call("tests.roster_crash:promise_applying", run=run)
    consumer = hub.start_consumer()
    wait_for(lambda: applied(hub), 60, "the import to begin")
    fill(filler)
    wait_for(lambda: stands_still(hub), 60, "the import to meet the full disk")
    assert hub.is_running(consumer)
    assert 0 < applied(hub) < 4_000

    filler.unlink()
    state = "SELECT state FROM imports_importrun WHERE id = %s"
    wait_for(lambda: hub.sql(state, run) == [("applied",)], 300, "the import to end")
    assert hub.sql("SELECT count(*) FROM cms_pupil") == [(4_000,)]
    assert hub.sql("PRAGMA integrity_check") == [("ok",)]
