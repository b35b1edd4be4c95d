"""What a family gets back when it cancels, in plain English.

The steps are data of the course date, `{"days_before", "percent"}`: whoever cancels at least so
many days before the first day gets so much back. What the hub cancels is given back whole.
"""

from collections.abc import Iterable, Mapping

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cms.models import CourseDate

#: What holds where a date says nothing.
USUAL = ({"days_before": 28, "percent": 100}, {"days_before": 14, "percent": 50})


def ladder_of(date: CourseDate) -> list[dict[str, int]]:
    """The steps of a date, the longest notice first; the usual ones where it has none."""
    return date.cancellation_ladder or [dict(step) for step in USUAL]


def ladder_words(ladder: Iterable[Mapping[str, int]]) -> list[str]:
    """One sentence for each step, and one for whoever is later than all of them."""
    steps = sorted(ladder, key=lambda step: -step["days_before"])
    words = []
    for step in steps:
        days = step["days_before"]
        when = (
            ngettext("At least %(n)s day before: ", "At least %(n)s days before: ", days)
            % {"n": days}
            if days
            else _("Before it begins: ")
        )
        words.append(when + _back(step["percent"]))
    if not steps or steps[-1]["days_before"]:
        words.append(_("Later than that: ") + _back(0))
    return [*words, _("If we cancel, you always get all of it back.")]


def _back(percent: int) -> str:
    if percent == 100:
        return _("you get all of it back.")
    if percent == 0:
        return _("you get nothing back.")
    if percent == 50:
        return _("you get half of it back.")
    return _("you get %(percent)s per cent of it back.") % {"percent": percent}
