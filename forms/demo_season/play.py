"""Playing the season with the verbs that desks, jobs and families use; nothing is written past
them but the hour, which the caller's clock turns."""

import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from django.utils import timezone

from cms import jobs
from cms.models import Job, OutboxMessage, User
from cms.secrecy import new_token
from forms import asking_more, submissions
from forms.models import FormDefinition, MoreRequest
from workflows import offer_clock, offers, releases
from workflows.appointments import booking
from workflows.appointments.models import AppointmentSlot
from workflows.engine import perform
from workflows.models import (
    AuditionRound,
    Case,
    Offer,
    Placement,
    Release,
    Review,
    ReviewRound,
)
from workflows.reviews import scoring
from workflows.reviews.rounds import recuse
from workflows.running import KIND as ACTIONS
from workflows.seasons import entering, panels, proposal

from . import people, setting

KINDS = (ACTIONS, releases.KIND, offers.FILL)
BUTTONS = {
    "accept": "offer", "another": "another", "reserve": "reserve", "trial": "trial", "no": "no",
}  # fmt: skip
RESULTS = tuple(
    f"audition-{one}" for one in ("offer", "another", "reserve", "trial", "no", "accepted")
)
MEMBER = {
    "has_needs": False,
    "emergency": [{"emergency_name": "Robin Example", "emergency_phone": "+441632960002"}],
    "residential": "yes",
    "allows": ["first_aid"],
    "loan": "own",
    "agree": True,
}


@dataclass
class Season:
    """What was played: the round, its players, seconds by phase, and what was seen on the way."""

    round: AuditionRound
    officer: User
    chance: random.Random
    players: list[people.Player] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    stages: Counter = field(default_factory=Counter)
    early_letters: int = 0
    ties_settled: int = 0

    @property
    def cases(self) -> list[int]:
        return [one.case.pk for one in self.players]


def play(
    size: int, *, seed: int = 7, turn_to: Callable[[datetime], None],
    say: Callable[[str], None] = lambda words: None, slug: str = "demo-season",
) -> Season:  # fmt: skip
    """A whole season of `size` applications. `turn_to` sets the clock."""
    season = Season(setting.prepare(size, slug=slug), setting.officer(), random.Random(seed))  # noqa: S311 - a demonstration
    for name, step in (
        ("apply", lambda: _apply(season, size)),
        ("to the panels", lambda: _to_panels(season)),
        ("marks", lambda: _score(season)),
        ("proposal", lambda: _propose(season)),
        ("release", lambda: _release(season)),
        ("answers", lambda: _answers(season)),
        ("lapses and reserves", lambda: _lapses(season, turn_to)),
        ("members", lambda: _members(season)),
        ("who leaves", lambda: _leave(season)),
    ):
        began = time.monotonic()
        step()
        season.seconds[name] = time.monotonic() - began
        look(season)
        say(f"{name}: {season.seconds[name]:.1f} s")
    return season


def work(kinds: tuple[str, ...] = KINDS) -> None:
    """Every job of these kinds that is due, as the consumer would, until none is left."""
    for _turn in range(60):
        due = Job.objects.filter(
            state=Job.State.READY, kind__in=kinds, not_before__lte=timezone.now()
        )
        keys = list(due.order_by("pk").values_list("pk", flat=True))
        if not keys:
            return
        for pk in keys:
            jobs.run_job.call_local(pk)


def look(season: Season) -> None:
    """Count the stages that cases stand in now."""
    for key in Case.objects.filter(entrant__round=season.round).values_list("stage_key", flat=True):
        season.stages[key] += 1


def _apply(season: Season, size: int) -> None:
    version = FormDefinition.objects.get(slug=season.round.form_slug).current_version
    for number in range(1, size + 1):
        season.players.append(people.apply(season.round, version, number, season.chance))


def _to_panels(season: Season) -> None:
    for entrant in season.round.entrants.exclude(outside=""):
        if entrant.pk % 2:
            entering.waive(
                entrant.pk, "An exceptional player, says the teacher.", by=season.officer
            )
    for player in season.players:
        _hear(season, player)
    work()


def _hear(season: Season, player: people.Player) -> None:
    by, case = season.officer, player.case
    number = season.players.index(player)
    if number == 1:
        perform(case.pk, "withdraw", by=None, as_family=True)
    elif number == 2:
        perform(case.pk, "video_problem", by=by, comment="There is no sound.")
        look(season)
        perform(case.pk, "sent", by=by)
    elif not player.is_live:
        perform(case.pk, "panel", by=by)
    elif number % 24 == people.EVERY_LIVE - 1:
        perform(case.pk, "no_audition", by=by, comment="They sent a film after all.")
    elif number % 48 == 2 * people.EVERY_LIVE - 1:
        perform(case.pk, "invite", by=by)
        look(season)
        perform(case.pk, "video", by=by, comment="None of the times suited.")
        perform(case.pk, "sent", by=by)
    else:
        _audition(season, case, comes=number % 96 != 4 * people.EVERY_LIVE - 1)


def _audition(season: Season, case: Case, *, comes: bool) -> None:
    """The family chooses a time in its folder; on the day the player comes, or does not."""
    perform(case.pk, "invite", by=season.officer)
    work()
    slot = AppointmentSlot.objects.filter(
        session__name=setting.HALL, appointments__isnull=True, starts_at__gt=timezone.now()
    )
    booking.book(case.pk, slot.first().pk, purpose="audition", actor=booking.FAMILY)
    look(season)
    perform(case.pk, "played" if comes else "missed", by=season.officer)


def _score(season: Season) -> None:
    skill = {one.case.pk: one.skill for one in season.players}
    reviews = Review.objects.filter(
        round__case__in=season.cases, state=Review.State.OPEN
    ).select_related("reviewer", "round")
    given_up = reviews.order_by("pk").first()
    if given_up:
        recuse(given_up, "I know the family.", by=given_up.reviewer)
    for review in reviews.all().order_by("pk"):
        level = skill[review.round.case_id].get(review.round.part, 50.0)
        scores = {
            key: min(max(round((level + season.chance.gauss(0, 7)) / 10), 0), 10)
            for key in ("tone", "technique", "rhythm", "musicality", "ensemble")
        }
        sheet = scoring.Sheet(scores, {}, "offer", for_applicant="A warm tone.")
        scoring.submit(review.pk, sheet, by=review.reviewer, rev=review.rev)
    first = ReviewRound.objects.filter(case__in=season.cases).order_by("pk").first()
    scoring.moderate(first, Decimal(71), "The two sheets lay far apart.", by=season.officer)
    for line in panels.standing(season.round, panels.marks_of(season.round)):
        if line["rows"]:
            panels.sign_off(season.round, line["slug"], by=season.officer)


def _propose(season: Season) -> None:
    made, by = season.round, season.officer
    found = proposal.propose(made, by=by)
    for _turn in range(20):
        equals = {key for keys in found.outcome.ties.values() for key in keys}
        if not equals:
            break
        order = [(found.basis.entrants[key].pk, n) for n, key in enumerate(sorted(equals), 1)]
        season.ties_settled += len(order)
        proposal.order_equals(made, order, by=by)
        found = proposal.propose(made, by=by)
    last = Placement.objects.filter(entrant__round=made, outcome="no").order_by("pk").last()
    if last and last.entrant.choices:
        vacancy = made.vacancies.filter(section__ensemble__slug=last.entrant.choices[0]).first()
        proposal.place_by_hand(
            last.pk, "trial", vacancy, "The panel asked to hear them in the group.", by=by
        )
        found = proposal.propose(made, by=by)
    proposal.fill_decisions(made, by=by)
    season.early_letters = letters(season).filter(template__in=RESULTS).count()


def letters(season: Season) -> object:
    """Everything that was written to the families and players of the season."""
    return OutboxMessage.objects.filter(to__icontains=people.CANARY)


def _release(season: Season) -> None:
    release = Release.objects.create(
        title="Results of the season",
        workflow=season.round.workflow,
        stage_key=season.round.stage_key,
        buttons=BUTTONS,
        actor_name=str(season.officer),
    )
    releases.plan(release.pk, at=None, by=season.officer)
    work()


def _answers(season: Season) -> None:
    for number, offer in enumerate(_live(season)):
        if number % 12 == 0:
            offers.decline(offer.pk)
        elif number % 17 != 0:
            offers.accept(offer.pk)
    work()


def _live(season: Season) -> list[Offer]:
    return list(Offer.objects.filter(case__in=season.cases, state=Offer.State.LIVE).order_by("pk"))


def _lapses(season: Season, turn_to: Callable[[datetime], None]) -> None:
    turn_to(max(season.round.accept_by, timezone.now()) + timedelta(minutes=1))
    offer_clock.catch_up()
    work()
    for offer in _live(season):
        offers.accept(offer.pk)
    for case in Case.objects.filter(pk__in=season.cases, stage_key="trial").order_by("pk")[:1]:
        perform(case.pk, "no", by=season.officer, comment="Please come back next year.")
    work()


def _members(season: Season) -> None:
    wanted = MoreRequest.objects.open().filter(
        case__in=season.cases, form__slug=season.round.membership_form
    )
    for request in wanted.order_by("pk"):
        journey = asking_more.begin_form(request, owner=new_token())
        journey.answers = MEMBER
        journey.save(update_fields=["answers"])
        submissions.submit(journey)
    work()


def _leave(season: Season) -> None:
    members = list(Case.objects.filter(pk__in=season.cases, stage_key="member").order_by("pk"))
    for number, case in enumerate(members[:3]):
        perform(case.pk, "seated", by=season.officer)
        if number == 1:
            look(season)
            perform(case.pk, "leaves", by=season.officer, comment="They move away.")
        if number == 2:
            perform(case.pk, "ended", by=season.officer)
    work()
    for offer in _live(season):
        offers.accept(offer.pk)
    work()
    for case in Case.objects.filter(pk__in=season.cases, stage_key="reserve").order_by("pk")[:2]:
        perform(case.pk, "no", by=season.officer)
    work()
