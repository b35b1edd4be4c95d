"""What workflows add to the Wagtail admin: addresses, menu, the panel on its home page."""

from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import include, path, reverse_lazy
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.menu import MenuItem
from wagtail.admin.ui.components import Component
from wagtail.snippets.models import register_snippet

from . import views
from .inbox import TABS, Inbox
from .viewsets import WorkflowDefinitionViewSet

register_snippet(WorkflowDefinitionViewSet)

desks = (
    [
        path("", views.InboxView.as_view(), name="inbox"),
        path("flow/<slug:slug>/", views.FlowView.as_view(), name="flow"),
        path("several/", views.BatchView.as_view(), name="batch"),
        path("<int:pk>/", views.CaseView.as_view(), name="case"),
        path("<int:pk>/press/", views.PressView.as_view(), name="press"),
        path("<int:pk>/note/", views.NoteView.as_view(), name="note"),
        path("<int:pk>/assign/", views.AssignView.as_view(), name="assign"),
        path("<int:pk>/again/<int:event>/", views.RestartView.as_view(), name="again"),
    ],
    "cases",
)


@hooks.register("register_admin_urls")
def desk_urls():
    return [path("cases/", include(desks))]


@hooks.register("insert_editor_js")
def workflow_editor_script():
    return format_html('<script src="{}"></script>', static("cms/workflow-editor.js"))


class InboxMenuItem(MenuItem):
    def is_shown(self, request):
        return request.user.has_perm("workflows.view_case")


@hooks.register("register_admin_menu_item")
def inbox_menu_item():
    return InboxMenuItem(
        _("Inbox"), reverse_lazy("cases:inbox"), name="inbox", icon_name="tasks", order=50
    )


class InboxPanel(Component):
    """Counts only: the admin's home page is on many screens, and says nothing of anybody."""

    order = 50

    def render_html(self, parent_context=None):
        request = parent_context["request"]
        if not request.user.has_perm("workflows.view_case"):
            return ""
        counts = Inbox(request.user).counts()
        shown = [(key, TABS[key], counts[key]) for key in ("today", "overdue", "waiting")]
        return render_to_string("workflows/_home_panel.html", {"counts": shown}, request=request)


@hooks.register("construct_homepage_panels")
def add_inbox_panel(request, panels):
    panels.append(InboxPanel())
