"""What runs inside harness hubs for the tests of backups: families at work, and a look afterwards."""

import hashlib
import io
import os
import time
from pathlib import Path

from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.db import transaction

from cms.secrecy import new_token
from forms import journeys
from forms.models import Attachment, Journey
from tests.formrace import SHORT, WORKFLOW
from tests.journeys import publish_form


def a_family_with_evidence(number=3):
    """Journeys with answers, and a private file each."""
    version = publish_form(SHORT, WORKFLOW)
    for each in range(number):
        _evidence(version, f"family-{each}@example.org")
    return number


def much(files, megabytes, rows):
    """So many private files of so many MB that no packing makes smaller, and so many journeys."""
    version = publish_form(SHORT, WORKFLOW)
    for each in range(files):
        _evidence(version, f"file-{each}@example.org", os.urandom(megabytes << 20))
    with transaction.atomic():
        for each in range(rows):
            journey = journeys.begin(version, owner=new_token())
            journey.answers = {"email": f"row-{each}@example.org"}
            journey.save()


def all_answers():
    """How many journeys there are, and a hash over what all of them answered, as decrypted."""
    told = sorted(journey.answers["email"] for journey in Journey.objects.iterator())
    return {"journeys": len(told), "hash": hashlib.sha256("\n".join(told).encode()).hexdigest()}


def run(command):
    """A management command: [exit code, everything it said]."""
    said = io.StringIO()
    try:
        call_command(*command, stdout=said, stderr=said)
    except CommandError as error:
        return [1, f"{said.getvalue()}{error}"]
    except SystemExit as end:
        return [end.code, said.getvalue()]
    return [0, said.getvalue()]


def families_come_and_go(folder):
    """New journeys with files until `folder`/stop is there; each third one is erased again."""
    version = Journey.objects.first().version
    count = 0
    while not Path(folder, "stop").exists():
        journey = _evidence(version, f"later-{count}@example.org")
        count += 1
        if count % 3 == 0:
            erase(journey)
        Path(folder, "busy").touch()


def erase(journey):
    """As the hub does: the rows first, then the file."""
    attachment = journey.attachments.get()
    journey.delete()
    attachment.file.storage.delete(attachment.file.name)


@transaction.atomic
def _evidence(version, email, letter=b""):
    journey = journeys.begin(version, owner=new_token())
    journey.answers = {"email": email}
    journey.save()
    file = ContentFile(letter or f"A letter about {email}".encode(), name="letter.txt")
    Attachment.objects.create(
        journey=journey,
        question="evidence",
        file=file,
        name="letter.txt",
        content_type="text/plain",
        size=file.size,
        sha256="0" * 64,
    )
    return journey


def answers_and_letters(erased=()):
    """{what each journey answered: what its file says}, read with this hub's own keys.

    Left out: who was erased after the snapshot, of whom the backup has the row but no file.
    """
    files = {
        journey.answers["email"]: journey.attachments.get().file
        for journey in Journey.objects.order_by("pk")
    }
    gone = {email for email, file in files.items() if Path(file.name).name in erased}
    return {email: file.read().decode() for email, file in files.items() if email not in gone}


def lose_a_file():
    attachment = Attachment.objects.first()
    attachment.file.storage.delete(attachment.file.name)


def promise_a_nightly_backup():
    from cms import jobs

    with transaction.atomic():
        return jobs.enqueue("cms.backup", key="tonight", payload={}).pk


def one_round_of_files():
    """A twin: files are copied before the snapshot only, and families go on in between."""
    from cms.backup import taking

    whole, rounds = taking._copy_files, []

    def only_once(folder, copied, tick):
        if rounds:
            return copied
        rounds.append(whole(folder, copied, tick))
        time.sleep(0.5)
        return rounds[0]

    taking._copy_files = only_once


def a_family_that_comes_and_goes_meanwhile():
    """Its row is in the snapshot; its file came after the first round and went before the second."""
    from cms.backup import taking

    whole, families = taking._copy_files, []

    def in_between(folder, copied, tick):
        if families:
            erase(families.pop())
            return whole(folder, copied, tick)
        found = whole(folder, copied, tick)
        families.append(_evidence(Journey.objects.first().version, "gone@example.org"))
        return found

    taking._copy_files = in_between
