# ruff: noqa: ANN001, ANN201 - as in every module of models (pyproject.toml)
"""A family's wish to have its details deleted: the subject of a case that the office works on."""

from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from forms.secrecy import EncryptedJSONField


class DeletionRequest(models.Model):
    """What was asked, and what stood in the folder then. `holds` are sentences the family read."""

    reference = models.CharField(max_length=24, unique=True)
    seal = models.CharField(max_length=64, db_index=True)
    references = models.JSONField(default=list)
    holds = models.JSONField(default=list)
    words = EncryptedJSONField(default=str)
    asked_at = models.DateTimeField(default=timezone.now)

    class Meta:
        default_permissions = ()

    def __str__(self):
        return self.reference

    def case_sections(self):
        rows = [
            {"question": _("Applications and bookings"), "lines": self.references},
            {"question": _("What the family was told may have to stay"), "lines": self.holds},
            {"question": _("In their words"), "lines": [self.words] if self.words else []},
        ]
        return [{"title": _("What is to be deleted"), "group": "", "rows": rows}]

    def case_links(self, case, user):
        """What the officer who works on the wish can do about it, besides its buttons."""
        if not case.is_open or not user.has_perm("hub_forms.forget_submission"):
            return []
        return [{"label": _("Delete now"), "url": reverse("answers:deletion", args=[case.pk])}]
