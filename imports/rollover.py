"""The year roll-over: what the first of September does to the records, as a plan to rehearse.

Pupils who end school leave, with their enrolments; those too old for a group go on to the one that
it leads to; a school year that was set by hand counts on; next year's terms are drafted from this
year's. Each roster gets a planned run like any other, so that all of it is seen row by row before
it is approved, is fenced against what people change meanwhile, and can be undone.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from cms.models import AcademicYear, Enrolment, MusicGroup, Pupil, Term, User
from cms.school_year import LAST_YEAR, SEPTEMBER, school_year

from . import rows, runs, undo
from .leavers import leaving_value
from .models import ImportRun, PlanRow
from .records import HASH, Records
from .resources import rosters
from .rows import PlannedRow

BATCH = 2_000
YEAR = timedelta(weeks=52)  # terms begin on the same day of the week
ORDER = ("terms", "pupils", "enrolments")
Action, State = PlanRow.Action, ImportRun.State
COUNTED = {
    Action.CREATE: "created",
    Action.UPDATE: "updated",
    Action.LEAVE: "left",
    Action.REFUSED: "refused",
}


def first_day(start_year: int) -> date:
    return date(start_year, SEPTEMBER, 1)


def runs_of(start_year: int) -> list[ImportRun]:
    """The runs of the last rehearsal of this year, in the order to carry them out in."""
    found = ImportRun.objects.filter(mapping__rollover=start_year, undoes=None).exclude(
        state=State.DISCARDED
    )
    newest = {run.roster: run for run in found.order_by("pk")}
    return [newest[roster] for roster in ORDER if roster in newest]


def rehearse(start_year: int, *, by: User | None) -> list[ImportRun]:
    """Plan the roll-over into the year that begins in `start_year`. Changes no record.

    Replaces an earlier rehearsal. Raises NotNowError when it was carried out already.
    """
    for run in runs_of(start_year):
        if run.state == State.PLANNED:
            runs.discard(run)
        elif not run.undoings.filter(state__in=[State.APPLYING, State.APPLIED]).exists():
            raise runs.NotNowError("This year was rolled over already. Undo that first.")
    plans = {"terms": _terms, "pupils": _pupils, "enrolments": _enrolments}
    with transaction.atomic():
        return [_written(roster, start_year, plans[roster], by) for roster in ORDER]


def _written(roster: str, start_year: int, plan: Any, by: User | None) -> ImportRun:
    run = ImportRun.objects.create(
        roster=roster,
        state=State.PLANNED,
        original_name=f"Year roll-over {start_year}/{(start_year + 1) % 100:02}",
        mapping={"rollover": start_year},
        created_by=by,
    )
    counts = dict.fromkeys((*ImportRun.COUNTS, "held"), 0)
    batch: list[PlannedRow] = []
    for row in plan(run, start_year):
        counts[COUNTED[row.action]] += 1
        counts["rows"] += 1
        batch.append(row)
        if len(batch) == BATCH:
            rows.write(run, batch)
            batch = []
    rows.write(run, batch)
    run.counts = counts
    run.save(update_fields=["counts"])
    return run


# --- the terms ------------------------------------------------------------------------------------
def _terms(run: ImportRun, start_year: int) -> Iterator[PlannedRow]:
    """This year's terms, 52 weeks on, where next year has none yet."""
    records = Records(rosters[run.roster])
    there = set(
        Term.objects.filter(academic_year__start_year=start_year).values_list("season", flat=True)
    )
    dates = ("starts_on", "half_term_starts_on", "half_term_ends_on", "ends_on")
    for term in Term.objects.filter(academic_year__start_year=start_year - 1):
        if term.season in there:
            continue
        after = {"academic_year": start_year, "season": term.season}
        after |= {name: (getattr(term, name) + YEAR).isoformat() for name in dates}
        key = records.key_text((start_year, term.season))
        yield PlannedRow(Action.CREATE, key=key, after=after)


# --- the pupils -----------------------------------------------------------------------------------
def year_on(pupil: Pupil, start_year: int) -> int | None:
    """The school year a pupil will be in; None when nothing says."""
    if pupil.year_override is not None:
        return pupil.year_override + 1
    born, on = pupil.date_of_birth, first_day(start_year)
    return school_year(born, on) if born and born <= on else None


def _ends_school(pupil: Pupil, start_year: int) -> bool:
    return year_on(pupil, start_year) == LAST_YEAR + 1  # adults have long been further


def _pupils(run: ImportRun, start_year: int) -> Iterator[PlannedRow]:
    records = Records(rosters[run.roster])
    left_at = leaving_value(run, "left_at")
    concerned = Pupil.objects.filter(left_at=None).filter(
        Q(year_override__isnull=False) | Q(date_of_birth__gte=_born_from(start_year))
    )
    for pupil in concerned.order_by("pk").iterator(chunk_size=BATCH):
        key = records.key_text((pupil.external_id or f"no key, record {pupil.pk}",))
        before: dict[str, Any] = {HASH: pupil.source_hash}
        after: dict[str, Any] = {HASH: ""}
        if _ends_school(pupil, start_year):
            before["left_at"], after["left_at"] = None, left_at
            action = Action.LEAVE
        elif pupil.year_override is not None:
            before["year_override"] = pupil.year_override
            after["year_override"] = pupil.year_override + 1
            action = Action.UPDATE
        else:
            continue
        yield PlannedRow(action, key=key, record_id=pupil.pk, before=before, after=after)


def _born_from(start_year: int) -> date:
    """The first birthday of the cohort that ends school: everybody older has left it before."""
    return date(start_year - LAST_YEAR - 6, SEPTEMBER, 1)


# --- the enrolments -------------------------------------------------------------------------------
def _enrolments(run: ImportRun, start_year: int) -> Iterator[PlannedRow]:
    records = Records(rosters[run.roster])
    going = _next_groups()
    active = Enrolment.objects.filter(left_at=None, status=Enrolment.Status.ACTIVE)
    joined = active.select_related("pupil", "group__ensemble", "instrument")
    there = set(Enrolment.objects.values_list("pupil", "group"))
    made: set[tuple[int, int]] = set()
    for enrolment in joined.order_by("pk").iterator(chunk_size=BATCH):
        pupil, group = enrolment.pupil, enrolment.group
        if _ends_school(pupil, start_year):
            yield _ended(records, enrolment, start_year)
            continue
        year, ensemble = year_on(pupil, start_year), group.ensemble
        if ensemble is None or ensemble.max_year is None or year != ensemble.max_year + 1:
            continue  # young enough, or too old already and here by somebody's leave
        onward = going.get(group.pk, [])
        if len(onward) != 1 or not pupil.external_id or not onward[0].external_id:
            yield _undecided(records, enrolment, year, onward)
            continue
        yield _ended(records, enrolment, start_year)
        pair = (pupil.pk, onward[0].pk)
        if pair not in there and pair not in made:
            made.add(pair)
            yield _begun(records, enrolment, onward[0], start_year)


def _next_groups() -> dict[int, list[MusicGroup]]:
    """Group -> the groups of the ensembles that it leads to: of its own centre, or else of any."""
    by_ensemble: dict[int, list[MusicGroup]] = defaultdict(list)
    groups = MusicGroup.objects.filter(left_at=None, ensemble__isnull=False)
    for group in groups:
        by_ensemble[group.ensemble_id].append(group)
    onward: dict[int, list[MusicGroup]] = {}
    for group in groups.prefetch_related("ensemble__leads_to"):
        found = [
            other for to in group.ensemble.leads_to.all() for other in by_ensemble.get(to.pk, [])
        ]
        near = [other for other in found if other.centre_id == group.centre_id]
        onward[group.pk] = near or found
    return onward


def _key(records: Records, enrolment: Enrolment, group: MusicGroup) -> str:
    pupil = enrolment.pupil.external_id or f"record {enrolment.pupil_id}"
    return records.key_text((pupil, group.external_id or group.name))


def _ended(records: Records, enrolment: Enrolment, start_year: int) -> PlannedRow:
    last = first_day(start_year) - timedelta(1)
    if enrolment.starts_on:
        last = max(last, enrolment.starts_on)
    return PlannedRow(
        Action.UPDATE,
        key=_key(records, enrolment, enrolment.group),
        record_id=enrolment.pk,
        before={
            "status": enrolment.status,
            "ends_on": enrolment.ends_on and enrolment.ends_on.isoformat(),
            HASH: enrolment.source_hash,
        },
        after={"status": Enrolment.Status.LEFT.value, "ends_on": last.isoformat(), HASH: ""},
    )


def _begun(
    records: Records, enrolment: Enrolment, group: MusicGroup, start_year: int
) -> PlannedRow:
    after = {
        "pupil": enrolment.pupil.external_id,
        "group": group.external_id,
        "status": Enrolment.Status.ACTIVE.value,
        "starts_on": first_day(start_year).isoformat(),
        HASH: "",
    }
    if enrolment.instrument:
        after["instrument"] = enrolment.instrument.name
    return PlannedRow(Action.CREATE, key=_key(records, enrolment, group), after=after)


def _undecided(
    records: Records, enrolment: Enrolment, year: int, onward: list[MusicGroup]
) -> PlannedRow:
    """Too old for the group, and nothing says where to: for a person to see to."""
    if len(onward) > 1:
        names = ", ".join(sorted({group.name for group in onward})[:5])
        why = f"{enrolment.group.name} leads to more than one group: {names}."
    elif onward:
        why = "The pupil or the next group has no key of its own, so no plan can name it."
    else:
        why = f"{enrolment.group.name} leads to no other group."
    return PlannedRow(
        Action.REFUSED,
        key=_key(records, enrolment, enrolment.group),
        problems=[
            {
                "column": "Group ID", "field": "", "cell": "", "value": enrolment.group.name,
                "problem": f"In year {year} this is too old for the group. {why}",
                "hint": "Move them by hand; the roll-over leaves this enrolment as it is.",
                "level": "refused",
            }
        ],
    )  # fmt: skip


# --- carrying out, and back -----------------------------------------------------------------------
def carry_out(start_year: int, *, by: User | None) -> list[ImportRun]:
    """Approve all runs of the rehearsal, exactly as they stand. Raises NotNowError."""
    planned = [run for run in runs_of(start_year) if run.state == State.PLANNED]
    if not planned:
        raise runs.NotNowError("There is no rehearsal of this year. Rehearse it first.")
    with transaction.atomic():
        AcademicYear.objects.get_or_create(start_year=start_year)
        for run in planned:
            runs.approve(run, by=by)
    return planned


def take_back(start_year: int, *, by: User | None) -> list[ImportRun]:
    """Undo what was carried out of this year, last first. Raises NotNowError, CannotUndoError."""
    done = [run for run in reversed(runs_of(start_year)) if run.state == State.APPLIED]
    if not done:
        raise undo.CannotUndoError("Nothing of this year was carried out.")
    with transaction.atomic():
        return [runs.take_back(run, by=by) for run in done]
