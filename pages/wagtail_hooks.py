"""What the public site adds to the Wagtail admin. Registration only."""

from django.contrib import messages
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.menu import MenuItem
from wagtail.snippets.models import register_snippet

from . import desks
from .models import HubPage
from .viewsets import OnceGroup
from .wording import findings

register_snippet(OnceGroup)


@hooks.register("register_admin_urls")
def desk_addresses():
    return [
        path("close-centre/", desks.close_centre, name="close_centre"),
        path("close-centre/<int:pk>/reopen/", desks.reopen_centre, name="reopen_centre"),
    ]


class CloseCentreItem(MenuItem):
    def is_shown(self, request):
        permission = "close_musiccentre"
        return (
            request.user.is_superuser
            or request.user.memberships.filter(role__permissions__codename=permission).exists()
        )


@hooks.register("register_admin_menu_item")
def close_centre_item():
    return CloseCentreItem(
        _("Close a centre"), reverse("close_centre"), icon_name="warning", order=170
    )


@hooks.register("after_create_page")
@hooks.register("after_edit_page")
def say_what_could_be_better(request, page):
    """Not on each automatic save, which no one reads."""
    if isinstance(page, HubPage) and request.accepts("text/html"):
        for finding in findings(page, timezone.localdate()):
            messages.warning(request, finding)
