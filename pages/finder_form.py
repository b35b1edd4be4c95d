"""What the finder asks: a date of birth or a school year, and four things that may be left out.

The values are read once and thrown away with the request: nothing here is saved.
"""

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cms.models import Instrument
from cms.models.catalogue import WEEKDAYS
from cms.pagecache import shared
from cms.school_year import LAST_YEAR, RECEPTION, year_label
from forms.field_types.dates import DateField
from forms.widgets import DateBoxes
from pages.distance import Point, outcode_of, point_of
from pages.fitting import Child

NONE_YET = "none"
POSTCODE = _("Postcode must look like SG4 9UJ or SG4, or stay empty")


def _years() -> list[tuple[str, str]]:
    return [("", _("Choose a year"))] + [
        (str(year), year_label(year)) for year in range(RECEPTION, LAST_YEAR + 1)
    ]


def _instruments() -> list:
    """None yet first, then instruments by family. One query, once until content changes."""
    families: dict[str, list] = {}
    for instrument in shared(
        "instruments", lambda: list(Instrument.objects.order_by("family", "name"))
    ):
        choice = (instrument.slug, instrument.name)
        families.setdefault(instrument.get_family_display(), []).append(choice)
    return [("", _("Anything")), (NONE_YET, _("None yet, or not sure")), *families.items()]


class FinderForm(forms.Form):
    """Five questions; `child()` and `home()` are what the answers mean."""

    use_required_attribute = False

    born = DateField(
        name="Date of birth",
        when="past",
        required=False,
        label=_("Date of birth"),
        help_text=_("For example, 27 3 2015. We use it once, here, and do not keep it."),
        widget=DateBoxes(),
    )
    year = forms.ChoiceField(
        required=False,
        label=_("Or the school year now"),
        help_text=_("Enough on its own. Give both if your child is in another year than usual."),
    )
    postcode = forms.CharField(
        required=False,
        max_length=10,
        label=_("Postcode"),
        help_text=_("To say how far things are. The first half will do, such as SG4."),
        widget=forms.TextInput(attrs={"autocomplete": "postal-code", "spellcheck": "false"}),
    )
    instrument = forms.ChoiceField(required=False, label=_("Instrument or voice"))
    day = forms.ChoiceField(
        required=False,
        label=_("Day of the week"),
        choices=[("", _("Any day")), *((str(n), name) for n, name in enumerate(WEEKDAYS))],
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, auto_id="find-%s", label_suffix="", **kwargs)
        self.fields["year"].choices = _years()
        self.fields["instrument"].choices = _instruments()
        for name, words in (
            ("year", _("Choose a school year from the list")),
            ("instrument", _("Choose an instrument from the list")),
            ("day", _("Choose a day from the list")),
        ):
            self.fields[name].error_messages["invalid_choice"] = words

        self.fields["postcode"].error_messages["max_length"] = POSTCODE

    def clean_postcode(self) -> str:
        typed = self.cleaned_data["postcode"].strip()
        if typed and not outcode_of(typed):
            raise forms.ValidationError(POSTCODE)
        return typed

    def clean(self) -> dict:
        cleaned = super().clean()
        told = cleaned.get("born") or cleaned.get("year")
        if not told and not {"born", "year"} & set(self.errors):
            self.add_error("born", _("Enter a date of birth or choose a school year"))
        return cleaned

    def problems(self) -> list[dict]:
        """For the error summary: each message with the control to go to."""
        return [
            {"id": self[name].id_for_label or self[name].auto_id, "message": message}
            for name, messages in self.errors.items()
            for message in messages
        ]

    def child(self) -> Child:
        answers = self.cleaned_data
        chosen = answers["instrument"]
        named = chosen and chosen != NONE_YET
        return Child(
            today=timezone.localdate(),
            born=answers["born"],
            year=int(answers["year"]) if answers["year"] else None,
            plays=Instrument.objects.get(slug=chosen) if named else None,
            begins=chosen == NONE_YET,
            day=int(answers["day"]) if answers["day"] else None,
        )

    def home(self) -> Point | None:
        return point_of(self.cleaned_data["postcode"]) if self.cleaned_data["postcode"] else None

    @property
    def place_is_unknown(self) -> bool:
        """A postcode was given, and our list of districts does not have it."""
        return bool(self.cleaned_data.get("postcode")) and self.home() is None
