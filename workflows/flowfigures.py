"""How long cases stay in each stage and how often each button is pressed, from recorded moves.

Within the reach of whoever looks. Medians, because one case that lay for a year says nothing of the
others; over the latest MOST_MOVES moves of the period at most.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cms.models import User

from .models import Case, CaseEvent

PERIODS = (7, 30, 90, 365)
DAYS = 90
MOST_MOVES = 20_000
HOUR, DAY = 3600, 86_400


@dataclass(frozen=True)
class Figures:
    """`times` are medians by stage, `pressed` numbers by (stage, button)."""

    times: dict[str, timedelta] = field(default_factory=dict)
    pressed: dict[tuple[str, str], int] = field(default_factory=dict)

    def words(self, stage: str) -> str:
        """The median time in a stage, or ""."""
        return in_words(self.times[stage]) if stage in self.times else ""


def in_words(time: timedelta) -> str:
    """In whole minutes, hours or days, whichever says it best."""
    seconds = time.total_seconds()
    if seconds < HOUR:
        number = max(1, round(seconds / 60))
        return ngettext("%(n)s minute", "%(n)s minutes", number) % {"n": number}
    if seconds < 2 * DAY:
        number = round(seconds / HOUR)
        return ngettext("%(n)s hour", "%(n)s hours", number) % {"n": number}
    number = round(seconds / DAY)
    return _("%(n)s days") % {"n": number}


def figures_for(slug: str, user: User, *, days: int = DAYS, now: datetime | None = None) -> Figures:
    """The figures of one process over the last `days`, all versions together. One query."""
    since = (now or timezone.now()) - timedelta(days=days)
    # A case with a move since then is in its stage since then: fewer rows to look at.
    cases = Case.objects.for_user(user).filter(
        version__definition__slug=slug, stage_since__gte=since
    )
    rows = (
        CaseEvent.objects.filter(
            case__in=cases.order_by().values("pk"),
            kind__in=[CaseEvent.Kind.OPENED, CaseEvent.Kind.MOVED],
        )
        .order_by("-pk")
        .values_list("case_id", "at", "from_stage", "to_stage", "button_key")[:MOST_MOVES]
    )
    stays: dict[str, list[float]] = defaultdict(list)
    pressed: Counter = Counter()
    entered: dict[int, tuple[datetime, str]] = {}
    for case, at, left, came, button in reversed(rows):
        if left:
            since_then = entered.get(case)
            if at >= since:
                pressed[left, button] += 1
                if since_then and since_then[1] == left:
                    stays[left].append((at - since_then[0]).total_seconds())
        entered[case] = (at, came)
    times = {stage: timedelta(seconds=median(found)) for stage, found in stays.items()}
    return Figures(times, dict(pressed))
