"""What runs inside harness hubs for the tests of crashes and races: builders, handlers, twins.

Every function is named by a test as "tests.crash:name"; those in the last part are patches.
"""

import os
import signal
import time
from collections import Counter
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import connection, connections, transaction
from django.utils import timezone

from cms import jobs, mail, places
from cms.models import Area, Course, CourseDate, Guardian, Job, MusicCentre, OutboxMessage, Place

ROWS, CHUNK = 5000, 100
PAUSE = 0.03  # seconds between chunks: where a worker is usually found, and may be stopped


# --- builders ------------------------------------------------------------------------------------
def a_course_date(capacity=20):
    now = timezone.now()
    area = Area.objects.create(name="West", slug="west")
    centre = MusicCentre.objects.create(
        name="Hill Centre", slug="hill", area=area, address="1 Hill Road", postcode="AL1 1AA"
    )
    course = Course.objects.create(title="Songwriter", slug="songwriter", summary="-", code="SW")
    return CourseDate.objects.create(
        course=course,
        reference="sw-1",
        centre=centre,
        capacity=capacity,
        price_pence=3500,
        starts_at=now + timedelta(days=30),
        ends_at=now + timedelta(days=30, hours=6),
        booking_opens_at=now - timedelta(days=1),
        booking_closes_at=now + timedelta(days=20),
    ).pk


def receipt(key):
    mail.queue("test.receipt", to="sam@example.org", context={"key": key}, key=key)


mail.declare(
    "test.receipt",
    name="Receipt",
    subject="Receipt {{ key }}",
    body="Done.",
    placeholders={"key": "1"},
)


# --- races ---------------------------------------------------------------------------------------
def race_for_places(course_date_id, processes, attempts, children=1):
    """So many processes, each asking so many times for a place; how it ended, counted."""
    connections.close_all()
    start = time.time() + 0.3
    pipes = []
    for number in range(processes):
        read, write = os.pipe()
        if os.fork() == 0:
            time.sleep(max(0, start - time.time()))
            counted = Counter()
            for attempt in range(attempts):
                counted[_ask(course_date_id, f"h-{number}-{attempt}", children)] += 1
            os.write(write, repr(dict(counted)).encode())
            os._exit(0)
        os.close(write)
        pipes.append(read)
    total = Counter()
    for pipe in pipes:
        with os.fdopen(pipe) as answers:
            total.update(eval(answers.read()))
        os.wait()
    occupying = Place.objects.occupying().filter(course_date_id=course_date_id)
    seats = list(occupying.values_list("seat", flat=True))
    return {"answers": dict(total), "places": len(seats), "seats": sorted(seats)}


def _ask(course_date_id, holder, children):
    try:
        places.hold(course_date_id, holder=holder, children=children)
        if int(holder.rpartition("-")[2]) % 2:
            places.confirm(holder)
    except Exception as error:
        return type(error).__name__
    return "held"


def drop_seat_constraint():
    """In a twin's own database: what would happen with neither the lock nor the last line."""
    constraint = next(c for c in Place._meta.constraints if c.name == "place_once_per_seat")
    Place._meta.constraints.remove(constraint)  # SQLite makes the table again from what is left
    with connection.schema_editor() as editor:
        editor.remove_constraint(Place, constraint)


# --- jobs ----------------------------------------------------------------------------------------
def promise_rows(key="rows"):
    with transaction.atomic():
        return jobs.enqueue("test.rows", key=key, payload={"key": key}, total=ROWS).pk


@jobs.handlers("test.rows")
def add_rows(run):
    """ROWS rows into a table that would take any of them twice, then one receipt."""
    while run.cursor < ROWS:
        to = min(run.cursor + CHUNK, ROWS)
        _say("in a chunk")
        with run.chunk(to=to, count=to - run.cursor):
            Guardian.objects.bulk_create(
                Guardian(first_name="Row", last_name=f"{n}") for n in range(run.cursor, to)
            )
        _say("between")
        time.sleep(PAUSE)
    with run.finish():
        receipt(f"receipt-{run.payload['key']}")


def _say(where):
    Path(settings.DATA_DIR, f"where-{os.getpid()}").write_text(where)


def tally():
    names = Counter(Guardian.objects.values_list("last_name", flat=True))
    job = Job.objects.get(key="rows")
    return {
        "rows": sum(names.values()),
        "distinct": len(names),
        "state": job.state,
        "cursor": job.cursor,
        "percent": job.percent,
        "receipts": OutboxMessage.objects.filter(template="test.receipt").count(),
    }


def sweep():
    """What the consumer does by itself each minute."""
    return jobs.sweep()


# --- mail and outages ------------------------------------------------------------------------------
def decide(number, first=0):
    """So many decisions, each with a letter and a job; seconds each took."""
    took = []
    for n in range(first, first + number):
        began = time.monotonic()
        with transaction.atomic():
            receipt(f"letter-{n}")
            jobs.enqueue("test.one_row", key=f"row-{n}", payload={"n": n})
        took.append(time.monotonic() - began)
    return took


@jobs.handlers("test.one_row")
def add_one_row(run):
    with run.finish():
        Guardian.objects.create(first_name="Row", last_name=str(run.payload["n"]))


# --- patches ---------------------------------------------------------------------------------------
def short_leases():
    jobs.LEASE = mail.LEASE = timedelta(seconds=1)


def short_turns():
    jobs.TURN = 0.4


def slow_count():
    """Widen the moment between counting and writing, with the lock on or off."""
    count = places._standing

    def slowly(date, now):
        standing = count(date, now)
        time.sleep(0.002)
        return standing

    places._standing = slowly


def no_lock():
    """A twin: every statement by itself, no transaction, no lock."""

    @contextmanager
    def unlocked(course_date_ids):
        yield {row.pk: row for row in CourseDate.objects.filter(pk__in=list(course_date_ids))}

    places._locked = unlocked


def no_fence():
    """A twin: whoever works moves the cursor, whether or not the job is still theirs."""
    jobs.JobRun._move = lambda self, changes: Job.objects.filter(pk=self.job_id).update(**changes)


def die_after_the_server_took_it():
    """kill -9 ourselves between the mail server's yes and our note of it, for each seventh letter.

    Once for each letter: a second try of the same one lives.
    """
    send = mail._as_email

    def as_email(message, server):
        email = send(message, server)
        if message.pk % 7 == 0 and message.attempts == 1:
            deliver = server.send_messages

            def send_and_die(messages):
                deliver(messages)
                os.kill(os.getpid(), signal.SIGKILL)

            server.send_messages = send_and_die
        return email

    mail._as_email = as_email


def note_before_sending():
    """A twin: the letter is called sent before the server has it."""
    as_email = mail._as_email

    def too_early(message, server):
        mail._mine(message).update(state="sent", lease_until=None)
        if message.pk % 7 == 0 and message.attempts == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        return as_email(message, server)

    mail._as_email = too_early
