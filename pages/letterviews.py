"""Public addresses of the newsletter: ask for it, and one's own page to confirm, change and leave.

GET changes nothing, so that a mail program that looks at links confirms nobody and removes nobody.
The secret in the address is what opens a subscriber's page; no cookie is set.
"""

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from cms import throttle
from forms.doors import comes_from_here
from pages import subscribing
from pages.models import Subscriber
from pages.models.newsletter import ASKED_FOR

PER_HOUR = 20  # a school's many computers may share one address

private = cache_control(private=True, no_store=True)


class WantsForm(forms.Form):
    wants = forms.MultipleChoiceField(
        label=_("What is it for?"),
        choices=[(choice.value, choice.label) for choice in ASKED_FOR],
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=_("Choose all that fit. Without a choice you get every issue."),
        error_messages={"invalid_choice": _("Choose from the list.")},
    )

    def problems(self) -> list[dict[str, str]]:
        return [
            {"id": f"id_{name}" if name == "email" else f"id_{name}_0", "message": message}
            for name, messages in self.errors.items()
            for message in messages
        ]


class JoinForm(WantsForm):
    email = forms.EmailField(
        label=_("Your e-mail address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false"}),
        error_messages={
            "required": _("Enter your e-mail address"),
            "invalid": _("Enter an e-mail address like name@example.org"),
        },
    )
    field_order = ("email", "wants")


@csrf_exempt  # it stands on kept pages, which have no token: comes_from_here guards it
@private
@sensitive_post_parameters("email")
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return render(request, "pages/letters/join.html", {"form": JoinForm()})
    if not comes_from_here(request):
        return render(request, "403.html", {"reason": "origin"}, status=403)
    form = JoinForm(request.POST)
    if not form.is_valid():
        context = {"form": form, "errors": form.problems()}
        return render(request, "pages/letters/join.html", context, status=422)
    here = throttle.client_address(request)
    throttle.count("newsletter from", here, limit=PER_HOUR, seconds=3600)
    subscribing.ask(form.cleaned_data["email"], form.cleaned_data["wants"])
    response = redirect("pages:letters_asked")
    response.status_code = 303
    return response


@require_safe
@private
def asked(request: HttpRequest) -> HttpResponse:
    return render(request, "pages/letters/asked.html")


@csrf_exempt
@private
@require_http_methods(["GET", "HEAD", "POST"])
def own_page(request: HttpRequest, secret: str) -> HttpResponse:
    """One subscriber's page. POST `do`: confirm, change or leave."""
    subscriber = Subscriber.objects.filter(secret=secret).first()
    if subscriber is None:
        return render(request, "pages/letters/left.html", {"unknown": True}, status=404)
    wanted = [choice.value for choice in ASKED_FOR if getattr(subscriber, f"wants_{choice.value}")]
    form = WantsForm(initial={"wants": wanted})
    if request.method == "POST":
        if not comes_from_here(request):
            return render(request, "403.html", {"reason": "origin"}, status=403)
        return _done(request, subscriber)
    context = {"subscriber": subscriber, "form": form, "said": request.GET.get("said", "")}
    return render(request, "pages/letters/own.html", context)


def _done(request: HttpRequest, subscriber: Subscriber) -> HttpResponse:
    do = request.POST.get("do")
    if do == "leave":
        subscribing.leave(subscriber)
        return render(request, "pages/letters/left.html")
    if do == "confirm":
        subscribing.confirm(subscriber)
    elif do == "change":
        chosen = set(request.POST.getlist("wants")) & {choice.value for choice in ASKED_FOR}
        subscribing.set_wants(subscriber, chosen)
        subscriber.save(update_fields=[f"wants_{choice.value}" for choice in ASKED_FOR])
    said = f"?said={do}" if do in ("confirm", "change") else ""
    return HttpResponseRedirect(f"{request.path}{said}", status=303)


@csrf_exempt  # pressed by mail programs, which have no cookie: the secret is what counts (RFC 8058)
@private
@require_http_methods(["GET", "HEAD", "POST"])
def leave_at_once(request: HttpRequest, secret: str) -> HttpResponse:
    """One press in a mail program. A person who opens the link is asked first."""
    if request.method != "POST":
        return redirect("pages:letters_own", secret=secret)
    subscriber = Subscriber.objects.filter(secret=secret).first()
    if subscriber is not None:
        subscribing.leave(subscriber)
    return render(request, "pages/letters/left.html")
