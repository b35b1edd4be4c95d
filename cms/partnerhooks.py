"""Partners, the hub's texts and data returns, as the admin's addresses and menu entries."""

from django.http import HttpRequest
from django.urls import path, reverse
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.menu import MenuItem

from cms import access, partnerdesk, textdesk
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


class PermittedMenuItem(MenuItem):
    """Shown to whoever has the permission for the whole hub."""

    def __init__(self, *args, permission: str, **kwargs):
        super().__init__(*args, **kwargs)
        self.permission = permission

    def is_shown(self, request: HttpRequest) -> bool:
        return access.may_in_whole_hub(request.user, self.permission)


@hooks.register("register_reports_menu_item")
def partners_menu_item() -> MenuItem:
    return PermittedMenuItem(
        _("Partners and their papers"),
        reverse("partner_papers"),
        name="partner-papers",
        icon_name="group",
        order=75,
        permission=partnerdesk.SEE,
    )


@hooks.register("register_reports_menu_item")
def texts_menu_item() -> MenuItem:
    return PermittedMenuItem(
        _("Terms and policies"),
        reverse("governing_texts"),
        name="governing-texts",
        icon_name="doc-full",
        order=76,
        permission=textdesk.MAY,
    )


@hooks.register("register_reports_menu_item")
def returns_menu_item() -> MenuItem:
    return PermittedMenuItem(
        _("Data returns"),
        reverse("data_returns"),
        name="data-returns",
        icon_name="table",
        order=77,
        permission=desk.SEE,
    )
