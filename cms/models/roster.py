"""Who takes part: schools, pupils, guardians, teachers, groups and enrolments.

Personal data. Nothing here is a snippet, a chooser target, searchable or in Wagtail's logs.
Staff reach rows through `Model.objects.for_user(user)` alone (cms.access).
`external_id` is the key that the system a row came from knows it by. Rosters write these rows in
bulk (imports.apply); people write them with `save()`, which also forgets the source's hash, so
that the next roster compares the row again instead of taking it for unchanged.
"""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from phonenumber_field.modelfields import PhoneNumberField

from cms.access import ScopedQuerySet

from .catalogue import Area, Ensemble, Instrument, MusicCentre, PostcodeField
from .rosterrecord import RosterRecord


class School(RosterRecord):
    """A school or other setting, keyed by its Unique Reference Number (URN, six digits).

    Facts are those of the register of schools (GIAS). A school that becomes an academy gets a new
    URN: `successors` keeps the thread. Public data, without the names of heads.
    """

    class Status(models.TextChoices):
        OPEN = "open", _("Open")
        CLOSED = "closed", _("Closed")
        CLOSING = "closing", _("Open, but proposed to close")
        PROPOSED = "proposed", _("Proposed to open")

    urn = models.CharField(_("URN"), max_length=6, unique=True)
    laestab = models.CharField(_("LAESTAB"), max_length=7, blank=True, db_index=True)
    name = models.CharField(max_length=150)
    phase = models.CharField(max_length=40, blank=True)
    kind = models.CharField(_("type of establishment"), max_length=80, blank=True)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.OPEN)
    closed_on = models.DateField(null=True, blank=True)
    local_authority = models.CharField(max_length=80, blank=True)
    district = models.CharField(max_length=80, blank=True)
    street = models.CharField(max_length=120, blank=True)
    town = models.CharField(max_length=80, blank=True)
    postcode = PostcodeField(blank=True)
    easting = models.PositiveIntegerField(null=True, blank=True)
    northing = models.PositiveIntegerField(null=True, blank=True)
    phone = PhoneNumberField(blank=True)
    email = models.EmailField(max_length=254, blank=True)
    website = models.CharField(max_length=200, blank=True)
    trust = models.CharField(max_length=150, blank=True)
    pupils_on_roll = models.PositiveIntegerField(null=True, blank=True)
    area = models.ForeignKey(Area, models.SET_NULL, null=True, blank=True, related_name="schools")
    successors = models.ManyToManyField(
        "self", symmetrical=False, blank=True, related_name="predecessors"
    )

    class Meta:
        ordering = ["name", "urn"]

    def __str__(self):
        return f"{self.name} ({self.urn})"


class Guardian(RosterRecord):
    """An adult who answers for a pupil. One person, however many children and schools."""

    external_id = models.CharField(max_length=64, unique=True, null=True, blank=True)
    first_name = models.CharField(max_length=80)
    last_name = models.CharField(max_length=80)
    email = models.EmailField(max_length=254, blank=True, db_index=True)
    phone = PhoneNumberField(blank=True)
    address = models.CharField(max_length=250, blank=True)
    postcode = PostcodeField(blank=True)

    objects = ScopedQuerySet.as_manager()
    scope_centres = ("pupils__enrolments__group__centre", "pupils__places__course_date__centre")

    class Meta:
        ordering = ["last_name", "first_name"]

    def __str__(self):
        return f"Guardian {self.pk}"  # logs and labels print this: never a name

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name}"


class Pupil(RosterRecord):
    """A child or adult who learns. The school year is worked out (cms.school_year), never typed."""

    external_id = models.CharField(max_length=64, unique=True, null=True, blank=True)
    legal_first_name = models.CharField(max_length=80)
    legal_last_name = models.CharField(max_length=80)
    known_as = models.CharField(max_length=80, blank=True)
    date_of_birth = models.DateField(null=True, blank=True)
    year_override = models.SmallIntegerField(
        null=True, blank=True, help_text=_("Only where the school has moved the child up or down.")
    )
    year_override_until = models.DateField(null=True, blank=True)
    school = models.ForeignKey(School, models.PROTECT, null=True, blank=True, related_name="pupils")
    postcode = PostcodeField(blank=True)
    instruments = models.ManyToManyField(Instrument, blank=True, related_name="pupils")
    guardians = models.ManyToManyField(Guardian, through="PupilGuardian", related_name="pupils")

    objects = ScopedQuerySet.as_manager()
    scope_centres = ("enrolments__group__centre", "places__course_date__centre")

    class Meta:
        ordering = ["legal_last_name", "legal_first_name"]
        indexes = [
            models.Index(fields=["legal_last_name", "date_of_birth"], name="pupil_match"),
        ]

    def __str__(self):
        return f"Pupil {self.pk}"  # logs and labels print this: never a name

    @property
    def full_name(self) -> str:
        return f"{self.known_as or self.legal_first_name} {self.legal_last_name}"


class PupilGuardian(models.Model):
    pupil = models.ForeignKey(Pupil, models.CASCADE, related_name="guardian_links")
    guardian = models.ForeignKey(Guardian, models.CASCADE, related_name="pupil_links")
    relationship = models.CharField(max_length=40, blank=True)
    has_parental_responsibility = models.BooleanField(null=True)
    no_contact = models.BooleanField(
        default=False, help_text=_("A court order or similar: never tell, never merge.")
    )
    priority = models.PositiveSmallIntegerField(default=1)

    class Meta:
        ordering = ["pupil", "priority"]
        constraints = [
            models.UniqueConstraint(fields=["pupil", "guardian"], name="pupilguardian_once"),
        ]

    def __str__(self):
        return f"Guardian {self.guardian_id} of pupil {self.pupil_id}"


class Teacher(RosterRecord):
    staff_number = models.CharField(max_length=40, unique=True)
    first_name = models.CharField(max_length=80)
    last_name = models.CharField(max_length=80)
    email = models.EmailField(max_length=254, blank=True)
    phone = PhoneNumberField(blank=True)
    instruments = models.ManyToManyField(Instrument, blank=True, related_name="teachers")
    centres = models.ManyToManyField(MusicCentre, blank=True, related_name="teachers")
    qualification = models.CharField(
        max_length=120,
        blank=True,
        default="",
        db_default="",
        help_text=_("The highest one, such as Certificate for Music Educators."),
    )
    qualified_on = models.DateField(null=True, blank=True)

    objects = ScopedQuerySet.as_manager()
    scope_centres = ("centres",)

    class Meta:
        ordering = ["last_name", "first_name"]

    def __str__(self):
        return f"Teacher {self.staff_number}"

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name}"


class Training(models.Model):
    """A training day that a teacher took part in, and what the teacher says came of it."""

    teacher = models.ForeignKey(Teacher, models.CASCADE, related_name="trainings")
    title = models.CharField(max_length=120)
    held_on = models.DateField()
    reflection = models.TextField(
        blank=True, max_length=6000, help_text=_("In the teacher's own words. No child's name.")
    )

    objects = ScopedQuerySet.as_manager()
    scope_centres = ("teacher__centres",)

    class Meta:
        ordering = ["-held_on", "pk"]
        verbose_name = _("training")
        verbose_name_plural = _("training of teachers")
        constraints = [
            models.UniqueConstraint(
                fields=["teacher", "title", "held_on"], name="training_once_a_day"
            )
        ]

    def __str__(self):
        return f"{self.title}, {self.held_on}"


class MusicGroup(RosterRecord):
    """A class, band, choir or ensemble that meets each week, as a roster knows it."""

    class Weekday(models.IntegerChoices):
        MONDAY = 1, _("Monday")
        TUESDAY = 2, _("Tuesday")
        WEDNESDAY = 3, _("Wednesday")
        THURSDAY = 4, _("Thursday")
        FRIDAY = 5, _("Friday")
        SATURDAY = 6, _("Saturday")
        SUNDAY = 7, _("Sunday")

    external_id = models.CharField(max_length=64, unique=True, null=True, blank=True)
    name = models.CharField(max_length=120)
    centre = models.ForeignKey(MusicCentre, models.PROTECT, related_name="groups")
    ensemble = models.ForeignKey(
        Ensemble, models.SET_NULL, null=True, blank=True, related_name="groups"
    )
    teachers = models.ManyToManyField(Teacher, blank=True, related_name="groups")
    weekday = models.PositiveSmallIntegerField(choices=Weekday.choices, null=True, blank=True)
    starts_at = models.TimeField(null=True, blank=True)
    ends_at = models.TimeField(null=True, blank=True)

    objects = ScopedQuerySet.as_manager()
    scope_centres = ("centre",)

    class Meta:
        ordering = ["centre", "name"]

    def __str__(self):
        return self.name


class Enrolment(RosterRecord):
    """A pupil in a group, from one day to another."""

    class Status(models.TextChoices):
        ACTIVE = "active", _("Active")
        WAITING = "waiting", _("Waiting")
        LEFT = "left", _("Left")

    pupil = models.ForeignKey(Pupil, models.CASCADE, related_name="enrolments")
    group = models.ForeignKey(MusicGroup, models.PROTECT, related_name="enrolments")
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.ACTIVE)
    instrument = models.ForeignKey(
        Instrument, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    seat = models.CharField(max_length=40, blank=True)
    starts_on = models.DateField(null=True, blank=True)
    ends_on = models.DateField(null=True, blank=True)

    objects = ScopedQuerySet.as_manager()
    scope_centres = ("group__centre",)

    class Meta:
        ordering = ["group", "pupil"]
        constraints = [
            models.UniqueConstraint(fields=["pupil", "group"], name="enrolment_once"),
            models.CheckConstraint(
                condition=Q(starts_on__isnull=True)
                | Q(ends_on__isnull=True)
                | Q(starts_on__lte=F("ends_on")),
                name="enrolment_in_order",
            ),
        ]

    def __str__(self):
        return f"Enrolment {self.pk}"


class Award(RosterRecord):
    """A grade, medal or award that a pupil has won."""

    external_id = models.CharField(max_length=64, unique=True, null=True, blank=True)
    pupil = models.ForeignKey(Pupil, models.CASCADE, related_name="awards")
    title = models.CharField(max_length=120, help_text=_("Such as Music Medal or Arts Award."))
    level = models.CharField(max_length=40, blank=True)
    result = models.CharField(max_length=40, blank=True)
    instrument = models.ForeignKey(
        Instrument, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    awarded_on = models.DateField(null=True, blank=True)

    objects = ScopedQuerySet.as_manager()
    scope_centres = ("pupil__enrolments__group__centre", "pupil__places__course_date__centre")

    class Meta:
        ordering = ["-awarded_on", "title"]

    def __str__(self):
        return f"Award {self.pk}"
