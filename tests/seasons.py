"""A small round of auditions for tests: one group, two instruments, a panel, cases with answers."""

import itertools
from datetime import timedelta

from django.utils import timezone

from cms.models import Ensemble, EnsembleSection, Instrument, MusicGroup
from forms import package
from forms.demo_season import setting
from forms.models import FormDefinition
from forms.standins import stand_in
from workflows.models import AuditionRound, RoundEnsemble, RoundInstrument
from workflows.seasons import vacancies

numbers = itertools.count(1)


def a_round(centre, *, seats=1, reserves=2, panel="", **more):
    """An open round of the County Wind Band for oboe and flute, with its process published."""
    for name in ("ensemble-membership", "ensemble-audition"):
        package.load(setting.PACKAGES / f"{name}.json", publish=True)
    now = timezone.now()
    facts = {
        "title": "Auditions", "slug": "auditions-26", "season": "2026-27",
        "opens_at": now - timedelta(days=9), "closes_at": now + timedelta(days=1),
        "judged_on": now.date(), "min_age": 8, "max_age": 25,
        "result_at": now + timedelta(days=7), "accept_by": now + timedelta(days=14),
    }  # fmt: skip
    made = AuditionRound.objects.create(**(facts | more))
    band = Ensemble.objects.create(
        name="County Wind Band", slug="wind", level="county", summary="Wind.", centre=centre
    )
    RoundEnsemble.objects.create(round=made, ensemble=band, offer_from=50, reserve_from=50)
    for slug in ("oboe", "flute"):
        instrument = Instrument.objects.create(name=slug.capitalize(), slug=slug, family="woodwind")
        EnsembleSection.objects.create(
            ensemble=band, instrument=instrument, target=seats, reserve_size=reserves
        )
        RoundInstrument.objects.create(
            round=made, instrument=instrument, guide_grade=6, panel=panel
        )
    MusicGroup.objects.create(name="Wind Band, Saturday", centre=centre, ensemble=band)
    vacancies.prepare(made)
    return made


def an_application(made, *plays, age=14, **answers):
    """A case at its beginning, by a family of its own. `plays` are slugs, oboe by default."""
    number = next(numbers)
    born = made.judged_on.replace(year=made.judged_on.year - age, month=1, day=1)
    sample = FormDefinition.objects.get(slug="ensemble-audition").samples[1]["answers"]
    said = sample | {
        "player_name": {"first": f"Wren{number}", "last": "Ashdown"},
        "date_of_birth": born.isoformat(),
        "playing": [
            {"instrument": slug, "standard": "higher", "exam": "grade_7", "years": 4,
             "doubles": "", "owns": "own"}
            for slug in plays or ("oboe",)
        ],
        "first_choice": "wind", "second_choice": "", "third_choice": "", "any_group": False,
        "email": f"family{number}@example.org",
    } | answers  # fmt: skip
    form = FormDefinition.objects.get(slug="ensemble-audition")
    return stand_in(form.current_version, said, title=f"Application {number}")
