"""Who signs in, and for which part of the county each of their roles holds."""

from django.contrib.auth.models import AbstractUser, Group
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class User(AbstractUser):
    """A member of staff. Families never have one: they use mailed links."""

    def __str__(self):
        return self.get_full_name() or self.username


class Membership(models.Model):
    """One role of one person, within one scope: the whole hub, an area, or a single centre."""

    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    role = models.ForeignKey(
        Group, models.PROTECT, related_name="memberships", verbose_name=_("role")
    )
    area = models.ForeignKey(
        "cms.Area",
        models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        help_text=_("Only this area. Leave area and centre empty for the whole hub."),
    )
    centre = models.ForeignKey(
        "cms.MusicCentre",
        models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        help_text=_("Only this centre."),
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "role", "area", "centre"], name="membership_once"
            ),
            models.CheckConstraint(
                condition=Q(area__isnull=True) | Q(centre__isnull=True),
                name="membership_area_or_centre",
            ),
        ]

    def __str__(self):
        return f"{self.user}: {self.role} ({self.centre or self.area or _('whole hub')})"
