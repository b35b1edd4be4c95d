"""What families owe and have paid: accounts, their ledger, and refunds that are on their way.

Written by cms.money alone, under a lock on the account. The ledger is append-only and in whole
pence; what is owed is the sum of its rows and stands nowhere. The database itself refuses to change
or delete a row of the ledger, to give back more of a payment than it was, and to take off more
than was charged (triggers, in a migration of their own). No row says who a child is.
"""

from django.db import models
from django.db.models import F, Q, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cms.access import ScopedQuerySet
from cms.secrecy import new_token

from .catalogue import CourseDate, MusicCentre


class Method(models.TextChoices):
    """How money comes and goes. Help with costs comes from the hub's own fund."""

    CARD = "card", _("Card")
    BANK = "bank", _("Bank transfer")
    CHEQUE = "cheque", _("Cheque")
    CASH = "cash", _("Cash")
    VOUCHER = "voucher", _("Voucher")
    REMISSION = "remission", _("Help with costs")


BY_HAND = (Method.BANK, Method.CHEQUE, Method.CASH, Method.VOUCHER, Method.CARD)


def _sum_of(kind):
    rows = MoneyEntry.objects.filter(account=models.OuterRef("pk"), kind=kind).order_by()
    summed = rows.values("account").annotate(total=Sum("pence")).values("total")
    return Coalesce(models.Subquery(summed, output_field=models.BigIntegerField()), 0)


class MoneyAccountQuerySet(ScopedQuerySet):
    def with_sums(self):
        """With `charged`, `credited`, `paid`, `given_back` and what follows: `owed`, in pence.

        `owed` is below zero when the hub holds money that is the family's.
        """
        return self.annotate(
            charged=_sum_of("charge"),
            credited=_sum_of("credit"),
            paid=_sum_of("payment"),
            given_back=_sum_of("refund"),
        ).annotate(owed=F("charged") - F("credited") - F("paid") + F("given_back"))


class MoneyAccount(models.Model):
    """One thing that is paid for, such as a booking. `key` is its address for paying."""

    reference = models.CharField(_("reference"), max_length=24, unique=True)
    key = models.CharField(max_length=64, unique=True, default=new_token, editable=False)
    holder = models.CharField(max_length=64, blank=True, db_index=True)
    what = models.CharField(_("for"), max_length=200, blank=True)
    offering = models.ForeignKey(
        CourseDate, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("date")
    )
    centre = models.ForeignKey(
        MusicCentre, models.PROTECT, null=True, blank=True, verbose_name=_("centre")
    )
    payer_name = models.CharField(_("payer"), max_length=160, blank=True)
    payer_email = models.EmailField(_("e-mail"), max_length=254, blank=True)
    due_on = models.DateField(_("due"), null=True, blank=True)
    # Places are kept until then; None once they do not wait for the money, or never did.
    pay_by = models.DateTimeField(null=True, blank=True)
    opened_at = models.DateTimeField(_("opened"), default=timezone.now)

    objects = MoneyAccountQuerySet.as_manager()
    scope_centres = ("centre",)

    class Meta:
        ordering = ["-opened_at", "-pk"]
        default_permissions = ("view",)
        permissions = [
            ("record_moneyaccount", "Can record payments and change what is charged"),
            ("refund_moneyaccount", "Can give money back"),
        ]
        indexes = [models.Index(fields=["due_on"], name="moneyaccount_due")]
        verbose_name = _("money account")
        verbose_name_plural = _("money accounts")

    def __str__(self):
        return self.reference


class MoneyEntry(models.Model):
    """One row of the ledger. `number` counts an account's rows, so that none is written twice."""

    class Kind(models.TextChoices):
        CHARGE = "charge", _("Charged")
        CREDIT = "credit", _("Taken off")
        PAYMENT = "payment", _("Paid")
        REFUND = "refund", _("Given back")

    account = models.ForeignKey(MoneyAccount, models.PROTECT, related_name="entries")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=8, choices=Kind.choices)
    pence = models.PositiveBigIntegerField()
    method = models.CharField(max_length=10, choices=Method.choices, blank=True)
    what = models.CharField(max_length=200, blank=True)
    reference = models.CharField(max_length=80, blank=True)
    day = models.DateField(default=timezone.localdate)
    provider = models.CharField(max_length=20, blank=True)
    provider_reference = models.CharField(max_length=120, blank=True)
    refund_of = models.ForeignKey("self", models.PROTECT, null=True, related_name="refunded_by")
    at = models.DateTimeField(default=timezone.now)
    # A number and a name, no foreign key: deleting a user must not have to change this row.
    by_id = models.BigIntegerField(null=True)
    by_name = models.CharField(max_length=150)

    class Meta:
        ordering = ["id"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["account", "number"], name="moneyentry_once"),
            models.UniqueConstraint(
                fields=["provider", "provider_reference"],
                condition=~Q(provider_reference=""),
                name="moneyentry_provider_once",
            ),
            models.CheckConstraint(condition=Q(pence__gt=0), name="moneyentry_above_zero"),
            models.CheckConstraint(
                condition=Q(kind="refund", refund_of__isnull=False)
                | (~Q(kind="refund") & Q(refund_of__isnull=True)),
                name="moneyentry_refund_of_payment",
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=["payment", "refund"]) | ~Q(method=""),
                name="moneyentry_has_method",
            ),
        ]

    def __str__(self):
        return f"{self.account_id}/{self.number}"


class MoneyRefund(models.Model):
    """Money that somebody decided to give back, until it has gone. It goes the way it came."""

    class State(models.TextChoices):
        WAITING = "waiting", _("To be made")
        MADE = "made", _("Made")
        FAILED = "failed", _("Did not go through")

    account = models.ForeignKey(MoneyAccount, models.PROTECT, related_name="refunds")
    payment = models.ForeignKey(MoneyEntry, models.PROTECT, related_name="refund_orders")
    pence = models.PositiveBigIntegerField()
    method = models.CharField(max_length=10, choices=Method.choices)
    why = models.CharField(max_length=200)
    key = models.CharField(max_length=64, unique=True, default=new_token, editable=False)
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    problem = models.CharField(max_length=300, blank=True)
    entry = models.OneToOneField(MoneyEntry, models.PROTECT, null=True, related_name="made_by")
    asked_at = models.DateTimeField(default=timezone.now)
    by_id = models.BigIntegerField(null=True)
    by_name = models.CharField(max_length=150)

    class Meta:
        ordering = ["id"]
        default_permissions = ()
        constraints = [
            models.CheckConstraint(condition=Q(pence__gt=0), name="moneyrefund_above_zero"),
            models.CheckConstraint(
                condition=Q(state="made", entry__isnull=False)
                | (~Q(state="made") & Q(entry__isnull=True)),
                name="moneyrefund_made_has_entry",
            ),
        ]
        indexes = [
            models.Index(fields=["asked_at"], name="moneyrefund_open", condition=~Q(state="made"))
        ]

    def __str__(self):
        return f"Refund {self.pk}"
