"""What a counter block may count. Each counter is one query; another app may register its own."""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from cms.models import CourseDate, Ensemble, MusicCentre, Partner
from cms.registry import Registry


@dataclass(frozen=True)
class Counter:
    label: str
    count: Callable[[], int]


counters: Registry[Counter] = Registry("counter")

counters("centres")(Counter(_("music centres"), MusicCentre.objects.filter(is_open=True).count))
counters("ensembles")(Counter(_("groups and ensembles"), Ensemble.objects.count))
counters("partners")(Counter(_("partners"), lambda: Partner.objects.live().count()))
counters("course_dates")(
    Counter(_("course dates to come"), lambda: CourseDate.objects.upcoming().count())
)
