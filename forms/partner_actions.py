"""What a workflow's buttons do with the page of a partner: draft it, publish it, unlist it.

The rules are those of every desk (cms.partners): only public answers are copied, papers must be in
date, and a suspension is the safeguarding lead's alone, whatever roles a button names.
"""

from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from cms.models import Partner, User
from cms.partners import conditions, drafting, standing
from forms.models import Submission
from workflows.actions import Action, ActionProblemError, actions
from workflows.models import Case

PARTS = {
    "name": _("Which answer is the name"),
    "legal_name": _("Which answer is the legal name"),
    "kind": _("Which answer is the kind of organisation"),
    "summary": _("Which answer is the public description"),
    "website": _("Which answer is the website"),
}


class PartnerAction(Action):
    """For a case that is the application of an organisation."""

    @property
    def by(self) -> User | None:
        """Whoever pressed the button."""
        return User.objects.filter(pk=self.row.event.actor_id).first()

    @property
    def lead(self) -> User:
        """The same, where they may suspend. Raises ActionProblemError for anyone else."""
        by = self.by
        if by is None or not standing.may_suspend(by):
            raise ActionProblemError(
                "Only the safeguarding lead suspends a partner or lifts a suspension."
            )
        return by

    def partner(self, case: Case) -> Partner:
        """The one that this application made, or renews."""
        partner = drafting.partner_of(case.reference)
        if partner is None:
            raise ActionProblemError("No page was drafted for this case. Draft it first.")
        return partner


@actions("draft_partner")
class DraftPartner(PartnerAction):
    """Each setting is the key of a question; left out, that of the shipped form is taken."""

    label = _("Draft a partner's page")
    optional = tuple(f"{part}_question" for part in PARTS)

    @classmethod
    def fields(cls) -> list[tuple[str, blocks.Block]]:
        text = _("The key of a question. Left empty, as in the form “Apply to be a hub partner”.")
        return [
            (
                f"{part}_question",
                blocks.CharBlock(required=False, max_length=80, label=label, help_text=text),
            )
            for part, label in PARTS.items()
        ]

    def run(self, case: Case, options: dict) -> str:
        if not isinstance(case.subject, Submission):
            raise ActionProblemError("This case is not about a form, so it names no partner.")
        places = {part: options.get(f"{part}_question") for part in PARTS}
        named = {part: key for part, key in places.items() if key}
        usual = drafting.PUBLIC | drafting.LEGAL_NAME | named
        answers = case.subject.answers
        if not any(str(answers.get(usual[part]) or "").strip() for part in ("name", "legal_name")):
            raise ActionProblemError("The application gives no name. Ask for it, then try again.")
        before = Partner.objects.count()
        partner = drafting.draft_page_for(
            None, answers, reference=case.reference, taken_from=named, by=self.by
        )
        if Partner.objects.count() > before:
            return f"The page of “{partner}” is drafted. Nobody sees it before it is published"
        return f"“{partner}” is there already: its papers are up to date, its words as they were"


@actions("set_conditions")
class SetConditions(PartnerAction):
    """What was written when the button was pressed, a condition a line, each with its day."""

    label = _("Set the conditions that were written")
    optional = ("days",)

    @classmethod
    def fields(cls) -> list[tuple[str, blocks.Block]]:
        days = blocks.IntegerBlock(
            required=False,
            min_value=1,
            max_value=730,
            label=_("Days until they are due"),
            help_text=_("For lines that do not end in a day, such as “by 1 March 2027”."),
        )
        return [("days", days)]

    def check(self, options: dict) -> list[str]:
        days = options.get("days")
        fits = days is None or (isinstance(days, int) and 1 <= days <= 730)
        return [*super().check(options), *([] if fits else ["“days” is a number from 1 to 730."])]

    def run(self, case: Case, options: dict) -> str:
        found = conditions.read(
            self.row.event.comment, days=options.get("days") or conditions.USUAL_DAYS
        )
        if not found:
            raise ActionProblemError("Nothing was written, so there is no condition to set.")
        made = conditions.add(self.partner(case), found, reference=case.reference, by=self.by)
        return f"{len(made)} set, each with its day: the partner sees them in the passport"


@actions("lift_suspension")
class LiftSuspension(PartnerAction):
    """The partner is as it was before, where nothing has run out since."""

    label = _("Lift the partner's suspension")

    def run(self, case: Case, options: dict) -> str:
        partner = self.partner(case)
        standing.lift(partner, by=self.lead)
        return f"“{partner}” is not suspended any more"


@actions("publish_partner")
class PublishPartner(PartnerAction):
    """From now on the directory lists it, where nothing has run out."""

    label = _("Publish the partner's page")

    def run(self, case: Case, options: dict) -> str:
        try:
            partner = standing.publish(self.partner(case), by=self.by)
        except standing.NotInOrderError as problem:
            raise ActionProblemError(str(problem)) from problem
        return f"“{partner}” is in the directory"


@actions("unlist_partner")
class UnlistPartner(PartnerAction):
    """`how` is unlisted (default), until it is published again; suspended, until the safeguarding
    lead lifts it, with no reason kept or told; or left: the partnership ends.
    """

    label = _("Take the partner's page out of the directory")
    optional = ("how", "because")
    ways = {
        "unlisted": _("Not listed for now"),
        "suspended": _("Suspended: only for a button of the safeguarding lead"),
        "left": _("The partnership ends"),
    }

    @classmethod
    def fields(cls) -> list[tuple[str, blocks.Block]]:
        how = blocks.ChoiceBlock(choices=list(cls.ways.items()), default="unlisted", label=_("How"))
        because = blocks.CharBlock(
            required=False,
            max_length=200,
            label=_("Why"),
            help_text=_("For the partner's history, which the public never sees."),
        )
        return [("how", how), ("because", because)]

    def check(self, options: dict) -> list[str]:
        problems = super().check(options)
        if options.get("how", "unlisted") not in self.ways:
            problems.append("“how” must be unlisted, suspended or left.")
        return problems

    def run(self, case: Case, options: dict) -> str:
        partner, words = self.partner(case), options.get("because") or ""
        if options.get("how") == "left":
            standing.leave(partner, by=self.by, words=words)
            return f"“{partner}” has left the hub and its directory"
        if options.get("how") == "suspended":
            standing.suspend(partner, by=self.lead)
            return f"“{partner}” is suspended, and out of everything public"
        standing.unlist(partner, words or self.row.event.summary, by=self.by)
        return f"“{partner}” is not in the directory"
