"""Inviting colleagues to a section of a long form, and the page on which they do it.

The section is a step of the wizard under another address: the same questions, checks and marks.
Whatever else a step would lead to, this one leads back to itself.
"""

import re

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from cms import throttle
from forms import colleagues as rules
from forms import doors, journeys
from forms.addresses import address, own_journey, right_place, see_other
from forms.models import Journey
from forms.stepforms import StepForm
from forms.translating import speak
from forms.window import check_open
from forms.wizard import JourneyWizard

LETTERS, SECONDS = 12, 3600
NAME = re.compile(r"^[^\W\d_][^\d_@:/<>\r\n]*\Z")


class InviteForm(forms.Form):
    """Who is asked for which section. Names are only names: a letter with our logo carries them."""

    use_required_attribute = False
    section = forms.ChoiceField(
        label=gettext_lazy("Which section?"),
        error_messages={"required": gettext_lazy("Choose a section")},
    )
    name = forms.RegexField(
        NAME,
        max_length=60,
        label=gettext_lazy("Your colleague’s name"),
        error_messages={
            "required": gettext_lazy("Enter your colleague’s name"),
            "invalid": gettext_lazy("Enter a name, without an address or number"),
        },
    )
    email = forms.EmailField(
        max_length=254,
        label=gettext_lazy("Your colleague’s e-mail address"),
        error_messages={
            "required": gettext_lazy("Enter your colleague’s e-mail address"),
            "invalid": gettext_lazy("Enter an e-mail address like name@example.org"),
        },
        widget=forms.EmailInput({"spellcheck": "false"}),
    )
    by = forms.RegexField(
        NAME,
        max_length=60,
        label=gettext_lazy("Your own name"),
        help_text=gettext_lazy("So that they know who asks."),
        error_messages={
            "required": gettext_lazy("Enter your own name"),
            "invalid": gettext_lazy("Enter a name, without an address or number"),
        },
    )

    def __init__(self, sections: list[tuple[str, str]], data: object = None):
        super().__init__(data)
        self.fields["section"].choices = [("", _("Choose one")), *sections]

    def error_list(self) -> list[dict]:
        return [
            {"id": self[name].id_for_label if name in self.fields else "", "message": str(message)}
            for name, messages in self.errors.items()
            for message in messages
        ]


@doors.private
@require_http_methods(["GET", "HEAD", "POST"])
def colleagues(request: HttpRequest, form: str, key: str) -> HttpResponse:
    """Who was asked for what; POST asks one more, or takes a link back."""
    journey = own_journey(request, form, key)
    sections = rules.sections(journey)
    if journey.submitted_at or not sections:
        return see_other(right_place(journey))
    if gone := request.POST.get("take_back", ""):
        rules.take_back(journey, int(gone) if gone.isascii() and gone.isdigit() else 0)
        return see_other(request.path)
    asked = InviteForm(sections, request.POST if request.method == "POST" else None)
    if asked.is_valid():
        try:
            throttle.count("colleague", journey.key, limit=LETTERS, seconds=SECONDS)
            _invite(journey, asked.cleaned_data)
            return see_other(request.path)
        except throttle.TooOftenError as error:
            return doors.too_often(request, error)
        except rules.TooManyInvitesError:
            asked.add_error(None, _("So many people are asked already. Take a link back first."))
    titles = dict(sections)
    context = {
        "journey": journey,
        "form_title": journey.version.title,
        "form": asked,
        "errors": asked.error_list() if asked.is_bound else [],
        "invites": [(one, titles.get(one.step, "")) for one in journey.invites.all()],
        "days": rules.DAYS,
        "back_url": address(journey, "tasks"),
    }
    status = 422 if asked.is_bound and asked.errors else 200
    return render(request, "forms/colleagues.html", context, status=status)


def _invite(journey: Journey, given: dict) -> None:
    rules.invite(journey, given["section"], name=given["name"], address=given["email"],
                 by=given["by"])  # fmt: skip


class SectionWizard(JourneyWizard):
    """One section for whoever holds its link, and nothing else of the journey."""

    def dispatch(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        try:
            return super().dispatch(request, *args, **kwargs)
        except (rules.NoSuchInviteError, journeys.NoSuchJourneyError):
            return render(request, "forms/section_gone.html", status=404)

    def find(self, request: HttpRequest) -> Journey:
        self.invite = rules.find(self.kwargs["token"])
        journey = journeys.reach(self.invite.journey_id)
        if self.invite.step not in dict(rules.sections(journey)):
            raise rules.NoSuchInviteError  # a newer version of the form asks it no more
        speak(journey)
        journey.window = check_open(journey)
        return journey

    def _dispatch(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        return super()._dispatch(request, *args, **kwargs, step=self.invite.step)

    def at(self, name: str, *, item: int | None = None, back_to: str = "") -> str:
        token = self.kwargs["token"]
        if item and name == self.invite.step:
            return reverse("forms:section_item", args=[token, item])
        return reverse("forms:section", args=[token])

    def home(self, back_to: str = "") -> str:
        return self.at(self.invite.step) + "?saved=1"

    def not_now(self) -> HttpResponse:
        """Others have to do their part first, or this one is not asked of this organisation."""
        context = {"form_title": self.journey.version.title, "errors": []}
        return render(self.request, "forms/section_not_now.html", context)

    @property
    def back_to(self) -> str:
        return ""

    def save(self, form: StepForm) -> HttpResponse:
        response = super().save(form)
        if response.status_code == 303:
            rules.wrote(self.invite)
        return response

    def autosave(self) -> HttpResponse:
        response = super().autosave()
        if response.status_code == 200:
            rules.wrote(self.invite)
        return response

    def answer(self, template: str, context: dict, status: int = 200) -> HttpResponse:
        own = {
            "invite": self.invite,
            "is_saved": "saved" in self.request.GET,
            "save_url": "",
            "timer": None,
        }
        for part in context.get("items") or []:
            part.pop("remove_url", None)  # only who began the form takes something out
        return super().answer(template, context | own, status)

    def back_url(self, previous: str | None) -> str:
        is_item = self.step.repeat and getattr(self, "number", None)
        return self.at(self.step.key) if is_item else ""
