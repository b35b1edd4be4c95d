"""The backup that nobody has to remember: every night, tried by a real restore, and cleared away.

BACKUP_DIR should lie on another disk, and be copied to another place: a backup beside the hub does
not survive what takes the hub. Backups of the last `BACKUP_KEEP_DAYS` nights are kept.
"""

import json
import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cms import clock
from cms.jobs import GiveUpError, JobRun, handlers

from .checking import check
from .folder import MANIFEST, BackupError
from .taking import backup

TRIED = "tried.json"
NIGHTLY = "nightly-"


@dataclass(frozen=True)
class Kept:
    """One backup in BACKUP_DIR, as the System page shows it."""

    folder: Path
    made_at: datetime
    tried_at: datetime | None


def kept() -> list[Kept]:
    """The finished backups, newest first."""
    found = []
    for path in settings.BACKUP_DIR.glob(f"*/{MANIFEST}"):
        made = datetime.fromisoformat(json.loads(path.read_text())["made_at"])
        tried = path.parent / TRIED
        when = json.loads(tried.read_text())["tried_at"] if tried.is_file() else None
        found.append(Kept(path.parent, made, datetime.fromisoformat(when) if when else None))
    return sorted(found, key=lambda one: one.made_at, reverse=True)


def newest_tried() -> Kept | None:
    """The newest backup that a real restore has tried."""
    return next((one for one in kept() if one.tried_at), None)


def noted_seal() -> tuple[int, str] | None:
    """The newest row of the access log, and its seal, when the newest nightly was taken."""
    for one in kept():
        if not one.folder.name.startswith(NIGHTLY):
            continue
        noted = json.loads((one.folder / MANIFEST).read_text()).get("access_log")
        if noted:
            return noted[0], noted[1]
    return None


@handlers("cms.backup")
def back_up(run: JobRun) -> None:
    """Take tonight's backup, try it, and only then clear away old ones."""
    folder = settings.BACKUP_DIR / f"{NIGHTLY}{timezone.now():%Y%m%dT%H%M%S}"
    run.describe(phase=_("Copying"))
    try:
        backup(folder, tick=run.extend)
        run.describe(phase=_("Trying it"))
        problems = check(folder, tick=run.extend)
    except BackupError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise GiveUpError(str(error)) from None
    if problems:
        raise GiveUpError(f"The backup is not sound. {problems[0]}")
    (folder / TRIED).write_text(json.dumps({"tried_at": timezone.now().isoformat()}))
    clear_away(timezone.now() - timedelta(days=settings.BACKUP_KEEP_DAYS))
    with run.finish():
        pass


def clear_away(before: datetime) -> int:
    """Delete nightly backups made before then, the newest sound one never. Returns how many."""
    nightly = [one for one in kept() if one.folder.name.startswith(NIGHTLY)]
    newest = next((one for one in nightly if one.tried_at), None)
    old = [one for one in nightly if one.made_at < before and one is not newest]
    for one in old:
        shutil.rmtree(one.folder)
    return len(old)


clock.daily("cms.backup", at="02:30")
