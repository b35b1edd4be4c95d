"""From an address to its page without asking the database again and again.

While a page is made that may be kept (cms.keptpages), its site, the root page in the language of
the address, where every page is, and the page itself are those that this process has read under
the same content stamp. Everybody else, staff above all, is answered by Wagtail's own way.
"""

import copy

from django.contrib.contenttypes.models import ContentType
from django.http import Http404, HttpRequest
from wagtail.models import Page, Site

from cms.pagecache import shared_while_kept


def route(request: HttpRequest, path: str) -> None:
    """Leave on the request what Wagtail's view would look for: the site, and the page to serve."""
    root = shared_while_kept(request, "root", lambda: _root(request))
    if root is None:
        return
    request._wagtail_site = copy.copy(shared_while_kept(request, "site", lambda: _site(request)))
    try:
        parts = [part for part in path.split("/") if part]
        request._wagtail_route_for_request = copy.copy(root).route(request, parts)
    except Http404:
        request._wagtail_route_for_request = None


def page_at(request: HttpRequest, root: Page, path_components: list[str]):  # noqa: ANN201
    """The page furthest down an address below `root`, and what is left of the address.

    (None, []) when nothing of the address is a page. The page is a copy, free to be written on.
    """
    below = {}
    for length in range(len(path_components) + 1):
        part = "".join(f"{slug}/" for slug in path_components[:length])
        below[f"{root.url_path}{part}"] = path_components[length:]
    if not hasattr(request, "content_stamp"):
        pages = Page.objects.filter(url_path__in=below).order_by("-depth")
        found = pages.specific().first()
        return found, below[found.url_path] if found else []
    kinds = shared_while_kept(request, "addresses", _addresses)
    for url_path, left in reversed(below.items()):
        if where := kinds.get(url_path):
            page = shared_while_kept(request, f"page:{where[0]}", lambda w=where: _whole(*w))
            return copy.copy(page), left
    return None, []


def _site(request: HttpRequest) -> Site | None:
    return Site.find_for_request(request)


def _root(request: HttpRequest) -> Page | None:
    site = _site(request)
    if site is None:
        return None
    root = site.root_page.localized
    return _whole(root.pk, root.content_type_id)


def _addresses() -> dict[str, tuple[int, int]]:
    """Where every page is: {its path: (its key, that of its content type)}."""
    pages = Page.objects.filter(depth__gt=1)
    return {
        path: (pk, kind) for path, pk, kind in pages.values_list("url_path", "pk", "content_type")
    }


def _whole(key: int, kind: int) -> Page:
    """A page as its own type, with its picture and the record that it presents, in one query."""
    model = ContentType.objects.get_for_id(kind).model_class() or Page
    names = {field.name for field in model._meta.get_fields()}
    with_it = names & {"social_image", getattr(model, "record_field", "")}
    return (
        model.objects.select_related(*with_it).get(pk=key) if with_it else model.objects.get(pk=key)
    )
