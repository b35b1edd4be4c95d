"""Where the roster screens hang in the Wagtail admin: addresses and the menu."""

from django.urls import include, path, reverse
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.menu import MenuItem

from .rights import VIEW, may


@hooks.register("register_admin_urls")
def roster_urls():
    return [path("rosters/", include("imports.urls"))]


class RostersMenuItem(MenuItem):
    def is_shown(self, request):
        return may(request.user, VIEW)


@hooks.register("register_admin_menu_item")
def rosters_menu_item():
    return RostersMenuItem(
        _("Roster imports"),
        reverse("rosters"),
        name="roster-imports",
        icon_name="upload",
        order=320,
    )
