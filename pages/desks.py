"""The screen that closes a centre: three answers and a button, on a phone in the snow."""

from datetime import timedelta

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from cms import closures
from cms.models import CentreDate, MusicCentre


class CloseCentreForm(forms.Form):
    centre = forms.ModelChoiceField(MusicCentre.objects.none(), label=_("Which centre?"))
    until = forms.TypedChoiceField(label=_("Until when?"), coerce=int, choices=())
    reason = forms.CharField(
        label=_("Why, in words for families"),
        max_length=200,
        help_text=_("For example: Snow. No sessions today; online lessons go on."),
    )

    tell = forms.BooleanField(
        label=_("Write to the families whose groups would have met"), required=False, initial=True
    )

    def __init__(self, *args, centres, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["centre"].queryset = centres
        today = timezone.localdate()
        self.fields["until"].choices = [
            (0, _("Today only")),
            (1, _("Until tomorrow, %(day)s") % {"day": f"{today + timedelta(days=1):%A}"}),
            *((days, f"{today + timedelta(days=days):%A %d %B}") for days in range(2, 8)),
        ]


@require_http_methods(["GET", "POST"])
def close_centre(request):
    centres = MusicCentre.objects.for_user(request.user, "close").filter(is_open=True)
    if not centres:
        raise PermissionDenied
    form = CloseCentreForm(request.POST or None, centres=centres)
    if form.is_valid():
        data = form.cleaned_data
        until = timezone.localdate() + timedelta(days=data["until"])
        closures.close(
            data["centre"],
            by=request.user,
            until=until,
            reason=data["reason"],
            tell=data["tell"],
        )
        said = _("%(centre)s is closed on the site now. It opens again by itself.")
        if data["tell"]:
            said = _(
                "%(centre)s is closed on the site now, and its families are being written to. "
                "It opens again by itself."
            )
        messages.success(request, said % {"centre": data["centre"]})
        return redirect("close_centre")
    closed = closures.closures_on(timezone.localdate()).filter(centre__in=centres)
    return render(request, "pages/desks/close_centre.html", {"form": form, "closed": closed})


@require_POST
def reopen_centre(request, pk):
    centres = MusicCentre.objects.for_user(request.user, "close")
    closed = CentreDate.objects.filter(kind=CentreDate.Kind.CLOSED, centre__in=centres)
    closure = get_object_or_404(closed, pk=pk)
    closures.reopen(closure, by=request.user)
    messages.success(request, _("%(centre)s is open again.") % {"centre": closure.centre})
    return redirect("close_centre")
