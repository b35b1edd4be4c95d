"""Notices: a banner on the whole site or a part of it, for as long as it is true."""

from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldRowPanel, MultiFieldPanel, PageChooserPanel

from pages.audiences import ADDRESSED, STAFF


def in_a_week() -> datetime:
    return timezone.now() + timedelta(days=7)


class Notice(models.Model):
    """What visitors must know now. It always has an end, so that nobody has to take it down."""

    class Level(models.TextChoices):
        URGENT = "urgent", _("Urgent: something is closed or unsafe")
        IMPORTANT = "important", _("Important: a date or a change")
        CALM = "calm", _("Good to know")

    level = models.CharField(max_length=10, choices=Level.choices, default=Level.IMPORTANT)
    title = models.CharField(max_length=90)
    text = models.CharField(max_length=250, blank=True)
    link = models.ForeignKey(
        "wagtailcore.Page", models.SET_NULL, null=True, blank=True, related_name="+"
    )
    below = models.ForeignKey(
        "wagtailcore.Page",
        models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("only on"),
        help_text=_("This page and those below it. Left empty, the whole site."),
    )
    audience = models.CharField(
        _("only for"),
        max_length=12,
        choices=ADDRESSED,
        blank=True,
        default="",
        db_default="",
        help_text=_(
            "The pages below the audience page of that name, and those that are for it anyway: "
            "courses, groups and centres for families, the partner directory for partners. "
            "Left empty, everybody."
        ),
    )
    starts_at = models.DateTimeField(default=timezone.now)
    ends_at = models.DateTimeField(default=in_a_week)

    panels = [
        "level",
        "title",
        "text",
        PageChooserPanel("link"),
        MultiFieldPanel(
            [FieldRowPanel(["starts_at", "ends_at"]), "audience", PageChooserPanel("below")],
            heading=_("When, to whom and where it is shown"),
        ),
    ]

    class Meta:
        ordering = ["-starts_at"]
        verbose_name = _("notice")
        constraints = [
            models.CheckConstraint(condition=Q(starts_at__lt=F("ends_at")), name="notice_in_order"),
        ]

    def __str__(self):
        return self.title

    def clean(self) -> None:
        if self.starts_at and self.ends_at and self.starts_at >= self.ends_at:
            raise ValidationError({"ends_at": _("It ends before it begins.")})
        if self.audience == STAFF and self.below_id:
            said = _("Staff find it on the first page of the admin. Leave this empty.")
            raise ValidationError({"below": said})
