"""What forms add to the Wagtail admin. Registration only."""

from django.templatetags.static import static
from django.utils.html import format_html
from wagtail import hooks
from wagtail.snippets.models import register_snippet

from .builder.viewsets import FormDefinitionViewSet

register_snippet(FormDefinitionViewSet)


@hooks.register("insert_editor_js")
def map_script():
    return format_html('<script src="{}" defer></script>', static("cms/admin/form-map.js"))
