"""Who signs in, and for which part of the county each of their roles holds."""

from django.contrib.auth.models import AbstractUser, Group
from django.db import models, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class User(AbstractUser):
    """A member of staff. Families never have one: they use mailed links."""

    password_alone = models.BooleanField(
        _("signs in by password alone"),
        default=False,
        editable=False,
        help_text=_("Only logins of a demo hub: everybody else takes a second step."),
    )

    def __str__(self):
        return self.get_full_name() or self.username

    def save(self, *args, **kwargs):
        """A new password or address is told to the person, at the old address too."""
        fields = kwargs.get("update_fields")
        watched = fields is None or not {"password", "email"}.isdisjoint(fields)
        before = self._secrets_before() if watched and self.pk else None
        if before is None:
            return super().save(*args, **kwargs)
        from cms.accounts import tell  # noqa: PLC0415 - mail needs the models

        with transaction.atomic():
            super().save(*args, **kwargs)
            if self.password != before["password"]:
                tell(self, _("your password was changed"))
            if self.email != before["email"]:
                tell(self, _("your e-mail address was changed"), also=before["email"])
        return None

    def _secrets_before(self) -> dict | None:
        return type(self).objects.filter(pk=self.pk).values("password", "email").first()


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
            if before != {"user": self.user_id, "role": self.role_id}:
                _tell(self, _("you were given the role"))
            if before and before != {"user": self.user_id, "role": self.role_id}:
                _drop_group(before["user"], before["role"])
        self.user._held = None  # see cms.access.held_by

    def delete(self, *args, **kwargs):
        with transaction.atomic():
            result = super().delete(*args, **kwargs)
            _tell(self, _("you no longer have the role"))
            _drop_group(self.user_id, self.role_id)
        self.user._held = None
        return result


def _tell(membership, what):
    from cms.accounts import tell  # noqa: PLC0415 - mail needs the models

    scope = membership.centre or membership.area or _("whole hub")
    tell(membership.user, f"{what} {membership.role} ({scope})")


def _drop_group(user_id, role_id):
    """Take the role's group away from the user, unless another scope still gives it."""
    if not Membership.objects.filter(user=user_id, role=role_id).exists():
        User.groups.through.objects.filter(user_id=user_id, group_id=role_id).delete()
