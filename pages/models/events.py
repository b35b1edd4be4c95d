"""Events: concerts, workshops, meetings. A recurring event is one page with a rule."""

from datetime import date, datetime, time, timedelta

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey
from wagtail.admin.panels import FieldPanel, FieldRowPanel, InlinePanel, MultiFieldPanel
from wagtail.contrib.routable_page.models import RoutablePageMixin, path
from wagtail.models import Orderable
from wagtail.search import index

from cms.models import Term
from pages import listings, structured
from pages.occasions import Change, Occasion, Repeats, days_of, in_words, occasions_of
from pages.wording import Finding

from .base import BodyPage, HubPage


class EventIndexPage(RoutablePageMixin, BodyPage):
    """What is coming up, and the same by month and by term."""

    subpage_types = ["pages.EventPage"]
    max_count_per_parent = 1

    page_description = _("The calendar of events.")

    class Meta:
        verbose_name = _("events")

    @path("")
    def coming_up(self, request):  # noqa: ANN001, ANN201
        return self._show(request, listings.next_events(40))

    @path("<int:year>/<int:month>/")
    def by_month(self, request, year: int, month: int):  # noqa: ANN001, ANN201
        this_year = timezone.localdate().year
        if not 1 <= month <= 12 or not this_year - 3 <= year <= this_year + 3:
            raise Http404
        first = date(year, month, 1)
        after = (first + timedelta(days=31)).replace(day=1)
        before = (first - timedelta(days=1)).replace(day=1)
        return self._show(
            request,
            listings.events_between(_midnight(first), _midnight(after)),
            heading=first,
            is_month=True,
            before=before,
            after=after,
        )

    @path("term/<int:start_year>/<slug:season>/")
    def by_term(self, request, start_year: int, season: str):  # noqa: ANN001, ANN201
        found = Term.objects.filter(academic_year__start_year=start_year, season=season)
        term = found.select_related("academic_year").first()
        if term is None:
            raise Http404
        ends = _midnight(term.ends_on + timedelta(days=1))
        shown = listings.events_between(_midnight(term.starts_on), ends)
        return self._show(request, shown, heading=term)

    def _show(self, request, occasions: list[Occasion], **context):  # noqa: ANN001
        today = timezone.localdate()
        context["months"] = [
            date(
                today.year + (today.month + ahead - 1) // 12, (today.month + ahead - 1) % 12 + 1, 1
            )
            for ahead in range(6)
        ]
        context["terms"] = Term.objects.on_or_after(today).select_related("academic_year")[:3]
        return self.render(request, context_overrides={"occasions": occasions, **context})


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))


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
    repeats = models.CharField(
        max_length=12, choices=Repeats.choices, default=Repeats.ONCE, blank=True
    )
    repeats_until = models.DateField(
        null=True, blank=True, help_text=_("The last day on which it may take place.")
    )
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
            [
                "kind",
                FieldRowPanel(["starts_at", "ends_at"]),
                "repeats",
                "repeats_until",
                "centre",
                "venue",
            ],
            heading=_("When and where"),
        ),
        InlinePanel(
            "changes",
            heading=_("What is different on one of its days"),
            label=_("Change"),
            help_text=_("A day that is cancelled, at another time, or has a note."),
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

    page_description = _("A concert, workshop, open day or training, once or again and again.")

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
        self._check_rule()
        if not self.centre_id and not self.venue:
            raise ValidationError({"venue": _("Say where it is, or choose one of our centres.")})

    def _check_rule(self) -> None:
        if self.repeats == Repeats.ONCE:
            self.repeats_until = None
            return
        if not self.repeats_until:
            raise ValidationError({"repeats_until": _("Say until when it takes place.")})
        if not self.starts_at or not self.ends_at:
            return
        first = timezone.localdate(self.starts_at)
        if not first <= self.repeats_until <= first + timedelta(days=3 * 366):
            raise ValidationError(
                {"repeats_until": _("Choose a day after the first one, within three years.")}
            )
        if self.ends_at - self.starts_at >= timedelta(days=7):
            raise ValidationError(
                {"ends_at": _("One that takes place again and again lasts less than a week.")}
            )

    @property
    def is_recurring(self) -> bool:
        return self.repeats != Repeats.ONCE

    @property
    def repeats_in_words(self) -> str:
        return in_words(self)

    def occasions(self) -> list[Occasion]:
        return list(occasions_of(self))

    def coming_occasions(self) -> list[Occasion]:
        """The next dozen, cancelled ones as such."""
        now = timezone.now()
        return [occasion for occasion in occasions_of(self) if occasion.ends_at > now][:12]

    def own_findings(self) -> list[Finding]:
        """Changes for days on which it would not take place anyway."""
        if not self.starts_at:
            return []
        first = timezone.localdate(self.starts_at)
        days = set(days_of(self.repeats, first, self.repeats_until))
        said = _("It does not take place on %(day)s, so the change for that day does nothing.")
        return [
            Finding("no-such-day", said % {"day": f"{change.on:%A %d %B %Y}"})
            for change in self.changes.all()
            if change.on and change.on not in days
        ]

    @property
    def place(self) -> str:
        return self.venue or (self.centre.name if self.centre else "")

    def is_over(self, now: datetime | None = None) -> bool:
        now = now or timezone.now()
        return not any(occasion.ends_at > now for occasion in occasions_of(self))

    def structured_data(self, request=None) -> list[dict]:  # noqa: ANN001
        return [structured.event(self), *super().structured_data(request)]


class EventChange(Orderable):
    """What is different on one day of an event."""

    page = ParentalKey(EventPage, on_delete=models.CASCADE, related_name="changes")
    on = models.DateField(_("day"), help_text=_("The day on which it would take place."))
    what = models.CharField(max_length=10, choices=Change.choices)
    starts_at = models.DateTimeField(
        null=True, blank=True, help_text=_("Only when it is at another time.")
    )
    ends_at = models.DateTimeField(null=True, blank=True)
    note = models.CharField(
        max_length=140, blank=True, help_text=_("For readers: why, or what to bring.")
    )

    panels = [
        FieldRowPanel(["on", "what"]),
        FieldRowPanel(["starts_at", "ends_at"]),
        "note",
    ]

    class Meta(Orderable.Meta):
        verbose_name = _("change of an event")
        constraints = [
            models.UniqueConstraint(fields=["page", "on"], name="eventchange_once_a_day"),
            models.CheckConstraint(
                condition=~Q(what="moved") | Q(starts_at__lt=models.F("ends_at")),
                name="eventchange_in_order",
            ),
        ]

    def __str__(self):
        return f"{self.on:%d %B %Y}: {self.get_what_display()}"

    def clean(self) -> None:
        super().clean()
        if self.what != Change.MOVED:
            self.starts_at = self.ends_at = None
        elif not self.starts_at or not self.ends_at:
            raise ValidationError({"starts_at": _("Say when it begins and when it ends.")})
        elif self.starts_at >= self.ends_at:
            raise ValidationError({"ends_at": _("It ends before it begins.")})
        if self.what == Change.NOTE and not self.note:
            raise ValidationError({"note": _("Write the note.")})
