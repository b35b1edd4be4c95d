"""Invented players and how well they play. Nothing of them is anybody's."""

import random
from dataclasses import dataclass
from datetime import date

from forms.models import FormVersion
from forms.standins import stand_in
from workflows.models import AuditionRound, Case

from .setting import GROUPS, INSTRUMENTS, SCHOOLS

FIRST = ("Wren", "Lark", "Tilda", "Oren", "Juno", "Kit", "Bryn", "Isla", "Otto", "Mira", "Zeb")
LAST = ("Ashdown", "Marsh", "Vale", "Field", "Brook", "Hale", "Thorne", "Quill", "Lowe", "Pike")
CANARY = "Zanzibarcanary"
EVERY_SECOND_INSTRUMENT, EVERY_ADULT, EVERY_OUTSIDE, EVERY_LIVE = 9, 23, 60, 12


@dataclass
class Player:
    """A case and how well its player plays each instrument, in per cent."""

    case: Case
    skill: dict[str, float]
    is_live: bool


def apply(made: AuditionRound, version: FormVersion, number: int, chance: random.Random) -> Player:
    """One application. Its names and addresses hold CANARY: no panellist may ever read it."""
    plays = [_instrument(chance)]
    if number % EVERY_SECOND_INSTRUMENT == 0:
        plays.append(chance.choice([row[0] for row in INSTRUMENTS if row[0] != plays[0]]))
    fits = [row[0] for row in GROUPS if _has(row, plays[0])]
    wishes = chance.sample(fits, k=min(len(fits), chance.choice((1, 2, 2, 3))))
    wishes.sort(key=lambda one: [row[0] for row in GROUPS].index(one) + chance.random() * 2)
    year = made.judged_on.year
    age = 19 if number % EVERY_ADULT == 0 else chance.randint(9, 17)
    if number % EVERY_OUTSIDE == 0:
        age = 7
    is_live = number % EVERY_LIVE == 0
    answers = {
        "who": "player" if age > 17 else "parent",
        "player_name": {"first": f"{FIRST[number % 11]}{number}", "last": CANARY},
        "date_of_birth": date(year - age, 1, 15).isoformat(),
        "school": {"choice": "school", "urn": f"99000{number % len(SCHOOLS)}"},
        "in_county": True,
        "member": number % 4 == 0,
        "playing": [
            {"instrument": one, "standard": "higher", "exam": chance.choice(["grade_5", "grade_7"]),
             "years": chance.randint(2, 9), "doubles": "", "owns": "own"}
            for one in plays
        ],
        "first_choice": _option(wishes[0]),
        "second_choice": _option(wishes[1]) if len(wishes) > 1 else "",
        "third_choice": _option(wishes[2]) if len(wishes) > 2 else "",
        "any_group": number % 3 == 0,
        "principal": number % 5 == 0,
        "mode": "live" if is_live else "video",
        "piece": "Sonata, first movement",
        "composer": "An invented composer",
        "free_meals": number % 6 == 0,
        "adjust": "",
        "film": "" if is_live else "link",
        "video": "" if is_live else "https://www.youtube.com/watch?v=example",
        "free": ["sat_am"],
        "teacher_name": f"Teacher {CANARY}",
        "teacher_email": f"teacher-{CANARY.lower()}@example.org",
        "contact_name": {"first": LAST[number % 10], "last": CANARY},
        "email": f"{CANARY.lower()}{number}@example.org",
        "phone": "+441632960001",
        "agree": True,
    }  # fmt: skip
    if age >= 16:
        answers["player_email"] = f"player-{CANARY.lower()}{number}@example.org"
    case = stand_in(version, answers, title=f"{FIRST[number % 11]}{number} {CANARY}")
    skill = {one: min(max(chance.gauss(62, 15), 5), 98) for one in plays}
    return Player(case, skill, is_live)


def _instrument(chance: random.Random) -> str:
    weights = [22, 8, 10, 4, 12, 4, 12, 3, 6, 9, 6, 4]
    return chance.choices([row[0] for row in INSTRUMENTS], weights)[0]


def _has(group: tuple, slug: str) -> bool:
    first, last = group[2]
    return slug in [row[0] for row in INSTRUMENTS[first:last]]


def _option(slug: str) -> str:
    return slug.replace("-", "_")
