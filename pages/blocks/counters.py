"""What a counter block may count. However many are shown, they are one query."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.db.models import Count, QuerySet, Value
from django.utils.translation import gettext_lazy as _

from cms.models import CourseDate, Ensemble, MusicCentre, Partner
from cms.pagecache import lasting
from cms.registry import Registry


@dataclass(frozen=True)
class Counter:
    label: str
    rows: Callable[[], QuerySet]


counters: Registry[Counter] = Registry("counter")

counters("centres")(Counter(_("music centres"), lambda: MusicCentre.objects.filter(is_open=True)))
counters("ensembles")(Counter(_("groups and ensembles"), Ensemble.objects.all))
counters("partners")(Counter(_("partners"), Partner.objects.live))
counters("course_dates")(Counter(_("course dates to come"), CourseDate.objects.upcoming))


def count(keys: Iterable[str]) -> list[tuple[str, int]]:
    """The label and the number of each counter, in the order given; unknown keys are left out."""
    known = [key for key in keys if key in counters]
    parts = [
        counters[key].rows().order_by().values(key=Value(key)).annotate(number=Count("pk"))
        for key in known
    ]
    if not parts:
        return []
    first, *others = parts
    numbers = dict(first.union(*others, all=True).values_list("key", "number"))
    return [(counters[key].label, numbers.get(key, 0)) for key in known]


def counted(keys: Iterable[str]) -> list[tuple[str, int]]:
    """As `count`, counted again when something of what is counted has changed."""
    known = [key for key in keys if key in counters]
    of = tuple({counters[key].rows().model for key in known})
    return lasting(f"count:{','.join(known)}", of, lambda: count(known))
