"""Editing workflows in the Wagtail admin: drafts, locks, history, preview with the drawing."""

from django.db import transaction
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from wagtail.admin import messages
from wagtail.admin.panels import FieldPanel, TitleFieldPanel
from wagtail.admin.ui.tables import LiveStatusTagColumn, UpdatedAtColumn
from wagtail.admin.widgets.button import HeaderButton
from wagtail.snippets.views.snippets import CreateView, EditView, SnippetViewSet

from .findings import NotPublishableError
from .models import WorkflowDefinition
from .rehearsal.keeping import CODE


class SaysWhyNot:
    """What cannot be published is said to be so, and stays a draft."""

    def run_action_method(self):
        try:
            with transaction.atomic():
                return super().run_action_method()
        except NotPublishableError as problem:
            if all(finding.code == CODE for finding in problem.findings):
                return redirect("cases:rehearsal_publish", self.object.slug)
            for finding in problem.findings:
                messages.error(self.request, str(finding))
            return redirect(self.get_edit_url())


class ProcessCreateView(SaysWhyNot, CreateView):
    """A new one, which may be published at once."""


class ProcessEditView(SaysWhyNot, EditView):
    """The editor, with the way to rehearse."""

    @property
    def header_buttons(self):
        url = reverse("cases:rehearsals", args=[self.object.slug])
        rehearse = HeaderButton(label=_("Rehearse"), url=url, icon_name="view")
        return [*super().header_buttons, rehearse]


class WorkflowDefinitionViewSet(SnippetViewSet):
    """Its address is its model's name: one called "workflows" would fall to Wagtail's own."""

    model = WorkflowDefinition
    icon = "tasks"
    menu_label = _("Review processes")
    menu_name = "review-processes"
    menu_order = 340
    add_to_admin_menu = True
    copy_view_enabled = False
    add_view_class = ProcessCreateView
    edit_view_class = ProcessEditView
    list_display = ["title", "slug", UpdatedAtColumn(), LiveStatusTagColumn()]
    search_fields = ["title", "slug"]
    search_backend_name = None
    panels = [
        TitleFieldPanel("title", targets=["slug"]),
        FieldPanel("slug"),
        FieldPanel("stages"),
    ]
