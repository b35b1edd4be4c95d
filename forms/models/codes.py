# ruff: noqa: ANN001, ANN201 - as in every module of models (pyproject.toml)
"""Codes that make a form cheaper: rows of their own, since they are counted, end and are secret.

A code is part of no version and of no package. Its name, never the code itself, is what lists,
Wagtail's history and messages say.
"""

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinLengthValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .definitions import FormDefinition


def plain_code(text):
    """As it is compared: without spaces and hyphens, in capitals."""
    return "".join(sign for sign in str(text or "").upper() if sign.isalnum())[:40]


class PriceCode(models.Model):
    """One code of one form: what it takes off, when, and how often."""

    form = models.ForeignKey(
        FormDefinition, models.PROTECT, related_name="price_codes", verbose_name=_("form")
    )
    name = models.CharField(
        _("name"), max_length=80, help_text=_("What colleagues call it. Families do not see it.")
    )
    code = models.CharField(
        _("code"),
        max_length=40,
        validators=[MinLengthValidator(6)],
        help_text=_(
            "What families type: six letters and digits or more, not easily guessed. "
            "Capitals, spaces and hyphens do not matter."
        ),
    )
    percent = models.PositiveSmallIntegerField(
        _("per cent off"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
        help_text=_("Of what is left after other reductions. Either this or an amount."),
    )
    pence = models.PositiveIntegerField(
        _("pence off"), null=True, blank=True, help_text=_("500 is £5.")
    )
    uses = models.PositiveIntegerField(
        _("how many forms may use it"), null=True, blank=True, help_text=_("Empty: any number.")
    )
    valid_from = models.DateField(_("first day"), null=True, blank=True)
    valid_until = models.DateField(_("last day"), null=True, blank=True)

    class Meta:
        ordering = ["form", "name"]
        verbose_name = _("code for a reduction")
        verbose_name_plural = _("codes for reductions")
        constraints = [
            models.UniqueConstraint(fields=["form", "code"], name="pricecode_once"),
            models.CheckConstraint(
                condition=Q(percent__isnull=True, pence__gt=0)
                | Q(pence__isnull=True, percent__gte=1, percent__lte=100),
                name="pricecode_percent_or_pence",
            ),
        ]

    def __str__(self):
        return self.name

    def clean(self):
        self.code = plain_code(self.code)
        if len(self.code) < 6:
            raise ValidationError({"code": _("Enter at least six letters and digits.")})
        if (self.percent is None) == (not self.pence):
            raise ValidationError(_("Enter either a percentage or an amount, not both."))
        if self.valid_from and self.valid_until and self.valid_from > self.valid_until:
            raise ValidationError({"valid_until": _("The last day is before the first.")})


class PriceCodeUse(models.Model):
    """One form that was sent with a code. Numbered, so that the database refuses one too many."""

    code = models.ForeignKey(PriceCode, models.PROTECT, related_name="used")
    number = models.PositiveIntegerField()
    submission = models.OneToOneField(
        "hub_forms.Submission", models.SET_NULL, null=True, related_name="price_code_use"
    )
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["code", "number"], name="pricecodeuse_once")]

    def __str__(self):
        return f"{self.code}, {self.number}"
