"""The form of a session: what staff type, read as a day and two times on the wall.

What may be chosen follows from who asks: processes and places of their own roles and scopes only.
"""

from collections.abc import Callable

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cms.access import held_by, may_in_whole_hub
from cms.clock import LONDON
from cms.models import MusicCentre, User
from workflows.models import WorkflowDefinition

from . import timing
from .models import AppointmentSession

CHANGE = "workflows.change_appointmentsession"
LOCAL = "%Y-%m-%dT%H:%M"


def centres_for(user: User):  # noqa: ANN201 - a queryset
    """Where this person may hold sessions."""
    if may_in_whole_hub(user, CHANGE):
        return MusicCentre.objects.order_by("name")
    scopes = [held for held in held_by(user) if CHANGE in held.permissions]
    return MusicCentre.objects.filter(
        Q(pk__in=[one.centre for one in scopes if one.centre])
        | Q(area__in=[one.area for one in scopes if one.area])
    ).order_by("name")


def workflows_for(user: User):  # noqa: ANN201 - a queryset
    """The processes for which this person may hold sessions."""
    published = WorkflowDefinition.objects.filter(versions__isnull=False)
    if not user.is_superuser:
        roles = [held.role_id for held in held_by(user) if CHANGE in held.permissions]
        published = published.filter(versions__groups__in=roles)
    return published.distinct().order_by("title")


def _moment(label: str, help_text: str = "") -> forms.DateTimeField:
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format=LOCAL)
    return forms.DateTimeField(
        label=label, required=False, widget=widget, input_formats=[LOCAL], help_text=help_text
    )


class SessionForm(forms.ModelForm):
    """A session as it is edited. `instance` carries its times once the form is valid."""

    day = forms.DateField(
        label=_("Day"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    begins = forms.TimeField(
        label=_("From"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    ends = forms.TimeField(
        label=_("Until"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    offered_from = _moment(_("Families may choose from"), _("Empty: at once."))
    offered_until = _moment(_("Until"), _("Empty: as long as there are free times."))

    class Meta:
        model = AppointmentSession
        fields = (
            *("name", "workflow", "purpose", "groups", "centre", "room", "people", "minutes"),
            *("buffer_minutes", "breaks", "capacity", "warm_up_room", "warm_up_minutes"),
            *("offered_from", "offered_until", "cutoff_hours", "reminders"),
        )
        labels = {
            "name": _("Name"),
            "workflow": _("For which process"),
            "purpose": _("What for"),
            "groups": _("Only for these groups"),
            "centre": _("Place"),
            "room": _("Room"),
            "people": _("Who sits there"),
            "minutes": _("Minutes for each time"),
            "buffer_minutes": _("Minutes between"),
            "breaks": _("Breaks"),
            "capacity": _("How many at one time"),
            "warm_up_room": _("Warm-up room"),
            "warm_up_minutes": _("Minutes before, to warm up"),
            "cutoff_hours": _("Families may change until so many hours before"),
            "reminders": _("Reminders before"),
        }
        help_texts = {
            "name": _("Families read it: Strings, morning."),
            "purpose": _("As the button that offers it says: audition, interview, visit."),
            "groups": _("As answered in the form, such as Violin, Viola. Empty: for everybody."),
            "breaks": _("Such as 11:00-11:15, 12:30-13:15."),
            "reminders": _("Such as 3 days, 2 hours. Empty: none."),
        }
        widgets = {"people": forms.CheckboxSelectMultiple}

    def __init__(self, *args: object, user: User, **kwargs: object):
        super().__init__(*args, **kwargs)
        self.user = user
        self.fields["workflow"].queryset = workflows_for(user)
        self.fields["centre"].queryset = centres_for(user)
        self.fields["centre"].required = not may_in_whole_hub(user, CHANGE)
        staff = User.objects.filter(is_active=True, memberships__isnull=False)
        self.fields["people"].queryset = staff.distinct().order_by("first_name", "username")
        if self.instance.starts_at and not self.is_bound:
            first, last = (
                moment.astimezone(LONDON)
                for moment in (self.instance.starts_at, self.instance.ends_at)
            )
            self.initial |= {"day": first.date(), "begins": first.time(), "ends": last.time()}

    def clean_breaks(self) -> str:
        return self._parsed("breaks", timing.parse_breaks)

    def clean_reminders(self) -> str:
        return self._parsed("reminders", timing.parse_reminders)

    def _parsed(self, name: str, parse: Callable[[str], list]) -> str:
        text = self.cleaned_data[name]
        try:
            parse(text)
        except ValueError as problem:
            raise ValidationError(str(problem)) from problem
        return text

    def clean_minutes(self) -> int:
        return self._between("minutes", 1, 480)

    def clean_capacity(self) -> int:
        return self._between("capacity", 1, 50)

    def _between(self, name: str, least: int, most: int) -> int:
        value = self.cleaned_data[name]
        if not least <= value <= most:
            raise ValidationError(
                _("Enter a number from %(least)s to %(most)s.") % {"least": least, "most": most}
            )
        return value

    def clean(self) -> dict:
        found = super().clean()
        day, begins, ends = (found.get(name) for name in ("day", "begins", "ends"))
        if day and begins and ends:
            first, last = timing.wall(day, begins), timing.wall(day, ends)
            if last <= first:
                self.add_error("ends", _("The end must be after the beginning."))
            else:
                self.instance.starts_at, self.instance.ends_at = first, last
        opens, closes = found.get("offered_from"), found.get("offered_until")
        if opens and closes and closes <= opens:
            self.add_error("offered_until", _("This must be after the moment above."))
        return found
