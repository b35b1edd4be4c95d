"""What a workflow's buttons do in the stock of instruments: one is handed over, and comes back.

Which one stands in the comment, by its asset number. A child who is in the roster becomes its
borrower; for a school or a family that is not, the day it is due back says that it is out.
"""

import re
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from cms import audit, enrolling
from cms.models import LoanInstrument, Pupil, User
from forms.children import children_of
from forms.models import Submission
from workflows.actions import Action, ActionProblemError, actions
from workflows.models import ActionRun, Case

DAYS = 330
LENT = "Lent: "
NOT_FIT = (LoanInstrument.Condition.REPAIR, LoanInstrument.Condition.RETIRED)


def in_words(comment: str) -> LoanInstrument:
    """The one instrument whose asset number stands in a comment. Raises ActionProblemError."""
    words = {word.strip(".,;:()") for word in re.split(r"\s+", comment) if word}
    found = list(LoanInstrument.objects.select_for_update(of=("self",)).filter(
        asset_number__in=words))  # fmt: skip
    if len(found) != 1:
        raise ActionProblemError(
            "Write the asset number of the instrument in the comment, one alone, and try again."
        )
    return found[0]


class LoanAction(Action):
    @property
    def by(self) -> User | None:
        return User.objects.filter(pk=self.row.event.actor_id).first()


@actions("lend_instrument")
class LendInstrument(LoanAction):
    """`days` until it is due back; the asset number stands in the comment of the button."""

    label = _("Lend the instrument that the comment names")
    optional = ("days",)

    @classmethod
    def fields(cls) -> list[tuple[str, blocks.Block]]:
        days = blocks.IntegerBlock(
            required=False, min_value=1, max_value=1100, label=_("Days until it is due back")
        )
        return [("days", days)]

    def check(self, options: dict) -> list[str]:
        days = options.get("days")
        fits = days is None or (isinstance(days, int) and 1 <= days <= 1100)
        return [*super().check(options), *([] if fits else ["“days” is a number from 1 to 1100."])]

    def run(self, case: Case, options: dict) -> str:
        instrument = in_words(self.row.event.comment)
        if instrument.lent_on or instrument.borrower_id:
            raise ActionProblemError("That instrument is out already. Choose another one.")
        if instrument.condition in NOT_FIT:
            raise ActionProblemError("That instrument is not fit to be lent. Choose another one.")
        today = timezone.localdate()
        instrument.borrower = self.borrower(case)
        instrument.lent_on = today
        instrument.due_back = today + timedelta(days=options.get("days") or DAYS)
        instrument.save()
        audit.record(self.by, "change", instrument, {"lent": case.reference})
        day = date_format(instrument.due_back, "j F Y")
        return f"{LENT}{instrument.asset_number}, due back on {day}"

    def borrower(self, case: Case) -> Pupil | None:
        """The child of the case, when the roster has exactly one."""
        found = children_of(case.subject) if isinstance(case.subject, Submission) else []
        try:
            known = [enrolling.pupil_named(one.first, one.last, one.born) for one in found]
        except enrolling.WhichPupilError:
            return None
        return known[0] if len(known) == 1 else None


@actions("take_back_instrument")
class TakeBackInstrument(LoanAction):
    """The one that this case lent, or that the comment names."""

    label = _("Take the instrument back into the stock")

    def run(self, case: Case, options: dict) -> str:
        instrument = self.lent(case) or in_words(self.row.event.comment)
        instrument.borrower = instrument.lent_on = instrument.due_back = None
        instrument.save()
        audit.record(self.by, "change", instrument, {"returned": case.reference})
        return f"{instrument.asset_number} is back in the stock"

    def lent(self, case: Case) -> LoanInstrument | None:
        runs = ActionRun.objects.filter(Q(result__startswith=LENT), event__case=case)
        last = runs.order_by("-pk").first()
        if last is None:
            return None
        number = last.result.removeprefix(LENT).partition(", due back")[0]
        return LoanInstrument.objects.select_for_update(of=("self",)).filter(
            asset_number=number
        ).first()  # fmt: skip
