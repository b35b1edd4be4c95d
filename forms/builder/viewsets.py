"""The forms in the Wagtail admin: list, editor, map. Definitions only; no answer is shown here."""

import json

from django.db import transaction
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from wagtail.admin import messages
from wagtail.admin.panels import (
    FieldPanel,
    ObjectList,
    PublishingPanel,
    TabbedInterface,
    TitleFieldPanel,
)
from wagtail.admin.ui.components import MediaContainer
from wagtail.admin.ui.tables import Column, DateColumn, LiveStatusTagColumn
from wagtail.admin.widgets.button import HeaderButton
from wagtail.snippets.views.snippets import (
    CreateView,
    EditView,
    IndexView,
    SnippetViewSet,
    WorkflowActionView,
)

from forms import moving
from forms.figures import with_figures
from forms.findings import NotPublishableError
from forms.models import FormDefinition
from forms.publishing import needs_a_look
from forms.samples import MEANT_CODES

from .approval_views import ApproveView, HalfWayView, comment_key, is_last_approval
from .editing import FormDefinitionForm
from .family_views import FamiliesView, FamilyView
from .gallery_views import FormCopyView, GalleryView
from .language_views import LanguageView
from .note_views import NotesSidePanel, NotesView
from .panels import LanguagesPanel, LettersPanel, SamplesPanel
from .publish_views import PublishView
from .sidepanel import MapSidePanel, MapView


def _say(request, problem, definition):
    for finding in problem.findings:
        messages.error(request, str(finding))
    if any(finding.code in MEANT_CODES for finding in problem.findings):
        url = definition.snippet_viewset.url_of("families", definition.pk)
        messages.warning(
            request,
            _("If that is meant, say so first."),
            buttons=[messages.button(url, _("Sample families"))],
        )


class WithMap:
    def get_side_panels(self):
        panels = super().get_side_panels()
        if getattr(self, "expects_json_response", False):
            return panels
        instance = getattr(self, "object", None) or self.form.instance
        return MediaContainer(
            [*panels, MapSidePanel(instance, self.request), NotesSidePanel(instance, self.request)]
        )


class FormIndexView(IndexView):
    """The list, with the gallery beside the plain “Add”."""

    @cached_property
    def header_buttons(self):
        buttons = super().header_buttons
        if self.user_has_permission("add"):
            url = self.model.snippet_viewset.url_of("gallery")
            buttons.append(
                HeaderButton(label=_("Begin with a tried form"), url=url, icon_name="copy")
            )
        return buttons


class FormCreateView(WithMap, CreateView):
    def run_action_method(self):
        """A new form that cannot be published is said to be so, and stays a draft."""
        try:
            with transaction.atomic():
                return super().run_action_method()
        except NotPublishableError as problem:
            _say(self.request, problem, self.object)
            return redirect(self.get_edit_url())


class FormEditView(WithMap, EditView):
    def save_instance(self):
        """Whatever was kept since this draft was read (a sample family, words in another
        language) is kept, and parts have the keys that it names. Inside Wagtail's transaction."""
        latest = FormDefinition.objects.select_for_update().get(pk=self.object.pk)
        if latest.latest_revision_id != self.live_object.latest_revision_id:
            self.form.follow(latest.get_latest_revision_as_object())
        return super().save_instance()

    def run_action_method(self):
        """A form that cannot be published is said to be so, also when an approval asks for it.

        What publishing would change for families is shown first, on a page of its own.
        """
        if self.action == "publish" and needs_a_look(self.new_revision.as_object()):
            return redirect(self.object.snippet_viewset.url_of("publish", self.object.pk))
        if self.action == "workflow-action" and is_last_approval(self.object, self.workflow_action):
            extra = json.loads(self.request.POST.get("workflow-action-extra-data") or "{}")
            return redirect(to_approve(self.request, self.object, extra.get("comment")))
        try:
            with transaction.atomic():
                response = super().run_action_method()
        except NotPublishableError as problem:
            _say(self.request, problem, self.object)
            return redirect(self.get_edit_url())
        if self.action in ("submit", "restart-workflow"):
            self.ask_about_families()
        return response

    def ask_about_families(self):
        """Whoever submits is asked what becomes of families half-way."""
        if any(moving.under_way(self.object)):
            url = self.object.snippet_viewset.url_of("half_way", self.object.pk)
            messages.info(
                self.request,
                _("Families are half-way. They finish the version that they began."),
                buttons=[messages.button(url, _("Choose what happens to them"))],
            )


class FormWorkflowActionView(WorkflowActionView):
    def post(self, request, *args, **kwargs):
        if is_last_approval(self.object, self.action_name):
            return self.go_to(to_approve(request, self.object, request.POST.get("comment")))
        try:
            with transaction.atomic():
                return super().post(request, *args, **kwargs)
        except NotPublishableError as problem:
            _say(request, problem, self.object)
            return self.go_to(self.redirect_url)

    def go_to(self, url):
        if self.request.headers.get("x-requested-with") == "XMLHttpRequest":
            return self.render_modal_json(self.request, {"step": "success", "redirect": url})
        return redirect(url)


def to_approve(request, definition, comment):
    """The address where an approval is given; a comment waits in the session until then."""
    request.session[comment_key(definition.pk)] = str(comment or "")[:5_000]
    return definition.snippet_viewset.url_of("approve", definition.pk)


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
    copy_view_class = FormCopyView
    index_view_class = FormIndexView
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
                    TitleFieldPanel("title", targets=["slug"], classname=""),
                    FieldPanel("intro"),
                    FieldPanel("steps"),
                    FieldPanel("groups"),
                ],
                heading=_("Questions"),
            ),
            ObjectList(
                [
                    FieldPanel("workflow_slug"),
                    LettersPanel(heading=_("Letters it sends")),
                    LanguagesPanel(heading=_("Other languages")),
                ],
                heading=_("Review and letters"),
            ),
            ObjectList([FieldPanel("prices")], heading=_("Prices")),
            ObjectList(
                [
                    FieldPanel("slug"),
                    FieldPanel("opening"),
                    FieldPanel("keeping"),
                    PublishingPanel(),
                ],
                heading=_("Settings"),
            ),
            ObjectList([SamplesPanel(heading=_("Sample families"))], heading=_("Samples")),
        ],
        base_form_class=FormDefinitionForm,
    )

    def get_queryset(self, request):
        return with_figures(self.model._default_manager.all())

    def get_urlpatterns(self):
        return [
            *super().get_urlpatterns(),
            path("map/<str:pk>/", self.map_view, name="map"),
            path("gallery/", self.own_view(GalleryView), name="gallery"),
            path("publish/<str:pk>/", self.own_view(PublishView), name="publish"),
            path("approve/<str:pk>/", self.own_view(ApproveView), name="approve"),
            path("half-way/<str:pk>/", self.own_view(HalfWayView), name="half_way"),
            path("notes/<str:pk>/", self.own_view(NotesView), name="notes"),
            path("language/<str:pk>/", self.own_view(LanguageView), name="language"),
            path("families/<str:pk>/", self.own_view(FamiliesView), name="families"),
            path("families/<str:pk>/fill/", self.own_view(FamilyView), name="family"),
        ]

    def url_of(self, name, *args):
        return reverse(self.get_url_name(name), args=args)

    def own_view(self, view_class):
        return view_class.as_view(permission_policy=self.permission_policy)

    @property
    def map_view(self):
        return self.construct_view(
            MapView, permission_policy=self.permission_policy, form_class=self.get_form_class(True)
        )
