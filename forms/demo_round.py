"""An open round of auditions for the demo hub, over the groups that it has.

Only where there is no round yet. Days are counted from the day of loading, and nobody has applied:
`manage.py demo_season --keep` plays a whole season beside it.
"""

from datetime import date, datetime, time, timedelta

from django.db import transaction

from cms.clock import LONDON
from cms.models import Ensemble, Instrument
from workflows.models import AuditionRound, RoundDate, RoundEnsemble, RoundInstrument
from workflows.seasons import vacancies

DATES = ((90, "rehearsal"), (97, "rehearsal"), (120, "course"))
GUIDES = {"county-youth-orchestra": 8, "schools-symphony-orchestra": 7}


def load_round(today: date) -> int:
    """How many rounds were added: one, or none."""
    groups = Ensemble.objects.filter(has_auditions=True, sections__isnull=False).distinct()
    if AuditionRound.objects.exists() or not groups:
        return 0
    with transaction.atomic():
        made = AuditionRound.objects.create(
            title="County groups, next season",
            slug="county-groups",
            season=f"{today.year}-{(today.year + 1) % 100:02}",
            opens_at=_at(today - timedelta(days=7), 9),
            closes_at=_at(today + timedelta(days=35), 17),
            judged_on=today.replace(month=9, day=1),
            min_year=6,
            max_year=13,
            modes="live, video",
            result_at=_at(today + timedelta(days=63), 16),
            accept_by=_at(today + timedelta(days=73), 17),
            trial_at=_at(today + timedelta(days=87), 10),
            trial_place="the main hall",
            fee_pence=1000,
            fee_waiver="Nobody with free school meals pays.",
        )
        for number, (days, what) in enumerate(DATES):
            day = today + timedelta(days=days)
            RoundDate.objects.create(
                round=made, sort_order=number, what=what, starts_on=day,
                ends_on=day + timedelta(days=3) if what == "course" else None,
                note="10am to 1pm" if what == "rehearsal" else "",
            )  # fmt: skip
        for number, group in enumerate(groups):
            RoundEnsemble.objects.create(round=made, ensemble=group, sort_order=number)
        for number, one in enumerate(
            Instrument.objects.filter(sections__ensemble__in=groups).distinct()
        ):
            grades = [GUIDES.get(group.slug) for group in groups]
            RoundInstrument.objects.create(
                round=made,
                instrument=one,
                sort_order=number,
                guide_grade=min((grade for grade in grades if grade), default=None),
            )
        vacancies.prepare(made)
    return 1


def _at(day: date, hour: int) -> datetime:
    return datetime.combine(day, time(hour), tzinfo=LONDON)
