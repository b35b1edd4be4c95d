"""The queue stopped, the mail server stopped, the sender killed: what was decided still stands."""

import email
import email.policy
import sqlite3
import time
from collections import Counter
from contextlib import contextmanager

import pytest
from aiosmtpd.controller import Controller

from tests.harness import a_hub, free_port, wait_for
from tests.settings import ON_SERVICES

pytestmark = [pytest.mark.crash]

SHORT = ["tests.crash:short_leases"]


class Sink:
    """A mail server's memory: every message that it said yes to."""

    def __init__(self):
        self.taken = []

    async def handle_DATA(self, server, session, envelope):
        self.taken.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        return "250 OK"


@contextmanager
def a_mail_server(port, sink):
    controller = Controller(sink, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield
    finally:
        controller.stop()


def subjects(sink):
    return Counter(message["Subject"] for message in sink.taken)


@contextmanager
def the_queue_stopped(hub):
    """Redis is down; or, for SqliteHuey, somebody sits on the queue's file and does not let go."""
    if ON_SERVICES:
        hub.stop_redis()
        yield
        hub.start_redis()
        return
    holder = sqlite3.connect(hub.folder / "huey.sqlite3", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    yield
    holder.execute("ROLLBACK")
    holder.close()


def test_with_queue_and_mail_stopped_decisions_stand_and_mail_goes_out_later(tmp_path):
    port, sink = free_port(), Sink()
    environment = {"EMAIL_URL": f"smtp://127.0.0.1:{port}"}
    with a_hub(tmp_path, environment=environment) as hub:
        hub.call("tests.crash:decide", number=1)  # the queue exists, and is rung
        with the_queue_stopped(hub):
            took = hub.call("tests.crash:decide", number=40, first=1)
        states = "SELECT state, count(*) FROM cms_{} GROUP BY state"
        assert hub.sql(states.format("outboxmessage")) == [("ready", 41)]
        assert hub.sql(states.format("job")) == [("ready", 41)]
        # The queue's silence is paid for once in half a minute, not by each family.
        assert sorted(took)[-2] < 1
        assert max(took) < 8

        hub.start_consumer()
        wait_for(lambda: hub.sql(states.format("job")) == [("done", 41)], what="the jobs")
        tried = "SELECT count(*) FROM cms_outboxmessage WHERE attempts > 0"
        wait_for(lambda: hub.sql(tried) != [(0,)], what="a try with no mail server")
        assert hub.sql("SELECT count(*) FROM cms_guardian") == [(41,)]
        with a_mail_server(port, sink):
            began = time.monotonic()
            wait_for(lambda: len(sink.taken) == 41, 60, "the mail")
            waited = time.monotonic() - began

        assert set(subjects(sink).values()) == {1}
        assert waited < 60


def killed_while_sending(tmp_path, patch, letters=30):
    """Letters sent by consumers that die in the act; what the mail server took, and the rows."""
    port, sink = free_port(), Sink()
    environment = {"EMAIL_URL": f"smtp://127.0.0.1:{port}"}
    with a_mail_server(port, sink), a_hub(tmp_path, patches=SHORT, environment=environment) as hub:
        hub.call("tests.crash:decide", number=letters)
        kills = 0
        left = "SELECT count(*) FROM cms_outboxmessage WHERE state <> 'sent'"
        while hub.sql(left) != [(0,)]:
            consumer = hub.start_consumer(patches=[patch])
            wait_for(
                lambda pid=consumer: not hub.is_running(pid) or hub.sql(left) == [(0,)],
                60,
                "a kill or the end",
            )
            if not hub.is_running(consumer):
                kills += 1
                time.sleep(1.1)  # its lease
        rows = hub.sql("SELECT message_id FROM cms_outboxmessage")
    return sink, kills, {row[0] for row in rows}


def test_a_sender_killed_before_it_noted_doubles_at_most_that_letter(tmp_path):
    sink, kills, promised = killed_while_sending(
        tmp_path, "tests.crash:die_after_the_server_took_it"
    )

    taken = Counter(message["Message-ID"] for message in sink.taken)
    assert set(taken) == promised  # none missing, none unknown
    assert kills == 4  # letters 7, 14, 21 and 28
    doubled = [key for key, times in taken.items() if times > 1]
    # Of each kill the letter it was made for, and what the other worker had in hand at that moment.
    assert 4 <= len(doubled) <= 8
    assert max(taken.values()) == 2
    assert len(subjects(sink)) == 30


def test_twin_that_notes_before_sending_loses_letters(tmp_path):
    sink, kills, promised = killed_while_sending(tmp_path, "tests.crash:note_before_sending")

    assert kills == 4
    # What the other worker had in hand may be lost with it.
    assert len({message["Message-ID"] for message in sink.taken}) <= len(promised) - 4
