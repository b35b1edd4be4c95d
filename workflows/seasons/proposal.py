"""From marks, preferences and seats to placements, by hand where a person knows better, and into
the pending decisions. Nothing here writes to a family: the release does, at its one time.

Running it again is safe: what was changed by hand stays, everything else is worked out anew.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from cms.models import User
from workflows import releases
from workflows.appointments import facts
from workflows.models import Case, Decision, DecisionEvent, Release

from . import entering, panels, vacancies
from .allocation import Mark, Outcome, Place, Player, allocate
from .basis import Basis, basis
from .models import AuditionRound, Entrant, Placement, Vacancy
from .wording import explain

#: What each placement becomes at the desk of decisions.
OUTCOMES = {
    Placement.Outcome.OFFER: Decision.Outcome.ACCEPT,
    Placement.Outcome.ELSEWHERE: Decision.Outcome.ANOTHER,
    Placement.Outcome.RESERVE: Decision.Outcome.RESERVE,
    Placement.Outcome.TRIAL: Decision.Outcome.TRIAL,
    Placement.Outcome.NO: Decision.Outcome.NO,
}


class ProposalError(ValueError):
    """It cannot be done as things stand. The message is a sentence for staff."""


@dataclass
class Proposal:
    """What `propose` found: numbers by outcome, equals that a person must put in order."""

    outcome: Outcome
    basis: Basis
    numbers: dict[str, int]


def propose(made: AuditionRound, *, by: User) -> Proposal:
    """Work out every placement that was not made by hand. Raises ProposalError."""
    with transaction.atomic():
        AuditionRound.objects.select_for_update().get(pk=made.pk)
        _not_planned(made)
        standing = made.entrants.filter(case__stage_key=made.stage_key)
        entrants = list(standing.select_related("case").prefetch_related("round", "case__subject"))
        facts.warm(entrant.case for entrant in entrants)
        entering.refresh(entrants)
        found = basis(made)
        if not found.players:
            raise ProposalError("Nobody is with the panel in this round.")
        outcome = allocate(found.players, found.sections)
        _keep(found, outcome, by)
        vacancies.resize(made)
    numbers = dict.fromkeys(Placement.Outcome.values, 0)
    for kind in Placement.objects.filter(entrant__round=made).values_list("outcome", flat=True):
        numbers[kind] += 1
    return Proposal(outcome, found, numbers)


def _not_planned(made: AuditionRound) -> None:
    busy = Release.objects.filter(
        workflow=made.workflow, stage_key=made.stage_key, state__in=["planned", "running"]
    )
    if busy.exists():
        raise ProposalError("A release is planned. Call it off before you change what it tells.")


def _keep(found: Basis, outcome: Outcome, by: User) -> None:
    now, actor = timezone.now(), str(by)[:160]
    players = {player.key: player for player in found.players}
    by_hand = {
        key for key, one in found.entrants.items()
        if getattr(one, "placement", None) and one.placement.is_by_hand
    }  # fmt: skip
    fresh = []
    for key, entrant in found.entrants.items():
        if key in by_hand:
            continue
        place = outcome.places.get(key) or Place(key, "no")
        fresh.append(
            Placement(
                entrant=entrant,
                outcome=place.kind,
                vacancy=found.vacancies.get(place.section),
                rank=place.rank,
                mark=_shown_mark(players[key], place),
                why=_why(found, outcome, players[key], place, entrant),
                changed_by=actor,
                changed_at=now,
            )
        )
    gone = Placement.objects.filter(entrant__round=found.round, is_by_hand=False)
    gone.filter(entrant__case__stage_key=found.round.stage_key).delete()
    Placement.objects.bulk_create(fresh, batch_size=200)


def _shown_mark(player: Player, place: Place) -> Decimal | None:
    if place.section:
        return player.marks.get(place.section[1], Mark(None)).mark
    return max((one.mark for one in player.marks.values() if one.mark is not None), default=None)


def _why(found: Basis, outcome: Outcome, player: Player, place: Place, entrant: Entrant) -> str:
    if not entrant.may_be_heard:
        return entrant.outside
    if player.is_fixed:
        return "They applied more than once: one application stands for all of them."
    return explain(player, place, outcome, found.sections, found.names)


def place_by_hand(
    placement_id: int, kind: str, vacancy: Vacancy | None, reason: str, *, by: User,
    rank: int | None = None,
) -> Placement:  # fmt: skip
    """Decide otherwise than the proposal, with a reason. Raises ProposalError."""
    reason = reason.strip()
    if not reason:
        raise ProposalError("Say why: the family may ask, and so may others.")
    if kind not in Placement.Outcome.values or (kind != "no" and vacancy is None):
        raise ProposalError("Choose an outcome, and for which group and instrument.")
    with transaction.atomic():
        known = Placement.objects.select_related("entrant__case", "entrant__round").get(
            pk=placement_id
        )
        AuditionRound.objects.select_for_update().get(pk=known.entrant.round_id)
        _not_planned(known.entrant.round)
        if vacancy is not None and vacancy.round_id != known.entrant.round_id:
            raise ProposalError("That is not a section of this round.")
        if kind in Placement.SEATED:
            _room_by_hand(known, vacancy)
        known.outcome, known.vacancy = kind, vacancy if kind != "no" else None
        known.is_by_hand, known.reason, known.rank = True, reason, rank
        known.why = f"The ensembles office decided: {reason}"
        known.changed_by, known.changed_at = str(by)[:160], timezone.now()
        known.save()
        DecisionEvent.objects.create(
            case=known.entrant.case,
            words=f"Proposal by hand: {known.get_outcome_display()} {vacancy or ''}"[:200],
            reason=reason, actor_id=by.pk, actor_name=str(by)[:160],
        )  # fmt: skip
    return known


def _room_by_hand(placement: Placement, vacancy: Vacancy) -> None:
    line = next(one for one in vacancies.board(vacancy.round) if one.vacancy.pk == vacancy.pk)
    fixed = Placement.objects.filter(
        vacancy=vacancy, is_by_hand=True, outcome__in=Placement.SEATED
    ).exclude(pk=placement.pk)
    if fixed.count() >= line.open:
        raise ProposalError(
            f"All {line.open} seats of {vacancy} are given by hand already. Open another first."
        )


def leave_to_the_proposal(placement_id: int, *, by: User) -> None:
    """Let the next proposal decide again."""
    with transaction.atomic():
        known = Placement.objects.select_for_update().get(pk=placement_id)
        known.is_by_hand, known.reason = False, ""
        known.save(update_fields=["is_by_hand", "reason"])
        DecisionEvent.objects.create(
            case=known.entrant.case, words="Proposal by hand taken back", reason="",
            actor_id=by.pk, actor_name=str(by)[:160],
        )  # fmt: skip


def order_equals(made: AuditionRound, order: Iterable[tuple[int, int | None]], *, by: User) -> None:
    """The order among equals that a panel gave: `(entrant, number)`."""
    with transaction.atomic():
        for pk, number in order:
            entrant = made.entrants.select_related("case").get(pk=pk)
            if entrant.hand == number:
                continue
            entrant.hand = number
            entrant.save(update_fields=["hand"])
            DecisionEvent.objects.create(
                case=entrant.case, words=f"Order among equals: {number or 'none'}",
                reason="The panel put players with equal marks in order.",
                actor_id=by.pk, actor_name=str(by)[:160],
            )  # fmt: skip


def fill_decisions(made: AuditionRound, *, by: User) -> int:
    """Enter every placement as a pending decision, in one transaction. How many.

    Raises ProposalError while a panel has not finished, equals are undecided, seats overfull.
    """
    with transaction.atomic():
        AuditionRound.objects.select_for_update().get(pk=made.pk)
        _not_planned(made)
        found = basis(made)
        if problems := problems_of(made, found):
            raise ProposalError(" ".join(problems[:5]))
        reach = set(
            Case.objects.for_user(by, "change")
            .filter(entrant__round=made)
            .values_list("pk", flat=True)
        )
        placements = list(
            Placement.objects.filter(
                entrant__round=made, entrant__case__stage_key=made.stage_key
            ).select_related(
                "entrant", "vacancy__section__ensemble", "vacancy__section__instrument"
            )
        )
        if out := [one for one in placements if one.entrant.case_id not in reach]:
            raise ProposalError(f"{len(out)} of its cases are out of your reach.")
        for one in placements:
            releases.decide(
                one.entrant.case_id,
                OUTCOMES[one.outcome],
                by=by,
                feedback=words_for(made, one),
                group=one.vacancy.key if one.vacancy else "",
                rank=one.rank,
                reason=one.reason or "By the round’s proposal: marks, wishes and seats.",
            )
    return len(placements)


def words_for(made: AuditionRound, placement: Placement) -> str:
    """What the family reads of it: why, and what to do by when."""
    if placement.outcome in Placement.SEATED:
        return f"{placement.why} Please answer by {_said(made.accept_by)}."
    if placement.outcome == Placement.Outcome.TRIAL and made.trial_at:
        where = f", {made.trial_place}" if made.trial_place else ""
        return f"{placement.why} The trial is on {_said(made.trial_at)}{where}."
    return placement.why


def _said(moment: datetime) -> str:
    day = timezone.localtime(moment)
    return f"{day:%A} {day.day} {day:%B %Y at %H:%M}"


def problems_of(made: AuditionRound, found: Basis | None = None) -> list[str]:
    """What stands between the proposal and the decisions, in sentences."""
    found = found or basis(made)
    said = panels.unfinished(made, found.marks)
    placed = {one.entrant_id: one for one in Placement.objects.filter(entrant__round=made)}
    if missing := [key for key, one in found.entrants.items() if one.pk not in placed]:
        said.append(f"{len(missing)} applications have no proposal yet. Propose again.")
    outcome = allocate(found.players, found.sections)
    for section, keys in outcome.ties.items():
        said.append(
            f"{found.groups[section[0]]}, {found.instruments[section[1]]}: {', '.join(keys)} are "
            "equal. Put them in order by hand."
        )
    changed = [
        key for key, place in outcome.places.items()
        if (one := placed.get(found.entrants[key].pk)) and not one.is_by_hand
        and (one.outcome, one.vacancy_id)
        != (place.kind, getattr(found.vacancies.get(place.section), "pk", None))
    ]  # fmt: skip
    if changed:
        said.append(
            f"Marks, wishes or seats have changed for {len(changed)} players. Propose again."
        )
    return said
