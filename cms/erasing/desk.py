"""The officer's page: who is meant, what is kept of them and where, take it out, erase it.

What was typed never stands in an address: it is posted, and carried from page to page sealed, for
an hour. Erasing asks twice and wants a reason; both erasing and taking out are logged.
"""

from cryptography.fernet import InvalidToken
from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.generic import View

from cms import audit
from cms.access import may_in_whole_hub
from cms.models import Erasure, Pupil

from . import ledger
from .person import Person, of_pupil
from .stores import looked
from .taking import as_zip
from .verbs import erase

MAY_ERASE, MAY_TAKE = "cms.erase_person", "cms.take_person"
AN_HOUR = 3600
SHOWN = 50


class WhoForm(forms.Form):
    """One child or one adult, as far as the request says."""

    first = forms.CharField(label=gettext_lazy("First name"), max_length=80, required=False)
    last = forms.CharField(label=gettext_lazy("Last name"), max_length=80, required=False)
    born = forms.DateField(
        label=gettext_lazy("Date of birth of a child"),
        required=False,
        help_text=gettext_lazy("For example, 27/3/2015. Leave it empty for an adult."),
    )
    email = forms.EmailField(label=gettext_lazy("E-mail address"), required=False)
    phone = forms.CharField(label=gettext_lazy("Phone number"), max_length=30, required=False)

    def clean(self) -> dict:
        data = super().clean()
        if not data.get("email") and not (data.get("first") and data.get("last")):
            raise forms.ValidationError(_("Give a first and a last name, or an e-mail address."))
        return data

    def people(self) -> list[Person]:
        """Who was typed in."""
        said = self.cleaned_data
        typed = Person.made(
            said["first"],
            said["last"],
            born=said["born"] or "",
            emails=[said["email"]],
            phones=[said["phone"]],
        )
        return [typed]


class PeopleView(View):
    """GET asks who; POST looks, takes out, asks whether it is meant, and erases."""

    http_method_names = ("get", "post")

    def dispatch(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        self.may_erase = may_in_whole_hub(request.user, MAY_ERASE)
        self.may_take = may_in_whole_hub(request.user, MAY_TAKE)
        if not (self.may_erase or self.may_take):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest) -> HttpResponse:
        asked = request.GET.get("pupil", "")
        pupil = Pupil.objects.filter(pk=asked).first() if asked.isdigit() else None
        if pupil is not None:
            return self.show(of_pupil(pupil))
        return self.ask(WhoForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        if "people" not in request.POST:
            form = WhoForm(request.POST)
            return self.show(form.people()) if form.is_valid() else self.ask(form, status=422)
        try:
            people = ledger.opened(request.POST["people"], for_seconds=AN_HOUR)
        except InvalidToken:
            messages.error(request, _("The page was open for too long. Please begin again."))
            return redirect("people")
        reason = " ".join(request.POST.get("reason", "").split())[:200]
        if not reason:
            return self.show(people, problem=_("Say why: the request, and never a name."))
        if "take" in request.POST:
            return self.take(people, reason)
        if "sure" not in request.POST:
            return self.show(people, reason=reason, is_asking=True)
        return self.erase(people, reason)

    def take(self, people: list[Person], reason: str) -> HttpResponse:
        if not self.may_take:
            raise PermissionDenied
        content = as_zip(people)
        audit.record(
            self.request.user, "export", Erasure, {"reason": reason, "people": len(people)}
        )
        name = f"everything-{timezone.localdate():%Y-%m-%d}.zip"
        return HttpResponse(
            content,
            content_type="application/zip",
            headers={
                "Content-Disposition": f'attachment; filename="{name}"',
                "Content-Security-Policy": "default-src 'none'",
            },
        )

    def erase(self, people: list[Person], reason: str) -> HttpResponse:
        if not self.may_erase:
            raise PermissionDenied
        entry = erase(people, reason=reason, by=self.request.user)
        number, kept = sum(entry.result["gone"].values()), len(entry.result["kept"])
        said = _("%(n)s things are erased, under %(reference)s.")
        messages.success(self.request, said % {"n": number, "reference": entry.reference})
        if kept:
            said = ngettext("%(n)s thing stays.", "%(n)s things stay.", kept) % {"n": kept}
            messages.warning(self.request, said + " " + _("The list below says why."))
        return redirect("people")

    def ask(self, form: WhoForm, *, status: int = 200) -> HttpResponse:
        entries = Erasure.objects.all()[:SHOWN]
        facts = {"form": form, "entries": entries, "waiting": ledger.waiting()}
        return self.page("cms/erasing/people.html", facts, status)

    def show(
        self, people: list[Person], *, reason: str = "", problem: str = "", is_asking: bool = False
    ) -> HttpResponse:
        found = list(looked(people))
        facts = {
            "people": people,
            "found": found,
            "sealed": ledger.sealed(people),
            "reason": reason,
            "problem": problem,
            "is_asking": is_asking,
            "may_erase": self.may_erase,
            "may_take": self.may_take,
        }
        audit.record(self.request.user, "list", Erasure, {"places": len(found)})
        return self.page("cms/erasing/found.html", facts, 422 if problem else 200)

    def page(self, template: str, facts: dict, status: int) -> HttpResponse:
        trail = [
            {"url": reverse("wagtailadmin_home"), "label": _("Home")},
            {"url": "", "label": _("One person's data")},
        ]
        return render(self.request, template, facts | {"breadcrumbs_items": trail}, status=status)
