"""Families who are half-way when a form changes: who they are by step, and taking them along.

A journey keeps the version it began with unless staff choose otherwise, for everybody or for those
at one step: `stay`, `move` (on to the new version, answers kept) or `again` (changed questions are
asked again). Journeys are moved by a job, each in its own lock and judged again inside it, so that
one that was sent, moved or is being saved at that moment is neither lost nor overwritten.
Numbers and titles leave this module, never an answer.
"""

import uuid
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from django.utils import timezone

from cms import jobs, places
from forms import attachments, journeys
from forms.changes import asked_otherwise, changes
from forms.models import FormDefinition, FormVersion, Journey, facts_for
from forms.pricing import places_in
from forms.transfer import Transfer, transfer
from forms.walk import Walk, walk

STAY, MOVE, AGAIN = "stay", "move", "again"
CHOICES = (STAY, MOVE, AGAIN)
EVERYBODY = ""
KIND = "forms.move_journeys"
CHUNK = 25
MOST_TRIED = 2_000


def standing(seen: Walk) -> str:
    """Key of the step that a family stands at: the first with something to ask, else the last."""
    step = seen.first_incomplete or (seen.steps[-1] if seen.steps else None)
    return step.key if step else ""


def under_way(definition: FormDefinition) -> Iterator[Journey]:
    """Unfinished journeys through any version of a form, the latest first."""
    versions = {version.pk: version for version in definition.versions.all()}
    found = (
        Journey.objects.unfinished()
        .filter(version__in=versions, expires_at__gt=timezone.now())
        .select_related("offering")
        .order_by("-pk")
    )
    for journey in found[:MOST_TRIED]:
        journey.version = versions[journey.version_id]
        yield journey


@dataclass
class Group:
    """The families at one step, and what would become of them."""

    key: str
    title: str
    count: int = 0
    versions: set[int] = field(default_factory=set)
    choice: str = STAY
    goes_to: Counter = field(default_factory=Counter)
    asked: Counter = field(default_factory=Counter)
    lost: Counter = field(default_factory=Counter)
    files: int = 0

    @property
    def asked_again(self) -> list[tuple[str, int]]:
        return list(self.asked.items())

    @property
    def deleted(self) -> list[tuple[str, int]]:
        return list(self.lost.items())

    @property
    def examples(self) -> list[str]:
        """The commonest ways on, in words."""
        return [
            f"{_families(number)} would go on at “{title}”."
            for title, number in self.goes_to.most_common(3)
        ]


def _families(number: int) -> str:
    return "1 family" if number == 1 else f"{number} families"


def choice_for(choices: Mapping[str, str], key: str) -> str:
    """What was chosen for those at a step: their own choice, else everybody's, else to stay."""
    own = choices.get(key) or choices.get(EVERYBODY) or STAY
    return own if own in CHOICES else STAY


def dry_run(
    definition: FormDefinition, new: dict, choices: Mapping[str, str] | None = None
) -> list[Group]:
    """Who is half-way, by step, and what the choices would do. Changes nothing."""
    groups: dict[str, Group] = {}
    otherwise: dict[int, frozenset[str]] = {}
    titles = {step["key"]: step["title"] for step in new["steps"]}
    for journey in under_way(definition):
        seen = journeys.walked(journey)
        key = standing(seen)
        title = seen[key].title if key in seen else key
        group = groups.setdefault(key, Group(key, title, choice=choice_for(choices or {}, key)))
        group.count += 1
        group.versions.add(journey.version.number)
        if group.choice == STAY:
            continue
        if journey.version_id not in otherwise:
            found = changes(journey.version.compiled, new)
            otherwise[journey.version_id] = asked_otherwise(found)
        again = otherwise[journey.version_id] if group.choice == AGAIN else frozenset()
        done = transfer(journey.version.compiled, new, journey.answers, ask_again=again)
        there = standing(walk(new, done.answers, facts=facts_for(journey.offering)))
        group.goes_to[titles.get(there, there)] += 1
        group.asked.update(dict.fromkeys(done.again, 1))
        group.lost.update(dict.fromkeys(done.lost, 1))
        group.files += len(attachments.ids_in(done.left_behind))
    order = [step["key"] for step in new["steps"]]
    return sorted(groups.values(), key=lambda one: order.index(one.key) if one.key in order else -1)


def enqueue(version: FormVersion, choices: Mapping[str, str]) -> bool:
    """Promise to take along those who were chosen, in the transaction that published `version`."""
    wanted = {key: choice for key, choice in choices.items() if choice in CHOICES}
    if not set(wanted.values()) - {STAY}:
        return False
    payload = {"version": version.pk, "choices": wanted}
    jobs.enqueue(KIND, key=f"move-journeys-{version.pk}-{uuid.uuid4().hex}", payload=payload)
    return True


@jobs.handlers(KIND)
def move_journeys(run: jobs.JobRun) -> None:
    """Each journey of an older version, in the order of its number."""
    version = FormVersion.objects.select_related("form").get(pk=run.payload["version"])
    waiting = (
        Journey.objects.unfinished()
        .filter(version__form=version.form, version__number__lt=version.number)
        .order_by("pk")
    )
    run.describe(phase="Taking families along", total=waiting.count())
    while batch := list(waiting.filter(pk__gt=run.cursor).values_list("pk", flat=True)[:CHUNK]):
        with run.chunk(to=batch[-1], count=len(batch)):
            for pk in batch:
                move(pk, version, run.payload["choices"])


def move(pk: int, version: FormVersion, choices: Mapping[str, str]) -> bool:
    """Move one journey when it is still to be moved; whether it was. Inside a transaction."""
    locked = (
        Journey.objects.select_for_update(of=("self",))
        .select_related("version", "offering")
        .filter(pk=pk, submitted_at=None, version__form_id=version.form_id)
        .filter(version__number__lt=version.number, expires_at__gt=timezone.now())
        .first()
    )
    if locked is None:
        return False
    choice = choice_for(choices, standing(journeys.walked(locked)))
    if choice == STAY:
        return False
    old = locked.version.compiled
    again = asked_otherwise(changes(old, version.compiled)) if choice == AGAIN else frozenset()
    done = transfer(old, version.compiled, locked.answers, ask_again=again)
    _keep(locked, version, done)
    return True


def _keep(journey: Journey, version: FormVersion, done: Transfer) -> None:
    gone = attachments.ids_in(journey.answers) - attachments.ids_in(done.answers)
    journey.version, journey.answers = version, done.answers
    journey.rev += 1
    seen = journeys.walked(journey)
    if journey.held_until and (seen.exit or not places_in(version.compiled, seen.answers)):
        places.release(journey.holder)
        journey.held_until = None
    journey.save(update_fields=["version", "answers", "rev", "held_until"])
    attachments.forget(journey, gone)
