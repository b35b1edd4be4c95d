"""Signing in: a password, then a second step, and no way past either."""

import time
from urllib.parse import urlsplit

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.core import mail as django_mail
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from cms.demo_users import demo_logins
from cms.models import AccessLogEntry, OutboxMessage, User
from cms.roles import grant, revoke

pytestmark = pytest.mark.django_db
PASSWORD = "a long enough password"


@pytest.fixture(autouse=True)
def two_steps(settings):
    settings.TWO_STEP_SIGN_IN = True


@pytest.fixture
def officer():
    user = User.objects.create_superuser("officer", "officer@example.org", PASSWORD)
    User.objects.filter(pk=user.pk).update(last_login=timezone.now())
    user.refresh_from_db()
    return user


@pytest.fixture
def secret(officer, rf):
    """The secret of an authenticator app that the officer has set up."""
    secret = generate_totp_secret()
    TOTP.activate(officer, secret)
    return secret


def code_of(secret):
    """The code of now, with time to use it: one ends with each half minute."""
    left = 30 - time.time() % 30
    if left < 8:
        time.sleep(left)
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def sign_in(client, username="officer", password=PASSWORD):
    return client.post("/admin/login/", {"username": username, "password": password})


def is_in(client):
    return client.get("/admin/").status_code == 200


def test_a_password_alone_opens_only_the_page_that_sets_up_a_second_step(client, officer):
    assert sign_in(client)["Location"] == "/admin/"
    assert client.get("/admin/")["Location"] == "/admin/two-step/"
    page = client.get("/admin/two-step/").content.decode()
    assert "Set up an app" in page
    assert "Set up a passkey" in page


def admin_addresses():
    """An address for every pattern below /admin/, with 1 or "x" for what it wants to know."""

    def walk(patterns, prefix):
        for entry in patterns:
            route = prefix + str(entry.pattern)
            if isinstance(entry, URLResolver):
                yield from walk(entry.url_patterns, route)
            elif isinstance(entry, URLPattern):
                yield route

    return sorted(
        route
        for route in walk(get_resolver().url_patterns, "")
        if "admin/" in route and "logout" not in route
    )


def test_every_address_of_the_admin_is_shut_until_the_second_step_is_taken(client, officer):
    import re

    sign_in(client)
    routes = admin_addresses()
    opened = set()
    for route in routes:
        filled = re.sub(r"<(int|uuid|slug|str|path|[a-z_]+):[a-z_]+>", "1", route.lstrip("^"))
        path = "/" + re.sub(r"\(\?P<[a-z_]+>[^)]*\)|\\Z|\$|\^", "", filled)
        answer = client.get(path)
        if not (answer.status_code == 302 and answer["Location"] == "/admin/two-step/"):
            opened.add(path)

    allowed = ("/admin/two-step/", "/admin/login/", "/admin/logout/", "/admin/password_reset/")
    shut_out = {path for path in opened if not path.startswith(allowed)}
    assert len(routes) > 200
    assert shut_out == {"/admin/jsi18n/", "/admin/sprite/"}


def test_without_the_middleware_a_password_would_be_enough(client, officer, settings):
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "TwoStep" not in name]
    sign_in(client)
    assert is_in(client)


def test_the_right_code_lets_in_and_the_same_code_never_again(client, officer, secret):
    assert sign_in(client)["Location"] == "/admin/two-step/authenticate/"
    assert not is_in(client)
    code = code_of(secret)
    client.post("/admin/two-step/authenticate/", {"code": code})
    assert is_in(client)

    other = Client()
    sign_in(other)
    replay = other.post("/admin/two-step/authenticate/", {"code": code})
    assert "This code was used a moment ago" in replay.content.decode()
    assert not is_in(other)


def test_a_wrong_code_does_not_let_in_and_the_eleventh_try_is_refused(client, officer, secret):
    sign_in(client)
    answers = [
        client.post("/admin/two-step/authenticate/", {"code": f"{n:06}"}).status_code
        for n in range(11)
    ]
    assert answers == [200] * 10 + [429]
    assert not is_in(client)


def test_a_recovery_code_lets_in_once(client, officer, secret):
    (code, *_more) = RecoveryCodes.activate(officer).get_unused_codes()
    sign_in(client)
    client.post("/admin/two-step/authenticate/", {"code": code})
    assert is_in(client)

    other = Client()
    sign_in(other)
    other.post("/admin/two-step/authenticate/", {"code": code})
    assert not is_in(other)


@pytest.mark.django_db(transaction=True)
def test_setting_up_an_app_with_its_code_opens_the_admin(client, officer):
    sign_in(client)
    page = client.get("/admin/two-step/totp/activate/", follow=True)
    if "password" in page.context["form"].fields:  # asked again before something that matters
        path = urlsplit(page.redirect_chain[-1][0]).path
        client.post(path, {"password": PASSWORD})
        page = client.get("/admin/two-step/totp/activate/")
    secret = client.session["mfa.totp.secret"]
    assert page.status_code == 200
    client.post("/admin/two-step/totp/activate/", {"code": code_of(secret)})

    assert is_in(client)
    kinds = set(Authenticator.objects.filter(user=officer).values_list("type", flat=True))
    assert kinds == {"totp", "recovery_codes"}
    assert secret not in str(list(Authenticator.objects.values_list("data", flat=True)))


def test_a_new_password_does_not_skip_the_second_step(client, officer, secret):
    client.post("/admin/password_reset/", {"email": "officer@example.org"})
    (letter,) = django_mail.outbox
    link = next(word for word in letter.body.split() if "/password_reset/confirm/" in word)
    page = client.get(urlsplit(link).path, follow=True)
    client.post(
        page.redirect_chain[-1][0],
        {"new_password1": "another long password", "new_password2": "another long password"},
    )
    assert not is_in(client)
    assert sign_in(client, password="another long password")["Location"].endswith("authenticate/")


def test_a_session_from_before_the_second_step_has_to_sign_in_again(client, officer, secret):
    client.force_login(officer)
    assert client.get("/admin/")["Location"] == "/admin/login/"
    assert "_auth_user_id" not in client.session


def test_outside_the_admin_somebody_half_signed_in_is_a_visitor(client, officer, rf):
    from cms.signin import TwoStepMiddleware

    seen = []
    request = rf.get("/", headers={"Cookie": "sessionid=x"})
    request.user, request.session = officer, client.session
    TwoStepMiddleware(lambda request: seen.append(request.user.is_authenticated))(request)
    assert seen == [False]


def test_the_eleventh_password_in_five_minutes_is_refused_for_that_account_alone(officer):
    User.objects.create_superuser("other", "other@example.org", PASSWORD)
    answers = [sign_in(Client(), password="wrong").status_code for _n in range(10)]
    assert answers == [200] * 10
    assert sign_in(Client()).status_code == 429
    assert sign_in(Client(), "other").status_code == 302


def test_demo_logins_need_no_second_step_and_nobody_else_can_be_made_so(client):
    demo_logins(PASSWORD)
    sign_in(client, "comms-lead")
    assert is_in(client)
    assert not User._meta.get_field("password_alone").editable


def test_signing_in_goes_on_to_where_one_wanted_to_go_and_nowhere_else(client, officer):
    demo_logins(PASSWORD)
    data = {"username": "admin", "password": PASSWORD}
    inside = Client().post("/admin/login/", data | {"next": "/admin/pages/"})
    outside = Client().post("/admin/login/", data | {"next": "https://elsewhere.example.com/"})
    assert (inside["Location"], outside["Location"]) == ("/admin/pages/", "/admin/")


def letters():
    return {(row.to, row.subject) for row in OutboxMessage.objects.all()}


def test_a_person_hears_of_a_new_password_address_and_role_at_the_old_address_too(officer):
    officer.set_password("a different password")
    officer.save()
    officer.email = "new@example.org"
    officer.save()
    grant(officer, "bookings")
    revoke(officer, "bookings")

    assert letters() == {
        ("officer@example.org", "Your Music Hub account: your password was changed"),
        ("officer@example.org", "Your Music Hub account: your e-mail address was changed"),
        ("new@example.org", "Your Music Hub account: your e-mail address was changed"),
        (
            "new@example.org",
            "Your Music Hub account: you were given the role Bookings (whole hub)",
        ),
        (
            "new@example.org",
            "Your Music Hub account: you no longer have the role Bookings (whole hub)",
        ),
    }
    logged = AccessLogEntry.objects.filter(record_type="cms.user", record_id=str(officer.pk))
    assert logged.count() == 4


def test_somebody_who_never_signed_in_is_not_written_to():
    user = User.objects.create_user("new", "new@example.org", PASSWORD)
    grant(user, "bookings")
    assert letters() == set()
