# ruff: noqa: ANN201 - as in every module of models (pyproject.toml)
"""References that we asked third persons for, and what they wrote, given in confidence.

Reached through a case by staff, and by the mailed link by whom it was sent to. The family that
named the referee never reads it: it is in no download and on no page of the folder.
"""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from forms.secrecy import EncryptedJSONField


class ReferenceRequest(models.Model):
    """One person who was asked for a reference of one case.

    Of the link a hash is stored to find it by, and an encrypted copy for the reminders, both gone
    once it has ended. `questions` are lines of text, `answers` one text for each of them.
    """

    class State(models.TextChoices):
        ASKED = "asked", _("Waiting for the reference")
        GIVEN = "given", _("Given")
        DECLINED = "declined", _("Would rather not")
        OVER = "over", _("Time is over")
        WITHDRAWN = "withdrawn", _("Not needed any more")

    case = models.ForeignKey("workflows.Case", models.CASCADE, related_name="+")
    once = models.CharField(max_length=80, unique=True)
    name = EncryptedJSONField(default=str)
    address = EncryptedJSONField(default=str)
    about = EncryptedJSONField(default=str)
    questions = models.JSONField(default=list)
    answers = EncryptedJSONField(default=list)
    token = EncryptedJSONField(default=str)
    token_hash = models.CharField(max_length=64, db_index=True)
    button = models.CharField(max_length=60, blank=True)
    state = models.CharField(max_length=9, choices=State.choices, default=State.ASKED)
    asked_at = models.DateTimeField(default=timezone.now)
    ends_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    letters = models.PositiveSmallIntegerField(default=0)
    reminders = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["pk"]
        default_permissions = ()
        indexes = [
            models.Index(fields=["ends_at"], name="reference_open", condition=Q(state="asked")),
        ]

    def __str__(self):
        return f"Reference {self.pk}"

    def is_open(self):
        """Whether it can still be given, to the second, whoever has marked it or not."""
        return self.state == self.State.ASKED and self.ends_at > timezone.now()
