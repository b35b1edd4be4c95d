"""The academic year: terms, half-terms, and each centre's own dates and closures."""

from datetime import date

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class AcademicYear(models.Model):
    """September to August, named by the calendar year in which it starts."""

    start_year = models.PositiveSmallIntegerField(unique=True)

    class Meta:
        ordering = ["start_year"]

    def __str__(self):
        return f"{self.start_year}/{(self.start_year + 1) % 100:02d}"


class TermQuerySet(models.QuerySet):
    def on_or_after(self, day: date):
        """Terms not yet over on that day, soonest first."""
        return self.filter(ends_on__gte=day).order_by("starts_on")

    def with_half_term_after(self, day: date):
        """Terms whose half-term is still to come, soonest first."""
        return self.filter(half_term_starts_on__gt=day).order_by("half_term_starts_on")


class Term(models.Model):
    class Season(models.TextChoices):
        AUTUMN = "autumn", _("Autumn")
        SPRING = "spring", _("Spring")
        SUMMER = "summer", _("Summer")

    academic_year = models.ForeignKey(AcademicYear, models.PROTECT, related_name="terms")
    season = models.CharField(max_length=10, choices=Season.choices)
    starts_on = models.DateField()
    half_term_starts_on = models.DateField()
    half_term_ends_on = models.DateField()
    ends_on = models.DateField()

    objects = TermQuerySet.as_manager()

    class Meta:
        ordering = ["starts_on"]
        constraints = [
            models.UniqueConstraint(fields=["academic_year", "season"], name="term_once_a_year"),
            models.CheckConstraint(
                condition=Q(starts_on__lt=F("half_term_starts_on"))
                & Q(half_term_starts_on__lte=F("half_term_ends_on"))
                & Q(half_term_ends_on__lt=F("ends_on")),
                name="term_dates_in_order",
            ),
        ]

    def __str__(self):
        return f"{self.get_season_display()} {self.academic_year}"


class CentreDate(models.Model):
    """A day or run of days at one centre that differs from, or says, the county's terms."""

    class Kind(models.TextChoices):
        FIRST_DAY = "first_day", _("First day of term")
        LAST_DAY = "last_day", _("Last day of term")
        HALF_TERM = "half_term", _("Half-term: no sessions")
        CLOSED = "closed", _("Closed")
        EVENT = "event", _("Special day")

    centre = models.ForeignKey("cms.MusicCentre", models.CASCADE, related_name="dates")
    term = models.ForeignKey(
        Term, models.PROTECT, null=True, blank=True, related_name="centre_dates"
    )
    kind = models.CharField(max_length=12, choices=Kind.choices)
    starts_on = models.DateField()
    ends_on = models.DateField()
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["starts_on"]
        constraints = [
            models.CheckConstraint(
                condition=Q(starts_on__lte=F("ends_on")), name="centredate_in_order"
            ),
        ]

    def __str__(self):
        return f"{self.get_kind_display()} {self.starts_on:%d %B %Y}"
