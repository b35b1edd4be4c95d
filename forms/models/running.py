"""What running a course date writes: decisions, its team, the register, groups, shared songs.

Who comes is never copied here: names and needs are read from the answers each time, by the keys
that a RegisterPlan names (forms.running.roll). What people typed about people, such as who
collected a child, is encrypted. Rows hang on places, and are reached through forms.running.reach.
"""

import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cms.models import Course, CourseDate, Place
from forms.secrecy import EncryptedJSONField

from .journeys import private_storage

BEFORE, AFTER = timedelta(hours=24), timedelta(hours=24)
CUTOFF_HOURS = 72


class RegisterPlan(models.Model):
    """Which questions of a course's form the register reads, by their keys, commas between.

    What is restricted as "health" needs no naming. A key that no form asks is passed over.
    """

    course = models.OneToOneField(Course, models.CASCADE, related_name="register_plan")
    known_as = models.CharField(max_length=120, default="known_as")
    friend = models.CharField(max_length=120, default="friend", help_text=_("With whom to group."))
    goes_home = models.CharField(
        max_length=120, default="goes_home=own_way", help_text=_("Question=option: goes alone.")
    )
    may_collect = models.CharField(max_length=120, default="may_collect")
    must_not_collect = models.CharField(max_length=120, default="must_not_collect")
    photos = models.CharField(
        max_length=120, default="allows", help_text=_("The question about pictures.")
    )
    photo_options = models.CharField(max_length=120, default="photos_internal,photos_public")
    early = models.CharField(
        max_length=120, default="early_drop_off", help_text=_("Who comes early.")
    )
    songs = models.CharField(
        max_length=120, default="allows=record_songs", help_text=_("Question=option: recordings.")
    )
    thanks_form = models.SlugField(
        blank=True, help_text=_("The form that asks how it was; in the letter of thanks.")
    )

    class Meta:
        default_permissions = ()

    def __str__(self):
        return f"Register of {self.course_id}"

    @staticmethod
    def keys(text: str) -> list[str]:
        return [part.strip() for part in text.split(",") if part.strip()]


class CourseRun(models.Model):
    """How one date is run: whether it goes ahead, who decided, what families are told before."""

    class Decision(models.TextChoices):
        GO = "go", _("Goes ahead")
        CANCELLED = "cancelled", _("Cancelled by us")

    course_date = models.OneToOneField(CourseDate, models.CASCADE, related_name="run")
    decision = models.CharField(max_length=10, choices=Decision.choices, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.CharField(max_length=160, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    alternative = models.ForeignKey(
        CourseDate, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    cutoff_hours = models.PositiveSmallIntegerField(
        default=CUTOFF_HOURS, help_text=_("Until when families change a booking by themselves.")
    )
    joining_words = models.TextField(
        blank=True, help_text=_("What to bring, where to come in: part of the joining letter.")
    )

    class Meta:
        default_permissions = ()

    def __str__(self):
        return f"Run of {self.course_date_id}"

    @property
    def changes_until(self) -> datetime:
        """Until when a family may change its booking by itself."""
        return self.course_date.starts_at - timedelta(hours=self.cutoff_hours)


class TeamMember(models.Model):
    """Somebody who runs one course date. Only the team, and who leads on safeguarding, sees it."""

    class Part(models.TextChoices):
        LEAD = "lead", _("Course lead")
        HELPER = "helper", _("Helper")

    course_date = models.ForeignKey(CourseDate, models.CASCADE, related_name="team")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    part = models.CharField(max_length=8, choices=Part.choices, default=Part.HELPER)

    class Meta:
        default_permissions = ()
        ordering = ["-part", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["course_date", "user"], name="teammember_once")
        ]

    def __str__(self):
        return f"Team member {self.pk}"


class RegisterLine(models.Model):
    """How one child stands on one day. Written by forms.running.marks alone, under its own lock."""

    class State(models.TextChoices):
        EXPECTED = "expected", _("Expected")
        HERE = "here", _("Here")
        LEFT = "left", _("Gone home")
        ABSENT = "absent", _("Not coming today")

    place = models.ForeignKey(Place, models.CASCADE, related_name="register_lines")
    day = models.DateField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.EXPECTED)
    version = models.PositiveIntegerField(default=0)
    in_at = models.DateTimeField(null=True, blank=True)
    out_at = models.DateTimeField(null=True, blank=True)
    own_way = models.BooleanField(default=False)
    collector = EncryptedJSONField(default=str)

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["place", "day"], name="registerline_once")]

    def __str__(self):
        return f"Line {self.pk}"


class RegisterMark(models.Model):
    """One tap on one phone, as it arrived: `client_id` is the phone's own, so that it counts once.

    `at` is when it was tapped, which may be long before `received_at`.
    """

    class Outcome(models.TextChoices):
        APPLIED = "applied", _("Done")
        SAME = "same", _("It stood so already")
        CONFLICT = "conflict", _("Not done: somebody else was first")

    client_id = models.UUIDField(unique=True, default=uuid.uuid4)
    line = models.ForeignKey(RegisterLine, models.CASCADE, related_name="marks")
    kind = models.CharField(max_length=12)
    before = models.CharField(max_length=8)
    at = models.DateTimeField()
    received_at = models.DateTimeField(default=timezone.now)
    actor_id = models.BigIntegerField(null=True)
    actor_name = models.CharField(max_length=160)
    collector = EncryptedJSONField(default=str)
    outcome = models.CharField(max_length=8, choices=Outcome.choices)
    words = EncryptedJSONField(default=str)

    class Meta:
        default_permissions = ()
        ordering = ["pk"]

    def __str__(self):
        return f"Mark {self.pk}"


class CourseGroup(models.Model):
    """A small group of one course date, on the day or before."""

    course_date = models.ForeignKey(CourseDate, models.CASCADE, related_name="groups")
    number = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=60)

    class Meta:
        default_permissions = ()
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["course_date", "number"], name="coursegroup_once")
        ]

    def __str__(self):
        return self.name


class GroupSeat(models.Model):
    """Which group a place is in, and why: the proposal's reason, or that of whoever moved it."""

    place = models.OneToOneField(Place, models.CASCADE, related_name="group_seat")
    group = models.ForeignKey(CourseGroup, models.CASCADE, related_name="seats")
    is_moved = models.BooleanField(default=False)
    reason = EncryptedJSONField(default=str)
    actor_name = models.CharField(max_length=160, blank=True)

    class Meta:
        default_permissions = ()

    def __str__(self):
        return f"Seat {self.pk}"


def song_path(_song: models.Model, _filename: str) -> str:
    """A random name: nothing of a child becomes part of a path."""
    return f"songs/{uuid.uuid4().hex[:2]}/{uuid.uuid4().hex}"


class SharedSong(models.Model):
    """A recording for one child's family alone, by a link that ends. Of the link a hash is kept."""

    place = models.ForeignKey(Place, models.CASCADE, related_name="songs")
    title = EncryptedJSONField(default=str)
    file = models.FileField(upload_to=song_path, storage=private_storage, max_length=200)
    content_type = models.CharField(max_length=40)
    size = models.PositiveBigIntegerField()
    token_hash = models.CharField(max_length=64, unique=True)
    shared_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    actor_name = models.CharField(max_length=160)

    class Meta:
        default_permissions = ()
        ordering = ["-pk"]

    def __str__(self):
        return f"Song {self.pk}"

    @staticmethod
    def live() -> Q:
        return Q(withdrawn_at=None, expires_at__gt=timezone.now())
