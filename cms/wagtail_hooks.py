"""What the kernel adds to the Wagtail admin: menus, screens, styles. Registration only."""

from django.contrib import messages
from django.db.models import ProtectedError, RestrictedError
from django.db.models.deletion import Collector
from django.shortcuts import redirect
from django.templatetags.static import static
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from wagtail import hooks
from wagtail.admin.menu import MenuItem
from wagtail.log_actions import LogFormatter
from wagtail.snippets.models import register_snippet
from wagtail_modeladmin.options import modeladmin_register

from . import menus
from . import partnerhooks as partner_hooks  # noqa: F401 - they register themselves
from . import trusthooks as trust_hooks  # noqa: F401 - the same
from .adminhelp import admin_help, help_address
from .datecopyviews import copy_dates
from .governance import hooks as board_hooks  # noqa: F401 - they register themselves
from .mailadmin import PERMISSION, MailTemplateViewSet, OutboxView, PreviewView
from .menus import PermittedMenuItem
from .money import hooks as money_hooks  # noqa: F401 - they register themselves
from .operations.desk import PERMISSION as MAY_MIND_THE_SYSTEM
from .operations.desk import SystemView
from .picturedesk import MAY as MAY_WITHDRAW
from .picturedesk import PictureReport, picture_permission
from .reports import AccessLogReport
from .rosteradmin import BookingGroup, RosterGroup
from .views import handbook
from .viewsets import CatalogueGroup, MembershipViewSet

modeladmin_register(BookingGroup)
modeladmin_register(RosterGroup)
register_snippet(CatalogueGroup)


@hooks.register("register_admin_viewset")
def membership_viewset():
    return MembershipViewSet()


@hooks.register("insert_global_admin_css")
def desk_styles():
    return format_html('<link rel="stylesheet" href="{}">', static("cms/css/desks.css"))


@hooks.register("insert_global_admin_css")
def brand_styles():
    return format_html('<link rel="stylesheet" href="{}">', static("cms/css/brand.css"))


@hooks.register("before_delete_snippet")
def explain_what_is_still_in_use(request, instances):
    """Say what holds a record in place, instead of failing half-way through deleting it."""
    for instance in instances:
        collector = Collector(using=instance._state.db)
        try:
            collector.collect([instance])
        except (ProtectedError, RestrictedError) as error:
            held = sorted({str(row._meta.verbose_name_plural) for row in error.args[1]})
            messages.error(
                request,
                _("“%(record)s” cannot be deleted: it is still used by %(held)s.")
                % {"record": instance, "held": ", ".join(held)},
            )
            return redirect(instance.snippet_viewset.get_url_name("list"))
    return None


@hooks.register("register_admin_urls")
def handbook_address():
    return [path("handbook/", handbook, name="comms_handbook")]


register_snippet(MailTemplateViewSet)


@hooks.register("register_admin_urls")
def mail_addresses():
    return [
        path("mail/<int:pk>/preview/", PreviewView.as_view(), name="mail_preview"),
        path("mail/outbox/", OutboxView.as_view(), name="mail_outbox"),
    ]


@hooks.register("insert_editor_js")
def mail_editor_script():
    return format_html('<script src="{}" defer></script>', static("cms/admin/mail-editor.js"))


@hooks.register("register_reports_menu_item")
def outbox_menu_item():
    return PermittedMenuItem(
        _("E-mails that are stuck"),
        reverse("mail_outbox"),
        name="outbox",
        icon_name="mail",
        order=70,
        permission=PERMISSION,
    )


@hooks.register("register_help_menu_item")
def handbook_entry():
    return MenuItem(
        _("Comms handbook"), reverse("comms_handbook"), icon_name="pick", order=100, name="handbook"
    )


@hooks.register("register_admin_urls")
def help_addresses():
    return [path("help/<slug:name>/", admin_help, name="admin_help")]


@hooks.register("construct_help_menu")
def help_with_this_page(request, menu_items):
    label, address = _("Help with this page"), help_address(request)
    menu_items.append(MenuItem(label, address, name="page-help", icon_name="help", order=1))


@hooks.register("register_admin_urls")
def access_log_urls():
    return [
        path("reports/access-log/", AccessLogReport.as_view(), name="access_log"),
        path(
            "reports/access-log/results/",
            AccessLogReport.as_view(results_only=True),
            name="access_log_results",
        ),
    ]


@hooks.register("register_reports_menu_item")
def access_log_menu_item():
    return PermittedMenuItem(
        _("Access log"),
        reverse("access_log"),
        name="access-log",
        icon_name="history",
        order=50,
        permission="cms.view_accesslogentry",
    )


@hooks.register("register_admin_urls")
def picture_addresses():
    return [
        path("pictures/", PictureReport.as_view(), name="picture_permissions"),
        path(
            "pictures/results/",
            PictureReport.as_view(results_only=True),
            name="picture_permissions_results",
        ),
        path("pictures/<int:pk>/", picture_permission, name="picture_permission"),
    ]


@hooks.register("register_reports_menu_item")
def pictures_menu_item():
    return PermittedMenuItem(
        _("Pictures and permissions"),
        reverse("picture_permissions"),
        name="pictures",
        icon_name="image",
        order=60,
        permission=MAY_WITHDRAW,
    )


@hooks.register("register_log_actions")
def publishing_refused(actions):
    @actions.register_action("wagtail.publish.refused")
    class Refused(LogFormatter):
        label = _("Scheduled publishing was refused")

        def format_message(self, log_entry):
            return _("Scheduled publishing was refused: %(why)s") % {
                "why": log_entry.data.get("why", "")
            }


@hooks.register("register_admin_urls")
def copy_dates_address():
    return [path("course-dates/copy/", copy_dates, name="course_dates_copy")]


@hooks.register("register_admin_urls")
def system_address():
    return [path("system/", SystemView.as_view(), name="system")]


@hooks.register("register_reports_menu_item")
def system_menu_item():
    return PermittedMenuItem(
        _("System"),
        reverse("system"),
        name="system",
        icon_name="cogs",
        order=60,
        permission=MAY_MIND_THE_SYSTEM,
    )


hooks.register("construct_main_menu", menus.gather)
