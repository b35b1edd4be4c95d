"""Who can sign in, with which roles, and who has not for 90 days: the report for leavers.

Read it each term with whoever knows who has left; an account that is switched off keeps its
history. No account is switched off by itself: a panellist may come once a year.
"""

from dataclasses import dataclass
from datetime import timedelta

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.generic import View

from cms import audit
from cms.models import User

UNUSED = timedelta(days=90)


@dataclass(frozen=True)
class Account:
    """`roles` are lines such as "Bookings (West)". `is_unused`: no sign-in for 90 days."""

    user: User
    roles: list[str]
    is_unused: bool
    has_second_step: bool


def accounts() -> list[Account]:
    """Everybody who can sign in: unused first, then by name. A fixed number of queries."""
    before = timezone.now() - UNUSED
    rows = User.objects.filter(is_active=True).prefetch_related(
        "memberships__role", "memberships__area", "memberships__centre", "authenticator_set"
    )
    found = [
        Account(
            user,
            [_role(one) for one in user.memberships.all()],
            (user.last_login or user.date_joined) < before,
            bool(user.authenticator_set.all()) or user.password_alone,
        )
        for user in rows
    ]
    return sorted(found, key=lambda one: (not one.is_unused, str(one.user).lower()))


def _role(membership: object) -> str:
    scope = membership.centre or membership.area or _("whole hub")
    return f"{membership.role} ({scope})"


class StaffReview(View):
    """For superusers, who alone hand out roles."""

    def get(self, request: HttpRequest) -> HttpResponse:
        if not request.user.is_superuser:
            raise PermissionDenied
        found = accounts()
        audit.record(request.user, "list", User, {"rows": len(found)})
        trail = [
            {"url": reverse("wagtailadmin_home"), "label": _("Home")},
            {"url": "", "label": _("Accounts of staff")},
        ]
        facts = {
            "accounts": found,
            "unused": sum(one.is_unused for one in found),
            "breadcrumbs_items": trail,
        }
        return render(request, "cms/staff_review.html", facts)
