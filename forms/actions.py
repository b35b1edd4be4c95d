"""What a workflow's buttons do with the places of a booking.

A submission's places are the family's already (forms.submissions); confirming says so again and
finds out when it is not true, releasing gives them to others, holding keeps given-back ones again.
"""

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from wagtail import blocks

from cms import places
from cms.models import Place
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


@actions("hold_place")
class HoldPlace(Action):
    """Keeps the places of the booking that were given back, for `hours`, 1 to 336 (left out: 48).

    On the date where they were last; all or none. Until then they can be confirmed; afterwards they
    are free again by themselves. Places that are the family's stay so. Staff decide: it works also
    when families cannot book any more, until the course begins and as far as there is room.
    """

    label = _("Keep the places for a while")
    optional = ("hours",)
    hours = 48

    @classmethod
    def fields(cls) -> list[tuple[str, blocks.Block]]:
        text = _("From 1 to 336. Then they are free again, unless they were confirmed.")
        return [
            (
                "hours",
                blocks.IntegerBlock(
                    min_value=1, max_value=336, default=cls.hours, label=_("Hours"), help_text=text
                ),
            )
        ]

    def check(self, options: dict) -> list[str]:
        problems, hours = super().check(options), options.get("hours", self.hours)
        if not isinstance(hours, int) or isinstance(hours, bool) or not 1 <= hours <= 336:
            problems.append("“hours” must be a number from 1 to 336.")
        return problems

    def run(self, case: Case, options: dict) -> str:
        holder = _holder(case)
        rows = Place.objects.filter(holder=holder)
        last = rows.order_by("-changed_at", "-pk").first()
        if last is None:
            raise ActionProblemError("This booking has never had a place, so none can be kept.")
        children = set(rows.filter(course_date=last.course_date_id).values_list("child_number"))
        wanted = {last.course_date_id: {number for (number,) in children}}
        hours = options.get("hours", self.hours)
        try:
            kept = places.hold_all(wanted, holder=holder, minutes=hours * 60, by_staff=True)
        except places.PlacesError as error:
            raise ActionProblemError(str(error)) from error
        if all(place.is_settled for place in kept):
            return f"{_number(len(kept))} theirs already"
        until = min(place.expires_at for place in kept if place.expires_at)
        return f"{_number(len(kept))} kept until {timezone.localtime(until):%d %B %Y, %H:%M}"


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
