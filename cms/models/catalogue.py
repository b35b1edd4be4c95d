"""What the hub offers, all of it public: areas, centres, courses, ensembles, partners.

Pages present these records and never own them: publishing or reverting a page must not be able
to delete a course date that families hold places on, or to give it a new key.
"""

from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from localflavor.gb.forms import GBPostcodeField
from modelcluster.models import ClusterableModel
from phonenumber_field.modelfields import PhoneNumberField

from cms.access import ScopedQuerySet

from .rosterrecord import RosterRecord


def clean_postcode(value: str) -> str:
    """`sg49uj` -> `SG4 9UJ`. Raises django.core.exceptions.ValidationError when it is not one."""
    return GBPostcodeField(required=False).clean(value)


class PostcodeField(models.CharField):
    """A UK postcode, stored in its one written form (`SG4 9UJ`)."""

    description = "UK postcode"

    def __init__(self, *args, **kwargs):
        kwargs.setdefault("max_length", 8)
        super().__init__(*args, **kwargs)

    def to_python(self, value):
        value = super().to_python(value)
        return clean_postcode(value) if value else value


class Area(models.Model):
    """A part of the county with its own office, such as East or West."""

    name = models.CharField(max_length=60, unique=True)
    slug = models.SlugField(unique=True)
    office_phone = PhoneNumberField(blank=True)
    office_email = models.EmailField(blank=True)
    office_address = models.CharField(max_length=250, blank=True)
    postcodes = models.CharField(
        max_length=400,
        blank=True,
        db_default="",
        validators=[
            RegexValidator(
                r"(?i)^[A-Z]{1,2}([0-9][0-9A-Z]?)?([ ,]+[A-Z]{1,2}([0-9][0-9A-Z]?)?)*\Z",
                _("First halves of postcodes with spaces between, such as SG13 SG14 EN"),
            )
        ],
        help_text=_(
            "Which postcodes are its own, by their first half or the letters alone, such as "
            "SG13 SG14 EN. Forms can send a request to the office by it."
        ),
    )

    class Meta:
        ordering = ["name"]

    def __str__(self):
        return self.name


class MusicCentreQuerySet(ScopedQuerySet):
    def _within(self, scopes):
        areas = {area for area, _centre in scopes if area}
        centres = {centre for _area, centre in scopes if centre}
        return Q(pk__in=centres) | Q(area__in=areas)


class MusicCentre(models.Model):
    name = models.CharField(max_length=100, unique=True)
    slug = models.SlugField(unique=True)
    area = models.ForeignKey(Area, models.PROTECT, related_name="centres")
    address = models.CharField(max_length=250, help_text=_("Street and town, separated by commas."))
    postcode = PostcodeField()
    latitude = models.FloatField(
        null=True, blank=True, validators=[MinValueValidator(49), MaxValueValidator(61)]
    )
    longitude = models.FloatField(
        null=True, blank=True, validators=[MinValueValidator(-9), MaxValueValidator(2)]
    )
    phone = PhoneNumberField(blank=True)
    email = models.EmailField(blank=True)
    opening_hours = models.CharField(
        max_length=200, blank=True, help_text=_("For example: Saturdays in term, 9am to 1pm.")
    )
    access = models.TextField(
        blank=True, help_text=_("Step-free routes, parking, hearing loop, quiet room.")
    )
    host_school = models.ForeignKey(
        "cms.School", models.SET_NULL, null=True, blank=True, related_name="hosted_centres"
    )
    is_open = models.BooleanField(default=True)

    objects = MusicCentreQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        permissions = [("close_musiccentre", _("Can close a centre for a day"))]

    def __str__(self):
        return self.name


class Instrument(models.Model):
    """An instrument or voice, as families and panels name it."""

    class Family(models.TextChoices):
        STRINGS = "strings", _("Strings")
        WOODWIND = "woodwind", _("Woodwind")
        BRASS = "brass", _("Brass")
        PERCUSSION = "percussion", _("Percussion")
        KEYBOARD = "keyboard", _("Keyboard")
        GUITAR = "guitar", _("Guitar and ukulele")
        VOICE = "voice", _("Voice")
        WORLD = "world", _("World music")
        TECHNOLOGY = "technology", _("Music technology")

    name = models.CharField(max_length=60, unique=True)
    slug = models.SlugField(unique=True)
    family = models.CharField(max_length=12, choices=Family.choices)

    class Meta:
        ordering = ["name"]

    def __str__(self):
        return self.name


class Genre(models.Model):
    """A kind of music making: rock and pop, folk, electronic, orchestral."""

    name = models.CharField(max_length=60, unique=True)
    slug = models.SlugField(unique=True)

    class Meta:
        ordering = ["name"]

    def __str__(self):
        return self.name


class Mode(models.TextChoices):
    IN_PERSON = "in_person", _("In person")
    ONLINE = "online", _("Online")
    BLENDED = "blended", _("Partly online")


class Course(models.Model):
    """A programme that runs again and again, such as Songwriter; its dates are CourseDate rows.

    Ages and school years are those on the first day of the date that is booked, never today's.
    """

    title = models.CharField(max_length=120, unique=True)
    slug = models.SlugField(unique=True)
    summary = models.CharField(max_length=300)
    code = models.CharField(
        max_length=4, unique=True, help_text=_("Begins the reference of each booking, such as SW.")
    )
    min_age = models.PositiveSmallIntegerField(null=True, blank=True)
    max_age = models.PositiveSmallIntegerField(null=True, blank=True)
    min_year = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text=_("School year; 0 is Reception.")
    )
    max_year = models.PositiveSmallIntegerField(null=True, blank=True)
    access = models.TextField(blank=True)
    mode = models.CharField(max_length=10, choices=Mode.choices, default=Mode.IN_PERSON)
    genres = models.ManyToManyField(Genre, blank=True, related_name="courses")
    instruments = models.ManyToManyField(
        Instrument,
        blank=True,
        related_name="courses",
        help_text=_("Leave empty when any instrument, or none, will do."),
    )
    for_beginners = models.BooleanField(
        default=True, help_text=_("Open to somebody who has never played or sung.")
    )
    form_slug = models.SlugField(blank=True, help_text=_("The form that families book with."))

    class Meta:
        ordering = ["title"]
        constraints = [
            models.CheckConstraint(
                condition=Q(min_age__isnull=True)
                | Q(max_age__isnull=True)
                | Q(min_age__lte=F("max_age")),
                name="course_ages_in_order",
            ),
            models.CheckConstraint(
                condition=Q(min_year__isnull=True)
                | Q(max_year__isnull=True)
                | Q(min_year__lte=F("max_year")),
                name="course_years_in_order",
            ),
        ]

    def __str__(self):
        return self.title


FEW_PLACES = 3
DECIDE_DAYS = 10


class Ages(NamedTuple):
    """Bounds of ages in years and of school years, both included; None where there is none."""

    min_age: int | None
    max_age: int | None
    min_year: int | None
    max_year: int | None


class CourseDateQuerySet(models.QuerySet):
    def upcoming(self):
        """Not yet begun, soonest first, cancelled ones included (they say so), drafts not."""
        drafts = Q(status=CourseDate.Status.DRAFT)
        return self.filter(~drafts, starts_at__gt=timezone.now()).order_by("starts_at")

    def with_places(self):
        """Add `taken`, places that are held, offered or confirmed now, and `taken_with_help`, those
        of them whose families ask for help with costs. One query for any number."""
        from cms.models.places import Place  # noqa: PLC0415 - places depends on catalogue

        now, key = Place.objects.occupying(), models.OuterRef("pk")
        return self.annotate(
            taken=now.count_for(key),
            taken_with_help=models.Case(
                models.When(equity_places=0, then=0),
                default=now.filter(claims_help=True).count_for(key),
            ),
        )


class CourseDate(ClusterableModel):
    """One run of a course at one centre, with a number of places that is never exceeded.

    `reference` is what the start page of a form takes as `?for=`. Prices are in pence.
    `equity_places` of the places are kept for families who ask for help with costs, until
    `equity_release_at`. With `draw_minutes` the first requests are drawn, not raced for.
    """

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft: nobody sees it")
        OPEN = "open", _("Open")
        CANCELLED = "cancelled", _("Cancelled by us")

    course = models.ForeignKey(Course, models.PROTECT, related_name="dates")
    reference = models.SlugField(max_length=24, unique=True)
    centre = models.ForeignKey(MusicCentre, models.PROTECT, related_name="course_dates")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    capacity = models.PositiveSmallIntegerField(validators=[MinValueValidator(1)])
    minimum_number = models.PositiveSmallIntegerField(default=0)
    price_pence = models.PositiveIntegerField(help_text=_("In pence: 3500 is £35.00."))
    booking_opens_at = models.DateTimeField()
    booking_closes_at = models.DateTimeField()
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.OPEN)
    room = models.CharField(max_length=80, blank=True)
    min_age = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text=_("Only where this date differs from its course.")
    )
    max_age = models.PositiveSmallIntegerField(null=True, blank=True)
    min_year = models.PositiveSmallIntegerField(null=True, blank=True)
    max_year = models.PositiveSmallIntegerField(null=True, blank=True)
    decide_by = models.DateField(
        _("decide by"),
        null=True,
        blank=True,
        help_text=_(
            "The day by which it is decided whether enough children come. Left empty: ten days "
            "before the first day."
        ),
    )
    equity_places = models.PositiveSmallIntegerField(
        _("places kept for families who ask for help with costs"),
        default=0,
        help_text=_("Part of the places above. 0 keeps none."),
    )
    equity_release_days = models.PositiveSmallIntegerField(
        _("days before, when anybody may have them"),
        default=14,
        help_text=_("What is left of them is for everybody from the beginning of that day."),
    )
    takes_waiting = models.BooleanField(
        _("has a waiting list"), default=True, help_text=_("Families may join it once it is full.")
    )
    draw_minutes = models.PositiveSmallIntegerField(
        _("minutes of the draw"),
        null=True,
        blank=True,
        validators=[MinValueValidator(5), MaxValueValidator(7 * 24 * 60)],
        help_text=_(
            "Requests that come in so many minutes after booking opens are put into a fair order "
            "by lot. Left empty: first come, first served."
        ),
    )
    waiting_first = models.BooleanField(
        default=False,
        editable=False,
        help_text=_("People wait for it: what comes free is offered to them before it is sold."),
    )

    objects = CourseDateQuerySet.as_manager()

    class Meta:
        ordering = ["starts_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(starts_at__lt=F("ends_at")), name="coursedate_in_order"
            ),
            models.CheckConstraint(
                condition=Q(booking_opens_at__lt=F("booking_closes_at")),
                name="coursedate_booking_in_order",
            ),
            models.CheckConstraint(
                condition=Q(equity_places__lte=F("capacity")), name="coursedate_equity_within"
            ),
            models.CheckConstraint(
                condition=(
                    Q(min_age__isnull=True) | Q(max_age__isnull=True) | Q(min_age__lte=F("max_age"))
                )
                & (
                    Q(min_year__isnull=True)
                    | Q(max_year__isnull=True)
                    | Q(min_year__lte=F("max_year"))
                ),
                name="coursedate_ages_in_order",
            ),
        ]
        permissions = [
            ("overbook_coursedate", _("Can let children in beyond the number of places"))
        ]

    def __str__(self):
        day = timezone.localtime(self.starts_at)
        return f"{self.course} at {self.centre}, {day.day} {day:%B %Y}"

    def is_bookable(self, now=None) -> bool:
        """Whether families may begin a booking now; says nothing about places left."""
        now = now or timezone.now()
        return (
            self.status == self.Status.OPEN
            and self.booking_opens_at <= now < self.booking_closes_at
        )

    @property
    def draw_ends_at(self) -> datetime | None:
        """Until when requests are collected for the draw; None when there is none."""
        if self.draw_minutes is None:
            return None
        return self.booking_opens_at + timedelta(minutes=self.draw_minutes)

    def is_collecting(self, now: datetime | None = None) -> bool:
        """Whether requests are being collected for the draw."""
        now, ends = now or timezone.now(), self.draw_ends_at
        return ends is not None and self.booking_opens_at <= now < ends

    @property
    def first_day(self) -> date:
        """The day on which ages and school years count, by the clock of the county."""
        return timezone.localtime(self.starts_at).date()

    @property
    def decision_day(self) -> date:
        """The day by which it is decided whether the date takes place."""
        return self.decide_by or self.first_day - timedelta(days=DECIDE_DAYS)

    @property
    def awaits_decision(self) -> bool:
        """Whether it takes place only when enough come, and the day to decide has not passed."""
        return bool(self.minimum_number) and timezone.localdate() <= self.decision_day

    @property
    def equity_release_at(self) -> datetime:
        """From when anybody may have the places that were kept for families with help."""
        day = self.first_day - timedelta(days=self.equity_release_days)
        return timezone.make_aware(datetime.combine(day, time.min))

    def kept_back(self, taken_with_help: int, now: datetime | None = None) -> int:
        """Free places that only families who ask for help may take, when so many have one."""
        if not self.equity_places or (now or timezone.now()) >= self.equity_release_at:
            return 0
        return max(0, self.equity_places - taken_with_help)

    @property
    def places_left(self) -> int:
        """Places that anybody may book, as of the query: only on rows read with `with_places()`.

        None while people wait: theirs are the next.
        """
        if self.waiting_first:
            return 0
        return max(self.capacity - self.taken - self.kept_back(self.taken_with_help), 0)

    @property
    def places_left_with_help(self) -> int:
        """The same for a family who asks for help with costs."""
        return 0 if self.waiting_first else max(self.capacity - self.taken, 0)

    @property
    def booking_state(self) -> str:
        """What a family may do now: cancelled, soon, draw, closed, full, few (3 or less) or open.

        "help" is full but for places that are kept for families who ask for help with costs.
        """
        now = timezone.now()
        if self.status == self.Status.CANCELLED:
            return "cancelled"
        if now < self.booking_opens_at:
            return "soon"
        if now >= self.booking_closes_at:
            return "closed"
        if self.is_collecting(now):
            return "draw"
        if not self.places_left:
            return "help" if self.places_left_with_help else "full"
        return "few" if self.places_left <= FEW_PLACES else "open"

    @property
    def cancellation_ladder(self) -> list[dict[str, int]]:
        """Its own steps of what a family that cancels gets back; [] where the usual ones hold."""
        return [
            {"days_before": step.days_before, "percent": step.percent}
            for step in self.refund_steps.all()
        ]

    def times(self) -> list[tuple[datetime, datetime, str, bool]]:
        """Each session: when it starts and ends, a note, and whether it is cancelled."""
        own = [(s.starts_at, s.ends_at, s.note, s.is_cancelled) for s in self.sessions.all()]
        return own or [(self.starts_at, self.ends_at, "", False)]

    @property
    def has_own_ages(self) -> bool:
        """Whether it is for other ages or school years than its course."""
        own = (self.min_age, self.max_age, self.min_year, self.max_year)
        return any(bound is not None for bound in own)

    def ages(self) -> "Ages":
        """Whom this date is for: its own ages or years where it has any, else its course's."""
        source = self if self.has_own_ages else self.course
        return Ages(source.min_age, source.max_age, source.min_year, source.max_year)

    @property
    def can_wait(self) -> bool:
        """Whether there is a waiting list that families can join by themselves."""
        return bool(self.takes_waiting and self.course.form_slug)


WEEKDAYS = (
    _("Monday"),
    _("Tuesday"),
    _("Wednesday"),
    _("Thursday"),
    _("Friday"),
    _("Saturday"),
    _("Sunday"),
)


class Ensemble(models.Model):
    """A group that plays or sings together, and where its members may go next."""

    class Level(models.TextChoices):
        SCHOOL = "school", _("School")
        CENTRE = "centre", _("Music centre")
        AREA = "area", _("Area")
        COUNTY = "county", _("County")

    name = models.CharField(max_length=120, unique=True)
    slug = models.SlugField(unique=True)
    level = models.CharField(max_length=8, choices=Level.choices)
    summary = models.CharField(max_length=300)
    centre = models.ForeignKey(
        MusicCentre, models.SET_NULL, null=True, blank=True, related_name="ensembles"
    )
    entry_guide = models.CharField(
        max_length=200, blank=True, help_text=_("A guide, such as 'about Grade 5'. Never a bar.")
    )
    min_year = models.PositiveSmallIntegerField(null=True, blank=True)
    max_year = models.PositiveSmallIntegerField(null=True, blank=True)
    min_age = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text=_("In years, where the group goes by age.")
    )
    max_age = models.PositiveSmallIntegerField(null=True, blank=True)
    instruments = models.ManyToManyField(
        Instrument,
        blank=True,
        related_name="ensembles",
        help_text=_("Leave empty when any instrument, or none, will do."),
    )
    rehearses = models.CharField(max_length=120, blank=True)
    weekday = models.PositiveSmallIntegerField(
        null=True, blank=True, choices=list(enumerate(WEEKDAYS)), help_text=_("For the finder.")
    )
    price_pence = models.PositiveIntegerField(
        null=True, blank=True, help_text=_("For a term, in pence: 4200 is £42.00. 0 is free.")
    )
    access = models.TextField(blank=True)
    genres = models.ManyToManyField(Genre, blank=True, related_name="ensembles")
    for_beginners = models.BooleanField(default=False)
    has_auditions = models.BooleanField(default=False)
    auditions_open_on = models.DateField(null=True, blank=True)
    auditions_close_on = models.DateField(null=True, blank=True)
    judged_on = models.DateField(
        _("ages and years count on"),
        null=True,
        blank=True,
        help_text=_("The day on which ages and school years are judged, such as 1 September."),
    )
    leads_to = models.ManyToManyField("self", symmetrical=False, blank=True, related_name="fed_by")

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(auditions_open_on__isnull=True)
                | Q(auditions_close_on__isnull=True)
                | Q(auditions_open_on__lte=F("auditions_close_on")),
                name="ensemble_auditions_in_order",
            ),
            models.CheckConstraint(
                condition=Q(min_age__isnull=True)
                | Q(max_age__isnull=True)
                | Q(min_age__lte=F("max_age")),
                name="ensemble_ages_in_order",
            ),
        ]

    def __str__(self):
        return self.name

    @property
    def meets_weekly(self) -> bool:
        """Whether it meets each week of term, at a centre that has dates of its own."""
        return self.weekday is not None and self.centre_id is not None

    def auditions_are_open(self, today: date) -> bool:
        """Whether a family may ask for an audition on that day."""
        if not (self.has_auditions and self.auditions_open_on and self.auditions_close_on):
            return False
        return self.auditions_open_on <= today <= self.auditions_close_on

    def reference_day(self, today: date) -> date:
        """The day on which ages and school years count: the round's own, or today."""
        if not self.has_auditions:
            return today
        return self.judged_on or self.auditions_close_on or today


class EnsembleSection(models.Model):
    """How many of one instrument an ensemble wants."""

    ensemble = models.ForeignKey(Ensemble, models.CASCADE, related_name="sections")
    instrument = models.ForeignKey(Instrument, models.PROTECT, related_name="sections")
    target = models.PositiveSmallIntegerField()
    reserve_size = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["ensemble", "instrument"]
        constraints = [
            models.UniqueConstraint(fields=["ensemble", "instrument"], name="section_once"),
        ]

    def __str__(self):
        return f"{self.ensemble}: {self.instrument}"


class OrganisationType(models.Model):
    name = models.CharField(max_length=60, unique=True)
    slug = models.SlugField(unique=True)

    class Meta:
        ordering = ["name"]

    def __str__(self):
        return self.name


class StrategicFunction(models.TextChoices):
    """The five functions of a hub in the National Plan for Music Education (2022)."""

    PARTNERSHIPS = "partnerships", _("Partnerships")
    SCHOOLS = "schools", _("Schools")
    PROGRESSION = "progression", _("Progression and musical development")
    INCLUSION = "inclusion", _("Inclusion")
    SUSTAINABILITY = "sustainability", _("Sustainability")


class PartnerQuerySet(models.QuerySet):
    def live(self):
        """Those the directory lists: approved, and neither lapsed nor suspended."""
        return self.filter(status=Partner.Status.LIVE, left_at=None, suspended_at=None)


class Partner(RosterRecord):
    """An organisation of the hub, as the public may know it. Its application stays private."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("Not yet public")
        LIVE = "live", _("Live")
        LAPSED = "lapsed", _("Lapsed: unlisted until renewed")
        SUSPENDED = "suspended", _("Suspended")
        LEFT = "left", _("Left")

    name = models.CharField(max_length=150, unique=True)
    slug = models.SlugField(unique=True)
    organisation_type = models.ForeignKey(OrganisationType, models.PROTECT, related_name="partners")
    summary = models.CharField(max_length=600)
    website = models.URLField(blank=True)
    logo = models.ForeignKey(
        "cms.HubImage", models.SET_NULL, null=True, blank=True, related_name="+"
    )
    logo_until = models.DateField(
        _("logo shown until"),
        null=True,
        blank=True,
        help_text=_("The last day on which they let us show it. Left empty: until they say no."),
    )
    areas = models.ManyToManyField(Area, blank=True, related_name="partners")
    works_beyond_county = models.BooleanField(default=False)
    function = models.CharField(
        max_length=16,
        choices=StrategicFunction.choices,
        blank=True,
        help_text=_("The function of the National Plan it mostly serves."),
    )
    is_lead = models.BooleanField(default=False, help_text=_("The hub lead organisation."))
    district = models.CharField(
        _("postcode district"),
        max_length=4,
        blank=True,
        db_default="",
        validators=[RegexValidator(r"^[A-Z]{1,2}[0-9][0-9A-Z]?\Z", _("Such as SG4"))],
        help_text=_("Where it is on the public map: the first half of a postcode, such as SG4."),
    )
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.DRAFT)
    legal_name = models.CharField(max_length=150, blank=True)
    charity_number = models.CharField(max_length=9, blank=True, db_index=True)
    company_number = models.CharField(max_length=8, blank=True, db_index=True)
    urn = models.CharField(_("URN"), max_length=6, blank=True, db_index=True)
    # Facts of their own, so that neither an editor nor a roster lifts them by writing a status.
    suspended_at = models.DateTimeField(null=True, blank=True, editable=False)
    lapsed_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = PartnerQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        permissions = [("suspend_partner", _("Can suspend a partner at once"))]

    def __str__(self):
        return self.name

    @property
    def shown_logo(self):
        """The logo where it may be shown today, by the partner's word and by the picture's."""
        today = timezone.localdate()
        if self.logo is None or (self.logo_until and self.logo_until < today):
            return None
        return self.logo if self.logo.may_be_shown(today) else None

    @property
    def standing(self):
        """Its status as staff read it: a suspension comes before everything else."""
        return self.Status.SUSPENDED.label if self.suspended_at else self.get_status_display()
