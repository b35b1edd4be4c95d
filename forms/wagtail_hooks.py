"""What forms add to the Wagtail admin. Registration only."""

from django.templatetags.static import static
from django.urls import include, path, reverse_lazy
from django.utils.html import format_html_join
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.snippets.models import register_snippet

from cms.menus import PermittedMenuItem

from . import filepages, processing_views, referee_views, sheet_views
from .answers import deletion_views, keeping_views, views
from .builder.codes import PriceCodeViewSet
from .builder.viewsets import FormDefinitionViewSet
from .publishing import LOGGED
from .running import hooks as running_hooks  # noqa: F401 - they register themselves

register_snippet(FormDefinitionViewSet)


@hooks.register("register_admin_viewset")
def price_codes():
    return PriceCodeViewSet("price-codes")


@hooks.register("register_admin_urls")
def file_urls():
    opening = [path("<int:pk>/", filepages.open_file, name="open")]
    return [path("form-files/", include((opening, "form_files")))]


@hooks.register("register_admin_urls")
def reference_urls():
    changing = [path("<int:pk>/", referee_views.ReferenceView.as_view(), name="change")]
    return [path("references/", include((changing, "references")))]


@hooks.register("register_admin_urls")
def sheet_urls():
    return [path("sheets/<int:pk>/", sheet_views.SheetView.as_view(), name="case_sheet")]


@hooks.register("insert_editor_js")
def map_script():
    names = ("cms/admin/form-map.js", "cms/admin/form-notes.js")
    return format_html_join(
        "", '<script src="{}" defer></script>', ((static(name),) for name in names)
    )


answers = (
    [
        path("", views.FormsView.as_view(), name="forms"),
        path("kept/", keeping_views.KeepingView.as_view(), name="keeping"),
        path("kept/<int:pk>/hold/", keeping_views.HoldView.as_view(), name="hold"),
        path("delete/<int:pk>/", deletion_views.DeletionView.as_view(), name="deletion"),
        path("<slug:slug>/", views.ListView.as_view(), name="list"),
        path("<slug:slug>/columns/", views.ColumnsView.as_view(), name="columns"),
        path("<slug:slug>/export/", views.ExportView.as_view(), name="export"),
        path("<slug:slug>/export/<str:token>/", views.FileView.as_view(), name="file"),
        path("<slug:slug>/<int:pk>/", views.OneView.as_view(), name="one"),
    ],
    "answers",
)


@hooks.register("register_admin_urls")
def answers_urls():
    return [path("answers/", include(answers))]


processing = (
    [
        path("", processing_views.RecordView.as_view(), name="record"),
        path("consents/", processing_views.ConsentsView.as_view(), name="consents"),
        path("<slug:name>.md", processing_views.RecordFileView.as_view(), name="file"),
    ],
    "processing",
)


@hooks.register("register_admin_urls")
def processing_urls():
    return [path("processing/", include(processing))]


@hooks.register("register_reports_menu_item")
def record_menu_item():
    return PermittedMenuItem(
        _("Record of processing"),
        reverse_lazy("processing:record"),
        name="processing",
        icon_name="doc-full",
        order=57,
        permission=processing_views.PERMISSION,
    )


@hooks.register("register_admin_menu_item")
def answers_menu_item():
    return PermittedMenuItem(
        _("Answers"),
        reverse_lazy("answers:forms"),
        name="answers",
        icon_name="table",
        order=60,
        permission="hub_forms.list_submission",
    )


@hooks.register("register_log_actions")
def publish_log(actions):
    actions.register_action(
        LOGGED, _("Publish with choices"), _("Published, with choices for families half-way")
    )
