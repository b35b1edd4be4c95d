"""Who applied in a round, where each is proposed to go, and when a panel had finished.

Personal data, reached through the cases that `Case.objects.for_user` gives. An Entrant keeps keys
of instruments and groups, never a name; a Placement what is proposed, until the release decides.
Written by workflows.seasons alone.
"""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cms.models import EnsembleSection, Instrument

from .dates import RoundDate  # noqa: F401 - Django looks here
from .rounds import AuditionRound, RoundEnsemble, RoundInstrument  # noqa: F401 - Django looks here


class Vacancy(models.Model):
    """The seats of one instrument in one group for one round, and the pool they are offered from.

    `seats` is what staff said, with a reason; left empty it is worked out from the roster.
    """

    round = models.ForeignKey(AuditionRound, models.CASCADE, related_name="vacancies")
    section = models.ForeignKey(EnsembleSection, models.PROTECT, related_name="vacancies")
    seats = models.PositiveSmallIntegerField(null=True, blank=True)
    reason = models.CharField(max_length=200, blank=True)
    pool = models.OneToOneField(
        "workflows.Pool", models.PROTECT, null=True, blank=True, related_name="vacancy"
    )

    class Meta:
        ordering = ["section__ensemble__name", "section__instrument__name"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["round", "section"], name="vacancy_once"),
            models.CheckConstraint(
                condition=Q(seats=None) | ~Q(reason=""), name="vacancy_by_hand_says_why"
            ),
        ]

    def __str__(self):
        return str(self.section)

    @property
    def key(self) -> str:
        """How a decision's group names it, within 60 letters."""
        return f"{self.section.ensemble.slug}/{self.section.instrument.slug}"[:60]


class Entrant(models.Model):
    """One application in its round: what is played and wanted, in order of preference.

    `instruments` and `choices` are slugs; `notes` sentences for staff. A player outside the ages
    or the county is heard once somebody waived it, which says who and why.
    """

    round = models.ForeignKey(AuditionRound, models.CASCADE, related_name="entrants")
    case = models.OneToOneField("workflows.Case", models.CASCADE, related_name="entrant")
    instruments = models.JSONField(default=list)
    choices = models.JSONField(default=list)
    elsewhere = models.BooleanField(default=False)
    principal = models.BooleanField(default=False)
    is_late = models.BooleanField(default=False)
    outside = models.CharField(max_length=300, blank=True)
    notes = models.JSONField(default=list)
    waived_because = models.TextField(blank=True)
    waived_by = models.CharField(max_length=160, blank=True)
    waived_at = models.DateTimeField(null=True, blank=True)
    hand = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text=_("Their order among equals, which the panel gave.")
    )
    entered_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["pk"]
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                condition=Q(waived_at=None) | ~Q(waived_because=""), name="entrant_waiver_says_why"
            ),
        ]

    def __str__(self):
        return f"Entrant {self.pk}"

    @property
    def may_be_heard(self) -> bool:
        return not self.outside or self.waived_at is not None


class Placement(models.Model):
    """Where a player is proposed to go, and why: a sentence that could be read to a parent.

    One that was changed by hand stays through every later proposal, with its reason.
    """

    class Outcome(models.TextChoices):
        OFFER = "offer", _("Offer")
        ELSEWHERE = "another", _("Offer of another group")
        RESERVE = "reserve", _("Reserve")
        TRIAL = "trial", _("Trial")
        NO = "no", _("Not this time")

    SEATED = ("offer", "another")

    entrant = models.OneToOneField(Entrant, models.CASCADE, related_name="placement")
    outcome = models.CharField(max_length=7, choices=Outcome.choices)
    vacancy = models.ForeignKey(
        Vacancy, models.PROTECT, null=True, blank=True, related_name="placements"
    )
    rank = models.PositiveSmallIntegerField(null=True, blank=True)
    mark = models.DecimalField(max_digits=5, decimal_places=2, null=True, blank=True)
    why = models.TextField()
    is_by_hand = models.BooleanField(default=False)
    reason = models.TextField(blank=True)
    changed_by = models.CharField(max_length=160, blank=True)
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["pk"]
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                condition=Q(is_by_hand=False) | ~Q(reason=""), name="placement_by_hand_says_why"
            ),
            models.CheckConstraint(
                condition=Q(outcome="no") | Q(vacancy__isnull=False), name="placement_is_somewhere"
            ),
        ]

    def __str__(self):
        return f"Placement {self.pk}"


class Taken(models.Model):
    """The one seat that an entrant has been offered or has: never two, whatever goes wrong."""

    entrant = models.OneToOneField(Entrant, models.CASCADE, related_name="taken")
    offer = models.OneToOneField("workflows.Offer", models.CASCADE, related_name="+")

    class Meta:
        default_permissions = ()

    def __str__(self):
        return f"Seat of entrant {self.entrant_id}"


class SignOff(models.Model):
    """A panel has finished with one instrument: nobody's mark changes after it unnoticed.

    `print` stands for every mark as it was then; one that differs later undoes the sign-off.
    """

    round = models.ForeignKey(AuditionRound, models.CASCADE, related_name="sign_offs")
    instrument = models.ForeignKey(Instrument, models.PROTECT, related_name="+")
    print = models.CharField(max_length=64)
    at = models.DateTimeField(default=timezone.now)
    actor_id = models.BigIntegerField(null=True)
    actor_name = models.CharField(max_length=160)

    class Meta:
        ordering = ["pk"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["round", "instrument"], name="signoff_once"),
        ]

    def __str__(self):
        return f"Sign-off {self.pk}"


class Invitation(models.Model):
    """A member of last season was invited to apply again, once."""

    round = models.ForeignKey(AuditionRound, models.CASCADE, related_name="invitations")
    pupil = models.ForeignKey("cms.Pupil", models.CASCADE, related_name="+")
    sent_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["pk"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["round", "pupil"], name="invitation_once"),
        ]

    def __str__(self):
        return f"Invitation {self.pk}"
