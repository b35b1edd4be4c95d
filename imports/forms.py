"""The forms of the roster screens: the upload, and which column is which."""

from django import forms
from django.utils.translation import gettext_lazy as _

from .errors import UnreadableFile
from .fetching import check_address
from .mapping import Mapping
from .models import QuietTime, SourceProfile
from .reader import Table
from .resources import Column, RosterResource, rosters

JOINED = " + "
BUNDLE = "oneroster"


class UploadForm(forms.Form):
    roster = forms.ChoiceField(label=_("Which roster is it?"), widget=forms.RadioSelect)
    file = forms.FileField(
        label=_("The file"),
        help_text=_("A table as CSV, TSV or an Excel workbook (.xlsx), as its source saved it."),
        error_messages={"required": _("Choose a file."), "empty": _("The file is empty.")},
        max_length=200,
    )
    is_full = forms.BooleanField(
        label=_("This file holds everybody"),
        required=False,
        help_text=_("Tick this only for a whole roster: whoever is not in it is marked as left."),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["roster"].choices = [
            *((key, roster.title) for key, roster in rosters.items()),
            (BUNDLE, _("A whole system: OneRoster or School Data Sync, as a zip file")),
        ]


class ColumnsForm(forms.Form):
    """One choice for each column of the roster: the column of the file that is it, or none."""

    is_full = forms.BooleanField(label=_("This file holds everybody"), required=False)
    source = forms.CharField(
        label=_("Remember this source as"),
        required=False,
        max_length=100,
        help_text=_("Such as “Arbor, nightly”. Its next file is then read as you chose here."),
    )

    def __init__(
        self, *args, roster: type[RosterResource], table: Table, mapping: Mapping, **kwargs
    ):
        super().__init__(*args, **kwargs)
        self.roster_columns: dict[str, Column] = roster.fields
        headings = [(heading, heading) for heading in table.header]
        for name, column in self.roster_columns.items():
            chosen = mapping.columns.get(name, [])
            choices = [("", _("Not in this file")), *headings]
            if len(chosen) > 1:
                choices.insert(1, (JOINED.join(chosen), JOINED.join(chosen)))
            self.fields[f"column-{name}"] = forms.ChoiceField(
                label=column.heading,
                choices=choices,
                required=False,
                initial=JOINED.join(chosen),
            )
        self._joined = {JOINED.join(found): found for found in mapping.columns.values()}

    def columns(self) -> dict[str, list[str]]:
        """{field: headings of the file}, for those that are in the file."""
        chosen = {name: self.cleaned_data[f"column-{name}"] for name in self.roster_columns}
        return {name: self._joined.get(text, [text]) for name, text in chosen.items() if text}

    def clean(self) -> dict:
        data = super().clean()
        seen: dict[str, str] = {}
        for name in self.roster_columns:
            heading = data.get(f"column-{name}")
            if not heading:
                continue
            if heading in seen:
                message = _("The column “%(heading)s” is chosen for two things.")
                self.add_error(f"column-{name}", message % {"heading": heading})
            seen[heading] = name
        return data


class QuietTimeForm(forms.ModelForm):
    roster = forms.ChoiceField(label=_("Which roster?"), required=False)

    class Meta:
        model = QuietTime
        fields = ("title", "kind", "roster", "first_day", "last_day")
        widgets = {
            "first_day": forms.DateInput(attrs={"type": "date"}),
            "last_day": forms.DateInput(attrs={"type": "date"}),
        }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        known = [(key, roster.title) for key, roster in rosters.items()]
        self.fields["roster"].choices = [("", _("Every roster")), *known]

    def clean(self) -> dict:
        data = super().clean()
        if data.get("first_day") and data.get("last_day") and data["last_day"] < data["first_day"]:
            self.add_error("last_day", _("The last day comes before the first."))
        return data


class SourceForm(forms.ModelForm):
    address = forms.URLField(
        label=_("Address"),
        required=False,
        max_length=500,
        assume_scheme="https",
        help_text=_("https only, on a host that the settings allow."),
    )

    class Meta:
        model = SourceProfile
        fields = (
            "title", "arrives_by", "folder", "address", "looks_at", "is_full_roster",
            "leaver_limit_percent", "blank_erases", "due_days", "contact_email",
        )  # fmt: skip
        widgets = {"looks_at": forms.TimeInput(attrs={"type": "time"})}

    def clean(self) -> dict:
        data = super().clean()
        if data.get("arrives_by") == SourceProfile.Arrival.HTTPS:
            try:
                check_address(data.get("address", ""))
            except UnreadableFile as error:
                self.add_error("address", str(error))
        return data
