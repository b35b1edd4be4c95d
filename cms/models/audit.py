"""Who saw, took or changed which personal record: append-only, each row sealed over the last.

Written by cms.audit alone. A row names its record by type and key and never holds an answer.
"""

from django.conf import settings
from django.db import models


class AccessLogEntry(models.Model):
    """One view, export, download or change. `seal` = SHA-256 over this row and the last seal."""

    at = models.DateTimeField(db_index=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", db_constraint=False
    )
    actor = models.CharField(max_length=150)
    action = models.CharField(max_length=40)
    record_type = models.CharField(max_length=60)
    record_id = models.CharField(max_length=64, blank=True)
    detail = models.JSONField(default=dict)
    seal = models.CharField(max_length=64, unique=True)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["record_type", "record_id"], name="accesslog_record")]
        default_permissions = ("view",)

    def __str__(self):
        return f"{self.action} {self.record_type} {self.record_id}"
