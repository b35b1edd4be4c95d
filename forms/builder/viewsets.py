"""The forms in the Wagtail admin: list, editor, map. Definitions only; no answer is shown here."""

from django.db import transaction
from django.shortcuts import redirect
from django.urls import path
from django.utils.translation import gettext_lazy as _
from wagtail.admin import messages
from wagtail.admin.panels import FieldPanel, ObjectList, PublishingPanel, TabbedInterface
from wagtail.admin.ui.components import MediaContainer
from wagtail.admin.ui.tables import Column, DateColumn, LiveStatusTagColumn
from wagtail.snippets.views.snippets import (
    CreateView,
    EditView,
    SnippetViewSet,
    WorkflowActionView,
)

from forms.figures import with_figures
from forms.findings import NotPublishableError
from forms.models import FormDefinition

from .editing import FormDefinitionForm
from .panels import LettersPanel, SamplesPanel
from .sidepanel import MapSidePanel, MapView


def _say(request, problem):
    for finding in problem.findings:
        messages.error(request, str(finding))


class WithMap:
    def get_side_panels(self):
        panels = super().get_side_panels()
        if getattr(self, "expects_json_response", False):
            return panels
        instance = getattr(self, "object", None) or self.form.instance
        return MediaContainer([*panels, MapSidePanel(instance, self.request)])


class FormCreateView(WithMap, CreateView):
    pass


class FormEditView(WithMap, EditView):
    def run_action_method(self):
        """A form that cannot be published is said to be so, also when an approval asks for it."""
        try:
            with transaction.atomic():
                return super().run_action_method()
        except NotPublishableError as problem:
            _say(self.request, problem)
            return redirect(self.get_edit_url())


class FormWorkflowActionView(WorkflowActionView):
    def post(self, request, *args, **kwargs):
        try:
            with transaction.atomic():
                return super().post(request, *args, **kwargs)
        except NotPublishableError as problem:
            _say(request, problem)
            return redirect(self.redirect_to)


class FormDefinitionViewSet(SnippetViewSet):
    model = FormDefinition
    icon = "form"
    menu_label = _("Forms")
    menu_name = "hub-forms"
    menu_order = 110
    add_to_admin_menu = True
    list_per_page = 50
    copy_view_enabled = True
    inspect_view_enabled = False
    search_backend_name = None
    search_fields = ["title", "slug"]
    add_view_class = FormCreateView
    edit_view_class = FormEditView
    workflow_action_view_class = FormWorkflowActionView
    list_display = [
        "title",
        Column("number", label=_("Version"), accessor="number", sort_key="number"),
        LiveStatusTagColumn(),
        Column("under_way", label=_("Families under way"), accessor="under_way"),
        DateColumn("published_at", label=_("Published"), sort_key="published_at"),
    ]
    edit_handler = TabbedInterface(
        [
            ObjectList(
                [
                    FieldPanel("title"),
                    FieldPanel("intro"),
                    FieldPanel("steps"),
                    FieldPanel("groups"),
                ],
                heading=_("Questions"),
            ),
            ObjectList(
                [FieldPanel("workflow_slug"), LettersPanel(heading=_("Letters it sends"))],
                heading=_("Review and letters"),
            ),
            ObjectList([FieldPanel("slug"), PublishingPanel()], heading=_("Settings")),
            ObjectList([SamplesPanel(heading=_("Sample families"))], heading=_("Samples")),
        ],
        base_form_class=FormDefinitionForm,
    )

    def get_queryset(self, request):
        return with_figures(self.model._default_manager.all())

    def get_urlpatterns(self):
        return [*super().get_urlpatterns(), path("map/<str:pk>/", self.map_view, name="map")]

    @property
    def map_view(self):
        return self.construct_view(
            MapView, permission_policy=self.permission_policy, form_class=self.get_form_class(True)
        )
