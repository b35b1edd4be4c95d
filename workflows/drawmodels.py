"""A fair draw for one course date: a seed that is promised before and shown after."""

from django.db import models
from django.db.models import Q

from .offermodels import Pool


class Draw(models.Model):
    """`commitment` is public from the start, the seed only once the order is drawn.

    `order` is what was drawn: `[{"reference", "children", "offered"}]`, without names.
    """

    pool = models.OneToOneField(Pool, models.PROTECT, related_name="draw")
    commitment = models.CharField(max_length=64)
    seed = models.CharField(max_length=64)
    made_at = models.DateTimeField(auto_now_add=True)
    drawn_at = models.DateTimeField(null=True, blank=True)
    told_at = models.DateTimeField(null=True, blank=True)
    order = models.JSONField(default=list)

    class Meta:
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                condition=Q(told_at__isnull=True) | Q(drawn_at__isnull=False),
                name="draw_told_after_drawn",
            ),
        ]

    def __str__(self):
        return f"Draw {self.pk}"
