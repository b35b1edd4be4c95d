"""The verbs of an import run: receive a file, plan it, approve, stop, discard, undo.

Each is one short transaction that moves the run from one state to the next and promises the work
as a job. Screens and the command line call these and nothing below them. Whether somebody may is
asked before (imports.views); here only whether the run can.
"""

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.utils import timezone

from cms import jobs
from cms.models import Job, User

from . import bundles, giaslinks, guards, leavers, plan, profiles, sealed, undo
from .errors import FileTooLarge, UnreadableFile
from .mapping import Mapping, propose, prove_dates, require_key
from .models import ImportRun, PlanRow, QuietTime
from .reader import MAX_BYTES, Table
from .resources import rosters

State = ImportRun.State


class NotNowError(Exception):
    """The run is not in a state for this. The message is a sentence for staff."""


class _IsLinks(Exception):  # noqa: N818 - not an error: another way to read the file
    def __init__(self, roster: bytes):
        super().__init__()
        self.roster = roster


def receive(
    roster: str,
    pieces: Iterable[bytes],
    name: str,
    *,
    by: User | None = None,
    is_full: bool = False,
    profile: Any = None,
) -> ImportRun:
    """Store an uploaded file, sealed, and propose how to read it. Raises UnreadableFile.

    Nothing of a file that cannot be read is kept.
    """
    digest = hashlib.sha256()
    size = 0

    def counted() -> Iterable[bytes]:
        nonlocal size
        for piece in pieces:
            size += len(piece)
            if size > MAX_BYTES:
                raise FileTooLarge(f"The file is larger than {MAX_BYTES // 1024 // 1024} MB.")
            digest.update(piece)
            yield piece

    stored = sealed.seal(counted())
    run = ImportRun(
        roster=roster,
        profile=profile,
        original_name=name[-150:],
        stored_name=stored,
        size=size,
        sha256=digest.hexdigest(),
        is_full=is_full,
        created_by=by,
    )
    try:
        table, close = plan.open_table(run)
        try:
            if roster == "schools" and giaslinks.is_links(table):
                links = giaslinks.as_roster(table)
                raise _IsLinks(links)
            run.sheet = table.sheet
            mapping = propose(table, rosters[roster])
            run.profile = profile or profiles.recognise(roster, table)
            if run.profile and run.profile.roster == roster:
                profiles.follow(run.profile, mapping, table)
                run.is_full = is_full or run.profile.is_full_roster
            run.mapping = mapping.to_json()
            run.notes = _notes(run, table, mapping)
        finally:
            close()
        with transaction.atomic():
            run.save()
    except _IsLinks as found:
        sealed.shred(stored)
        return receive(roster, [found.roster], name, by=by)
    except BaseException:
        sealed.shred(stored)
        raise
    return run


def receive_bundle(
    source: Path | IO[bytes],
    *,
    by: User | None = None,
    is_full: bool = False,
    profile: Any = None,
) -> list[ImportRun]:
    """Runs for each roster of a bundle (imports.bundles), in the order to approve them in.

    Raises UnreadableFile, and then keeps nothing.
    """
    received: list[ImportRun] = []
    try:
        for part in bundles.parts(bundles.open_bundle(source), is_full=is_full):
            run = receive(
                part.roster, [part.content], part.name, by=by, is_full=part.is_full, profile=profile
            )
            run.mapping["earlier_runs"] = [earlier.pk for earlier in received]
            received.append(run)
            run.notes = [*part.notes, *run.notes[1:]]
            run.mapping["leavers_of_groups"] = part.roster == "enrolments"
            run.save(update_fields=["notes", "mapping"])
    except BaseException:
        for run in received:
            discard(run)
        raise
    if not received:
        raise UnreadableFile("The bundle holds no pupil, teacher, guardian, group or enrolment.")
    return received


def receive_upload(roster: str, upload: UploadedFile, **options) -> ImportRun:
    """`receive` for a file that came with a form."""
    return receive(roster, upload.chunks(), upload.name or "roster", **options)


def _notes(run: ImportRun, table: Table, mapping: Mapping) -> list[str]:
    known = [f"This is the file of “{run.profile.title}”."] if run.profile else []
    return [*known, *table.notes, *mapping.notes, *_seen_before(run)]


def _seen_before(run: ImportRun) -> list[str]:
    same = ImportRun.objects.filter(roster=run.roster, sha256=run.sha256).exclude(pk=run.pk)
    before = same.filter(state=State.APPLIED).first()
    if before is not None:
        day = timezone.localtime(before.finished_at)
        return [f"This very file was applied before, on {day:%d/%m/%Y at %H:%M}."]
    waiting = same.filter(state__in=[State.UPLOADED, State.PLANNING, State.PLANNED]).first()
    if waiting is not None:
        day = timezone.localtime(waiting.created_at)
        return [
            (
                f"This very file came at {day:%H:%M on %d/%m/%Y} as import {waiting.pk}, "
                "which still waits."
            )
        ]
    return []


def remap(run: ImportRun, columns: dict[str, list[str]], *, is_full: bool) -> None:
    """Read the file with these columns instead: {field: headings}. Raises UnreadableFile."""
    roster = rosters[run.roster]
    table, close = plan.open_table(run)
    try:
        before = Mapping.from_json(run.mapping)
        mapping = replace(before, columns=columns, date_orders={}, date_proofs={}, notes=[])
        used = {heading for headings in columns.values() for heading in headings}
        unknown = used - set(table.header)
        if unknown:
            raise UnreadableFile(f"The file has no column {min(unknown)!r}.")
        mapping.ignored = [heading for heading in table.header if heading not in used]
        require_key(mapping, roster)
        prove_dates(mapping, table, roster)
        if run.profile:
            mapping.alarms = profiles.alarms(run.profile, mapping, table)
        run.mapping = mapping.to_json()
        run.notes = _notes(run, table, mapping)
        run.is_full = is_full
        run.save(update_fields=["mapping", "notes", "is_full"])
        profiles.learn(run, table)
    finally:
        close()


def start_planning(run: ImportRun) -> Job:
    """Have the file read in the background. Raises UnreadableFile, NotNowError."""
    require_key(Mapping.from_json(run.mapping), rosters[run.roster])
    with transaction.atomic():
        _move(run, {State.UPLOADED, State.PLANNED}, State.PLANNING, problem="")
        return _promise(run, "plan")


def start_mending(run: ImportRun, lines: list[int]) -> Job:
    """Have the mended lines of a large file planned again in the background."""
    with transaction.atomic():
        _move(run, {State.PLANNED}, State.PLANNING, problem="")
        return _promise(run, "mend", lines=lines)


def reopen(run: ImportRun) -> None:
    """Back to choosing columns, with the same file. Raises NotNowError."""
    with transaction.atomic():
        _move(run, {State.PLANNED}, State.UPLOADED)
        run.plan_rows.all().delete()


def approve(run: ImportRun, *, by: User | None, with_leavers: bool = False) -> Job:
    """Have the plan carried out, exactly as it stands. Raises NotNowError.

    `with_leavers` lets those leave whom the guard rail held back.
    """
    quiet = guards.quiet_now(run)
    if quiet is not None and quiet.kind == QuietTime.Kind.NOTHING:
        raise NotNowError(guards.said_of(quiet))
    try:
        with transaction.atomic():
            _move(
                run,
                {State.PLANNED},
                State.APPLYING,
                approved_by=by,
                approved_at=timezone.now(),
                allows_leavers=with_leavers,
            )
            if with_leavers and run.held:
                freed = run.plan_rows.filter(outcome=PlanRow.Outcome.HELD).update(outcome="")
                run.counts |= {"left": run.count("left") + freed, "held": 0}
                run.save(update_fields=["counts"])
            if quiet is not None:
                guards.hold_all_but_new(run)
            return _promise(run, "apply")
    except IntegrityError:
        run.refresh_from_db()
        raise NotNowError(
            f"Another import of {rosters[run.roster].title.lower()} is being applied. "
            "Wait for its receipt, then approve this one."
        ) from None


def release(run: ImportRun, scope: str) -> int:
    """Let the leavers of one school or centre go, whom the guard rail held. Returns how many.

    Raises NotNowError when the plan no longer waits, or holds nobody there.
    """
    with transaction.atomic():
        run = ImportRun.objects.select_for_update().get(pk=run.pk)
        held = [hold for hold in run.held if hold["scope"] == scope and not hold.get("released")]
        if run.state != State.PLANNED or not held:
            raise NotNowError("Nobody is held back there.")
        return leavers.release(run, scope)


def stop(run: ImportRun) -> None:
    """Stop after the present chunk. What was done so far stays, and can be undone."""
    if run.job_id is None or not run.is_moving:
        raise NotNowError("Nothing is under way that could be stopped.")
    jobs.cancel(run.job_id)


def discard(run: ImportRun) -> None:
    """Throw a plan away, with its file. Raises NotNowError."""
    with transaction.atomic():
        _move(run, {State.UPLOADED, State.PLANNED}, State.DISCARDED, finished_at=timezone.now())
        run.plan_rows.all().delete()
    if run.stored_name:
        sealed.shred(run.stored_name)


def take_back(run: ImportRun, *, by: User | None) -> ImportRun:
    """Undo a run now: the plan of its reverse, approved. Raises CannotUndoError, NotNowError."""
    with transaction.atomic():
        reverse = undo.plan_undo(run, by=by)
        approve(reverse, by=by)
    return reverse


def _move(run: ImportRun, from_states: set, to: str, **changes) -> None:
    """Change the state on condition that nobody did in the meantime."""
    moved = ImportRun.objects.filter(pk=run.pk, state__in=from_states).update(state=to, **changes)
    if not moved:
        run.refresh_from_db()
        raise NotNowError(
            f"This import is now “{run.get_state_display()}”, so that cannot be done with it."
        )
    run.refresh_from_db()


def _promise(run: ImportRun, verb: str, **more: Any) -> Job:
    kind = f"imports.{verb}"
    total = None if verb != "apply" else run.plan_rows.filter(action__in=PlanRow.WRITES).count()
    key = f"{kind}-{run.pk}-{secrets.token_hex(4)}"
    run.job = jobs.enqueue(kind, key=key, payload={"run": run.pk} | more, total=total)
    run.save(update_fields=["job"])
    return run.job
