"""What all lists of public reference records share in the Wagtail admin."""

from wagtail.snippets.views.snippets import SnippetViewSet


class CatalogueViewSet(SnippetViewSet):
    """What all of them share: fifty rows to a page, search in the database, no copies."""

    list_per_page = 50
    copy_view_enabled = False
    inspect_view_enabled = True
    search_backend_name = None
    select_related: tuple[str, ...] = ()

    def get_queryset(self, request):  # noqa: ANN001, ANN201 - Wagtail's signature
        return self.model._default_manager.select_related(*self.select_related)
