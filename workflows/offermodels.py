"""What can be offered, who waits for it in which order, what was offered to whom, and why.

A Pool is the parent row of everything that is offered from one number of places: a course date, a
section of an ensemble, or a thing that a workflow names. Rows are written by workflows.offers and
workflows.queues alone, under the pool's lock (workflows.pools); a PoolEvent is never edited.
"""

from datetime import datetime, time

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cms.models import CourseDate, EnsembleSection


def sunday() -> list[int]:
    return [6]


def working_week() -> list[int]:
    return [0, 1, 2, 3, 4]


class Pool(models.Model):
    """One number of places, and the rules by which they are offered."""

    key = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=200)
    course_date = models.OneToOneField(
        CourseDate, models.PROTECT, null=True, blank=True, related_name="pool"
    )
    section = models.OneToOneField(
        EnsembleSection, models.PROTECT, null=True, blank=True, related_name="pool"
    )
    seats = models.PositiveSmallIntegerField(
        _("places to offer"),
        null=True,
        blank=True,
        help_text=_("Left empty: as many as the date or the section has."),
    )
    window_hours = models.PositiveSmallIntegerField(
        _("hours to answer an offer"), default=24, help_text=_("From 1 to 336.")
    )
    quiet_from = models.TimeField(_("no offer ends after"), default=time(20))
    quiet_until = models.TimeField(_("nor before"), default=time(8))
    quiet_days = models.JSONField(default=sunday, help_text=_("Days without an end; Monday is 0."))
    working_days = models.JSONField(default=working_week)
    ends_at = models.TimeField(_("but on the next working day at"), default=time(12))
    max_skips = models.PositiveSmallIntegerField(
        _("a family is passed over at most"),
        default=3,
        help_text=_("After that, places are kept together until there are enough for it."),
    )
    finish_hours = models.PositiveSmallIntegerField(
        _("hours to finish a booking after accepting"), default=48
    )
    is_open = models.BooleanField(_("families may join the list"), default=True)
    rest_is_open = models.BooleanField(
        _("others may book although people wait"), default=False, editable=False
    )

    class Meta:
        default_permissions = ()
        permissions = [("run_pool", "Can run offers, reserves and waiting lists")]
        constraints = [
            models.CheckConstraint(
                condition=Q(window_hours__gte=1, window_hours__lte=336), name="pool_window"
            ),
        ]

    def __str__(self):
        return self.name


class ListEntry(models.Model):
    """Somebody on a pool's list: the waiting list of a date, the reserves of a section.

    `children` are the numbers of the children on the case, from 1; `rule` says how many of them
    must have places together. `buttons` are keys of the case's buttons that the hub presses when
    it is offered, accepted, declined or lapsed.
    """

    class Rule(models.TextChoices):
        ALL = "all", _("All together")
        THESE = "these", _("At least some of them together")
        ANY = "any", _("Any of them")

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        PAUSED = "paused", _("Paused")
        OFFERED = "offered", _("Offered a place")
        PLACED = "placed", _("Has a place")
        LEFT = "left", _("Left")

    ON_LIST = ("waiting", "paused", "offered")

    pool = models.ForeignKey(Pool, models.PROTECT, related_name="entries")
    case = models.ForeignKey("workflows.Case", models.CASCADE, related_name="entries")
    position = models.IntegerField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    rule = models.CharField(max_length=5, choices=Rule.choices, default=Rule.ALL)
    children = models.JSONField()
    together = models.JSONField(default=list, blank=True)
    buttons = models.JSONField(default=dict, blank=True)
    score = models.CharField(max_length=20, blank=True)
    rank = models.PositiveSmallIntegerField(null=True, blank=True)
    skips = models.PositiveSmallIntegerField(default=0)
    lapses = models.PositiveSmallIntegerField(default=0)
    joined_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["pool", "position", "pk"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["pool", "case"],
                condition=Q(state__in=["waiting", "paused", "offered"]),
                name="listentry_once",
            ),
        ]
        indexes = [models.Index(fields=["pool", "state", "position"], name="listentry_queue")]

    def __str__(self):
        return f"Entry {self.pk}"

    @property
    def need(self) -> int:
        """How many places at once make sense for it."""
        if self.rule == self.Rule.ANY:
            return 1
        if self.rule == self.Rule.THESE:
            return max(1, len(self.together))
        return len(self.children)

    def to_offer(self, free: int) -> list[int]:
        """Which children get places when so many are free: those who must be together first."""
        first = [number for number in self.children if number in self.together]
        rest = [number for number in self.children if number not in first]
        return sorted([*first, *rest][:free])


class Offer(models.Model):
    """Places that are kept for one case until `answer_by`. It counts while that is to come."""

    class State(models.TextChoices):
        LIVE = "live", _("Waiting for an answer")
        ACCEPTED = "accepted", _("Accepted")
        DECLINED = "declined", _("Declined")
        LAPSED = "lapsed", _("Ran out")
        WITHDRAWN = "withdrawn", _("Withdrawn")
        GIVEN_UP = "given_up", _("Given up later")

    pool = models.ForeignKey(Pool, models.PROTECT, related_name="offers")
    case = models.ForeignKey("workflows.Case", models.CASCADE, related_name="offers")
    entry = models.ForeignKey(ListEntry, models.CASCADE, null=True, related_name="offers")
    state = models.CharField(max_length=9, choices=State.choices, default=State.LIVE)
    children = models.JSONField()
    buttons = models.JSONField(default=dict)
    made_at = models.DateTimeField()
    answer_by = models.DateTimeField()
    remind_at = models.DateTimeField()
    reminded_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    actor_name = models.CharField(max_length=160)
    reason = models.TextField(blank=True)
    taken_by = models.CharField(
        max_length=64, blank=True, help_text=_("Whose the places became, in cms.places.")
    )

    class Meta:
        ordering = ["-pk"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["pool", "case"], condition=Q(state="live"), name="offer_once"
            ),
            models.CheckConstraint(
                condition=Q(state="live", ended_at__isnull=True)
                | (~Q(state="live") & Q(ended_at__isnull=False)),
                name="offer_ends",
            ),
            models.CheckConstraint(
                condition=Q(answer_by__gt=models.F("made_at")), name="offer_has_time"
            ),
        ]
        indexes = [
            models.Index(fields=["answer_by"], name="offer_live", condition=Q(state="live")),
        ]

    def __str__(self):
        return f"Offer {self.pk}"

    @property
    def holder(self) -> str:
        """The name under which cms.places keeps its places."""
        return f"offer-{self.pk}"

    @property
    def number(self) -> int:
        return len(self.children)

    def is_live(self, now: datetime | None = None) -> bool:
        """Whether it can still be accepted: to the second, whoever has marked it or not."""
        return self.state == self.State.LIVE and self.answer_by > (now or timezone.now())


class Seat(models.Model):
    """One place of a pool that is no course date, as long as an offer has it.

    Numbered from 1, and no number twice: should the lock ever be forgotten, the second offer
    fails instead of being one too many.
    """

    pool = models.ForeignKey(Pool, models.PROTECT, related_name="+")
    offer = models.ForeignKey(Offer, models.CASCADE, related_name="+")
    number = models.PositiveSmallIntegerField()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["pool", "number"], name="seat_once"),
            models.CheckConstraint(condition=Q(number__gte=1), name="seat_from_one"),
        ]

    def __str__(self):
        return f"Seat {self.number} of pool {self.pool_id}"
