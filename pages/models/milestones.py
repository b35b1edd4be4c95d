"""Milestones: a number of awards that is worth a celebration, and the day it was reached."""

from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, FieldRowPanel


class Milestone(models.Model):
    """So many awards of one kind. The communications leads are told once, when it is reached."""

    award = models.CharField(
        max_length=120,
        help_text=_("What the awards' names begin with: Music Medal. Capitals do not matter."),
    )
    number = models.PositiveIntegerField(validators=[MinValueValidator(1)])
    reached_on = models.DateField(null=True, blank=True, editable=False)

    panels = [
        FieldRowPanel(["award", "number"]),
        FieldPanel("reached_on", read_only=True),
    ]

    class Meta:
        ordering = ["award", "number"]
        verbose_name = _("milestone")
        constraints = [
            models.UniqueConstraint(fields=["award", "number"], name="milestone_once"),
        ]

    def __str__(self):
        return f"{self.number:,} x {self.award}"
