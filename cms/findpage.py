"""From an address to its page without asking the database again and again.

While a page is made that may be kept (cms.keptpages), its site, the root page in the language of
the address and the page itself are those that this process has read under the same content stamp.
Where every page is, what it is called and in which language stands in the `Tree`, read in one
query until a page changes. Everybody else, staff above all, is answered by Wagtail's own way.
"""

import copy
from typing import NamedTuple

from django.contrib.contenttypes.models import ContentType
from django.db.models import DEFERRED, CharField
from django.db.models.functions import Cast
from django.http import Http404, HttpRequest
from django.utils.translation import get_language
from wagtail.coreutils import get_supported_content_language_variant
from wagtail.models import Locale, Page, PageViewRestriction, Site

from cms.pagecache import lasting, shared_while_kept


class Leaf(NamedTuple):
    """Of one page what is needed to find it, name it and link to it."""

    url_path: str
    path: str
    pk: int
    kind: int
    title: str
    live: bool
    language: str
    language_pk: int
    same: str  # the key that its translations share
    alias_of: int | None
    closed_by: int | None

    def link(self, request: HttpRequest | None = None) -> str:
        """Its address for a link on a page of `request`; "" when no site leads to it."""
        return Page(url_path=self.url_path).get_url(request) or ""

    def full_link(self) -> str:
        return Page(url_path=self.url_path).full_url or ""


class Tree:
    """Every page below the root, drafts too, by where it is."""

    def __init__(self) -> None:
        names = [*Leaf._fields[:3], "content_type", "title", "live"]
        names += ["locale__language_code", "locale", "key", "alias_of", "view_restrictions"]
        pages = Page.objects.filter(depth__gt=1).annotate(
            key=Cast("translation_key", CharField(max_length=36))
        )
        rows = pages.order_by("path").values_list(*names)
        self.leaves = [Leaf(*row) for row in rows]  # one that is closed twice is there twice
        self.by_address = {leaf.url_path: leaf for leaf in self.leaves}
        self.by_path = {leaf.path: leaf for leaf in self.leaves}
        self.by_key = {leaf.pk: leaf for leaf in self.leaves}
        self.has_languages = len({leaf.language for leaf in self.leaves}) > 1
        self.closed = tuple({leaf.path for leaf in self.leaves if leaf.closed_by})
        aliases = {leaf.path for leaf in self.leaves if leaf.alias_of}
        self.to_ask = (*self.closed, *aliases)  # whose doors only Wagtail knows

    def above(self, path: str) -> list[Leaf]:
        """The way from home to just above the page with this treebeard path."""
        steps = (path[:end] for end in range(Page.steplen * 2, len(path), Page.steplen))
        return [self.by_path[step] for step in steps if step in self.by_path]

    def versions(self, key: int) -> list[Leaf]:
        """A page in each language that everybody may read it in, in the order of languages."""
        leaf = self.by_key.get(key)
        if leaf is None:
            return []
        same = [one for one in self.by_key.values() if one.same == leaf.same and one.live]
        public = [one for one in same if not one.path.startswith(self.closed)]
        return sorted(public, key=lambda one: one.language_pk)

    def localized(self, key: int) -> Leaf | None:
        """A page in the language being read, or itself while there is none that is live."""
        leaf = self.by_key.get(key)
        if leaf is None:
            return None
        try:
            language = get_supported_content_language_variant(get_language())
        except LookupError:
            return leaf
        found = (
            one
            for one in self.by_key.values()
            if one.same == leaf.same and one.live and one.language == language
        )
        return next(found, leaf)


def tree() -> Tree:
    """The tree as this process knows it, at most a second old."""
    return lasting("tree", (Page, Locale, PageViewRestriction), Tree)


def route(request: HttpRequest, path: str) -> None:
    """Leave on the request what Wagtail's view would look for: the site, and the page to serve."""
    parts = [part for part in path.split("/") if part]
    if parts:
        root = _only_where(request)
    else:
        root = shared_while_kept(request, "root", lambda: _root(request))
    if root is None:
        return
    request._wagtail_site = _site(request)
    try:
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
    known = tree().by_address
    for url_path, left in reversed(below.items()):
        if leaf := known.get(url_path):
            page = shared_while_kept(request, f"page:{leaf.pk}", lambda one=leaf: _whole(one))
            return copy.copy(page), left
    return None, []


def _site(request: HttpRequest) -> Site | None:
    """The site of this host, a copy free to be written on."""
    return copy.copy(lasting(f"site:{request.get_host().lower()}", (Site,), lambda: _of(request)))


def _of(request: HttpRequest) -> Site | None:
    site = Site.find_for_request(request)
    if site is not None:  # its page may change while it does not: whoever wants it asks anew
        site._state.fields_cache.pop("root_page", None)
    return site


def _root_leaf(request: HttpRequest) -> Leaf | None:
    site = _site(request)
    return tree().localized(site.root_page_id) if site else None


def _root(request: HttpRequest) -> Page | None:
    leaf = _root_leaf(request)
    return _whole(leaf) if leaf else None


def _only_where(request: HttpRequest) -> Page | None:
    """The root page as far as the tree knows it, which is enough to find a page below it.

    Whatever else is asked of it is read then.
    """
    leaf = _root_leaf(request)
    if leaf is None:
        return None
    model = ContentType.objects.get_for_id(leaf.kind).model_class() or Page
    known = {"id": leaf.pk, "page_ptr_id": leaf.pk, "live": leaf.live, "path": leaf.path}
    known |= {"url_path": leaf.url_path, "depth": len(leaf.path) // Page.steplen}
    known |= {"locale_id": leaf.language_pk}
    values = [known.get(field.attname, DEFERRED) for field in model._meta.concrete_fields]
    return model.from_db(None, list(known), values)


def _whole(leaf: Leaf) -> Page:
    """A page as its own type, with its picture and the record that it presents, in one query."""
    model = ContentType.objects.get_for_id(leaf.kind).model_class() or Page
    names = {field.name for field in model._meta.get_fields()}
    with_it = names & {"social_image", "hero_image", getattr(model, "record_field", "")}
    every = model.objects.select_related(*with_it) if with_it else model.objects
    return every.get(pk=leaf.pk)
