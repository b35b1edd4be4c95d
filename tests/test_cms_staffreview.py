"""The report for leavers: who can sign in, with what, and who has not for a long time."""

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone

from cms.roles import grant
from cms.staffreview import accounts
from tests.costs import fewest_queries

pytestmark = pytest.mark.django_db
ADDRESS = "/admin/reports/staff/"


def staff(name, *, days=None, **more):
    last = timezone.now() - timedelta(days=days) if days is not None else None
    return get_user_model().objects.create_user(name, last_login=last, **more)


def test_who_has_not_signed_in_for_ninety_days_stands_first_with_roles_and_scope(centres):
    grant(staff("here", days=89), "bookings")
    grant(staff("left", days=91), "centre_admin", centre=centres["west"])
    staff("new")
    staff("gone", days=400, is_active=False)

    found = [(one.user.username, one.is_unused, one.roles) for one in accounts()]

    assert found == [
        ("left", True, ["Centre administrator (Westbrook)"]),
        ("here", False, ["Bookings (whole hub)"]),
        ("new", False, []),
    ]


def test_the_page_says_what_to_do_and_is_for_those_who_hand_out_roles(client):
    staff("left", days=91)
    client.force_login(get_user_model().objects.create_superuser("admin", password="x"))

    assert "1 account was not used for 90 days." in client.get(ADDRESS).text

    manager = staff("manager")
    grant(manager, "hub_manager")
    client.force_login(manager)
    assert client.get(ADDRESS).status_code == 302


def test_many_accounts_cost_as_much_as_one():
    grant(staff("one"), "bookings")
    before = fewest_queries(accounts)
    for number in range(3):
        grant(staff(f"more-{number}"), "bookings")

    assert fewest_queries(accounts) <= before
