"""How often something happened on a day, and nothing about whom: pages.counts writes it."""

from django.db import models
from django.utils.translation import gettext_lazy as _

LONGEST = 120


class DailyCount(models.Model):
    """One number: `what` of this kind, on this day. No time, no order, no address, no visitor."""

    class Kind(models.TextChoices):
        PAGE = "page", _("Page read")
        REFERRER = "from", _("Site that visitors came from")
        SEARCH = "search", _("Words searched for")
        NOTHING = "nothing", _("Words that found nothing")
        STEP = "step", _("Step of a form shown")

    day = models.DateField()
    kind = models.CharField(max_length=8, choices=Kind.choices)
    what = models.CharField(max_length=LONGEST)
    number = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("daily count")
        default_permissions = ("view", "delete")
        constraints = [
            models.UniqueConstraint(fields=["kind", "day", "what"], name="daily_count_once"),
        ]

    def __str__(self):
        return f"{self.get_kind_display()}, {self.day:%d %B %Y}: {self.what}"
