"""Guard rails beside the thresholds of leavers: quiet times, and files that are not what they seem.

A quiet time is data that staff keep. In one, nothing is carried out, or only new records are added
and the other rows of a plan are held. An old file is known by its rows: what it would write is what
a later import replaced.
"""

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from .models import ImportRun, PlanRow, QuietTime
from .records import HASH

LOOKED_AT = 2_000  # changes, enough to know an old file by
FEWEST_OLD = 3
Action = PlanRow.Action


def quiet_now(run: ImportRun) -> QuietTime | None:
    """The strictest quiet time that this run falls into today. An undo is never held up."""
    if run.undoes_id:
        return None
    today = timezone.localdate()
    found = QuietTime.objects.filter(
        Q(roster="") | Q(roster=run.roster), first_day__lte=today, last_day__gte=today
    )
    return min(found, key=lambda time: time.kind != QuietTime.Kind.NOTHING, default=None)


def said_of(quiet: QuietTime) -> str:
    """A quiet time in a sentence."""
    days = {
        "title": quiet.title,
        "first": f"{quiet.first_day:%d/%m/%Y}",
        "last": f"{quiet.last_day:%d/%m/%Y}",
    }
    if quiet.kind == QuietTime.Kind.NOTHING:
        return _("No import is carried out from %(first)s to %(last)s: %(title)s.") % days
    return _("Only new records are added from %(first)s to %(last)s: %(title)s.") % days


def hold_all_but_new(run: ImportRun) -> None:
    """In a time of adds only: keep every other row back. In the caller's transaction."""
    rows = run.plan_rows.filter(action__in=[Action.UPDATE, Action.UNCHANGED, Action.LEAVE])
    held = rows.filter(outcome="").exclude(action=Action.UNCHANGED)
    updates = held.filter(action=Action.UPDATE).count()
    leavers = held.filter(action=Action.LEAVE).count()
    rows.filter(outcome="").update(outcome=PlanRow.Outcome.HELD)
    run.counts |= {
        "updated": run.count("updated") - updates,
        "left": run.count("left") - leavers,
        "held": run.count("held") + updates + leavers,
    }
    run.save(update_fields=["counts"])


def alarms(run: ImportRun) -> list[str]:
    """What looks wrong with a finished plan as a whole."""
    return [*_old_file(run), *_only_a_part(run)]


def _old_file(run: ImportRun) -> list[str]:
    """Whether most changes would put back just what an import replaced."""
    changes = run.plan_rows.filter(action=Action.UPDATE, after__has_key=HASH)
    new = dict(changes.order_by("pk").values_list("record_id", f"after__{HASH}")[:LOOKED_AT])
    if len(new) < FEWEST_OLD:
        return []
    replaced = PlanRow.objects.filter(
        run__roster=run.roster, run__undoes=None, action=Action.UPDATE, change__isnull=False,
        record_id__among=list(new),
    ).order_by("pk")  # fmt: skip
    found = replaced.values_list("record_id", f"before__{HASH}", "run")
    back = {
        record_id: run_id
        for record_id, hash_before, run_id in found.iterator(chunk_size=2_000)
        if hash_before and hash_before == new[record_id]
    }
    if len(back) < FEWEST_OLD or len(back) * 2 < len(new):
        return []
    later = ImportRun.objects.get(pk=max(back.values()))
    return [
        _(
            "This looks like an old file: %(n)s of %(all)s changes would put back what import "
            "%(pk)s replaced on %(day)s."
        )
        % {
            "n": len(back),
            "all": len(new),
            "pk": later.pk,
            "day": f"{timezone.localtime(later.finished_at):%d/%m/%Y}",
        }
    ]


def _only_a_part(run: ImportRun) -> list[str]:
    """Whether the file, declared to hold everybody, names nobody of some schools or centres."""
    empty = [hold for hold in run.held if hold["scope"] and hold["leaving"] == hold["of"]]
    if not empty:
        return []
    names = ", ".join(hold["scope"] for hold in empty[:5])
    more = _(" and %(n)s more") % {"n": len(empty) - 5} if len(empty) > 5 else ""
    return [
        _("The file names nobody of %(names)s%(more)s. Is it only a part of the roster?")
        % {"names": names, "more": more}
    ]
