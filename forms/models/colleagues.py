# ruff: noqa: ANN201 - as in every module of models (pyproject.toml)
"""Colleagues who were asked to do one section of a long form that somebody else has begun."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from forms.secrecy import EncryptedJSONField

from .journeys import Journey


class SectionInvite(models.Model):
    """One person's link to one step of one journey. Of the link only a hash is stored."""

    journey = models.ForeignKey(Journey, models.CASCADE, related_name="invites")
    step = models.CharField(max_length=80)
    name = EncryptedJSONField(default=str)
    address = EncryptedJSONField(default=str)
    seal = models.CharField(max_length=64, db_index=True)
    token_hash = models.CharField(max_length=64, unique=True)
    asked_at = models.DateTimeField(default=timezone.now)
    ends_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    saved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["pk"]
        default_permissions = ()
        verbose_name_plural = _("links to one section of a form")

    def __str__(self):
        return f"Invitation {self.pk}"  # logs print this: never a name

    def is_open(self):
        return self.revoked_at is None and self.ends_at > timezone.now()
