"""The stage: instruments, groups with sections, last season's members, panels, and the round."""

from datetime import timedelta
from pathlib import Path

from django.utils import timezone

from cms.models import (
    Area,
    Ensemble,
    EnsembleSection,
    Instrument,
    MusicCentre,
    School,
    User,
)
from cms.roles import grant
from forms import package
from workflows.appointments import slots
from workflows.appointments.models import AppointmentSession
from workflows.models import AuditionRound, RoundEnsemble, RoundInstrument, WorkflowDefinition
from workflows.seasons import vacancies

PACKAGES = Path(package.__file__).parent / "packages"
INSTRUMENTS = (
    ("violin", "Violin", "strings"), ("viola", "Viola", "strings"), ("cello", "Cello", "strings"),
    ("double-bass", "Double bass", "strings"), ("flute", "Flute", "woodwind"),
    ("oboe", "Oboe", "woodwind"), ("clarinet", "Clarinet", "woodwind"),
    ("bassoon", "Bassoon", "woodwind"), ("french-horn", "French horn", "brass"),
    ("trumpet", "Trumpet", "brass"), ("trombone", "Trombone", "brass"),
    ("percussion", "Percussion", "percussion"),
)  # fmt: skip
STRINGS, WIND = 4, 8
# Slug as the form's options say it, name, sections (from, to) of INSTRUMENTS, marks for an offer.
GROUPS = (
    ("county-orchestra", "County Youth Orchestra", (0, 12), 66),
    ("symphony", "Schools' Symphony Orchestra", (0, 12), 56),
    ("wind", "County Wind Band", (4, 12), 55),
    ("jazz", "County Jazz Band", (8, 12), 55),
    ("choir", "County Chamber Players", (0, 9), 50),
    ("area", "The orchestra of my area", (0, 12), 40),
)
SEATS = {"violin": 20, "viola": 8, "cello": 8, "double-bass": 5, "flute": 4, "clarinet": 5}
PANELLISTS, FEE, HALL = 18, 1000, "The season’s hearings"
SCHOOLS = ("Ashfield", "Brookside", "Castle Hill", "Dene Valley", "Elmwood", "Fernley")
DISTRICTS = ("Northmarch", "Southmarch", "Westmarch")


def prepare(size: int, *, slug: str = "demo-season") -> AuditionRound:
    """Everything that a season of `size` applications needs, made where it is not there yet."""
    area, _new = Area.objects.get_or_create(slug="season", defaults={"name": "Season area"})
    centre, _new = MusicCentre.objects.get_or_create(
        slug="season-hall",
        defaults={
            "name": "Season Hall", "area": area, "address": "1 Concert Row", "postcode": "SG4 9UJ",
        },
    )  # fmt: skip
    for number, name in enumerate(SCHOOLS):
        School.objects.get_or_create(
            urn=f"99000{number}",
            defaults={"name": f"{name} School", "district": DISTRICTS[number % 3]},
        )
    for name in ("ensemble-membership", "ensemble-audition"):
        package.load(PACKAGES / f"{name}.json", publish=True)
    instruments = [_instrument(*row) for row in INSTRUMENTS]
    now = timezone.now()
    made = AuditionRound(
        title=f"Demonstration season{slug.removeprefix('demo-season').replace('-', ' ')}"[:120],
        slug=slug,
        season="2026-27",
        opens_at=now - timedelta(minutes=5),  # the newest of the process: players enter this one
        closes_at=now + timedelta(days=1),
        judged_on=now.date(),
        min_age=8,
        max_age=25,
        modes="live, video",
        result_at=now + timedelta(days=7),
        accept_by=now + timedelta(days=17),
        trial_at=now + timedelta(days=30),
        trial_place="Season Hall",
        fee_pence=FEE,
    )
    made.full_clean()
    made.save()
    share = max(size / 750, 0.02)
    for number, (key, name, (first, last), mark) in enumerate(GROUPS):
        ensemble, _new = Ensemble.objects.get_or_create(
            slug=key,
            defaults={"name": f"{name} (season)", "level": "county", "centre": centre,
                      "summary": "An invented group."},
        )  # fmt: skip
        for instrument in instruments[first:last]:
            target = max(round(SEATS.get(instrument.slug, 4) * share), 1)
            EnsembleSection.objects.get_or_create(
                ensemble=ensemble,
                instrument=instrument,
                defaults={"target": target, "reserve_size": max(target // 2, 1)},
            )
        RoundEnsemble.objects.create(
            round=made, ensemble=ensemble, sort_order=number,
            offer_from=mark, reserve_from=mark, trial_from=mark - 8,
        )  # fmt: skip
    people = [panellist(number) for number in range(1, PANELLISTS + 1)]
    for number, instrument in enumerate(instruments):
        three = [people[(number * 3 + step) % PANELLISTS].username for step in range(3)]
        RoundInstrument.objects.create(
            round=made, instrument=instrument, sort_order=number,
            guide_grade=6, panel=", ".join(three),
        )  # fmt: skip
    vacancies.prepare(made)
    _hearing(centre, people)
    return made


def _hearing(centre: MusicCentre, people: list[User]) -> None:
    """A day of ten hours with a time for each ten minutes, two weeks from now, with its panel."""
    begins = timezone.now().replace(minute=0, second=0, microsecond=0) + timedelta(days=14)
    day = AppointmentSession(
        name=HALL,
        workflow=WorkflowDefinition.objects.get(slug="auditions"),
        purpose="audition",
        starts_at=begins,
        ends_at=begins + timedelta(hours=10),
        minutes=10,
        centre=centre,
        room="Hall",
    )
    slots.save(day, people)


def _instrument(slug: str, name: str, family: str) -> Instrument:
    return Instrument.objects.get_or_create(slug=slug, defaults={"name": name, "family": family})[0]


def panellist(number: int) -> User:
    """One of the panel, who holds that role alone and cannot sign in."""
    return _account(f"season-panel-{number}", "Panellist", f"Number {number}", "panellist")


def officer() -> User:
    """Who runs the season."""
    return _account("season-office", "Season", "Office", "ensembles_manager")


def _account(name: str, first: str, last: str, role: str) -> User:
    user, new = User.objects.get_or_create(
        username=name,
        defaults={"first_name": first, "last_name": last, "email": f"{name}@example.org"},
    )
    if new:
        user.set_unusable_password()
        user.save(update_fields=["password"])
        grant(user, role)
    return user
