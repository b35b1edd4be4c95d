"""Seats by group and instrument: wanted, kept by members, open; and the pools they come from.

A round has a pool of its own for each section, so that seats of last season never count against
this one. What is open is worked out from the roster each time; staff may say otherwise, with a
reason. The pool's number follows under its lock, and never takes a seat from who has it.
"""

from collections import Counter
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Count, Q
from django.utils import timezone

from cms.models import Enrolment, EnsembleSection, User
from workflows import pools
from workflows.models import Offer, Pool

from .models import AuditionRound, Vacancy

HOURS_TO_ANSWER = 72


class VacancyError(ValueError):
    """It cannot be so. The message is a sentence for staff."""


@dataclass(frozen=True)
class Line:
    """One section of the board. `open` is what can be offered; `taken` offered or accepted."""

    vacancy: Vacancy
    target: int
    returning: int
    open: int
    taken: int
    applied: int

    @property
    def left(self) -> int:
        return max(self.open - self.taken, 0)

    @property
    def over(self) -> int:
        """How many more are seated than there are seats, since seats became fewer."""
        return max(self.taken - self.open, 0)

    @property
    def has_room_for_all(self) -> bool:
        return 0 < self.applied <= self.open


def prepare(made: AuditionRound) -> None:
    """Every section of the round's groups has its vacancy and its pool, as large as it is now."""
    for section in EnsembleSection.objects.filter(ensemble__rounds__round=made).select_related(
        "ensemble", "instrument"
    ):
        vacancy, _new = Vacancy.objects.get_or_create(round=made, section=section)
        if vacancy.pool_id is None:
            vacancy.pool = pools.named_pool(
                f"round-{made.pk}-section-{section.pk}", name=f"{section} ({made.season})"[:200]
            )
            vacancy.pool.window_hours = HOURS_TO_ANSWER
            vacancy.pool.save(update_fields=["window_hours"])
            vacancy.save(update_fields=["pool"])
    resize(made)


def resize(made: AuditionRound) -> None:
    """Give each pool the number of seats that are open now."""
    for line in board(made):
        if line.vacancy.pool_id and line.vacancy.pool.seats != line.open:
            with pools.locked(line.vacancy.pool_id) as pool:
                pool.seats = line.open
                pool.save(update_fields=["seats"])


def set_seats(vacancy: Vacancy, seats: int | None, reason: str, *, by: User) -> None:
    """Say how many seats are open, or None: as the roster has it. Raises VacancyError."""
    if seats is not None and not reason.strip():
        raise VacancyError("Say why the number is not what the roster gives.")
    if seats is not None and not 0 <= seats <= 200:
        raise VacancyError("A number of seats is from 0 to 200.")
    with transaction.atomic():
        vacancy.seats, vacancy.reason = seats, reason.strip()[:200] if seats is not None else ""
        vacancy.save(update_fields=["seats", "reason"])
        if vacancy.pool_id:
            words = f"{'As the roster has it' if seats is None else seats} open for {vacancy}"
            pools.note(vacancy.pool, pools.What.RULES, words, by=by, reason=reason.strip())
        resize(vacancy.round)


def board(made: AuditionRound) -> list[Line]:
    """The round's sections by group. Four queries for any number."""
    vacancies = list(
        made.vacancies.select_related("section__ensemble", "section__instrument", "pool", "round")
    )
    kept = returning(made)
    wanted = Counter(
        (choice, instrument)
        for choices, instruments in made.entrants.values_list("choices", "instruments")
        for choice in choices
        for instrument in instruments
    )
    taken = dict(
        Pool.objects.filter(vacancy__round=made)
        .annotate(
            taken=Count("offers", Q(offers__state__in=[Offer.State.LIVE, Offer.State.ACCEPTED]))
        )
        .values_list("pk", "taken")
    )
    found = []
    for vacancy in vacancies:
        section = vacancy.section
        stay = kept[section.ensemble_id, section.instrument_id]
        opens = section.target if made.members_apply else max(section.target - stay, 0)
        found.append(
            Line(
                vacancy=vacancy,
                target=section.target,
                returning=stay,
                open=vacancy.seats if vacancy.seats is not None else opens,
                taken=taken.get(vacancy.pool_id, 0),
                applied=wanted[section.ensemble.slug, section.instrument.slug],
            )
        )
    return found


def returning(made: AuditionRound) -> Counter:
    """Members by (group, instrument) as the roster has them today; not those of this round."""
    today = timezone.localdate()
    rows = (
        Enrolment.objects.filter(
            Q(ends_on=None) | Q(ends_on__gte=today),
            status=Enrolment.Status.ACTIVE,
            group__ensemble__rounds__round=made,
        )
        .exclude(seat__startswith=f"{made.season}: ")
        .order_by()
        .values_list("group__ensemble", "instrument")
        .annotate(number=Count("pupil", distinct=True))
    )
    return Counter({(ensemble, instrument): number for ensemble, instrument, number in rows})
