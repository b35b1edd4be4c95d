"""A place on a course date: held, offered, confirmed, or no longer.

Rows are written by cms.places alone, under a lock on their course date. A row that may count has a
seat, 1 to the capacity, and the database has no two rows with one seat: should the lock ever be
forgotten, the second booking fails instead of being one too many.
"""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cms.access import ScopedQuerySet

from .catalogue import CourseDate
from .roster import Pupil


class PlaceQuerySet(ScopedQuerySet):
    def occupying(self, now=None):
        """Those that count against capacity: confirmed, and holds and offers not yet run out."""
        now = now or timezone.now()
        return self.filter(
            Q(state__in=Place.SETTLED) | Q(state__in=Place.TIMED, expires_at__gt=now)
        )

    def count_for(self, course_date_id):
        """A subquery that counts these rows for one course date (an OuterRef), 0 when none."""
        counted = (
            self.filter(course_date_id=course_date_id)
            .order_by()
            .values("course_date_id")
            .annotate(number=models.Count("pk"))
            .values("number")
        )
        return Coalesce(models.Subquery(counted, output_field=models.IntegerField()), 0)


class Place(models.Model):
    class State(models.TextChoices):
        HELD = "held", _("Held")
        OFFERED = "offered", _("Offered")
        CONFIRMED = "confirmed", _("Confirmed")
        ATTENDED = "attended", _("Attended")
        NO_SHOW = "no_show", _("Did not come")
        RELEASED = "released", _("Released")
        LAPSED = "lapsed", _("Ran out")
        CANCELLED = "cancelled", _("Cancelled")

    SETTLED = ("confirmed", "attended", "no_show")
    TIMED = ("held", "offered")
    ACTIVE = (*TIMED, *SETTLED)

    # Each index is written under the lock: what begins with the date is enough for the date, and
    # the keys that are nearly always empty are indexed only where they are not.
    course_date = models.ForeignKey(
        CourseDate, models.PROTECT, db_index=False, related_name="places"
    )
    pupil = models.ForeignKey(
        Pupil, models.PROTECT, null=True, blank=True, db_index=False, related_name="places"
    )
    holder = models.CharField(
        max_length=64, db_index=True, help_text=_("The journey or case that the place belongs to.")
    )
    child_number = models.PositiveSmallIntegerField(
        default=1, help_text=_("Which child of that journey, from 1.")
    )
    state = models.CharField(max_length=10, choices=State.choices)
    seat = models.PositiveSmallIntegerField(null=True, blank=True, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    price_pence = models.PositiveIntegerField(default=0)
    claims_help = models.BooleanField(
        default=False, help_text=_("Its family asks for help with costs.")
    )
    overbooking = models.ForeignKey(
        "cms.Overbooking",
        models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        db_index=False,
        related_name="places",
        help_text=_("Who let it in beyond the number, and why."),
    )
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)

    objects = PlaceQuerySet.as_manager()
    scope_centres = ("course_date__centre",)

    class Meta:
        ordering = ["course_date", "created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["course_date", "holder", "child_number"],
                condition=Q(state__in=["held", "offered", "confirmed", "attended", "no_show"]),
                name="place_once_per_child_of_a_journey",
            ),
            models.UniqueConstraint(
                fields=["course_date", "pupil"],
                condition=Q(state__in=["confirmed", "attended", "no_show"]),
                name="place_once_per_pupil",
            ),
            models.UniqueConstraint(fields=["course_date", "seat"], name="place_once_per_seat"),
            models.CheckConstraint(
                condition=~Q(state__in=["held", "offered"]) | Q(expires_at__isnull=False),
                name="place_hold_expires",
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=["held", "offered", "confirmed", "attended", "no_show"],
                    seat__isnull=False,
                    seat__gte=1,
                )
                | Q(state__in=["released", "lapsed", "cancelled"], seat__isnull=True),
                name="place_has_a_seat_while_it_counts",
            ),
        ]
        indexes = [
            models.Index(fields=["course_date", "state"], name="place_count"),
            models.Index(
                fields=["pupil"], condition=Q(pupil__isnull=False), name="place_of_a_pupil"
            ),
            models.Index(
                fields=["overbooking"],
                condition=Q(overbooking__isnull=False),
                name="place_of_an_overbooking",
            ),
        ]

    def __str__(self):
        return f"Place {self.pk}"

    @property
    def is_settled(self) -> bool:
        """Confirmed, or beyond: it counts until somebody gives it back."""
        return self.state in self.SETTLED
