"""What is kept about a partner beside its public record: people, papers, agreements, history.

None of it is public. Papers are statements with a day until which they count; certificates are
never kept here. Rows are reached by staff who may change partners, and by the partner's own people
through the passport. `GoverningText` holds the words that partners agree to, version by version.
"""

import hashlib

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .accounts import User
from .catalogue import Partner


class WrittenOnce(models.Model):
    """A row that nobody changes or takes away after it is written."""

    class Meta:
        abstract = True

    def save(self, **kwargs):
        if self.pk and not self._state.adding:
            raise ValidationError(_("This is kept as it was written. Add a new one instead."))
        super().save(**kwargs)

    def delete(self, *args, **kwargs):
        raise ValidationError(_("This is kept as it was written. It cannot be deleted."))


class PartnerPerson(models.Model):
    """Somebody who acts for a partner. Their address opens the partner's passport."""

    partner = models.ForeignKey(Partner, models.CASCADE, related_name="people")
    name = models.CharField(max_length=120)
    email = models.EmailField(max_length=254, db_index=True)
    may_sign = models.BooleanField(
        default=False, help_text=_("May agree to terms in the organisation's name.")
    )
    added_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["partner", "email"], name="partner_person_once")
        ]

    def __str__(self):
        return f"Person {self.pk} of partner {self.partner_id}"  # logs print this: never a name

    def save(self, **kwargs):
        self.email = self.email.strip().lower()
        super().save(**kwargs)


class PartnerPaper(models.Model):
    """One statement that a partner gave, until when it counts, and what was said when."""

    class Kind(models.TextChoices):
        POLICY = "policy", _("Safeguarding policy")
        INSURANCE = "insurance", _("Public liability insurance")
        DBS = "dbs", _("DBS status check")
        TRAINING = "training", _("Safeguarding training")
        REGISTER = "register", _("Statement of the register of checks")

    partner = models.ForeignKey(Partner, models.CASCADE, related_name="papers")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    dated_on = models.DateField(help_text=_("When it was made, reviewed or checked."))
    valid_until = models.DateField(help_text=_("The last day on which it counts."))
    note = models.CharField(
        max_length=200, blank=True, help_text=_("Never the content of a DBS certificate.")
    )
    given_at = models.DateTimeField(default=timezone.now)
    given_by = models.CharField(max_length=150, blank=True)
    last_reminder = models.PositiveSmallIntegerField(
        null=True, editable=False, help_text=_("Days before its end of the last reminder sent.")
    )

    class Meta:
        ordering = ["-given_at", "-pk"]
        indexes = [models.Index(fields=["partner", "kind", "-given_at"], name="partner_paper")]
        constraints = [
            models.CheckConstraint(
                condition=Q(dated_on__lte=F("valid_until")), name="partnerpaper_in_order"
            )
        ]

    def __str__(self):
        return f"{self.get_kind_display()} of partner {self.partner_id}"


class PartnerCondition(models.Model):
    """What a partner has still to do since it was approved on condition that it does."""

    class State(models.TextChoices):
        OPEN = "open", _("To do")
        MET = "met", _("Met")
        WAIVED = "waived", _("Waived")

    partner = models.ForeignKey(Partner, models.CASCADE, related_name="conditions")
    words = models.CharField(max_length=300, help_text=_("What has to be done. They read this."))
    due_on = models.DateField()
    state = models.CharField(max_length=6, choices=State.choices, default=State.OPEN)
    reference = models.CharField(max_length=24, blank=True)
    set_at = models.DateTimeField(default=timezone.now)
    set_by = models.CharField(max_length=150, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.CharField(max_length=150, blank=True)
    ended_because = models.CharField(max_length=250, blank=True)
    last_reminder = models.SmallIntegerField(
        null=True, editable=False, help_text=_("Days before its day of the last reminder sent.")
    )

    class Meta:
        ordering = ["due_on", "pk"]

    def __str__(self):
        return f"Condition {self.pk} of partner {self.partner_id}"


class PartnerName(models.Model):
    """A name and an address that a partner had, or that one which joined it had."""

    partner = models.ForeignKey(Partner, models.CASCADE, related_name="former_names")
    name = models.CharField(max_length=150)
    slug = models.SlugField(unique=True)
    ended_on = models.DateField(default=timezone.localdate)
    joined = models.BooleanField(
        default=False, help_text=_("Another organisation, which became part of this one.")
    )

    class Meta:
        ordering = ["-ended_on", "-pk"]

    def __str__(self):
        return self.name


class PartnerEvent(WrittenOnce):
    """One thing that happened to a partnership, in words; never why it was suspended."""

    partner = models.ForeignKey(Partner, models.PROTECT, related_name="history")
    at = models.DateTimeField(default=timezone.now)
    kind = models.CharField(max_length=20)
    words = models.CharField(max_length=250)
    reference = models.CharField(max_length=24, blank=True, db_index=True)
    actor = models.CharField(max_length=150, blank=True)

    class Meta:
        ordering = ["-at", "-pk"]
        default_permissions = ()

    def __str__(self):
        return f"Partner {self.partner_id}: {self.kind}"


class GoverningText(models.Model):
    """Terms or a policy of the hub, whose words change by versions."""

    slug = models.SlugField(unique=True)
    title = models.CharField(max_length=120)
    partners_agree = models.BooleanField(
        default=False, help_text=_("Every partner has to agree to the newest version.")
    )
    is_public = models.BooleanField(default=True)
    review_on = models.DateField(null=True, blank=True)
    owner = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    reminded_for = models.DateField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["title"]

    def __str__(self):
        return self.title


class GoverningVersion(WrittenOnce):
    """The words of one version, and their SHA-256: what somebody agreed to can be shown again."""

    text = models.ForeignKey(GoverningText, models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField()
    words = models.TextField()
    sha256 = models.CharField(max_length=64, editable=False)
    changes = models.CharField(max_length=250, help_text=_("What is new, in a sentence."))
    in_force_from = models.DateField()
    agree_by = models.DateField(
        null=True,
        blank=True,
        help_text=_("Partners who have not agreed after this day are unlisted until they do."),
    )
    published_at = models.DateTimeField(default=timezone.now)
    published_by = models.CharField(max_length=150, blank=True)

    class Meta:
        ordering = ["text", "-number"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["text", "number"], name="governing_version_once")
        ]

    def __str__(self):
        return f"{self.text}, version {self.number}"

    def save(self, **kwargs):
        self.sha256 = hashlib.sha256(self.words.encode()).hexdigest()
        super().save(**kwargs)


class PartnerAgreement(WrittenOnce):
    """Who agreed to which words, when. The fingerprint is copied, so that it proves itself."""

    partner = models.ForeignKey(Partner, models.PROTECT, related_name="agreements")
    version = models.ForeignKey(GoverningVersion, models.PROTECT, related_name="agreements")
    sha256 = models.CharField(max_length=64)
    name = models.CharField(max_length=120)
    agreed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-agreed_at"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["partner", "version"], name="partner_agreed_once")
        ]

    def __str__(self):
        return f"Partner {self.partner_id}: version {self.version_id}"
