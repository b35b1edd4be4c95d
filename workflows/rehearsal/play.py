"""Playing a rehearsal: its steps, one after the other, through the real engine in a sandbox.

Each look plays it again from the beginning, so that nothing has to be kept but the steps:

    {"do": "press", "button": key, "by": role or "family", "comment": words}
    {"do": "wait", "days": n}      the clock goes on, and does what falls due on the way
    {"do": "next"}                 the clock goes on until something falls due
    {"do": "move", "move": key of parts.moves, "offer": key of one of its offers}
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from cms import jobs, sandbox, wallclock
from cms.models import Job, OutboxMessage
from workflows import family as family_side
from workflows.deadlines import days_before
from workflows.engine import TransitionNotAllowedError, available_buttons, family_buttons, perform
from workflows.models import Case, CaseEvent, WorkflowDefinition
from workflows.plan import FAMILY, Plan

from . import stage
from .parts import CannotRehearseError, People, clockworks, moves, played, screens, told
from .story import (
    ACTION,
    CLOCK,
    LETTER,
    MOVED,
    OPENED,
    OUTSIDE,
    REFUSED,
    Happening,
    Letter,
    Press,
    Story,
)

MOST_STEPS, MOST_DAYS, MOST_RUNS = 60, 400, 400


def play(
    definition: WorkflowDefinition,
    data: dict,
    *,
    family: str,
    begins_at: datetime,
    steps: list[dict],
    screen: str = "",
) -> Story:
    """Play these steps through the definition's `data`; leaves nothing behind.

    `screen` is "name/key" of a screen to show as it is at the end. A step that cannot be done is
    part of the story; when not even the form can be sent, `problem` says why.
    """
    with sandbox.nothing_stays(at=begins_at) as kept:
        plan, people = stage.set_up(definition, data)
        kept.rows.clear()
        try:
            with transaction.atomic():
                case = stage.send(definition.slug, family)
        except CannotRehearseError as problem:
            return Story(now=begins_at, problem=str(problem))
        player = _Player(case.pk, plan, people, kept, begins_at)
        player.look(0)
        for number, step in enumerate(steps[:MOST_STEPS], start=1):
            player.step(number, step)
        return player.ending(screen)


class _Player:
    """One rehearsal while it is played, inside its sandbox."""

    def __init__(self, pk: int, plan: Plan, people: People, kept: sandbox.Kept, begins: datetime):
        self.pk, self.plan, self.people, self.kept = pk, plan, people, kept
        self.begins = timezone.localtime(begins).date()
        self.story = Story(reference=self.case.reference)
        self.seen_event, self.seen_runs = 0, {}
        self.seen_rows = 0
        self.acted: set[tuple] = set()
        self.number = 0

    @property
    def case(self) -> Case:
        return Case.objects.select_related("version__definition", "centre__area", "area").get(
            pk=self.pk
        )

    # What is done ----------------------------------------------------------------------------

    def step(self, number: int, step: dict) -> None:
        self.number = number
        ways = {"press": self._press, "wait": self._wait, "next": self._next, "move": self._move}
        try:
            with transaction.atomic():
                ways[step["do"]](step)
        except (TransitionNotAllowedError, CannotRehearseError) as problem:
            name = step.get("button") or step.get("offer") or step["do"]
            self._say(REFUSED, f"refused:{name}", str(problem))
        except Exception as error:  # noqa: BLE001 - whatever breaks is what a rehearsal is for
            words = f"It stopped unexpectedly ({type(error).__name__})."
            self._say(REFUSED, f"broken:{type(error).__name__}", words)
        self.look(number)

    def _press(self, step: dict) -> None:
        case, comment = self.case, step.get("comment", "")
        if step["by"] == FAMILY:
            family_side.press(
                case.pk, step["button"], expected_stage=case.stage_key, comment=comment
            )
        elif step["by"] in self.people.by_role:
            perform(case.pk, step["button"], by=self.people.by_role[step["by"]], comment=comment)
        else:
            raise CannotRehearseError(f"The role “{step['by']}” has no part in this any more.")

    def _move(self, step: dict) -> None:
        if step["move"] not in moves:
            raise CannotRehearseError("This cannot be done any more.")
        moves[step["move"]].make(self.case, step["offer"])

    def _wait(self, step: dict) -> None:
        days = min(max(int(step["days"]), 0), MOST_DAYS)
        target = days_before(timezone.now(), -days)
        self._work()
        for _turn in range(MOST_RUNS):
            at, names = self._following()
            if at is None or at > target:
                break
            self._run_clock(at, names)
        wallclock.turn_to(target)

    def _next(self, step: dict) -> None:
        self._work()
        at, names = self._following()
        if at is None:
            raise CannotRehearseError("The clock has nothing to do here, however long you wait.")
        self._run_clock(at, names)

    def _run_clock(self, at: datetime, names: list[tuple]) -> None:
        wallclock.turn_to(at)
        for name, moment in names:
            self.acted.add((name, moment))
            clockworks[name].act(self.case, self.people)
        self.look(self.number)

    def _following(self) -> tuple[datetime | None, list[tuple]]:
        """When the clock next does something, and what; jobs that are put off count too."""
        now, case = timezone.now(), self.case
        found: dict[datetime, list[tuple]] = {}
        for name, clockwork in clockworks.items():
            for moment in clockwork.moments(case):
                if (name, moment) not in self.acted:
                    at = clockwork.runs_at(max(moment, now + timedelta(seconds=1)))
                    found.setdefault(at, []).append((name, moment))
        for job in self._jobs(played):
            if job.not_before > now:
                found.setdefault(job.not_before, [])
        at = min(found, default=None)
        return (at, found[at]) if at is not None else (None, [])

    def _jobs(self, kinds) -> list[Job]:  # noqa: ANN001 - a registry of any sort
        mine = [job.pk for job in self.kept.made_of(Job) if job.kind in kinds]
        return list(Job.objects.filter(pk__in=mine, state=Job.State.READY).order_by("pk"))

    def _work(self) -> None:
        """Do the jobs that were promised and are due, and what they promise in turn."""
        for _turn in range(MOST_RUNS):
            due = [job for job in self._jobs(played) if job.not_before <= timezone.now()]
            if not due:
                return
            jobs.run_job.call_local(due[0].pk)

    # What is seen ----------------------------------------------------------------------------

    def look(self, number: int) -> None:
        """Do what is due now, and write down all that has happened since the last look."""
        self.number = number
        self._work()
        events = CaseEvent.objects.filter(case=self.pk).order_by("pk").prefetch_related("runs")
        for event in events:
            if event.pk > self.seen_event:
                self._event(event)
            for run in event.runs.all():
                if self.seen_runs.get(run.pk) != (run.state, run.attempts) and run.attempts:
                    self.seen_runs[run.pk] = (run.state, run.attempts)
                    done = run.state == run.State.DONE
                    key = f"action:{run.type}:{'done' if done else 'problem'}"
                    self._say(ACTION if done else REFUSED, key, run.result or run.problem)
            self.seen_event = max(self.seen_event, event.pk)
        self._rows()

    def _event(self, event: CaseEvent) -> None:
        if event.kind == CaseEvent.Kind.MOVED:
            key, kind = f"moved:{event.from_stage}>{event.to_stage}:{event.button_key}", MOVED
        elif event.kind == CaseEvent.Kind.OPENED:
            key, kind = f"opened:{event.to_stage}", OPENED
        else:
            key, kind = f"{event.kind}:{event.summary}", CLOCK if not event.actor_id else ACTION
        said = f"{event.summary} ({event.actor_name})"
        self._say(kind, key, said, detail=event.comment, at=event.at)

    def _rows(self) -> None:
        new, self.seen_rows = self.kept.rows[self.seen_rows :], len(self.kept.rows)
        alike: dict[str, list[OutboxMessage]] = {}
        for row in new:
            if isinstance(row, OutboxMessage):
                alike.setdefault(f"letter:{row.template}:{self._reader(row)}", []).append(row)
            elif row.kind not in played:
                words = told[row.kind](row) if row.kind in told else "More would follow."
                self._say(OUTSIDE, f"outside:{row.kind}", words)
        for key, letters in alike.items():
            first = letters[0]
            self.story.letters.append(Letter(first.to, first.subject, first.text, first.html))
            others = f" and {len(letters) - 1} more" if len(letters) > 1 else ""
            words = f"“{first.subject}” to {self._name(first)}{others}"
            self._say(LETTER, key, words, letter=len(self.story.letters) - 1)

    def _reader(self, letter: OutboxMessage) -> str:
        return "family" if letter.to == self.case.contact_email else "staff"

    def _name(self, letter: OutboxMessage) -> str:
        known = {user.email: str(user) for user in self.people}
        return known.get(letter.to, "the family" if self._reader(letter) == "family" else letter.to)

    def _say(
        self,
        kind: str,
        key: str,
        words: str,
        *,
        detail: str = "",
        at: datetime | None = None,
        letter: int | None = None,
    ) -> None:
        at = at or timezone.now()
        day = (timezone.localtime(at).date() - self.begins).days
        self.story.happenings.append(
            Happening(self.number, day, at, kind, key, words, detail, letter)
        )

    def ending(self, screen: str) -> Story:
        """How it stands now, and the screen that was asked for."""
        story, case = self.story, self.case
        story.now, story.stage, story.status = timezone.now(), case.stage, case.public_status
        story.presses = list(self._presses(case))
        story.offers = [
            (name, offer) for name, move in moves.items() for offer in move.offered(case)
        ]
        story.next_at = self._following()[0]
        story.screens = [
            (f"{name}/{key}", label)
            for name, kind in screens.items()
            for key, label in kind.offered(case, self.people)
        ]
        name, _slash, key = screen.partition("/")
        if screen in dict(story.screens):
            story.screen = screens[name].show(case, self.people, key)
        return story

    def _presses(self, case: Case) -> Iterator[Press]:
        told_already = set()
        for role, user in self.people.by_role.items():
            for button in available_buttons(case, user):
                if button.key not in told_already:
                    told_already.add(button.key)
                    yield Press(button.key, button.label, role, str(user), button.needs_comment)
        for button in family_buttons(case):
            yield Press(button.key, button.label, FAMILY, "The family", button.needs_comment)
