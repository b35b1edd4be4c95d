"""Decisions that nobody hears of until their release, and the releases that carry them out."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Release(models.Model):
    """One moment at which the decisions of a stage are carried out: letters and all.

    `buttons` says which button of the stage each outcome presses. `group` narrows it to decisions
    of that group, such as a section; empty is all of them.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("Being prepared")
        PLANNED = "planned", _("Planned")
        RUNNING = "running", _("Being carried out")
        DONE = "done", _("Done")

    title = models.CharField(max_length=120)
    workflow = models.SlugField()
    stage_key = models.CharField(max_length=60)
    group = models.CharField(max_length=60, blank=True)
    buttons = models.JSONField(default=dict)
    needs_feedback = models.BooleanField(default=False)
    state = models.CharField(max_length=7, choices=State.choices, default=State.DRAFT)
    at = models.DateTimeField(null=True, blank=True)
    attempt = models.PositiveSmallIntegerField(default=0)
    made_at = models.DateTimeField(default=timezone.now)
    actor_name = models.CharField(max_length=160)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        default_permissions = ()
        permissions = [("decide_case", "Can enter decisions and release them")]

    def __str__(self):
        return self.title

    @property
    def job_key(self) -> str:
        return f"release-{self.pk}-{self.attempt}"


class Decision(models.Model):
    """What was decided of one case. Pending until a release carries it out, once.

    Nothing but the desk of decisions reads it before: no case page, letter, export or feed.
    """

    class Outcome(models.TextChoices):
        ACCEPT = "accept", _("Offer a place")
        ANOTHER = "another", _("Offer a place elsewhere")
        RESERVE = "reserve", _("Reserve")
        TRIAL = "trial", _("Trial")
        NO = "no", _("Not this time")
        OTHER = "other", _("Something else")

    case = models.OneToOneField("workflows.Case", models.CASCADE, related_name="decision")
    outcome = models.CharField(max_length=7, choices=Outcome.choices)
    group = models.CharField(max_length=60, blank=True)
    rank = models.PositiveSmallIntegerField(null=True, blank=True)
    feedback = models.TextField(blank=True, help_text=_("For the family, with its letter."))
    release = models.ForeignKey(
        Release, models.SET_NULL, null=True, blank=True, related_name="decisions"
    )
    turn = models.PositiveIntegerField(default=0)
    released_at = models.DateTimeField(null=True, blank=True)
    problem = models.CharField(max_length=300, blank=True)
    decided_at = models.DateTimeField(default=timezone.now)
    actor_name = models.CharField(max_length=160)

    class Meta:
        ordering = ["pk"]
        default_permissions = ()

    def __str__(self):
        return f"Decision {self.pk}"

    @property
    def is_pending(self) -> bool:
        return self.released_at is None
