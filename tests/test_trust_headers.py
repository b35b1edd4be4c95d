"""Every answer of every address carries the policy and the headers, whatever its status."""

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from tests.addresses import addresses, filled

pytestmark = pytest.mark.django_db
NOT_ASKED = ("admin/logout/", "admin/failwhale/")
#: A file says for itself that nothing in it may run.
FILES = "default-src 'none'"


def wrong_with(response, path):
    """What a browser would not be told to refuse."""
    headers = response.headers
    policy = headers.get("Content-Security-Policy", "")
    found = []
    if "default-src" not in policy:
        found.append("no policy")
    if "unsafe-eval" in policy or "*" in policy.replace("*/*", ""):
        found.append(policy)
    if "unsafe-inline" in policy and not path.startswith("/admin/"):
        found.append("inline")
    if headers.get("X-Content-Type-Options") != "nosniff":
        found.append("sniffed")
    if headers.get("Referrer-Policy") != "same-origin" and "no-referrer" not in headers.get(
        "Referrer-Policy", ""
    ):
        found.append("referrer")
    if "Permissions-Policy" not in headers:
        found.append("permissions")
    if path.startswith("/admin/") and "no-store" not in headers.get("Cache-Control", ""):
        found.append("stored")
    for name, cookie in response.cookies.items():
        is_deleted = cookie["max-age"] == 0  # says nothing any more, so Django leaves it plain
        if name not in ("csrftoken", "counting") and not (cookie["httponly"] or is_deleted):
            found.append(f"cookie {name}")
        if cookie["samesite"] != "Lax":
            found.append(f"cookie {name} is sent elsewhere")
    return found


def walk(client):
    wrong, statuses = {}, set()
    for address in addresses():
        if address.path.startswith(NOT_ASKED):
            continue
        path = filled(address, {})
        for method in ("get", "post"):
            response = getattr(client, method)(path)
            statuses.add(response.status_code)
            if found := wrong_with(response, path):
                wrong[method, path] = found
    return wrong, statuses


def test_every_answer_to_a_visitor_carries_them():
    wrong, statuses = walk(Client(enforce_csrf_checks=True))

    assert wrong == {}
    assert {200, 302, 403, 404, 405} <= statuses


def test_desks_allow_nothing_inline_and_only_the_editor_does():
    client = Client()
    client.force_login(get_user_model().objects.create_superuser("admin", password="x"))

    desk = client.get("/admin/cases/")["Content-Security-Policy"]
    editor = client.get("/admin/pages/")["Content-Security-Policy"]

    assert "unsafe-inline" not in desk
    assert "unsafe-inline" in editor


def test_every_answer_to_staff_carries_them():
    client = Client(enforce_csrf_checks=True)
    client.force_login(get_user_model().objects.create_superuser("admin", password="x"))

    wrong, statuses = walk(client)

    assert wrong == {}
    assert {200, 302, 403, 404, 405} <= statuses
