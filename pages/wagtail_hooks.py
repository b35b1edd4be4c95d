"""What the public site adds to the Wagtail admin. Registration only."""

from django.contrib import messages
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.userbar import ContentCheckerItem
from wagtail.admin.widgets import Button
from wagtail.snippets.models import register_snippet

from cms.access import may_somewhere
from cms.keptpages import listen_to
from cms.menus import PermittedMenuItem

from . import choosers, desks, keeping, readers, senddesk, starterdesk
from .checks_panel import HubChecks
from .models import HubPage, NewsletterIssuePage
from .players import allow_players
from .staffnotices import StaffNotices
from .viewsets import OnceGroup
from .wording import findings

register_snippet(OnceGroup)


@hooks.register("before_serve_page")
def take_away_parameters(page, request, args, kwargs):
    """What a page type does not read neither splits nor poisons what is kept of it."""
    listen_to(request, getattr(page, "query_parameters", ()))


@hooks.register("on_serve_page")
def with_players(serve):
    """A page with a film may hold the frame of its player, and no other page may."""
    return lambda page, *args: allow_players(page, serve(page, *args))


@hooks.register("construct_page_chooser_queryset")
def what_is_called_so_first(pages, request):
    return choosers.title_first(pages, request)


@hooks.register("register_admin_urls")
def desk_addresses():
    return [
        path("close-centre/", desks.close_centre, name="close_centre"),
        path("close-centre/<int:pk>/reopen/", desks.reopen_centre, name="reopen_centre"),
    ]


@hooks.register("register_admin_urls")
def readers_addresses():
    return [
        path("reports/readers/", readers.readers, name="readers"),
        path("reports/readers/forget/", readers.forget_words, name="forget_words"),
    ]


@hooks.register("register_reports_menu_item")
def readers_item():
    return PermittedMenuItem(
        _("Readers and searches"),
        reverse("readers"),
        name="readers",
        icon_name="view",
        order=40,
        permission=readers.MAY_SEE,
    )


@hooks.register("register_admin_menu_item")
def close_centre_item():
    return PermittedMenuItem(
        _("Close a centre"),
        reverse("close_centre"),
        icon_name="warning",
        order=170,
        permission="cms.close_musiccentre",
        asks=may_somewhere,
    )


@hooks.register("after_create_page")
@hooks.register("after_edit_page")
def say_what_could_be_better(request, page):
    """Not on each automatic save, which no one reads."""
    if isinstance(page, HubPage) and request.accepts("text/html"):
        for finding in findings(page, timezone.localdate()):
            messages.warning(request, str(finding))


@hooks.register("construct_wagtail_userbar")
def check_our_way_too(request, items, page):
    """In the editor's panel and in the preview itself."""
    items[:] = [
        HubChecks(in_editor=item.in_editor) if isinstance(item, ContentCheckerItem) else item
        for item in items
    ]


@hooks.register("register_admin_urls")
def keeping_addresses():
    return [
        path("out-of-date/", keeping.out_of_date, name="out_of_date"),
        path("links/", keeping.links, name="link_checks"),
        path("links/check/", keeping.check_links_now, name="check_links_now"),
    ]


@hooks.register("register_reports_menu_item")
def out_of_date_item():
    return PermittedMenuItem(
        _("Out of date"),
        reverse("out_of_date"),
        name="out-of-date",
        icon_name="time",
        order=70,
        permission=keeping.MAY,
    )


@hooks.register("register_reports_menu_item")
def links_item():
    return PermittedMenuItem(
        _("Links"),
        reverse("link_checks"),
        name="links",
        icon_name="link",
        order=80,
        permission=keeping.MAY,
    )


@hooks.register("register_admin_urls")
def newsletter_addresses():
    return [
        path("newsletter/", senddesk.newsletters, name="newsletters"),
        path("newsletter/remove/", senddesk.remove, name="newsletter_remove"),
        path("newsletter/<int:pk>/", senddesk.issue, name="newsletter_issue"),
    ]


@hooks.register("register_admin_menu_item")
def newsletter_item():
    return PermittedMenuItem(
        _("Newsletter"),
        reverse("newsletters"),
        name="newsletter",
        icon_name="mail",
        order=165,
        permission=senddesk.MAY,
    )


@hooks.register("register_page_header_buttons")
@hooks.register("register_page_listing_more_buttons")
def send_as_mail(page, user, next_url=None, view_name=None):
    if isinstance(page.specific_deferred, NewsletterIssuePage) and user.has_perm(senddesk.MAY):
        yield Button(
            _("Send as mail"),
            reverse("newsletter_issue", args=[page.pk]),
            icon_name="mail",
            priority=5,
        )


@hooks.register("register_settings_menu_item")
def languages_item():
    return PermittedMenuItem(
        _("Languages"),
        reverse("wagtaillocales:index"),
        name="languages",
        icon_name="globe",
        order=603,
        permission="wagtailcore.add_locale",
    )


@hooks.register("construct_settings_menu")
def languages_once(request, items):
    """Wagtail shows an entry of its own to whoever may change sites: that is something else."""
    items[:] = [item for item in items if item.name != "locales"]


@hooks.register("construct_homepage_panels")
def notices_for_staff(request, panels):
    panels.append(StaffNotices())


@hooks.register("before_create_page")
def offer_ready_made_pages(request, parent_page, page_class):
    return starterdesk.offer(request, parent_page, page_class)


@hooks.register("register_admin_urls")
def starter_addresses():
    return [
        path(
            "start-page/<str:model_name>/<int:parent_pk>/",
            starterdesk.start_page,
            name="start_page",
        ),
        path("keep-page/<int:pk>/", starterdesk.keep_page, name="keep_page"),
    ]


@hooks.register("register_page_header_buttons")
@hooks.register("register_page_listing_more_buttons")
def keep_as_ready_made(page, user, next_url=None, view_name=None):
    if starterdesk.may_keep(page, user):
        yield Button(
            _("Keep as a ready-made page"),
            reverse("keep_page", args=[page.pk]),
            icon_name="copy",
            priority=75,
        )
