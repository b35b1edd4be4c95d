"""Giving many cases a time at once: a plan to look at, then the plan carried out, case by case.

Families first, the largest first: brothers and sisters get slots next to each other in one session,
else in one place on one day, never at the same time. Everybody else goes to the emptiest session
that fits, so that panels fill evenly. A plan writes nothing; what another booking took meanwhile
is refused when it is carried out, and told.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise

from django.utils import timezone

from cms.models import User
from workflows.models import Case

from . import booking, slots
from .clashes import busy_times, is_taken_for_child, of_slot
from .facts import fits, groups_of, warm
from .models import Appointment, AppointmentOffer, AppointmentSession, AppointmentSlot

MOST = 300
NEXT_TO = timedelta(minutes=1)


@dataclass
class Given:
    """One line of a plan: a case with its slot, or without one and why."""

    case: Case
    slot: AppointmentSlot | None = None
    why: str = ""
    warnings: list[str] = field(default_factory=list)


@dataclass
class _Board:
    """The free slots as the plan goes along: seats left, and how full each session is by now."""

    sessions: list[AppointmentSession]
    slots: list[AppointmentSlot]

    def __post_init__(self):
        self.booked = {one.pk: one.occupancy.booked for one in self.sessions}
        self.left = {slot.pk: slot.free for slot in self.slots}

    def free(self, session_id: int) -> list[AppointmentSlot]:
        return [s for s in self.slots if s.session_id == session_id and self.left[s.pk]]

    def fullness(self, session: AppointmentSession) -> tuple:
        seats = session.occupancy.seats or 1
        return (self.booked[session.pk] / seats, session.starts_at, session.pk)

    def take(self, slot: AppointmentSlot) -> AppointmentSlot:
        self.left[slot.pk] -= 1
        self.booked[slot.session_id] += 1
        return slot


def waiting(user: User, session: AppointmentSession) -> list[Case]:
    """Cases within the user's reach that may have a time of this purpose and have none yet."""
    offered = AppointmentOffer.objects.filter(purpose=session.purpose, closed_at=None)
    booked = Appointment.objects.filter(purpose=session.purpose, state=Appointment.State.BOOKED)
    cases = (
        Case.objects.for_user(user, "change")
        .open()
        .filter(version__definition=session.workflow_id)
        .filter(pk__in=offered.values("case"))
        .exclude(pk__in=booked.values("case"))
        .select_related("version__definition", "subject_type")
        .prefetch_related("subject")
        .order_by("pk")
    )
    stages = dict(offered.values_list("case", "stages"))
    found = list(cases[:MOST])
    warm(found)
    return [case for case in found if case.stage_key in stages.get(case.pk, ())]


def plan(user: User, session: AppointmentSession) -> list[Given]:
    """Who would get which slot, over every session of the same process and purpose to come.

    Reads only. Cases in order of their slots, those without one last.
    """
    cases = waiting(user, session)
    options = dict(
        AppointmentOffer.objects.filter(
            case__in=[case.pk for case in cases], purpose=session.purpose
        ).values_list("case", "options")
    )
    board = _board(user, session)
    families = defaultdict(list)
    for case in cases:
        families[case.contact_email.strip().lower() or f"case {case.pk}"].append(case)
    found: list[Given] = []
    for family in sorted(families.values(), key=lambda one: (-len(one), one[0].pk)):
        groups = {case.pk: groups_of(case, options.get(case.pk, {})) for case in family}
        found += _for_family(board, family, groups)
    found.sort(key=lambda one: (one.slot is None, one.slot and one.slot.starts_at, one.case.pk))
    for one in found:
        if one.slot:
            one.warnings = of_slot(one.case, one.slot)
    return found


def _board(user: User, session: AppointmentSession) -> _Board:
    sessions = list(
        AppointmentSession.objects.for_user(user, "change")
        .live()
        .filter(
            workflow=session.workflow_id,
            purpose=session.purpose,
            starts_at__gt=timezone.now(),
        )
        .select_related("centre")
        .order_by("starts_at", "pk")
    )
    return _Board(slots.with_occupancy(sessions), slots.free_slots(sessions))


def _for_family(board: _Board, family: list[Case], groups: dict[int, set[str]]) -> list[Given]:
    if len(family) > 1:
        run = _side_by_side(board, family, groups)
        if run:
            return [Given(case, board.take(slot)) for case, slot in zip(family, run, strict=True)]
    given: list[Given] = []
    for case in family:
        taken = [one.slot for one in given if one.slot]
        slot = _best(board, case, groups[case.pk], taken)
        if slot:
            given.append(Given(case, board.take(slot)))
        else:
            given.append(Given(case, why="No time is free that fits."))
    return given


def _side_by_side(
    board: _Board, family: list[Case], groups: dict[int, set[str]]
) -> list[AppointmentSlot] | None:
    """As many slots in a row as the family has cases, in a session that fits them all."""
    busy = [one for case in family for one in busy_times(case)]
    for session in sorted(board.sessions, key=board.fullness):
        if not all(fits(session.group_keys, groups[case.pk]) for case in family):
            continue
        free = [s for s in board.free(session.pk) if not is_taken_for_child(family[0], s, busy)]
        gap = timedelta(minutes=session.buffer_minutes) + NEXT_TO
        for first in range(len(free) - len(family) + 1):
            run = free[first : first + len(family)]
            pairs = pairwise(run)
            if all(after.starts_at - before.ends_at < gap for before, after in pairs):
                return run
    return None


def _best(
    board: _Board, case: Case, mine: set[str], siblings: list[AppointmentSlot]
) -> AppointmentSlot | None:
    """The slot for one case: near its siblings' in time and place, else in the emptiest session."""
    busy = busy_times(case) + [(slot.starts_at, slot.ends_at) for slot in siblings]
    free = [
        slot
        for session in sorted(board.sessions, key=board.fullness)
        if fits(session.group_keys, mine)
        for slot in board.free(session.pk)
        if not is_taken_for_child(case, slot, busy)
    ]
    if not siblings:
        return free[0] if free else None
    last = siblings[-1]

    def far(slot: AppointmentSlot) -> tuple:
        same_place = slot.session.centre_id == last.session.centre_id
        same_day = slots.day_of(slot.session) == slots.day_of(last.session)
        apart = abs((slot.starts_at - last.starts_at).total_seconds())
        return (not same_day, not same_place, apart)

    return min(free, key=far, default=None)


def apply(user: User, session: AppointmentSession, pairs: list[tuple[int, int]]) -> tuple:
    """Book each (case, slot) of a plan; `(how many, [(reference, why not)])`.

    Each is a booking like any other, so one that is refused does not hold up the rest.
    """
    reachable = {case.pk: case for case in waiting(user, session)}
    own = set(
        AppointmentSlot.objects.filter(
            session__in=AppointmentSession.objects.for_user(user, "change")
        )
        .filter(pk__in=[slot for _case, slot in pairs])
        .values_list("pk", flat=True)
    )
    done, refused = 0, []
    for case_id, slot_id in pairs[:MOST]:
        case = reachable.get(case_id)
        if case is None or slot_id not in own:
            refused.append((case.reference if case else "–", "It is out of your reach by now."))
            continue
        try:
            booking.book(case_id, slot_id, purpose=session.purpose, actor=booking.Actor(user))
            done += 1
        except booking.AppointmentError as problem:
            refused.append((case.reference, str(problem)))
    return done, refused
