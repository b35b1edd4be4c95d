"""What a button can set off for reviews: begin one, or let the family read what is for it."""

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from cms.models import User
from workflows.actions import Action, ActionProblemError, actions
from workflows.models import Case

from .models import ReviewRound
from .rounds import ReviewProblemError, start


@actions("start_review")
class StartReview(Action):
    """`assign` is "evenly" (the least busy first) or "hand"; `reviewers` are user names to ask."""

    label = _("Start a review")
    optional = ("assign", "reviewers")
    ways = ("evenly", "hand")

    @classmethod
    def fields(cls) -> list[tuple[str, blocks.Block]]:
        choices = [
            ("evenly", _("Evenly among those who may")),
            ("hand", _("By hand, on the panel’s page")),
        ]
        return [
            ("assign", blocks.ChoiceBlock(choices=choices, default="evenly", label=_("Who"))),
            (
                "reviewers",
                blocks.CharBlock(
                    required=False,
                    max_length=400,
                    label=_("Always these"),
                    help_text=_("User names, separated by commas. They are asked first."),
                ),
            ),
        ]

    def check(self, options: dict) -> list[str]:
        problems = super().check(options)
        if options.get("assign", "evenly") not in self.ways:
            problems.append(f"“assign” must be one of {', '.join(self.ways)}.")
        return problems

    def check_target(self, options: dict, target: dict) -> list[str]:
        if target.get("review"):
            return []
        return ["The stage that comes next has no scoring sheet, so nobody could score there."]

    def run(self, case: Case, options: dict) -> str:
        names = [name.strip() for name in options.get("reviewers", "").split(",") if name.strip()]
        users = {
            user.username: user for user in User.objects.filter(username__in=names, is_active=True)
        }
        gone = [name for name in names if name not in users]
        if gone:
            raise ActionProblemError(
                f"There is no active account called {', '.join(gone)}. Change the button."
            )
        try:
            made = start(
                case,
                once=self.once,
                stage_key=self.row.event.to_stage,
                reviewers=[users[name] for name in names],
                evenly=options.get("assign", "evenly") == "evenly",
            )
        except ReviewProblemError as problem:
            raise ActionProblemError(str(problem)) from problem
        asked = made.reviews.count()
        return f"{asked} of {made.needed} reviewers asked"


@actions("release_feedback")
class ReleaseFeedback(Action):
    """From now on the family reads, in its folder and by {{ feedback }}, what is meant for it."""

    label = _("Release the reviewers’ words to the family")

    def run(self, case: Case, options: dict) -> str:
        latest = ReviewRound.objects.filter(case=case).last()
        if latest is None:
            return "There was no review, so there is nothing to release"
        ReviewRound.objects.filter(pk=latest.pk, released_at=None).update(
            released_at=timezone.now()
        )
        return "The family can read what the reviewers wrote for it"
