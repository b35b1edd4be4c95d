"""Files that come by themselves: from a watched folder, an https address, a school's own link.

Whatever way it came, a file is sealed, recognised and planned; nothing is applied before somebody
approves. A file of the folder is removed once it is sealed; one that cannot be read is put into
`refused` beside it, and its source says why; it is deleted with other old files.
"""

import time
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from cms import clock, mail
from cms.jobs import JobRun, handlers
from cms.models import User
from cms.secrecy import hashed, new_token

from . import runs
from .errors import UnreadableFile
from .fetching import fetch
from .models import ImportRun, SourceProfile

Arrival = SourceProfile.Arrival
STILL_SECONDS = 20  # a file that is still being written changes
PIECE = 1_048_576
LINK_DAYS = 400
DEFAULT_LOOK = "05:00"

mail.declare(
    "roster-chase",
    name="Roster: the next file is due",
    subject="Please send us the next file of {{ source }}",
    body=(
        "We last had a file of {{ source }} on {{ last }}, and a new one was due every {{ days }} "
        "days.\n\nPlease send it the way you usually do. If something stands in the way, just "
        "answer this e-mail. Please do not attach the file to an e-mail."
    ),
    placeholders={"source": "Arbor, nightly", "last": "1 September 2026", "days": "7"},
)


@handlers("imports.look")
def look(step: JobRun) -> None:
    """Look at every watched folder, and at the addresses whose time has come."""
    for profile in SourceProfile.objects.filter(arrives_by__in=[Arrival.FOLDER, Arrival.HTTPS]):
        step.extend()
        if profile.arrives_by == Arrival.FOLDER:
            look_into_folder(profile)
        elif is_due(profile, timezone.now()):
            look_at_address(profile)


clock.every("imports.look", minutes=5)


def is_due(profile: SourceProfile, now: datetime) -> bool:
    """Whether today's time to look at this source has come and was not used yet."""
    at = profile.looks_at or datetime.strptime(DEFAULT_LOOK, "%H:%M").time()  # noqa: DTZ007
    slot = clock.Task("imports.look", at=at).latest_slot(now)
    return profile.looked_at is None or profile.looked_at < slot


def folder_of(profile: SourceProfile) -> Path:
    return settings.DATA_DIR / "incoming" / (profile.folder or profile.slug)


def look_into_folder(profile: SourceProfile) -> list[ImportRun]:
    """Take in the files that lie still in a source's folder."""
    folder = folder_of(profile)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    received = []
    for path in sorted(folder.iterdir()):
        if path.is_symlink() or not path.is_file() or path.name.startswith("."):
            continue
        if time.time() - path.stat().st_mtime < STILL_SECONDS:
            continue
        run = _take(profile, path)
        if run is not None:
            received.append(run)
    return received


def _take(profile: SourceProfile, path: Path) -> ImportRun | None:
    try:
        with path.open("rb") as stream:
            run = arrive(profile, iter(lambda: stream.read(PIECE), b""), path.name)
    except UnreadableFile as error:
        refused = path.parent / "refused"
        refused.mkdir(exist_ok=True, mode=0o700)
        path.rename(refused / path.name)
        _note(profile, f"{path.name}: {error}")
        return None
    path.unlink()
    return run


def forget_refused(before: datetime) -> int:
    """Delete what could not be read and was left in a folder since then. Returns how many."""
    count = 0
    for path in (settings.DATA_DIR / "incoming").glob("*/refused/*"):
        if path.stat().st_mtime < before.timestamp():
            path.unlink()
            count += 1
    return count


def look_at_address(profile: SourceProfile) -> ImportRun | None:
    """Fetch a source's file. What goes wrong is written on the source."""
    name = profile.address.rpartition("/")[2].partition("?")[0] or "roster"
    try:
        return arrive(profile, fetch(profile.address), name)
    except UnreadableFile as error:
        _note(profile, str(error))
        return None


def arrive(profile: SourceProfile, pieces: object, name: str) -> ImportRun | None:
    """A file of this source: sealed and its plan promised. None when it is the last one again.

    Raises UnreadableFile.
    """
    run = runs.receive(profile.roster, pieces, name, profile=profile)
    last = profile.runs.exclude(pk=run.pk).filter(undoes=None).order_by("-pk").first()
    if last is not None and last.sha256 == run.sha256:
        runs.discard(run)
        _note(profile, "")
        return None
    try:
        runs.start_planning(run)
    except UnreadableFile:
        runs.discard(run)
        raise
    _note(profile, "")
    return run


def _note(profile: SourceProfile, problem: str) -> None:
    SourceProfile.objects.filter(pk=profile.pk).update(
        looked_at=timezone.now(), last_problem=problem[:300]
    )


# --- a school's own link ------------------------------------------------------------------------
def new_link(profile: SourceProfile) -> str:
    """A new secret for this source's link; the old one ends. Only its hash is kept."""
    token = new_token()
    profile.link_hash = hashed(token)
    profile.link_ends_at = timezone.now() + timedelta(days=LINK_DAYS)
    profile.arrives_by = Arrival.LINK
    profile.save(update_fields=["link_hash", "link_ends_at", "arrives_by"])
    return token


def source_of_link(token: str) -> SourceProfile | None:
    """The source that this link belongs to, while it lasts."""
    return SourceProfile.objects.filter(
        link_hash=hashed(token), arrives_by=Arrival.LINK, link_ends_at__gt=timezone.now()
    ).first()


# --- freshness ----------------------------------------------------------------------------------
def last_file(profile: SourceProfile) -> ImportRun | None:
    return profile.runs.filter(undoes=None, state=ImportRun.State.APPLIED).order_by("-pk").first()


def is_overdue(profile: SourceProfile, last: datetime | None) -> bool:
    if not profile.due_days:
        return False
    since = last or profile.created_at
    return timezone.now() - since > timedelta(days=profile.due_days)


def chase(profile: SourceProfile, *, by: User | None = None) -> bool:
    """Ask a source's contact for its next file, at most once a day. False when nobody was asked."""
    if not profile.contact_email:
        return False
    last = last_file(profile)
    day = timezone.localtime(last.created_at) if last else None
    with transaction.atomic():
        queued = mail.queue(
            "roster-chase",
            to=profile.contact_email,
            context={
                "source": profile.title,
                "last": f"{day.day} {day:%B %Y}" if day else "no day yet",
                "days": profile.due_days or "few",
            },
            key=f"roster-chase-{profile.pk}-{timezone.localdate()}",
        )
        SourceProfile.objects.filter(pk=profile.pk).update(chased_at=timezone.now())
    return queued is not None


@handlers("imports.chase")
def chase_all(step: JobRun) -> None:
    """Each morning: ask for what is overdue, and again after as many days as a file is due."""
    for profile in SourceProfile.objects.exclude(due_days=None).exclude(contact_email=""):
        last = last_file(profile)
        asked = profile.chased_at
        waits = asked and timezone.now() - asked < timedelta(days=profile.due_days)
        if not waits and is_overdue(profile, last.created_at if last else None):
            chase(profile)


clock.daily("imports.chase", at="08:00")
