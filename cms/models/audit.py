"""Who saw, took or changed which personal record: append-only, each row sealed over the last.

Written by cms.audit alone. A row names its record by type and key and never holds an answer.
The database itself refuses to change or delete a row (triggers, in a migration of their own).
"""

from django.db import models


class AccessLogEntry(models.Model):
    """One view, export, download or change. `seal` = SHA-256 over this row and the last seal."""

    at = models.DateTimeField(db_index=True)
    # A number and a name, no foreign key: deleting a user must not have to change this row.
    user_id = models.BigIntegerField(null=True, db_index=True)
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
        verbose_name = "access log entry"
        verbose_name_plural = "access log"

    def __str__(self):
        return f"{self.action} {self.record_type} {self.record_id}"
