"""The passport's own small forms: a paper's days, an agreement, a colleague, leaving."""

from datetime import date

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cms.models import PartnerPaper
from cms.partners import papers
from forms.field_types.dates import DateField
from forms.widgets import DateBoxes

DATED = {
    PartnerPaper.Kind.POLICY: gettext_lazy("When was it last reviewed?"),
    PartnerPaper.Kind.INSURANCE: gettext_lazy("When does it begin?"),
    PartnerPaper.Kind.DBS: gettext_lazy("When did you last check everybody's status?"),
    PartnerPaper.Kind.TRAINING: gettext_lazy("When was your lead last trained?"),
    PartnerPaper.Kind.REGISTER: gettext_lazy("When did you last go through your register?"),
}
UNTIL = {
    PartnerPaper.Kind.POLICY: gettext_lazy("When will you review it next?"),
    PartnerPaper.Kind.INSURANCE: gettext_lazy("What is its last day?"),
}


class PassportForm(forms.Form):
    """Errors come as the error summary wants them: the id to go to, and the sentence."""

    use_required_attribute = False

    def error_list(self) -> list[dict]:
        return [
            {
                "id": self[name].id_for_label if name in self.fields else "",
                "message": str(message),
            }
            for name, messages in self.errors.items()
            for message in messages
        ]


class Boxes(DateField):
    """Three boxes whose start is a date that is known."""

    def __init__(self, *, label: str, required: bool = True):
        super().__init__(
            name=str(label).rstrip("?"),
            label=label,
            required=required,
            widget=DateBoxes(),
            error_messages={"required": _("Enter a day, month and year")},
        )

    def prepare_value(self, value: object) -> object:
        if isinstance(value, date):
            return {"day": value.day, "month": value.month, "year": value.year}
        return value


class PaperForm(PassportForm):
    """A new statement of one kind; begins with the last one's days."""

    def __init__(self, kind: str, last: PartnerPaper | None, data: object = None):
        initial = {"dated_on": last.dated_on, "valid_until": last.valid_until} if last else {}
        super().__init__(data, initial=initial)
        self.kind = kind
        self.fields["dated_on"] = Boxes(label=DATED[kind])
        if kind in UNTIL:
            self.fields["valid_until"] = Boxes(
                label=UNTIL[kind], required=kind not in papers.MONTHS
            )


class AgreeForm(PassportForm):
    """The fingerprint travels along, so that nobody agrees to words they did not see."""

    name = forms.CharField(
        label=gettext_lazy("Your name"),
        max_length=120,
        error_messages={"required": gettext_lazy("Enter your name")},
        widget=forms.TextInput({"autocomplete": "name"}),
    )
    agreed = forms.BooleanField(
        label=gettext_lazy("I agree to these terms in the name of the organisation"),
        error_messages={"required": gettext_lazy("Tick the box if you agree")},
    )
    sha256 = forms.CharField(widget=forms.HiddenInput, max_length=64)


class PersonForm(PassportForm):
    name = forms.CharField(
        label=gettext_lazy("Their name"),
        max_length=120,
        error_messages={"required": gettext_lazy("Enter their name")},
    )
    email = forms.EmailField(
        label=gettext_lazy("Their e-mail address"),
        max_length=254,
        error_messages={
            "required": gettext_lazy("Enter their e-mail address"),
            "invalid": gettext_lazy("Enter an e-mail address like name@example.org"),
        },
        widget=forms.EmailInput({"spellcheck": "false"}),
    )


class LeaveForm(PassportForm):
    sure = forms.BooleanField(
        label=gettext_lazy("Yes, end our partnership with the hub"),
        error_messages={"required": gettext_lazy("Tick the box if you want to leave")},
    )
