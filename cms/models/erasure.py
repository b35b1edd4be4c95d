"""The ledger of erasures: who asked, who did it, what went; and, sealed, whom it was about.

Written by cms.erasing alone. The names are there to erase once more after an older backup was
restored, and go when no such backup is left.
"""

from django.db import models
from django.utils import timezone


class Erasure(models.Model):
    """One erasure. `result` is `{"gone": {store: number}, "kept": [{store, what, why}]}`."""

    reference = models.CharField(max_length=20, unique=True)
    at = models.DateTimeField(default=timezone.now)
    people = models.TextField(blank=True)
    reason = models.CharField(max_length=200)
    by_name = models.CharField(max_length=150)
    result = models.JSONField(default=dict)

    class Meta:
        ordering = ["-at"]
        default_permissions = ("view",)
        permissions = [
            ("erase_person", "Can erase everything about a person"),
            ("take_person", "Can take everything about a person as a file"),
        ]

    def __str__(self):
        return self.reference
