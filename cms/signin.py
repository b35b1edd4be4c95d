"""How staff sign in: a password, then a second step, and never past either.

Wagtail's own sign-in page asks for the password; django-allauth's MFA asks for the second step (a
code of an authenticator app, a passkey, or a recovery code). `TwoStepMiddleware` is what forces it:
whoever has no second step yet sees the page that sets one up and nothing else, on every address.
A password that was reset does not skip the second step. Demo logins are marked as exempt when they
are made (`User.password_alone`); nothing else makes that mark.

Tries are counted in the database, so all web workers agree.
"""

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import (
    get_authentication_records,
    perform_password_login,
    record_authentication,
)
from allauth.account.models import Login
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added, authenticator_removed, authenticator_reset
from django import forms
from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.models import AnonymousUser
from django.dispatch import receiver
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from wagtail.admin.views.account import LoginView

from cms import secrecy, throttle
from cms.accounts import tell

WINDOW = 300
PER_ACCOUNT, PER_ADDRESS = 10, 100
CODES = 10
PURPOSE = b"hub second steps v1"
#: What somebody who still has to set up a second step may open.
OPEN_TO_ALL = (
    "wagtailadmin_login",
    "wagtailadmin_logout",
    "wagtailadmin_password_reset",
    "wagtailadmin_javascript_catalog",
    "wagtailadmin_sprite",  # fetched by every page of the admin, and kept by the browser
)


class StaffLoginView(LoginView):
    """Wagtail's page and field names, counted, and followed by the second step."""

    def post(self, request, *args, **kwargs):
        name = request.POST.get("username", "").strip().lower()[:254]
        throttle.count("sign-in", name, limit=PER_ACCOUNT, seconds=WINDOW)
        address = throttle.client_address(request)
        throttle.count("sign-in from", address, limit=PER_ADDRESS, seconds=WINDOW)
        return super().post(request, *args, **kwargs)

    def form_valid(self, form):
        login = Login(
            user=form.get_user(), email_verification="none", redirect_url=self.get_success_url()
        )
        response = perform_password_login(self.request, {}, login)
        kept = settings.SESSION_COOKIE_AGE if form.cleaned_data.get("remember") else 0
        self.request.session.set_expiry(kept)
        return response


def has_second_step(user) -> bool:
    """Whether an authenticator app or a passkey is set up; recovery codes alone are none."""
    steps = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
    return Authenticator.objects.filter(user_id=user.pk, type__in=steps).exists()


def is_proved(request) -> bool:
    """Whether this sign-in took the second step, or needs none."""
    if not settings.TWO_STEP_SIGN_IN or request.user.password_alone:
        return True
    records = get_authentication_records(request, request.user)
    return any(record.get("method") == "mfa" for record in records)


class TwoStepMiddleware:
    """Until it has taken the second step, a sign-in opens the page that sets one up, no more."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        # Without the cookie nobody is signed in, and the answer must not begin to vary by cookie.
        has_cookie = settings.SESSION_COOKIE_NAME in request.COOKIES
        if has_cookie and request.user.is_authenticated and not is_proved(request):
            if request.path.startswith("/admin/"):
                if has_second_step(request.user):  # and this sign-in did not take it
                    logout(request)
                    return redirect("wagtailadmin_login")
                if not _is_open(request.path):
                    return redirect("mfa_index")
            else:
                request.user = AnonymousUser()
        return self.get_response(request)


def _is_open(path: str) -> bool:
    return path.startswith(("/admin/two-step/", *(reverse(name) for name in OPEN_TO_ALL)))


def _count_code(user, code: str) -> None:
    """A code is good once: its window here is exactly the half minute in which it is valid."""
    throttle.count("second step", str(user.pk), limit=CODES, seconds=WINDOW)
    try:
        throttle.count("code", f"{user.pk}:{code}", limit=1, seconds=30)
    except throttle.TooOftenError:
        raise forms.ValidationError(
            _("This code was used a moment ago. Wait for the next one.")
        ) from None


class CountedForm(AuthenticateForm):
    """The second step at sign-in."""

    def clean_code(self):
        _count_code(self.user, self.cleaned_data["code"])
        return super().clean_code()


class CountedReauthenticateForm(ReauthenticateForm):
    """The same before something that matters, such as new recovery codes."""

    def clean_code(self):
        _count_code(self.user, self.cleaned_data["code"])
        return super().clean_code()


class StaffAccountAdapter(DefaultAccountAdapter):
    """allauth without sign-up, without mail of its own, and without a word after signing in."""

    def is_open_for_signup(self, request):
        return False

    def add_message(self, request, level, message_template=None, *args, **kwargs):
        if message_template and message_template.startswith("account/messages/logged_"):
            return
        super().add_message(request, level, message_template, *args, **kwargs)

    def get_login_redirect_url(self, request):
        return reverse("wagtailadmin_home")


class SealedMFAAdapter(DefaultMFAAdapter):
    """Secrets of second steps are sealed: a copy of the database does not let anybody in."""

    def encrypt(self, text):
        return secrecy.cipher(PURPOSE).encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text):
        return secrecy.cipher(PURPOSE).decrypt(encrypted_text.encode()).decode()

    def get_totp_label(self, user):
        return user.username


@receiver(authenticator_added)
def _proved_by_setting_it_up(request, user, authenticator, **kwargs):
    """Whoever has just set up a second step, with a code that was right, has taken it."""
    if authenticator.type != Authenticator.Type.RECOVERY_CODES:
        record_authentication(request, user, "mfa", id=authenticator.pk, type=authenticator.type)
    _tell(user, authenticator, _("was set up"))


@receiver(authenticator_removed)
def _removed(user, authenticator, **kwargs):
    _tell(user, authenticator, _("was taken away"))


@receiver(authenticator_reset)
def _reset(user, authenticator, **kwargs):
    _tell(user, authenticator, _("was made anew"))


def _tell(user, authenticator, what):
    tell(user, f"{authenticator.get_type_display()} {what}")
