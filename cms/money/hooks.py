"""What money adds to the Wagtail admin: addresses and one line of the menu."""

from django.http import HttpRequest
from django.urls import include, path, reverse_lazy
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.menu import MenuItem

from . import desk

addresses = (
    [
        path("", desk.OwedView.as_view(), name="owed"),
        path("export/", desk.ExportView.as_view(), name="export"),
        path("refunds/", desk.RefundsView.as_view(), name="refunds"),
        path("<int:pk>/", desk.AccountView.as_view(), name="account"),
    ],
    "money",
)


@hooks.register("register_admin_urls")
def money_urls() -> list:
    return [path("money/", include(addresses))]


class MoneyMenuItem(MenuItem):
    def is_shown(self, request: HttpRequest) -> bool:
        return desk.may(request.user, "view")


@hooks.register("register_admin_menu_item")
def money_menu_item() -> MenuItem:
    return MoneyMenuItem(
        _("Money"), reverse_lazy("money:owed"), name="money", icon_name="decimal", order=56
    )
