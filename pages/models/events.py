"""Events: concerts, workshops, meetings. A recurring event is one page with a rule."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, FieldRowPanel, MultiFieldPanel
from wagtail.search import index

from pages import listings, structured

from .base import BodyPage, HubPage


class EventIndexPage(BodyPage):
    subpage_types = ["pages.EventPage"]
    max_count_per_parent = 1

    class Meta:
        verbose_name = _("events")

    def get_context(self, request, *args, **kwargs) -> dict:  # noqa: ANN001
        context = super().get_context(request, *args, **kwargs)
        context["occasions"] = listings.next_events(40)
        return context


class EventPage(BodyPage):
    class Kind(models.TextChoices):
        CONCERT = "concert", _("Concert")
        WORKSHOP = "workshop", _("Workshop")
        TRAINING = "training", _("Training for teachers")
        MEETING = "meeting", _("Meeting")
        OPEN_DAY = "open_day", _("Open day")

    kind = models.CharField(max_length=10, choices=Kind.choices)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    centre = models.ForeignKey(
        "cms.MusicCentre", models.SET_NULL, null=True, blank=True, related_name="+"
    )
    venue = models.CharField(
        max_length=200, blank=True, help_text=_("When it is not at one of our centres.")
    )
    price = models.CharField(max_length=80, blank=True, help_text=_("For example: free, or £5."))
    audience = models.CharField(max_length=120, blank=True)
    access = models.CharField(max_length=250, blank=True)
    booking = models.URLField(blank=True, help_text=_("Where places are booked."))

    parent_page_types = ["pages.EventIndexPage"]
    subpage_types = []
    content_panels = [
        *HubPage.content_panels,
        MultiFieldPanel(
            ["kind", FieldRowPanel(["starts_at", "ends_at"]), "centre", "venue"],
            heading=_("When and where"),
        ),
        MultiFieldPanel(
            [FieldRowPanel(["price", "audience"]), "access", "booking"], heading=_("Who for")
        ),
        FieldPanel("body"),
    ]
    search_fields = [
        *BodyPage.search_fields,
        index.SearchField("venue"),
        index.FilterField("starts_at"),
    ]

    class Meta:
        verbose_name = _("event")
        indexes = [models.Index(fields=["starts_at"], name="event_by_start")]
        constraints = [
            models.CheckConstraint(
                condition=Q(starts_at__lt=models.F("ends_at")), name="event_in_order"
            ),
        ]

    def clean(self) -> None:
        super().clean()
        if self.starts_at and self.ends_at and self.starts_at >= self.ends_at:
            raise ValidationError({"ends_at": _("It ends before it begins.")})
        if not self.centre_id and not self.venue:
            raise ValidationError({"venue": _("Say where it is, or choose one of our centres.")})

    @property
    def place(self) -> str:
        return self.venue or (self.centre.name if self.centre else "")

    def is_over(self, now: datetime | None = None) -> bool:
        return self.ends_at <= (now or timezone.now())

    def structured_data(self, request=None) -> list[dict]:  # noqa: ANN001
        return [structured.event(self)]
