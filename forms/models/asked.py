# ruff: noqa: ANN201 - as in every module of models (pyproject.toml)
"""What the office asked a family for after it applied, and what its answers were before.

A request re-opens chosen questions of the submission's own version, or asks for another form.
Personal data: reached through a case, or by the family itself.
"""

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from forms.secrecy import EncryptedJSONField

from .definitions import FormDefinition
from .journeys import Journey, Submission


class MoreRequestQuerySet(models.QuerySet):
    def open(self):
        """Not answered, and the case has not been moved by a button since it was asked."""
        return self.filter(answered_at=None, case__stage_since__lte=F("asked_at"))


class MoreRequest(models.Model):
    """One time that the office asked for more.

    `questions` are names of pages and questions (forms.asking_more); empty when a form is asked
    for. `answers` is the family's draft, `{page: {question: value}}`, emptied once it is sent.
    """

    case = models.ForeignKey("workflows.Case", models.CASCADE, related_name="+")
    submission = models.ForeignKey(
        Submission, models.CASCADE, null=True, blank=True, related_name="requests"
    )
    once = models.CharField(max_length=60, unique=True)
    stage_key = models.CharField(max_length=60)
    questions = models.JSONField(default=list)
    form = models.ForeignKey(
        FormDefinition, models.PROTECT, null=True, blank=True, related_name="+"
    )
    journey = models.OneToOneField(
        Journey, models.SET_NULL, null=True, blank=True, related_name="asked_by"
    )
    words = EncryptedJSONField(default=str)
    answers = EncryptedJSONField(default=dict)
    asked_at = models.DateTimeField(default=timezone.now)
    answer_by = models.DateField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    reminders = models.PositiveSmallIntegerField(default=0)

    objects = MoreRequestQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        default_permissions = ()
        indexes = [
            models.Index(
                fields=["answer_by"], name="more_open", condition=Q(answered_at__isnull=True)
            ),
        ]

    def __str__(self):
        return f"Request {self.pk}"

    @property
    def is_own(self):
        """Whether the family began it by itself, to answer anew, and the office asked nothing."""
        return self.once.startswith("own-")


class AnswerChange(models.Model):
    """What a submission said before a family answered again. Never changed, only erased."""

    submission = models.ForeignKey(Submission, models.CASCADE, related_name="changes")
    request = models.ForeignKey(MoreRequest, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    answers = EncryptedJSONField(default=dict)
    labels = EncryptedJSONField(default=list)

    class Meta:
        ordering = ["pk"]
        default_permissions = ()

    def __str__(self):
        return f"Change {self.pk}"
