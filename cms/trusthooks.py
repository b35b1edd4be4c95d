"""What data protection and the review of accounts add to the admin. Registration only."""

from django.http import HttpRequest
from django.urls import path, reverse_lazy
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.menu import MenuItem

from .erasing.desk import MAY_ERASE, MAY_TAKE, PeopleView
from .menus import PermittedMenuItem
from .staffreview import StaffReview


@hooks.register("register_admin_urls")
def trust_addresses() -> list:
    return [
        path("people/", PeopleView.as_view(), name="people"),
        path("reports/staff/", StaffReview.as_view(), name="staff_review"),
    ]


class StaffReviewMenuItem(MenuItem):
    def is_shown(self, request: HttpRequest) -> bool:
        return request.user.is_superuser


@hooks.register("register_reports_menu_item")
def people_menu_item() -> PermittedMenuItem:
    return PermittedMenuItem(
        _("One person's data"),
        reverse_lazy("people"),
        name="people",
        icon_name="user",
        order=55,
        permission=(MAY_ERASE, MAY_TAKE),
    )


@hooks.register("register_reports_menu_item")
def staff_review_menu_item() -> MenuItem:
    return StaffReviewMenuItem(
        _("Accounts of staff"),
        reverse_lazy("staff_review"),
        name="staff",
        icon_name="group",
        order=56,
    )
