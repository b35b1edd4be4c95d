"""What money adds to the Wagtail admin: addresses, lines of the menu, the rules' own screens."""

from django.urls import include, path, reverse_lazy
from django.utils.translation import gettext_lazy as _
from wagtail import hooks

from cms.access import may_somewhere
from cms.menus import PermittedMenuItem

from . import desk, helpdesk
from .ruleadmin import RemissionRuleViewSet

addresses = (
    [
        path("", desk.OwedView.as_view(), name="owed"),
        path("export/", desk.ExportView.as_view(), name="export"),
        path("refunds/", desk.RefundsView.as_view(), name="refunds"),
        path("<int:pk>/", desk.AccountView.as_view(), name="account"),
    ],
    "money",
)

help_addresses = (
    [
        path("", helpdesk.ClaimsView.as_view(), name="claims"),
        path("funds/", helpdesk.FundsView.as_view(), name="funds"),
        path("<int:pk>/", helpdesk.ClaimView.as_view(), name="claim"),
    ],
    "help",
)


@hooks.register("register_admin_viewset")
def remission_rules() -> RemissionRuleViewSet:
    return RemissionRuleViewSet("remission-rules")


@hooks.register("register_admin_urls")
def money_urls() -> list:
    return [path("money/", include(addresses)), path("help-with-costs/", include(help_addresses))]


@hooks.register("register_admin_menu_item")
def money_menu_item() -> PermittedMenuItem:
    return PermittedMenuItem(
        _("Money"),
        reverse_lazy("money:owed"),
        name="money",
        icon_name="decimal",
        order=56,
        permission="cms.view_moneyaccount",
        asks=may_somewhere,
    )


@hooks.register("register_admin_menu_item")
def help_menu_item() -> PermittedMenuItem:
    return PermittedMenuItem(
        _("Help with costs"),
        reverse_lazy("help:claims"),
        name="help",
        icon_name="group",
        order=57,
        permission="cms.view_helpclaim",
        asks=may_somewhere,
    )
