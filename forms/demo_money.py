"""Money on the demo hub: rules for help with costs, a fund, and a course form that uses them.

The packaged form works on a hub that takes no money online. The demo's own copy asks for the reason
for help by the hub's rules, sends a bill with the confirmation, and gives back by the ladder when
a booking is cancelled. Twice is once. Once its bookings are there it asks for the money at once.
"""

import copy
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from cms.models import AcademicYear, RemissionRule
from cms.money import fund as funds
from cms.school_year import academic_year
from forms import package

FORM = "songwriter-booking"
BUDGET = 250_000  # pence
RULES = (
    ("in-care", "A child is in care, or was adopted from care", "", 100, False),
    (
        "free-meals",
        "A child gets free school meals",
        "The letter of award",
        100,
        True,
    ),
    ("pupil-premium", "A child gets pupil premium, but not free school meals", "", 50, True),
    ("service", "A parent serves in the armed forces", "", 50, True),
    ("no-funds", "We have no recourse to public funds", "", 100, True),
    ("other", "Money is tight for another reason", "A few words are enough", 50, True),
)
HOW = {
    "key": "help_how",
    "type": "radios",
    "label": "How would you like to show it?",
    "options": [
        {"key": "now", "label": "Send a letter or screenshot now"},
        {"key": "later", "label": "Send it later"},
        {"key": "school", "label": "Ask the school to confirm it"},
    ],
    "settings": {
        "restricted": "evidence",
        "keep_days": 60,
        "personal": True,
        "reason": "To work out what you pay.",
    },
}


def load(today: date) -> int:
    """Add the rules and this school year's fund where there are none; how many rules."""
    if RemissionRule.objects.exists():
        return 0
    start = academic_year(today)
    for position, (basis, label, evidence, percent, needed) in enumerate(RULES):
        RemissionRule.objects.create(
            basis=basis,
            label=label,
            evidence=evidence,
            percent=percent,
            evidence_needed=needed,
            position=position,
            valid_from=date(start, 9, 1),
            valid_until=date(start + 2, 8, 31),
        )
    for year in (start, start + 1):
        fund = funds.open_fund(AcademicYear.objects.get_or_create(start_year=year)[0])
        if not fund.moves.exists():
            funds.top_up(fund, BUDGET, by=None)
    return len(RULES)


def pay_at_once() -> None:
    """From now on the course is paid by card while its places are held: a new version of its form.

    Called when the demo's bookings are there: theirs were paid by a bill.
    """
    path = Path(package.__file__).parent / "packages" / f"{FORM}.json"
    made = with_money(package.read(path))
    made["form"]["settings"]["payment"] = {"when": "now", "minutes": 30}
    package.load(made, publish=True)


def with_money(packaged: Mapping) -> dict:
    """The packaged form of the course, paid by a bill and with help by the hub's own rules."""
    made = copy.deepcopy(dict(packaged))
    form = made["form"]
    form["settings"] = {**(form.get("settings") or {}), "payment": {"when": "later"}}
    form["pricing"]["remission"] = {
        "label": "Help with costs",
        "question": "help_basis",
        "how": "help_how",
    }
    step = next(step for step in form["steps"] if step["key"] == "help_details")
    reason, evidence = step["questions"]
    reason["type"] = "remission"
    reason.pop("options")
    step["questions"] = [reason, copy.deepcopy(HOW), evidence]
    for stage in made["workflow"]["stages"]:
        for button in stage["buttons"]:
            if button["key"] == "cancel":
                button["actions"].insert(1, {"type": "refund_by_ladder"})
    for sample in made.get("samples") or []:
        if basis := sample["answers"].get("help_basis"):
            sample["answers"]["help_basis"] = basis.replace("_", "-")
    return made
