"""What staff set for one date, and for the register of a course: forms, and the team."""

from django import forms
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from cms import audit
from cms.models import CourseDate, User
from cms.roles import role_keys_of
from forms.models import CourseRun, RegisterPlan, TeamMember


class RunForm(forms.ModelForm):
    """How one date is run."""

    class Meta:
        model = CourseRun
        fields = ("cutoff_hours", "joining_words")
        labels = {
            "cutoff_hours": _("Hours before it begins until which families change a booking"),
            "joining_words": _("For the joining letters: what to bring, where to come in"),
        }
        widgets = {
            "joining_words": forms.Textarea(attrs={"rows": 4}),
        }


class PlanForm(forms.ModelForm):
    """Which questions the register of a course reads."""

    class Meta:
        model = RegisterPlan
        fields = (
            *("known_as", "friend", "goes_home", "may_collect", "must_not_collect"),
            *("photos", "photo_options", "early", "songs", "thanks_form"),
        )
        labels = {
            "known_as": _("What the child is called"),
            "friend": _("A friend to be grouped with"),
            "goes_home": _("Goes home alone (question=option)"),
            "may_collect": _("Who may collect"),
            "must_not_collect": _("Who must not collect"),
            "photos": _("Permission for pictures"),
            "photo_options": _("Options that permit pictures"),
            "early": _("Early drop-off"),
            "songs": _("Permission for recordings (question=option)"),
            "thanks_form": _("Form that asks how it was (its address)"),
        }


class TeamForm(forms.Form):
    """Somebody who signs in here, found by their user name, and their part."""

    user = forms.CharField(label=_("User name"), max_length=150)
    part = forms.ChoiceField(label=_("Part"), choices=TeamMember.Part.choices)

    def clean_user(self) -> User:
        name = self.cleaned_data["user"].strip()
        found = User.objects.filter(username__iexact=name, is_active=True).first()
        if found is None:
            raise forms.ValidationError(_("Nobody signs in here under that name."))
        if not role_keys_of(found):
            raise forms.ValidationError(
                _("They have no role yet. Give them one, such as course leader, first.")
            )
        return found


def save_team(date: CourseDate, form: TeamForm, *, leave: str, by: User) -> bool:
    """Let somebody in, or let the member with the key `leave` go. False: the form says why not."""
    with transaction.atomic():
        if leave:
            member = date.team.filter(pk=leave).first() if leave.isdigit() else None
            if member is not None:
                audit.record(by, "delete", member, {"date": date.pk, "user": member.user_id})
                member.delete()
            return True
        if not form.is_valid():
            return False
        member, _made = TeamMember.objects.update_or_create(
            course_date=date,
            user=form.cleaned_data["user"],
            defaults={"part": form.cleaned_data["part"]},
        )
        audit.record(by, "add", member, {"date": date.pk, "user": member.user_id})
    return True
