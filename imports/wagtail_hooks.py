"""Where the roster screens hang in the Wagtail admin: addresses and the menu."""

from django.urls import include, path, reverse
from django.utils.translation import gettext_lazy as _
from wagtail import hooks

from cms.access import may_in_whole_hub
from cms.menus import PermittedMenuItem

from .rights import VIEW


@hooks.register("register_admin_urls")
def roster_urls():
    return [path("rosters/", include("imports.urls"))]


@hooks.register("register_admin_menu_item")
def rosters_menu_item():
    return PermittedMenuItem(
        _("Roster imports"),
        reverse("rosters"),
        name="roster-imports",
        icon_name="upload",
        order=320,
        permission=f"imports.{VIEW}",
        asks=may_in_whole_hub,
    )
