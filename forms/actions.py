"""What a workflow's buttons do with the places of a booking.

A submission's places are the family's already (forms.submissions); confirming says so again and
finds out when it is not true, releasing gives them to others.
"""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from cms import places
from forms.models import Submission
from workflows.actions import Action, ActionProblemError, actions
from workflows.models import Case


def _holder(case: Case) -> str:
    if not isinstance(case.subject, Submission):
        raise ActionProblemError("This case is not about a booking, so it has no places.")
    return case.subject.holder


def _number(count: int) -> str:
    return ngettext("%(n)s place", "%(n)s places", count) % {"n": count}


@actions("confirm_place")
class ConfirmPlace(Action):
    """All places of the booking are the family's; all or none."""

    label = _("Confirm the places")

    def run(self, case: Case, options: dict) -> str:
        try:
            confirmed = places.confirm(_holder(case))
        except places.PlacesError as error:
            raise ActionProblemError(str(error)) from error
        return f"{_number(len(confirmed))} confirmed"


@actions("release_place")
class ReleasePlace(Action):
    """Gives every place of the booking back. `reason` is released (default) or cancelled."""

    label = _("Give the places back")
    optional = ("reason",)

    def check(self, options: dict) -> list[str]:
        problems = super().check(options)
        if options.get("reason", "released") not in ("released", "cancelled"):
            problems.append("“reason” must be released or cancelled.")
        return problems

    def run(self, case: Case, options: dict) -> str:
        released = places.release(_holder(case), options.get("reason", "released"))
        return (
            f"{_number(len(released))} given back"
            if released
            else "There was no place to give back"
        )
