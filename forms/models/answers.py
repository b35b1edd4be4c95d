# ruff: noqa: ANN001, ANN201 - as in every module of models (pyproject.toml)
"""What staff need to work with many submissions: marks, columns they chose, files, and counts of
what was forgotten.

Answers are encrypted, so the database cannot look into them. A mark is a sealed word for one
choice of one question (forms.answers.marks): equal choices have equal marks, and nobody without
this installation's secret can tell which choice it is. Restricted answers have none.
"""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .definitions import FormDefinition
from .journeys import Submission, private_storage


class AnswerMark(models.Model):
    submission = models.ForeignKey(Submission, models.CASCADE, related_name="marks")
    mark = models.CharField(max_length=32)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["mark", "submission"], name="answermark_once"),
        ]

    def __str__(self):
        return f"Mark {self.pk}"


class AnswerColumns(models.Model):
    """Which questions one person wants to see in the list of one form, by id, in their order."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    form = models.ForeignKey(FormDefinition, models.CASCADE, related_name="+")
    columns = models.JSONField(default=list)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["user", "form"], name="answercolumns_once"),
        ]

    def __str__(self):
        return f"Columns {self.pk}"


def export_path(export, filename):
    return f"exports/{export.token}/{filename}"


class AnswerExport(models.Model):
    """One file of answers, made in the background for the person who asked, gone after a day.

    `chosen` holds keys and days, never words that somebody searched for.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    form = models.ForeignKey(FormDefinition, models.CASCADE, related_name="+")
    token = models.CharField(max_length=43, unique=True)
    kind = models.CharField(max_length=4)
    rows_of = models.CharField(max_length=80, blank=True)
    headings = models.CharField(max_length=5, default="words")
    chosen = models.JSONField(default=dict)
    reason = models.CharField(max_length=200)
    rows = models.PositiveIntegerField(default=0)
    file = models.FileField(upload_to=export_path, storage=private_storage, max_length=200)
    asked_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        default_permissions = ()
        verbose_name = _("export of answers")

    def __str__(self):
        return f"Export {self.pk}"


class ForgottenCount(models.Model):
    """How many submissions or journeys of one form were forgotten in one night, and how."""

    day = models.DateField()
    form = models.ForeignKey(FormDefinition, models.CASCADE, related_name="+")
    outcome = models.CharField(max_length=12)
    then = models.CharField(max_length=9)
    number = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-day", "form", "outcome", "then"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["day", "form", "outcome", "then"], name="forgottencount_once"
            ),
        ]

    def __str__(self):
        return f"{self.day}: {self.number} {self.then}"


class StepTally(models.Model):
    """Of journeys that were forgotten: how many came to a step, and how many went no further."""

    form = models.ForeignKey(FormDefinition, models.CASCADE, related_name="+")
    day = models.DateField(help_text=_("The day on which they began."))
    step = models.CharField(max_length=80)
    reached = models.PositiveIntegerField(default=0)
    left = models.PositiveIntegerField(default=0)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["form", "day", "step"], name="steptally_once"),
        ]

    def __str__(self):
        return f"{self.step}, {self.day}"
