"""What makes a record one that rosters write: where its values came from, and who decides them."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class RosterRecord(models.Model):
    """What every row that a roster can write carries besides its own columns."""

    source_hash = models.CharField(
        max_length=32,
        blank=True,
        editable=False,
        help_text=_("Fingerprint of the roster line last seen; blank once a person has saved."),
    )
    locked_fields = models.JSONField(
        default=list,
        blank=True,
        editable=False,
        help_text=_("Names of the columns that no roster may change here."),
    )
    edited_fields = models.JSONField(
        default=dict,
        blank=True,
        editable=False,
        help_text=_("Columns that a person edited here, with the day: a roster keeps them."),
    )
    left_at = models.DateTimeField(null=True, blank=True, editable=False, db_index=True)

    class Meta:
        abstract = True

    def save(self, **kwargs):
        self.source_hash = ""
        if kwargs.get("update_fields") is not None:
            kwargs["update_fields"] = {*kwargs["update_fields"], "source_hash"}
        super().save(**kwargs)
