"""What came of trying each link of the site: one row an address, written by pages.linkcheck."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class LinkCheck(models.Model):
    """An address that pages link to. Rows of links that are gone go with the next check."""

    class State(models.TextChoices):
        GOOD = "good", _("Works")
        BROKEN = "broken", _("Broken")
        UNSURE = "unsure", _("Not certain")
        UNTRIED = "untried", _("Not tried")

    address = models.CharField(max_length=500, unique=True)
    is_outside = models.BooleanField(default=False)
    state = models.CharField(max_length=8, choices=State.choices, default=State.UNTRIED)
    problem = models.CharField(max_length=160, blank=True)
    pages = models.ManyToManyField("wagtailcore.Page", related_name="+")
    tried_at = models.DateTimeField(null=True, blank=True)
    seen_in = models.BigIntegerField(default=0, help_text=_("The check that last saw it."))

    class Meta:
        ordering = ["address"]
        verbose_name = _("link")

    def __str__(self):
        return self.address
