"""Rehearsals that are kept with a process: played again before it is published, and compared.

What is expected is what happened when it was kept: stages, letters, the clock, actions, and the day
of each, counted from the sending. A process in which one of them goes otherwise is not published
until somebody has said that it is meant.
"""

from datetime import timedelta
from difflib import SequenceMatcher

from django.db import transaction
from django.utils import timezone

from cms import clock, jobs
from cms.models import User
from workflows.findings import ERROR, Finding, NotPublishableError
from workflows.models import Rehearsal, WorkflowDefinition, WorkflowVersion

from . import stage
from .play import play
from .story import Story

CODE = "rehearsal"
MOST_KEPT = 20
FORGET, UNNAMED_LAST = "workflows.forget_rehearsals", timedelta(days=7)


class DraftChangedError(Exception):
    """Somebody saved the process since its differences were shown."""


def played(rehearsal: Rehearsal, data: dict, screen: str = "") -> Story:
    """What comes of a rehearsal in this process; nothing is touched."""
    return play(
        rehearsal.definition,
        data,
        family=rehearsal.family,
        begins_at=rehearsal.begins_at,
        steps=rehearsal.steps,
        screen=screen,
    )


def expectation(story: Story) -> list[list]:
    """`[[step, day, key, words]]` of all that happened."""
    if story.problem:
        return [[0, 0, "problem", story.problem]]
    reference = story.reference or "\0"
    return [
        [one.step, one.day, one.key, one.words.replace(reference, "…")] for one in story.happenings
    ]


def differences(expected: list[list], now: list[list]) -> list[str]:
    """Sentences on what no longer happens and what happens instead; none when all is as before."""
    before, after = ([tuple(row[:3]) for row in side] for side in (expected, now))
    said = []
    for kind, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind == "equal":
            continue
        gone = [f"{_when(row)}: {row[3]}" for row in expected[a:b]]
        came = [f"{_when(row)}: {row[3]}" for row in now[c:d]]
        if gone:
            said.append(f"No longer on {'; '.join(gone)}.")
        if came:
            said.append(f"Now on {'; '.join(came)}.")
    return said


def _when(row: list) -> str:
    return f"day {row[1]}"


def kept_of(definition: WorkflowDefinition) -> list[Rehearsal]:
    return list(Rehearsal.objects.filter(definition=definition).exclude(name=""))


def findings(definition: WorkflowDefinition, data: dict) -> list[Finding]:
    """An error for each kept rehearsal that goes otherwise in this process."""
    found = []
    for rehearsal in kept_of(definition):
        now = expectation(played(rehearsal, data))
        found += [
            Finding(ERROR, CODE, f"Rehearsal “{rehearsal.name}”", said)
            for said in differences(rehearsal.expected, now)
        ]
    return found


def check_or_raise(definition: WorkflowDefinition, data: dict) -> None:
    """Raises NotPublishableError when a kept rehearsal goes otherwise."""
    found = findings(definition, data)
    if found:
        raise NotPublishableError(found)


def keep(rehearsal: Rehearsal, name: str, data: dict) -> None:
    """Keep it under a name, expecting what happens now. Raises ValueError, a sentence."""
    name = " ".join(name.split())[:90]
    if not name:
        raise ValueError("Give the rehearsal a name first.")
    others = Rehearsal.objects.filter(definition=rehearsal.definition).exclude(pk=rehearsal.pk)
    if others.filter(name=name).exists():
        raise ValueError("There is a rehearsal of that name. Choose another.")
    if others.exclude(name="").count() >= MOST_KEPT:
        raise ValueError(f"{MOST_KEPT} rehearsals are kept already. Forget one first.")
    rehearsal.name, rehearsal.expected = name, expectation(played(rehearsal, data))
    rehearsal.save()


def publish_as_meant(
    definition: WorkflowDefinition, *, seen_revision: str, by: User
) -> WorkflowVersion:
    """Publish the latest draft; the kept rehearsals expect from now on what happens in it.

    Raises DraftChangedError when `seen_revision` is not the latest, NotPublishableError.
    """
    with transaction.atomic():
        locked = WorkflowDefinition.objects.select_for_update().get(pk=definition.pk)
        if str(locked.latest_revision_id) != seen_revision:
            raise DraftChangedError
        revision = locked.latest_revision
        data = stage.data_of(revision.as_object())
        for rehearsal in kept_of(locked):
            rehearsal.expected = expectation(played(rehearsal, data))
            rehearsal.save(update_fields=["expected"])
        revision.publish(user=by)
        return locked.versions.order_by("-number").first()


@jobs.handlers(FORGET)
def forget_unnamed(run: jobs.JobRun) -> None:
    """Rehearsals that nobody kept, after a week."""
    old = Rehearsal.objects.filter(name="", made_at__lt=timezone.now() - UNNAMED_LAST)
    with run.finish():
        old.delete()


clock.daily(FORGET, at="03:50")
