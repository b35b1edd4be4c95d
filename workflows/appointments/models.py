"""The rows of appointments: sessions, their slots, what a case was offered, what it booked.

Nothing of a person stands here: who comes is read from the case, each time. Written by `slots`,
`booking` and `day` alone, under a lock on the session. Should the lock ever be forgotten, the
database has no two booked rows with one seat of a slot, nor two for one case and purpose.
"""

from typing import Self

from django.apps import apps
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cms.access import ScopedQuerySet
from cms.models import MusicCentre

from .timing import before, parse_breaks, parse_groups, parse_reminders


class SessionQuerySet(ScopedQuerySet):
    """Sessions. A role reaches those of workflows that give it a part, within its scope."""

    def narrowed_to_role(self, group_id: int) -> Self:
        version = apps.get_model("workflows", "WorkflowVersion")
        return self.filter(
            workflow__in=version.objects.filter(groups=group_id).order_by().values("definition")
        )

    def of_panel(self, user) -> Self:
        """Those at which this person sits."""
        if not user.is_active:
            return self.none()
        plain = self.model._default_manager.filter(people=user)
        return self.filter(pk__in=plain.order_by().values("pk"))

    def reachable(self, user) -> Self:
        """Those whose day this person may see: by role and scope, or because they sit there."""
        own = self.model._default_manager.for_user(user).order_by().values("pk")
        panel = self.model._default_manager.of_panel(user).order_by().values("pk")
        return self.filter(Q(pk__in=own) | Q(pk__in=panel))

    def live(self) -> Self:
        """Not called off."""
        return self.filter(cancelled_at=None)


class AppointmentSession(models.Model):
    """Some hours of one day in one room: who sits there, how long a slot is, who may choose one.

    `purpose` says what it is for, such as audition: a case has one appointment for each purpose.
    `groups` are the answers that fit, such as instruments; none: everybody fits.
    """

    name = models.CharField(max_length=120)
    workflow = models.ForeignKey(
        "workflows.WorkflowDefinition", models.PROTECT, related_name="appointment_sessions"
    )
    purpose = models.SlugField(max_length=40, default="appointment")
    groups = models.CharField(max_length=300, blank=True)
    starts_at = models.DateTimeField(db_index=True)
    ends_at = models.DateTimeField()
    centre = models.ForeignKey(
        MusicCentre, models.PROTECT, null=True, blank=True, related_name="appointment_sessions"
    )
    room = models.CharField(max_length=80, blank=True)
    people = models.ManyToManyField(
        settings.AUTH_USER_MODEL, blank=True, related_name="appointment_sessions"
    )
    minutes = models.PositiveSmallIntegerField(default=10)
    buffer_minutes = models.PositiveSmallIntegerField(default=0)
    breaks = models.CharField(max_length=200, blank=True)
    capacity = models.PositiveSmallIntegerField(default=1)
    warm_up_room = models.CharField(max_length=80, blank=True)
    warm_up_minutes = models.PositiveSmallIntegerField(default=0)
    offered_from = models.DateTimeField(null=True, blank=True)
    offered_until = models.DateTimeField(null=True, blank=True)
    cutoff_hours = models.PositiveSmallIntegerField(default=48)
    reminders = models.CharField(max_length=80, blank=True, default="3 days, 1 day")
    cancelled_at = models.DateTimeField(null=True, blank=True)

    objects = SessionQuerySet.as_manager()
    scope_centres = ("centre",)

    class Meta:
        ordering = ["starts_at", "pk"]
        default_permissions = ("view", "change")
        verbose_name = _("appointment session")
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="appointmentsession_in_order"
            ),
            models.CheckConstraint(
                condition=Q(minutes__gte=1, capacity__gte=1), name="appointmentsession_slots"
            ),
        ]

    def __str__(self):
        return self.name

    @property
    def group_keys(self) -> set[str]:
        return parse_groups(self.groups)

    @property
    def break_times(self) -> list[tuple]:
        return parse_breaks(self.breaks)

    @property
    def reminder_hours(self) -> list[int]:
        return parse_reminders(self.reminders)

    @property
    def where(self) -> str:
        """The room and the place, in one line."""
        at = self.centre
        place = f"{at}, {at.address}, {at.postcode}" if at else ""
        return ", ".join(part for part in (self.room, place) if part)

    def is_open_for_families(self, now) -> bool:
        """Whether families may choose now: from the first moment on, until before the last."""
        return (
            self.cancelled_at is None
            and (self.offered_from is None or self.offered_from <= now)
            and (self.offered_until is None or now < self.offered_until)
        )

    def latest_change(self, starts_at):
        """Until when a family may take, swap or cancel a slot that starts then."""
        return before(starts_at, self.cutoff_hours)


class AppointmentSlot(models.Model):
    """One time of a session. Kept as it is for as long as anybody has booked it."""

    session = models.ForeignKey(AppointmentSession, models.CASCADE, related_name="slots")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    class Meta:
        ordering = ["starts_at", "pk"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["session", "starts_at"], name="appointmentslot_once"),
        ]

    def __str__(self):
        return f"Slot {self.pk} of session {self.session_id}"


class AppointmentOffer(models.Model):
    """That a case may have an appointment: for what, for which groups, and in which stages.

    `options` are the settings of the action that offered it: keys of questions, no answers.
    """

    case = models.ForeignKey("workflows.Case", models.CASCADE, related_name="appointment_offers")
    purpose = models.SlugField(max_length=40)
    options = models.JSONField(default=dict)
    stages = models.JSONField(default=list)
    offered_at = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["pk"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["case", "purpose"], name="appointmentoffer_once"),
        ]

    def __str__(self):
        return f"Offer {self.pk} to case {self.case_id}"


class Appointment(models.Model):
    """One booked slot. `sequence` counts what was sent out about it: see letters.

    `day_state` is how it goes on the day; `day_version` grows with each mark, so that nobody
    writes over what they have not seen.
    """

    class State(models.TextChoices):
        BOOKED = "booked", _("Booked")
        CANCELLED = "cancelled", _("Cancelled")

    class Day(models.TextChoices):
        EXPECTED = "expected", _("Expected")
        LATE = "late", _("Late")
        ARRIVED = "arrived", _("Arrived")
        NOW = "now", _("In progress")
        DONE = "done", _("Done")
        NO_SHOW = "no_show", _("Did not come")

    slot = models.ForeignKey(AppointmentSlot, models.PROTECT, related_name="appointments")
    seat = models.PositiveSmallIntegerField(null=True, blank=True)
    case = models.ForeignKey("workflows.Case", models.CASCADE, related_name="appointments")
    purpose = models.SlugField(max_length=40)
    state = models.CharField(max_length=9, choices=State.choices, default=State.BOOKED)
    day_state = models.CharField(max_length=8, choices=Day.choices, default=Day.EXPECTED)
    day_version = models.PositiveIntegerField(default=0)
    sequence = models.PositiveIntegerField(default=0)
    booked_at = models.DateTimeField(default=timezone.now)
    changed_at = models.DateTimeField(default=timezone.now)
    reminded_at = models.DateTimeField(
        null=True, blank=True, help_text=_("The moment of the last reminder that was due.")
    )
    settled_at = models.DateTimeField(
        null=True, blank=True, help_text=_("When the hub moved the case on after it.")
    )

    class Meta:
        ordering = ["slot__starts_at", "pk"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["slot", "seat"], condition=Q(state="booked"), name="appointment_seat_once"
            ),
            models.UniqueConstraint(
                fields=["case", "purpose"],
                condition=Q(state="booked"),
                name="appointment_once_per_purpose",
            ),
            models.CheckConstraint(
                condition=~Q(state="booked") | Q(seat__isnull=False, seat__gte=1),
                name="appointment_has_a_seat",
            ),
        ]

    def __str__(self):
        return f"Appointment {self.pk}"

    @property
    def is_booked(self) -> bool:
        return self.state == self.State.BOOKED

    @property
    def is_over(self) -> bool:
        return self.slot.ends_at <= timezone.now()


class AppointmentMark(models.Model):
    """One mark of the day: who set it, what it was before. Undoing one adds another."""

    appointment = models.ForeignKey(Appointment, models.CASCADE, related_name="marks")
    at = models.DateTimeField(default=timezone.now)
    actor_id = models.BigIntegerField(null=True)
    actor_name = models.CharField(max_length=160)
    from_state = models.CharField(max_length=8)
    to_state = models.CharField(max_length=8)
    is_undo = models.BooleanField(default=False)

    class Meta:
        ordering = ["pk"]
        default_permissions = ()

    def __str__(self):
        return f"Mark {self.pk} of appointment {self.appointment_id}"
