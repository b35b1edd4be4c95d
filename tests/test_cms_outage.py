"""The queue stopped, the mail server stopped, the sender killed: what was decided still stands."""

import email
import email.policy
import sqlite3
import time
from collections import Counter
from contextlib import contextmanager

import pytest
from aiosmtpd.controller import Controller

from tests.harness import a_hub, at_once, free_port, wait_for
from tests.settings import ON_SERVICES
from tests.test_forms_race import book
from tests.trust import at_length

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
def a_mail_server(port, sink, address="127.0.0.1"):
    controller = Controller(sink, hostname=address, port=port)
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


FAMILIES = at_length(10, 100)
#: Seconds that 19 of 20 families wait at most; the short run shares its machine with the suite.
SOON = at_length(10, 2)


def test_families_book_while_queue_and_mail_are_stopped_and_get_their_letters_later(tmp_path):
    port, sink, took = free_port(), Sink(), []

    def one(hub, family):
        began = time.monotonic()
        met = book(hub, family)
        took.append(time.monotonic() - began)
        return met

    with a_hub(tmp_path, environment={"EMAIL_URL": f"smtp://127.0.0.1:{port}"}) as hub:
        families = hub.call(
            "tests.formrace:families_at_the_date", number=FAMILIES, capacity=FAMILIES
        )
        hub.start_web(workers=3)
        with the_queue_stopped(hub):
            met = Counter(at_once(FAMILIES, lambda n: one(hub, families[n]), threads=3))
        assert met == {"booked": FAMILIES}
        slowest = sorted(took)[: round(FAMILIES * 0.95)][-1]
        print(f"{FAMILIES} bookings, queue and mail down: p95 {slowest:.2f} s, max {max(took):.2f}")
        assert slowest < SOON

        hub.start_consumer()
        with a_mail_server(port, sink):
            wait_for(lambda: len(sink.taken) >= FAMILIES, 120, "the mail")
        left = "SELECT count(*) FROM cms_outboxmessage WHERE state <> 'sent'"
        wait_for(lambda: hub.sql(left) == [(0,)], what="the last note")
        counted = hub.call("tests.formrace:counts")
    assert set(counted.values()) == {FAMILIES}
    assert Counter(message["To"] for message in sink.taken) == {
        f"family-{n}@example.org": 1 for n in range(FAMILIES)
    }


#: 500 letters are 71 kills: of each seventh letter.
LETTERS = at_length(30, 500)
KILLS = LETTERS // 7


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
        tmp_path, "tests.crash:die_after_the_server_took_it", LETTERS
    )

    taken = Counter(message["Message-ID"] for message in sink.taken)
    assert set(taken) == promised  # none missing, none unknown
    assert kills == KILLS
    doubled = [key for key, times in taken.items() if times > 1]
    # Of each kill the letter it was made for, and what the other worker had in hand at that moment.
    print(f"{LETTERS} letters, {kills} kills: {len(doubled)} went twice")
    assert KILLS <= len(doubled) <= 2 * KILLS
    assert max(taken.values()) == 2
    assert len(subjects(sink)) == LETTERS


def test_twin_that_notes_before_sending_loses_letters(tmp_path):
    sink, kills, promised = killed_while_sending(tmp_path, "tests.crash:note_before_sending")

    assert kills == 4
    # What the other worker had in hand may be lost with it.
    assert len({message["Message-ID"] for message in sink.taken}) <= len(promised) - 4
