"""Payments by card on their way, and help with costs: rules, claims, and the fund of a year.

Written by cms.money alone. A claim says why a family gets help: only the remission officer's role
reaches it, and neither accounts, cases, exports nor letters repeat it.
"""

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cms.access import ScopedQuerySet
from cms.secrecy import new_token

from .calendar import AcademicYear
from .money import MoneyAccount, MoneyEntry


class OnlinePayment(models.Model):
    """One attempt to pay by card. `reference` is the provider's name for it, `key` is ours."""

    class State(models.TextChoices):
        STARTED = "started", _("Begun")
        PAID = "paid", _("Paid")
        FAILED = "failed", _("Did not go through")
        CANCELLED = "cancelled", _("Given up")
        EXPIRED = "expired", _("Ran out")

    account = models.ForeignKey(MoneyAccount, models.PROTECT, related_name="online_payments")
    key = models.CharField(max_length=64, unique=True, default=new_token, editable=False)
    provider = models.CharField(max_length=20)
    reference = models.CharField(max_length=120, blank=True)
    pence = models.PositiveBigIntegerField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.STARTED)
    address = models.CharField(max_length=2000, blank=True)
    entry = models.OneToOneField(MoneyEntry, models.PROTECT, null=True, related_name="paid_by")
    began_at = models.DateTimeField(default=timezone.now)
    asked_at = models.DateTimeField(null=True)
    trial = models.JSONField(default=dict, help_text=_("What the provider for trying out knows."))

    class Meta:
        ordering = ["id"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "reference"],
                condition=~Q(reference=""),
                name="onlinepayment_once",
            ),
            models.CheckConstraint(condition=Q(pence__gt=0), name="onlinepayment_above_zero"),
            models.CheckConstraint(
                condition=Q(state="paid", entry__isnull=False)
                | (~Q(state="paid") & Q(entry__isnull=True)),
                name="onlinepayment_paid_has_entry",
            ),
        ]
        indexes = [
            models.Index(
                fields=["began_at"], name="onlinepayment_open", condition=Q(state="started")
            )
        ]

    def __str__(self):
        return f"Online payment {self.pk}"


class RemissionRuleQuerySet(models.QuerySet):
    def on(self, day):
        """Those that hold on that day, in the officers' order."""
        return self.filter(valid_from__lte=day).filter(
            Q(valid_until=None) | Q(valid_until__gte=day)
        )


class RemissionRule(models.Model):
    """One reason for help with costs: how much it gives, what shows it, from when to when."""

    basis = models.SlugField(
        _("short name"),
        max_length=40,
        help_text=_("Such as free-meals. The same reason with another share is a new rule."),
    )
    label = models.CharField(
        _("families read"), max_length=160, help_text=_("Such as: A child gets free school meals")
    )
    hint = models.CharField(_("and below it"), max_length=200, blank=True)
    percent = models.PositiveSmallIntegerField(
        _("per cent off"), validators=[MinValueValidator(1), MaxValueValidator(100)]
    )
    evidence_needed = models.BooleanField(
        _("it has to be shown"),
        default=True,
        help_text=_("Without it the help is given at once."),
    )
    evidence = models.CharField(
        _("what shows it"), max_length=200, blank=True, help_text=_("Such as: the letter of award")
    )
    valid_from = models.DateField(_("first day"))
    valid_until = models.DateField(_("last day"), null=True, blank=True)
    position = models.PositiveSmallIntegerField(_("order"), default=0)

    objects = RemissionRuleQuerySet.as_manager()

    class Meta:
        ordering = ["position", "label"]
        verbose_name = _("rule for help with costs")
        verbose_name_plural = _("rules for help with costs")
        constraints = [
            models.UniqueConstraint(fields=["basis", "valid_from"], name="remissionrule_once"),
            models.CheckConstraint(
                condition=Q(percent__gte=1, percent__lte=100), name="remissionrule_percent"
            ),
            models.CheckConstraint(
                condition=Q(valid_until=None) | Q(valid_until__gte=F("valid_from")),
                name="remissionrule_in_order",
            ),
        ]

    def __str__(self):
        return f"{self.label} ({self.percent}%)"

    def clean(self):
        if self.valid_from and self.valid_until and self.valid_from > self.valid_until:
            raise ValidationError({"valid_until": _("The last day is before the first.")})
        if not self.valid_from:
            return
        others = RemissionRule.objects.filter(basis=self.basis).exclude(pk=self.pk)
        others = others.filter(Q(valid_until=None) | Q(valid_until__gte=self.valid_from))
        if self.valid_until:
            others = others.filter(valid_from__lte=self.valid_until)
        if others.exists():
            raise ValidationError(
                _("Another rule with this short name holds on some of these days. End it first.")
            )


class HelpFund(models.Model):
    """The money for help with costs in one school year. What is left is counted from its moves."""

    year = models.OneToOneField(AcademicYear, models.PROTECT, verbose_name=_("school year"))

    class Meta:
        ordering = ["-year__start_year"]
        default_permissions = ("view",)
        permissions = [("run_helpfund", "Can put money into the fund for help with costs")]
        verbose_name = _("fund for help with costs")
        verbose_name_plural = _("funds for help with costs")

    def __str__(self):
        return str(self.year)


class HelpClaim(models.Model):
    """That a family asked for help with one account, why, and what became of it."""

    class State(models.TextChoices):
        CLAIMED = "claimed", _("To be decided")
        WAITING = "waiting", _("Waits for the fund")
        APPROVED = "approved", _("Approved")
        REFUSED = "refused", _("Refused")
        ENDED = "ended", _("Cancelled")

    class How(models.TextChoices):
        NOW = "now", _("Sent with the form")
        LATER = "later", _("Sends it later")
        SCHOOL = "school", _("The school confirms it")
        NONE = "none", _("Not needed")

    account = models.OneToOneField(MoneyAccount, models.PROTECT, related_name="help_claim")
    rule = models.ForeignKey(RemissionRule, models.PROTECT, null=True, related_name="claims")
    percent = models.PositiveSmallIntegerField()
    pence = models.PositiveBigIntegerField(help_text=_("What it takes off."))
    state = models.CharField(max_length=10, choices=State.choices, default=State.CLAIMED)
    how = models.CharField(max_length=10, choices=How.choices, default=How.LATER)
    fund = models.ForeignKey(HelpFund, models.PROTECT, null=True, related_name="claims")
    asked_at = models.DateTimeField(default=timezone.now)
    school_email = models.EmailField(max_length=254, blank=True)
    school_hash = models.CharField(max_length=64, blank=True, db_index=True)
    school_until = models.DateTimeField(null=True)
    school_said = models.CharField(max_length=3, blank=True)  # yes, no
    school_said_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=150, blank=True)
    words = models.TextField(blank=True)

    objects = ScopedQuerySet.as_manager()
    scope_centres = ("account__centre",)

    class Meta:
        ordering = ["id"]
        default_permissions = ("view",)
        permissions = [("decide_helpclaim", "Can decide on help with costs")]
        verbose_name = _("claim for help with costs")
        verbose_name_plural = _("claims for help with costs")
        constraints = [
            models.CheckConstraint(condition=Q(pence__gt=0), name="helpclaim_above_zero"),
        ]
        indexes = [models.Index(fields=["fund", "state"], name="helpclaim_queue")]

    def __str__(self):
        return f"Claim {self.pk}"


class FundMove(models.Model):
    """Money that came into a fund, was promised to a claim, or came back. Numbered and summed, so
    that the database refuses to promise the same pound twice should the lock be forgotten."""

    class Kind(models.TextChoices):
        TOP_UP = "top_up", _("Put in")
        PROMISE = "promise", _("Promised")
        BACK = "back", _("Came back")

    fund = models.ForeignKey(HelpFund, models.PROTECT, related_name="moves")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=8, choices=Kind.choices)
    pence = models.BigIntegerField(help_text=_("Below zero when it is promised."))
    left_pence = models.BigIntegerField()
    claim = models.ForeignKey(HelpClaim, models.PROTECT, null=True, related_name="moves")
    at = models.DateTimeField(default=timezone.now)
    by_name = models.CharField(max_length=150)

    class Meta:
        ordering = ["id"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["fund", "number"], name="fundmove_once"),
            models.CheckConstraint(condition=Q(left_pence__gte=0), name="fundmove_never_below"),
        ]

    def __str__(self):
        return f"{self.fund_id}/{self.number}"
