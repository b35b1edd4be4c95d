"""What other systems know and rosters bring: instruments on loan, and places booked elsewhere.

Personal data, reached as cms.models.roster is.
"""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from cms.access import ScopedQuerySet

from .catalogue import Course, Instrument, MusicCentre
from .roster import Pupil
from .rosterrecord import RosterRecord


class LoanInstrument(RosterRecord):
    """One instrument of the hub's stock, and who has it at home now."""

    class Condition(models.TextChoices):
        NEW = "new", _("New")
        GOOD = "good", _("Good")
        FAIR = "fair", _("Fair")
        POOR = "poor", _("Poor")
        REPAIR = "repair", _("Away for repair")
        RETIRED = "retired", _("Retired")

    asset_number = models.CharField(max_length=40, unique=True)
    instrument = models.ForeignKey(Instrument, models.PROTECT, related_name="stock")
    serial_number = models.CharField(max_length=60, blank=True)
    make = models.CharField(max_length=80, blank=True)
    size = models.CharField(max_length=20, blank=True, help_text=_("Such as 3/4 or full size."))
    condition = models.CharField(max_length=8, choices=Condition.choices, default=Condition.GOOD)
    centre = models.ForeignKey(
        MusicCentre, models.SET_NULL, null=True, blank=True, related_name="stock",
        help_text=_("Where it is kept when nobody has it."),
    )  # fmt: skip
    borrower = models.ForeignKey(
        Pupil, models.SET_NULL, null=True, blank=True, related_name="loans"
    )
    lent_on = models.DateField(null=True, blank=True)
    due_back = models.DateField(null=True, blank=True)

    objects = ScopedQuerySet.as_manager()
    scope_centres = ("centre", "borrower__enrolments__group__centre")

    class Meta:
        ordering = ["asset_number"]
        constraints = [
            models.CheckConstraint(
                condition=Q(lent_on__isnull=True)
                | Q(due_back__isnull=True)
                | Q(lent_on__lte=F("due_back")),
                name="loaninstrument_in_order",
            ),
        ]

    def __str__(self):
        return f"Instrument {self.asset_number}"


class OutsideBooking(RosterRecord):
    """A place on a course that was booked in another system. It takes none of ours."""

    class Status(models.TextChoices):
        BOOKED = "booked", _("Booked")
        WAITING = "waiting", _("Waiting list")
        ATTENDED = "attended", _("Attended")
        CANCELLED = "cancelled", _("Cancelled")

    external_id = models.CharField(max_length=64, unique=True)
    pupil = models.ForeignKey(Pupil, models.CASCADE, related_name="outside_bookings")
    title = models.CharField(max_length=150, help_text=_("As the other system calls the course."))
    course = models.ForeignKey(
        Course, models.SET_NULL, null=True, blank=True, related_name="outside_bookings",
        help_text=_("The same course here, when there is one."),
    )  # fmt: skip
    provider = models.CharField(max_length=100, blank=True)
    centre = models.ForeignKey(
        MusicCentre, models.SET_NULL, null=True, blank=True, related_name="outside_bookings"
    )
    status = models.CharField(max_length=9, choices=Status.choices, default=Status.BOOKED)
    booked_on = models.DateField(null=True, blank=True)
    starts_on = models.DateField(null=True, blank=True)
    ends_on = models.DateField(null=True, blank=True)

    objects = ScopedQuerySet.as_manager()
    scope_centres = ("centre", "pupil__enrolments__group__centre")

    class Meta:
        ordering = ["-starts_on", "title"]
        constraints = [
            models.CheckConstraint(
                condition=Q(starts_on__isnull=True)
                | Q(ends_on__isnull=True)
                | Q(starts_on__lte=F("ends_on")),
                name="outsidebooking_in_order",
            ),
        ]

    def __str__(self):
        return f"Booking {self.external_id}"
