"""What workflows add to the Wagtail admin: addresses, menu, the panel on its home page."""

from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import include, path, reverse_lazy
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.ui.components import Component
from wagtail.snippets.models import register_snippet

from cms.menus import PermittedMenuItem

from . import deskviews, offerviews, pack, releaseviews, views
from .appointments import casedesk, dayviews
from .appointments import desk as appointments_desk
from .inbox import TABS, Inbox
from .rehearsal import views as rehearsals
from .reviews import hooks as review_hooks  # noqa: F401 - they register themselves
from .seasons import hooks as season_hooks  # noqa: F401 - the same
from .viewsets import WorkflowDefinitionViewSet

register_snippet(WorkflowDefinitionViewSet)

desks = (
    [
        path("", views.InboxView.as_view(), name="inbox"),
        path("flow/<slug:slug>/", views.FlowView.as_view(), name="flow"),
        path("flow/<slug:slug>/move/", deskviews.MoveView.as_view(), name="move"),
        path("move/<int:pk>/", deskviews.MoveRunView.as_view(), name="move_run"),
        path("rehearse/<slug:slug>/", rehearsals.RehearsalsView.as_view(), name="rehearsals"),
        path(
            "rehearse/<slug:slug>/publish/",
            rehearsals.PublishView.as_view(),
            name="rehearsal_publish",
        ),
        path("rehearse/<slug:slug>/<int:pk>/", rehearsals.PlayView.as_view(), name="rehearsal"),
        path(
            "rehearse/<slug:slug>/<int:pk>/screen/<path:screen>/",
            rehearsals.ScreenView.as_view(),
            name="rehearsal_screen",
        ),
        path("several/", deskviews.BatchView.as_view(), name="batch"),
        path("several/<int:pk>/", deskviews.BatchRunView.as_view(), name="batch_run"),
        path("offers/", offerviews.PoolsView.as_view(), name="pools"),
        path("offers/<int:pk>/", offerviews.PoolView.as_view(), name="pool"),
        path("decisions/", releaseviews.ReleasesView.as_view(), name="releases"),
        path("decisions/<int:pk>/", releaseviews.ReleaseView.as_view(), name="release"),
        path("views/", deskviews.SavedViewsView.as_view(), name="views"),
        path("lists/", views.ListsView.as_view(), name="lists"),
        path("lists/<slug:name>.<slug:kind>", views.TakeListView.as_view(), name="take_list"),
        path("<int:pk>/", views.CaseView.as_view(), name="case"),
        path("<int:pk>/pack/", pack.PackView.as_view(), name="pack"),
        path("<int:pk>/reply/", deskviews.ReplyView.as_view(), name="reply"),
        path("<int:pk>/here/", deskviews.HereView.as_view(), name="here"),
        path("<int:pk>/press/", views.PressView.as_view(), name="press"),
        path("<int:pk>/tick/", views.TickView.as_view(), name="tick"),
        path("<int:pk>/note/", views.NoteView.as_view(), name="note"),
        path("<int:pk>/assign/", views.AssignView.as_view(), name="assign"),
        path("<int:pk>/again/<int:event>/", views.RestartView.as_view(), name="again"),
        path("<int:pk>/time/<slug:purpose>/", casedesk.GiveView.as_view(), name="give_time"),
        path(
            "<int:pk>/time/<slug:purpose>/close/", casedesk.CloseView.as_view(), name="close_times"
        ),
        path(
            "<int:pk>/time/<int:appointment>/cancel/",
            casedesk.CancelView.as_view(),
            name="cancel_time",
        ),
    ],
    "cases",
)

appointments = (
    [
        path("", appointments_desk.ListView.as_view(), name="list"),
        path("new/", appointments_desk.EditView.as_view(), name="new"),
        path("<int:pk>/", appointments_desk.SessionView.as_view(), name="session"),
        path("<int:pk>/edit/", appointments_desk.EditView.as_view(), name="edit"),
        path("<int:pk>/copy/", appointments_desk.CopyView.as_view(), name="copy"),
        path("<int:pk>/call-off/", appointments_desk.CallOffView.as_view(), name="call_off"),
        path("<int:pk>/give/", appointments_desk.AssignView.as_view(), name="assign"),
        path("<int:pk>/day/", dayviews.RunningView.as_view(), name="day"),
        path("<int:pk>/day/lines/", dayviews.LinesView.as_view(), name="lines"),
        path("<int:pk>/day/mark/", dayviews.MarkView.as_view(), name="mark"),
        path("<int:pk>/sheet/", dayviews.SheetView.as_view(), name="sheet"),
    ],
    "appointments",
)


@hooks.register("register_admin_urls")
def desk_urls():
    return [path("cases/", include(desks)), path("appointments/", include(appointments))]


@hooks.register("insert_editor_js")
def workflow_editor_script():
    return format_html('<script src="{}"></script>', static("cms/workflow-editor.js"))


@hooks.register("register_admin_menu_item")
def inbox_menu_item():
    return PermittedMenuItem(
        _("Inbox"),
        reverse_lazy("cases:inbox"),
        name="inbox",
        icon_name="tasks",
        order=50,
        permission="workflows.view_case",
    )


@hooks.register("register_admin_menu_item")
def offers_menu_item():
    return PermittedMenuItem(
        _("Waiting lists"),
        reverse_lazy("cases:pools"),
        name="offers",
        icon_name="list-ol",
        order=52,
        permission="workflows.run_pool",
    )


@hooks.register("register_admin_menu_item")
def decisions_menu_item():
    return PermittedMenuItem(
        _("Decisions"),
        reverse_lazy("cases:releases"),
        name="decisions",
        icon_name="mail",
        order=54,
        permission="workflows.decide_case",
    )


@hooks.register("register_admin_menu_item")
def appointments_menu_item():
    return PermittedMenuItem(
        _("Appointments"),
        reverse_lazy("appointments:list"),
        name="appointments",
        icon_name="calendar-alt",
        order=55,
        permission="workflows.view_case",
    )


class InboxPanel(Component):
    """Counts only: the admin's home page is on many screens, and says nothing of anybody."""

    order = 50

    def render_html(self, parent_context=None):
        request = parent_context["request"]
        if not request.user.has_perm("workflows.view_case"):
            return ""
        counts = Inbox(request.user).counts
        shown = [(key, TABS[key], counts[key]) for key in ("today", "overdue", "waiting")]
        return render_to_string("workflows/_home_panel.html", {"counts": shown}, request=request)


@hooks.register("construct_homepage_panels")
def add_inbox_panel(request, panels):
    panels.append(InboxPanel())
