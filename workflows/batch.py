"""One button for many cases: first what would happen to each, then case by case, each on its own.

A batch is no transaction: every case is a press like any other, with its own lock, event and
actions, and one that is refused does not hold up the rest. What was refused is told, with why.
"""

from dataclasses import dataclass, field

from cms.models import User

from . import casepage
from .engine import TransitionNotAllowedError, available_buttons, perform
from .models import Case
from .plan import Button

MOST = 200


@dataclass
class Choice:
    """A button that at least one of the chosen cases has, and those that have it."""

    button: Button
    effects: str
    cases: list[Case] = field(default_factory=list)


@dataclass
class Outcome:
    """What a batch came to: references moved, and those refused with the reason for each."""

    done: list[str] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)


def chosen(user: User, keys: list[str]) -> list[Case]:
    """The chosen cases that this user may see, at most MOST, oldest first."""
    wanted = [int(key) for key in keys[:MOST] if key.isdigit() and len(key) < 18]
    cases = Case.objects.for_user(user).filter(pk__in=wanted).order_by("pk")
    return list(
        cases.select_related("version", "centre__area", "area")
        .defer("version__data")
        .prefetch_related("subject")
    )


def preview(user: User, cases: list[Case]) -> list[Choice]:
    """Every button that could be pressed, for which of the cases, and what it would do."""
    found: dict[tuple[str, str, str], Choice] = {}
    memberships = list(user.memberships.values_list("role__name", "area_id", "centre_id"))
    for case in cases:
        for button in available_buttons(case, user, memberships=memberships):
            effects = casepage.effects(button, case.version.plan.by_key)
            key = (button.key, button.label, effects)
            found.setdefault(key, Choice(button, effects)).cases.append(case)
    return list(found.values())


def carry_out(user: User, stages: dict[int, str], button_key: str, comment: str) -> Outcome:
    """Press the button on each case, by key, as long as it still stands in the stage given."""
    outcome = Outcome()
    for case in chosen(user, [str(key) for key in stages]):
        try:
            perform(case.pk, button_key, by=user, comment=comment, expected_stage=stages[case.pk])
        except TransitionNotAllowedError as problem:
            outcome.refused.append((case.reference, str(problem)))
        except Case.DoesNotExist:
            outcome.refused.append((case.reference, "It is out of your reach now."))
        else:
            outcome.done.append(case.reference)
    return outcome
