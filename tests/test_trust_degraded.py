"""Database locked, disk full, file store away, slow clients: the page that people see in each."""

import socket
import sqlite3
import time
import urllib.request

import pytest
from botocore.exceptions import EndpointConnectionError
from django.core.files.storage import storages

from cms import views
from forms.models import Attachment, Journey
from tests.harness import a_hub, post
from tests.journeys import PNG, Family, a_course_date, answers_of_a_family, publish_songwriter
from tests.settings import ON_SERVICES


def get(url):
    """The status of a GET, as anybody's browser asks."""
    with urllib.request.urlopen(url, timeout=30) as answer:
        return answer.status


BUSY = "We are busy for a moment"


@pytest.fixture
def at_the_file(db):
    """A family that has come to the page which asks for a file."""
    publish_songwriter()
    a_course_date()
    family = Family()
    family.browser.client.raise_request_exception = False
    family.start()
    family.walk(answers_of_a_family(wants_help="yes", help_basis="service"), until="help_details")
    return family


@pytest.mark.parametrize(
    "error",
    [
        OSError(28, "No space left on device"),
        OSError(5, "Input/output error"),
        EndpointConnectionError(endpoint_url="http://store"),
    ],
)
def test_a_file_that_cannot_be_kept_is_a_503_and_the_form_stays(at_the_file, monkeypatch, error):
    def refuse(self, name, content):
        raise error

    before = Journey.objects.get().answers
    monkeypatch.setattr(type(storages["private"]), "_save", refuse)
    page = at_the_file.post({"evidence": [("letter.png", PNG)], "help_basis": "service"})

    assert (page.status, page.heading) == (503, BUSY)
    assert not Attachment.objects.exists()
    assert Journey.objects.get().answers == before

    monkeypatch.undo()
    again = at_the_file.browser.get(at_the_file.journey_path + "help_details/")
    assert again.status == 200


def test_a_bug_is_still_a_500(rf):
    for error in (ValueError("a bug"), FileNotFoundError(2, "gone"), PermissionError(13, "no")):
        assert not views.is_outage(error)


@pytest.mark.crash
@pytest.mark.skipif(ON_SERVICES, reason="somebody sits on SQLite's one writer")
def test_a_locked_database_waits_then_says_so_and_recovers(tmp_path):
    with a_hub(tmp_path) as hub:
        hub.call("tests.formrace:families_at_the_date", number=1, capacity=5)
        hub.start_web(workers=1)
        begin = f"{hub.address}/apply/short-booking/"
        holder = sqlite3.connect(hub.folder / "hub.sqlite3", isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        status, headers, body = post(begin, {})  # the wait of 20 s runs out
        assert status == 503
        assert headers["Retry-After"] == "30"
        assert BUSY in body.decode()
        holder.execute("ROLLBACK")
        assert post(begin, {})[0] == 303
        assert hub.sql("PRAGMA integrity_check") == [("ok",)]


@pytest.mark.crash
def test_slow_clients_do_not_keep_others_waiting(tmp_path):
    """Three that send a header and then nothing, at one worker of four threads."""
    with a_hub(tmp_path) as hub:
        hub.start_web(workers=1)
        slow = [socket.create_connection(("127.0.0.1", hub.port)) for _ in range(3)]
        for one in slow:
            one.sendall(
                b"POST /family/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 900000\r\n\r\nx"
            )
        began = time.monotonic()
        assert get(f"{hub.address}/healthz") == 200
        assert time.monotonic() - began < 5
        for one in slow:
            one.close()
