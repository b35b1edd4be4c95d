"""What belongs to one course date: sessions, add-ons, refunds, and who went beyond its number.

Staff edit sessions, add-ons and refund steps beside the date. PlaceAddOn and Overbooking rows are
written by cms.places alone, under the lock on the date: an add-on that counts has a seat of its
own, and the database has no two with one seat.
"""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey

from .accounts import User
from .catalogue import CourseDate
from .places import Place


class CourseSession(models.Model):
    """One part of a course date that lasts longer than a day, or stops and goes on."""

    course_date = ParentalKey(CourseDate, on_delete=models.CASCADE, related_name="sessions")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    note = models.CharField(
        max_length=120, blank=True, help_text=_("For example: the concert, families welcome.")
    )
    is_cancelled = models.BooleanField(_("cancelled by us"), default=False)

    class Meta:
        ordering = ["starts_at"]
        default_permissions = ()
        verbose_name = _("session")
        constraints = [
            models.CheckConstraint(
                condition=Q(starts_at__lt=F("ends_at")), name="coursesession_in_order"
            ),
            models.UniqueConstraint(fields=["course_date", "starts_at"], name="coursesession_once"),
        ]

    def __str__(self):
        day = timezone.localtime(self.starts_at)
        return f"{day:%A} {day.day} {day:%B %Y}"


class AddOn(models.Model):
    """Something that is booked with a place, such as early drop-off or lunch."""

    course_date = ParentalKey(CourseDate, on_delete=models.CASCADE, related_name="add_ons")
    name = models.CharField(max_length=80, help_text=_("For example: early drop-off from 8am."))
    price_pence = models.PositiveIntegerField(default=0, help_text=_("In pence: 500 is £5.00."))
    capacity = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("For how many children. Leave empty when there is enough for everybody."),
    )

    class Meta:
        ordering = ["pk"]
        default_permissions = ()
        verbose_name = _("add-on")
        constraints = [
            models.UniqueConstraint(fields=["course_date", "name"], name="addon_once"),
        ]

    def __str__(self):
        return self.name


class RefundStep(models.Model):
    """How much a family gets back when it cancels at least so many days before the first day."""

    course_date = ParentalKey(CourseDate, on_delete=models.CASCADE, related_name="refund_steps")
    days_before = models.PositiveSmallIntegerField(_("at least so many days before"))
    percent = models.PositiveSmallIntegerField(
        _("per cent given back"), validators=[MaxValueValidator(100)]
    )

    class Meta:
        ordering = ["-days_before"]
        default_permissions = ()
        verbose_name = _("refund")
        constraints = [
            models.UniqueConstraint(fields=["course_date", "days_before"], name="refundstep_once"),
            models.CheckConstraint(condition=Q(percent__lte=100), name="refundstep_percent"),
        ]

    def __str__(self):
        return f"{self.days_before}: {self.percent} %"


class PlaceAddOn(models.Model):
    """An add-on of one place. It counts while it has a seat, as its place does."""

    place = models.ForeignKey(Place, models.CASCADE, related_name="add_ons")
    add_on = models.ForeignKey(AddOn, models.PROTECT, related_name="taken")
    seat = models.PositiveSmallIntegerField(null=True, blank=True, editable=False)
    price_pence = models.PositiveIntegerField(default=0)

    class Meta:
        default_permissions = ()
        verbose_name = _("add-on of a place")
        verbose_name_plural = _("add-ons of places")
        constraints = [
            models.UniqueConstraint(fields=["place", "add_on"], name="placeaddon_once_per_place"),
            models.UniqueConstraint(fields=["add_on", "seat"], name="placeaddon_once_per_seat"),
            models.CheckConstraint(
                condition=Q(seat__isnull=True) | Q(seat__gte=1), name="placeaddon_seat_from_one"
            ),
        ]

    def __str__(self):
        return f"Add-on {self.pk}"


class Overbooking(models.Model):
    """Who let how many children in beyond the number of a date, and why."""

    course_date = models.ForeignKey(CourseDate, models.PROTECT, related_name="overbookings")
    holder = models.CharField(max_length=64)
    number = models.PositiveSmallIntegerField(validators=[MinValueValidator(1)])
    by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    by_name = models.CharField(max_length=150)
    reason = models.TextField()
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-at"]
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                condition=~Q(reason="") & Q(number__gte=1), name="overbooking_says_why"
            ),
        ]

    def __str__(self):
        return f"Overbooking {self.pk}"
