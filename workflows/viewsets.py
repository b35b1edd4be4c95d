"""Editing workflows in the Wagtail admin: drafts, locks, history, preview with the drawing."""

from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, TitleFieldPanel
from wagtail.admin.ui.tables import LiveStatusTagColumn, UpdatedAtColumn
from wagtail.snippets.views.snippets import SnippetViewSet

from .models import WorkflowDefinition


class WorkflowDefinitionViewSet(SnippetViewSet):
    """Its address is its model's name: one called "workflows" would fall to Wagtail's own."""

    model = WorkflowDefinition
    icon = "tasks"
    menu_label = _("Review processes")
    menu_name = "review-processes"
    menu_order = 340
    add_to_admin_menu = True
    copy_view_enabled = False
    list_display = ["title", "slug", UpdatedAtColumn(), LiveStatusTagColumn()]
    search_fields = ["title", "slug"]
    search_backend_name = None
    panels = [
        TitleFieldPanel("title", targets=["slug"]),
        FieldPanel("slug"),
        FieldPanel("stages"),
    ]
