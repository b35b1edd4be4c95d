"""Partners, the hub's texts and data returns, as the admin's addresses and menu entries."""

from django.urls import path, reverse
from django.utils.translation import gettext_lazy as _
from wagtail import hooks

from cms import access, partnerdesk, textdesk
from cms.menus import PermittedMenuItem
from cms.returns import desk


@hooks.register("register_admin_urls")
def partner_addresses() -> list:
    report = partnerdesk.PartnerReport
    return [
        path("partners/", report.as_view(), name="partner_papers"),
        path("partners/results/", report.as_view(results_only=True), name="partner_papers_results"),
        path("partners/<int:pk>/", partnerdesk.partner_desk, name="partner_desk"),
        path("returns/", desk.returns, name="data_returns"),
        path("returns/signed/<int:pk>/", desk.snapshot, name="return_snapshot"),
        path("returns/<slug:slug>/", desk.data_return, name="data_return"),
        path("returns/<slug:slug>/file/", desk.take, name="data_return_take"),
        path("returns/<slug:slug>/sign/", desk.sign, name="data_return_sign"),
        path("returns/<slug:slug>/<int:column>/", desk.behind, name="data_return_behind"),
        path("governing-texts/", textdesk.texts, name="governing_texts"),
        path("governing-texts/<int:pk>/", textdesk.text, name="governing_text"),
    ]


@hooks.register("register_reports_menu_item")
def partners_menu_item() -> PermittedMenuItem:
    return PermittedMenuItem(
        _("Partners and their papers"),
        reverse("partner_papers"),
        name="partner-papers",
        icon_name="group",
        order=75,
        permission=partnerdesk.SEE,
        asks=access.may_in_whole_hub,
    )


@hooks.register("register_reports_menu_item")
def texts_menu_item() -> PermittedMenuItem:
    return PermittedMenuItem(
        _("Terms and policies"),
        reverse("governing_texts"),
        name="governing-texts",
        icon_name="doc-full",
        order=76,
        permission=textdesk.MAY,
        asks=access.may_in_whole_hub,
    )


@hooks.register("register_reports_menu_item")
def returns_menu_item() -> PermittedMenuItem:
    return PermittedMenuItem(
        _("Data returns"),
        reverse("data_returns"),
        name="data-returns",
        icon_name="table",
        order=77,
        permission=desk.SEE,
        asks=access.may_in_whole_hub,
    )
