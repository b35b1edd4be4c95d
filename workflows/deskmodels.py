"""What the desks remember for each officer: views they saved, cases they saw, batches they ran."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class SavedView(models.Model):
    """A filter of the inbox that an officer gave a name; `query` is what stands in the address."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=600)

    class Meta:
        ordering = ["name"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["user", "name"], name="savedview_once"),
        ]

    def __str__(self):
        return self.name


class CaseSeen(models.Model):
    """When an officer last looked at a case, how far its history went, whether they still do."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    case = models.ForeignKey("workflows.Case", models.CASCADE, related_name="seen")
    event_id = models.BigIntegerField(default=0)
    seen_at = models.DateTimeField(default=timezone.now)
    here_at = models.DateTimeField(default=timezone.now)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["user", "case"], name="caseseen_once"),
        ]

    def __str__(self):
        return f"Case {self.case_id} seen by {self.user_id}"


class BatchRun(models.Model):
    """One button pressed on many cases in the background.

    `stages` is `{key of a case: the stage it was shown in}`; `done` are references, `refused` is
    `[[reference, why]]`.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    button_key = models.CharField(max_length=60)
    label = models.CharField(max_length=60)
    comment = models.TextField(blank=True)
    stages = models.JSONField()
    done = models.JSONField(default=list)
    refused = models.JSONField(default=list)
    made_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]
        default_permissions = ()
        verbose_name = _("batch")

    def __str__(self):
        return f"Batch {self.pk}"


class MoveRun(models.Model):
    """Running cases of older versions moved to a newer one of the same process; see moving.py.

    `mapping` is `{version: {stage: stage of the new version}}`.
    """

    version = models.ForeignKey("workflows.WorkflowVersion", models.PROTECT, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    mapping = models.JSONField()
    moved = models.PositiveIntegerField(default=0)
    refused = models.JSONField(default=list)
    made_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]
        default_permissions = ()

    def __str__(self):
        return f"Move {self.pk}"


class Rehearsal(models.Model):
    """One rehearsal of a process: which sample family, when it begins, and what is done, in steps.

    Played anew at each look (workflows.rehearsal). With a name it is kept and held against
    `expected`, `[[step, day, key, words]]`, before each publishing; without one it is forgotten
    after a week. It holds nothing of any real family.
    """

    definition = models.ForeignKey(
        "workflows.WorkflowDefinition", models.CASCADE, related_name="rehearsals"
    )
    name = models.CharField(max_length=90, blank=True)
    family = models.CharField(max_length=160)
    begins_at = models.DateTimeField(default=timezone.now)
    steps = models.JSONField(default=list)
    expected = models.JSONField(default=list)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["name", "pk"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["definition", "name"],
                condition=~models.Q(name=""),
                name="rehearsal_name_once",
            ),
        ]

    def __str__(self):
        return self.name or f"Rehearsal {self.pk}"
