"""Who signs in, and for which part of the county each of their roles holds."""

from django.contrib.auth.models import AbstractUser, Group
from django.db import models, transaction
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
                fields=["user", "role"],
                condition=Q(area__isnull=True, centre__isnull=True),
                name="membership_once_whole_hub",
            ),
            models.UniqueConstraint(
                fields=["user", "role", "area"],
                condition=Q(area__isnull=False),
                name="membership_once_area",
            ),
            models.UniqueConstraint(
                fields=["user", "role", "centre"],
                condition=Q(centre__isnull=False),
                name="membership_once_centre",
            ),
            models.CheckConstraint(
                condition=Q(area__isnull=True) | Q(centre__isnull=True),
                name="membership_area_or_centre",
            ),
        ]

    def __str__(self):
        return f"{self.user}: {self.role} ({self.centre or self.area or _('whole hub')})"

    def save(self, *args, **kwargs):
        """The person's groups are those of their memberships: this is where the two meet."""
        with transaction.atomic():
            before = type(self).objects.filter(pk=self.pk).values("user", "role").first()
            super().save(*args, **kwargs)
            self.user.groups.add(self.role)
            if before and before != {"user": self.user_id, "role": self.role_id}:
                _drop_group(before["user"], before["role"])

    def delete(self, *args, **kwargs):
        with transaction.atomic():
            result = super().delete(*args, **kwargs)
            _drop_group(self.user_id, self.role_id)
        return result


def _drop_group(user_id, role_id):
    """Take the role's group away from the user, unless another scope still gives it."""
    if not Membership.objects.filter(user=user_id, role=role_id).exists():
        User.groups.through.objects.filter(user_id=user_id, group_id=role_id).delete()
