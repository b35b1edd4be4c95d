"""What officers fill in about money: each form is one verb, and says what it did."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cms.models import MoneyAccount, MoneyRefund, User
from cms.models.money import BY_HAND, Method

from . import ledger, letters, refunds
from .amounts import in_pounds, to_pence

METHODS = [(one.value, one.label) for one in BY_HAND]


class PoundsField(forms.CharField):
    """Typed in pounds, cleaned to whole pence."""

    def __init__(self, **more: object):
        super().__init__(
            max_length=14,
            widget=forms.TextInput({"inputmode": "decimal", "autocomplete": "off"}),
            **{"label": gettext_lazy("Amount in pounds"), **more},
        )

    def clean(self, value: str) -> int:
        return to_pence(super().clean(value))


class MoneyForm(forms.Form):
    """One verb on one account. `permission` is of cms, `act` returns what to tell the officer."""

    name = ""
    permission = "record"
    title = ""
    button = ""

    def __init__(self, *args: object, account: MoneyAccount, **kwargs: object):
        super().__init__(*args, auto_id=f"{self.name}-%s", **kwargs)
        self.account = account

    def act(self, user: User) -> str:
        raise NotImplementedError


class PaymentForm(MoneyForm):
    name, title, button = "payment", gettext_lazy("Money has come"), gettext_lazy("Record payment")

    pounds = PoundsField()
    method = forms.ChoiceField(label=gettext_lazy("How"), choices=METHODS, initial=Method.BANK)
    reference = forms.CharField(
        label=gettext_lazy("Reference"),
        max_length=80,
        required=False,
        help_text=gettext_lazy("On the bank statement, or the number of the cheque."),
    )
    day = forms.DateField(
        label=gettext_lazy("Day"), initial=timezone.localdate, widget=forms.DateInput()
    )

    def clean_day(self):  # noqa: ANN201 - as Django's
        day = self.cleaned_data["day"]
        if day > timezone.localdate():
            raise ValidationError(_("The day is in the future."))
        return day

    def act(self, user: User) -> str:
        said = self.cleaned_data
        ledger.take_payment(
            self.account,
            said["pounds"],
            method=said["method"],
            reference=said["reference"],
            day=said["day"],
            by=user,
        )
        return _("%(amount)s recorded as paid.") % {"amount": in_pounds(said["pounds"])}


class _ChangeForm(MoneyForm):
    pounds = PoundsField()
    what = forms.CharField(label=gettext_lazy("What for"), min_length=3, max_length=200)


class ChargeForm(_ChangeForm):
    name, title, button = "charge", gettext_lazy("Charge more"), gettext_lazy("Charge")

    def act(self, user: User) -> str:
        ledger.charge(self.account, self.cleaned_data["pounds"], self.cleaned_data["what"], by=user)
        return _("Charged.")


class TakeOffForm(_ChangeForm):
    name, title, button = "credit", gettext_lazy("Take something off"), gettext_lazy("Take off")

    def act(self, user: User) -> str:
        ledger.take_off(
            self.account, self.cleaned_data["pounds"], self.cleaned_data["what"], by=user
        )
        return _("Taken off.")


class RefundForm(MoneyForm):
    name, title, button = "refund", gettext_lazy("Give money back"), gettext_lazy("Give back")
    permission = "refund"

    pounds = PoundsField()
    what = forms.CharField(label=gettext_lazy("Why"), min_length=3, max_length=150)

    def act(self, user: User) -> str:
        orders = refunds.refund(
            self.account, self.cleaned_data["pounds"], by=user, why=self.cleaned_data["what"]
        )
        by_hand = [order for order in orders if not order.payment.provider]
        return (
            _("Decided. It has to be made by hand: see the refunds to make.")
            if by_hand
            else _("Decided. The card provider is asked to give it back.")
        )


class MadeForm(MoneyForm):
    """A refund that was made by hand."""

    name, title, button = "made", gettext_lazy("It was made"), gettext_lazy("It was made")
    permission = "refund"

    refund = forms.IntegerField(widget=forms.HiddenInput)
    method = forms.ChoiceField(label=gettext_lazy("How"), choices=METHODS)
    reference = forms.CharField(label=gettext_lazy("Reference"), max_length=80)

    def clean_refund(self) -> int:
        pk = self.cleaned_data["refund"]
        if not MoneyRefund.objects.filter(pk=pk, account=self.account).exists():
            raise ValidationError(_("There is no such refund."))
        return pk

    def act(self, user: User) -> str:
        said = self.cleaned_data
        refunds.made(said["refund"], reference=said["reference"], method=said["method"], by=user)
        return _("Written down as made.")


class BillForm(MoneyForm):
    """A letter that says what is to be paid, by when."""

    name, title, button = "bill", gettext_lazy("Ask for payment"), gettext_lazy("Send the bill")

    due_on = forms.DateField(label=gettext_lazy("To be paid by"))

    def clean_due_on(self):  # noqa: ANN201 - as Django's
        day = self.cleaned_data["due_on"]
        if day < timezone.localdate():
            raise ValidationError(_("The day has passed."))
        return day

    def act(self, user: User) -> str:
        with ledger.locked(self.account.pk) as account:
            account.due_on = self.cleaned_data["due_on"]
            account.save(update_fields=["due_on"])
            letters.bill(account)
        return _("The bill is on its way.")


FORMS: dict[str, type[MoneyForm]] = {
    form.name: form
    for form in (PaymentForm, BillForm, ChargeForm, TakeOffForm, RefundForm, MadeForm)
}
