"""Everything that a proposal is made of, read once: players with marks and wishes, seats, names."""

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from statistics import median

from django.contrib.contenttypes.models import ContentType

from . import panels, vacancies
from .allocation import Mark, Player, Seats, Section
from .models import AuditionRound, Entrant, Placement, Vacancy


@dataclass
class Basis:
    """Everything that a proposal is made of, read once. `names` and `instruments` are by slug."""

    round: AuditionRound
    entrants: dict[str, Entrant] = field(default_factory=dict)
    players: list[Player] = field(default_factory=list)
    sections: dict[Section, Seats] = field(default_factory=dict)
    vacancies: dict[Section, Vacancy] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)
    instruments: dict[str, str] = field(default_factory=dict)
    marks: dict = field(default_factory=dict)

    @property
    def names(self) -> dict[str, str]:
        """Names of groups and of instruments, by slug."""
        return self.groups | self.instruments


def basis(made: AuditionRound) -> Basis:
    """Read marks, wishes and seats as they are now."""
    found = Basis(made, marks=panels.marks_of(made))
    rules = {one.ensemble.slug: one for one in made.ensembles.select_related("ensemble")}
    found.groups = {slug: one.ensemble.name for slug, one in rules.items()}
    for line in vacancies.board(made):
        section = line.vacancy.section
        name = (section.ensemble.slug, section.instrument.slug)
        rule = rules[name[0]]
        found.vacancies[name] = line.vacancy
        found.instruments[name[1]] = section.instrument.name
        found.sections[name] = Seats(
            open=line.open,
            reserves=section.reserve_size,
            offer_from=Decimal(rule.offer_from),
            reserve_from=Decimal(rule.reserve_from),
            trial_from=None if rule.trial_from is None else Decimal(rule.trial_from),
            skips=made.may_skip and line.has_room_for_all,
        )
    standing = made.entrants.filter(case__stage_key=made.stage_key).select_related("case")
    for entrant in standing.select_related("placement", "case"):
        player = _player(found, entrant, found.marks.get(entrant.case_id, {}))
        found.entrants[player.key] = entrant
        found.players.append(player)
    _one_seat_a_child(found)
    return found


def _player(found: Basis, entrant: Entrant, rows: dict) -> Player:
    made = found.round
    marks = {slug: _mark(rows.get(slug)) for slug in entrant.instruments}
    named = [
        (choice, slug) for choice in entrant.choices for slug in entrant.instruments
        if (choice, slug) in found.sections
    ]  # fmt: skip
    others = [
        (group, slug) for group in sorted(found.groups) for slug in entrant.instruments
        if entrant.elsewhere and (group, slug) in found.sections and group not in entrant.choices
    ]  # fmt: skip
    held = getattr(entrant, "placement", None)
    is_fixed = bool(held and held.is_by_hand) or not entrant.may_be_heard
    at = None
    if held and held.is_by_hand and held.outcome in Placement.SEATED:
        section = held.vacancy.section
        at = (section.ensemble.slug, section.instrument.slug)
    return Player(
        key=entrant.case.reference,
        marks=marks,
        wishes=(*named, *others),
        chosen=len(named),
        hand=entrant.hand,
        is_late=entrant.is_late and made.late == AuditionRound.Late.RESERVE,
        is_fixed=is_fixed,
        fixed=at,
    )


def _mark(row: object) -> Mark:
    if row is None or row.score is None:
        return Mark(None)
    totals = [one.total for one in row.round.reviews.all() if one.is_submitted]
    return Mark(row.score, Decimal(median(totals)) if totals else row.score)


def _kin(found: Basis) -> dict[str, set[str]]:
    """By reference, other applications about the same child; one query for each kind of subject."""
    by_kind: dict[int, dict[str, str]] = defaultdict(dict)
    for key, entrant in found.entrants.items():
        by_kind[entrant.case.subject_type_id][entrant.case.subject_id] = key
    known = {}
    for kind, references in by_kind.items():
        model = ContentType.objects.get_for_id(kind).model_class() if kind else None
        tell = getattr(model, "case_kin_of_many", None)
        told = tell(references) if tell else {}
        known |= {references[str(pk)]: others for pk, others in told.items()}
    return known


def _one_seat_a_child(found: Basis) -> None:
    """A child who applied twice, as for two instruments, still has one seat: the application that
    came first speaks for it, and takes over what the later one wished and was given."""
    by_reference = {player.key: player for player in found.players}
    kin = _kin(found)
    for key in sorted(kin, key=lambda one: found.entrants[one].pk):
        for other in sorted(kin[key]):
            twin = by_reference.get(other)
            if twin is None or found.entrants[other].pk < found.entrants[key].pk:
                continue
            mine = by_reference[key]
            if mine.is_fixed or twin.is_fixed:
                continue
            by_reference[key] = Player(
                key=key,
                marks={**twin.marks, **mine.marks},
                wishes=tuple(dict.fromkeys([*mine.wishes, *twin.wishes])),
                chosen=mine.chosen + twin.chosen,
                hand=mine.hand,
                is_late=mine.is_late,
            )
            by_reference[other] = Player(key=other, marks={}, wishes=(), chosen=0, is_fixed=True)
    found.players = list(by_reference.values())
