"""What the System page says: one sentence for each part of the hub, and what to do about it."""

import platform
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from importlib.metadata import version

from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from huey.contrib.djhuey import HUEY

from cms import mail
from cms.backup import nightly
from cms.models import Job
from cms.registry import Registry

from .figures import clock_last, free_bytes

CLOCK_IS_LATE = timedelta(minutes=12)  # something is due each five minutes
BACKUP_IS_OLD = timedelta(hours=30)
MAIL_IS_LATE = timedelta(minutes=30)
LEAST_FREE = 2_000_000_000  # bytes


@dataclass(frozen=True)
class State:
    """One line of the System page. `todo` is for whoever is on call, when it is not well."""

    name: str
    words: str
    is_well: bool = True
    todo: str = ""


states: Registry[Callable[[], Iterable[State]]] = Registry("state of the system")


def all_states() -> list[State]:
    """Every state. What cannot even be asked is a state that is not well."""
    found: list[State] = []
    for name, source in states.items():
        try:
            found += source()
        except Exception as error:  # noqa: BLE001 - the page must show what is wrong with the rest
            found.append(
                State(name, _("It does not answer (%s).") % type(error).__name__, is_well=False)
            )
    return found


@states(gettext_lazy("Background work"))
def of_worker() -> Iterable[State]:
    last = clock_last()
    late = last is None or timezone.now() - last > CLOCK_IS_LATE
    yield State(
        _("Background work"),
        _("The clock last promised work %(ago)s ago.") % {"ago": timesince(last)}
        if last
        else _("The clock has not begun yet."),
        not late,
        _("Start the worker: letters, deadlines and imports wait until it runs."),
    )
    failed = Job.objects.filter(state=Job.State.FAILED).count()
    waiting = Job.objects.filter(state=Job.State.READY, not_before__lte=timezone.now()).count()
    words = ngettext("%(n)s job is due.", "%(n)s jobs are due.", waiting) % {"n": waiting}
    given_up = ngettext("%(n)s was given up.", "%(n)s were given up.", failed) % {"n": failed}
    yield State(
        _("Jobs"),
        f"{words} {given_up}",
        not failed,
        _("Each that was given up is listed below: mend its cause, then try it again."),
    )


@states(gettext_lazy("Queue"))
def of_queue() -> Iterable[State]:
    kind = "Redis" if settings.REDIS_URL else "SQLite"
    number = HUEY.pending_count()
    yield State(_("Queue"), _("%(kind)s; %(n)s rings wait.") % {"kind": kind, "n": number})


@states(gettext_lazy("E-mail"))
def of_mail() -> Iterable[State]:
    backlog = mail.backlog()
    late = bool(backlog.oldest) and timezone.now() - backlog.oldest > MAIL_IS_LATE
    yield State(
        _("E-mail"),
        _("%(waiting)s wait to be sent, %(given_up)s were given up.")
        % {"waiting": backlog.waiting, "given_up": backlog.given_up},
        not late and not backlog.given_up,
        _("Reports, E-mails that are stuck: what the mail server said, and a button to try again."),
    )


@states(gettext_lazy("Backup"))
def of_backup() -> Iterable[State]:
    newest = nightly.newest_tried()
    old = newest is None or timezone.now() - newest.made_at > BACKUP_IS_OLD
    yield State(
        _("Backup"),
        _("The newest that was tried was made %(ago)s ago.") % {"ago": timesince(newest.made_at)}
        if newest
        else _("There is none yet."),
        not old,
        _("Take one now: manage.py backup FOLDER. Then see why the nightly one did not happen."),
    )


@states(gettext_lazy("Access log"))
def of_access_log() -> Iterable[State]:
    last = Job.objects.filter(kind="cms.verify_audit").order_by("-pk").first()
    broken = last is not None and last.state == Job.State.FAILED
    if last is None:
        words = _("It is checked each night; not yet on this hub.")
    elif broken:
        words = last.problem
    else:
        words = _("Whole when last checked, %(ago)s ago.") % {"ago": timesince(last.created_at)}
    yield State(_("Access log"), words, not broken, _("Tell the data protection officer now."))


@states(gettext_lazy("Disk"))
def of_disk() -> Iterable[State]:
    free = free_bytes()
    yield State(
        _("Disk"),
        _("%(size)s are free where the hub keeps its data.") % {"size": filesizeformat(free)},
        free > LEAST_FREE,
        _("Make room before it is full: nothing can be sent or uploaded then."),
    )


@states(gettext_lazy("Database"))
def of_database() -> Iterable[State]:
    executor = MigrationExecutor(connection)
    left = executor.migration_plan(executor.loader.graph.leaf_nodes())
    name = connection.display_name
    yield State(
        _("Database"),
        _("%(name)s, and its tables are those of this release.") % {"name": name}
        if not left
        else _("%(name)s; %(n)s changes of this release are not made yet.")
        % {"name": name, "n": len(left)},
        not left,
        _("Run manage.py migrate."),
    )


@states(gettext_lazy("Versions"))
def of_versions() -> Iterable[State]:
    parts = [f"{name} {version(name)}" for name in ("wagtail", "django", "huey")]
    yield State(_("Versions"), ", ".join([*parts, f"python {platform.python_version()}"]))
