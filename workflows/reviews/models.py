"""A case in review: one round for each time that it comes to be scored, one review for each person.

Personal data. A reviewer reaches own reviews through `Review.objects.for_user(user)`; officers
reach rounds through the cases that `Case.objects.for_user` gives them.
"""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class ReviewRound(models.Model):
    """One case being scored in one stage. `needed` is how many reviews are wanted.

    `moderated` is the percentage that a moderator put in place of the combined one, which stays.
    """

    case = models.ForeignKey("workflows.Case", models.CASCADE, related_name="review_rounds")
    stage_key = models.CharField(max_length=60)
    number = models.PositiveSmallIntegerField(default=1)
    part = models.CharField(
        max_length=60, blank=True, help_text=_("What of the case is scored, such as an instrument.")
    )
    needed = models.PositiveSmallIntegerField()
    once = models.CharField(max_length=60, unique=True, help_text=_("What began it, once."))
    started_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField(null=True, blank=True)
    moderated = models.DecimalField(max_digits=5, decimal_places=2, null=True, blank=True)
    moderated_reason = models.TextField(blank=True)
    moderated_by = models.CharField(max_length=160, blank=True)
    moderated_at = models.DateTimeField(null=True, blank=True)
    released_at = models.DateTimeField(
        null=True, blank=True, help_text=_("From then on the family reads what is for it.")
    )

    class Meta:
        ordering = ["pk"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["case", "stage_key", "number"], name="reviewround_once"
            ),
            models.CheckConstraint(
                condition=models.Q(moderated=None) | models.Q(moderated__range=(0, 100)),
                name="reviewround_moderated",
            ),
        ]

    def __str__(self):
        return f"Round {self.number} of case {self.case_id}"

    @property
    def part_name(self) -> str:
        """The part as people read it."""
        return self.part.replace("-", " ").capitalize()


class ReviewQuerySet(models.QuerySet):
    def for_user(self, user):
        """The user's own reviews, but those given up. Whether still a reviewer: see eligible."""
        if not user.is_active:
            return self.none()
        return self.filter(reviewer=user).exclude(state=Review.State.RECUSED)

    def open(self):
        return self.filter(state=Review.State.OPEN)

    def submitted(self):
        return self.filter(state=Review.State.SUBMITTED)


class Review(models.Model):
    """One person's sheet in one round. `rev` counts its savings; a submitted one is locked.

    `scores` is `{criterion: number}`, `comments` `{criterion: text}`. `for_panel` is read by the
    panel alone, `for_applicant` by the family once it is released with the decision.
    """

    class State(models.TextChoices):
        OPEN = "open", _("To do")
        SUBMITTED = "submitted", _("Submitted")
        RECUSED = "recused", _("Given up: conflict of interest")

    round = models.ForeignKey(ReviewRound, models.CASCADE, related_name="reviews")
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="reviews"
    )
    # A name besides, so that a review still says whose it was when the account is gone.
    reviewer_name = models.CharField(max_length=160)
    state = models.CharField(max_length=9, choices=State.choices, default=State.OPEN)
    scores = models.JSONField(default=dict)
    comments = models.JSONField(default=dict)
    recommendation = models.CharField(max_length=60, blank=True)
    for_panel = models.TextField(blank=True)
    for_applicant = models.TextField(blank=True)
    total = models.DecimalField(max_digits=5, decimal_places=2, null=True, blank=True)
    rev = models.PositiveIntegerField(default=0)
    asked_at = models.DateTimeField(default=timezone.now)
    saved_at = models.DateTimeField(null=True, blank=True)
    submitted_at = models.DateTimeField(null=True, blank=True)
    recused_because = models.CharField(max_length=300, blank=True)

    objects = ReviewQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["round", "reviewer"], name="review_once"),
            models.CheckConstraint(
                condition=~models.Q(state="submitted")
                | models.Q(total__isnull=False, submitted_at__isnull=False),
                name="review_submitted_whole",
            ),
        ]
        indexes = [models.Index(fields=["reviewer", "state"], name="review_inbox")]

    def __str__(self):
        return f"Review {self.pk} of round {self.round_id}"

    @property
    def is_open(self):
        return self.state == self.State.OPEN

    @property
    def is_submitted(self):
        return self.state == self.State.SUBMITTED
