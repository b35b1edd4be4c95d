"""Template tags of the public site: menus, breadcrumbs, money; and those of motifs.py.

Each navigation tag costs one query whatever the number of pages. A tag that reads the database
must not be used in templates/errors/, which are shown when there is none: load motifs there.
"""

from collections.abc import Callable

from django import template
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _
from django.utils.translation import to_locale
from wagtail.models import Site

from cms import findpage, pagecache
from cms.templatetags.motifs import icon, motif

register = template.Library()
register.simple_tag(icon)
register.simple_tag(motif)


def _is_current(context, url: str) -> bool:
    """Whether the page being read is the one at `url`, or lies below it."""
    request = context.get("request")
    return bool(request) and url not in {"", "/"} and request.path.startswith(url)


def _entries(context, stream) -> list[dict]:
    """A menu of HubSettings as `[{title, url, is_current}]`, without what is not live."""
    links = [entry.value if hasattr(entry, "value") else entry for entry in stream or ()]
    return [
        {"title": link.text, "url": link.url, "is_current": _is_current(context, link.url)}
        for link in links
        if link.url
    ]


@register.simple_tag(takes_context=True)
def menu(context, field: str) -> list[dict]:
    """One menu of the hub details, by the name of its field: "audience_menu", "legal_menu"…"""
    return _entries(context, getattr(context.get("hub"), field, None))


@register.simple_tag(takes_context=True)
def main_menu(context) -> list[dict]:
    """The main menu of the hub details; while that is empty, the pages shown in menus."""
    if links := menu(context, "main_menu"):
        return links
    request = context.get("request")
    site = Site.find_for_request(request) if request else None
    if site is None:
        return []
    pages = site.root_page.localized.get_children().live().public().in_menu()
    urls = [(page.title, page.get_url(request) or "") for page in pages]
    return [
        {"title": title, "url": url, "is_current": _is_current(context, url)} for title, url in urls
    ]


@register.simple_tag(takes_context=True)
def footer_columns(context) -> list[dict]:
    """`[{heading, links}]` of the hub details."""
    columns = getattr(context.get("hub"), "footer", None) or ()
    return [
        {"heading": column.value["heading"], "links": _entries(context, column.value["links"])}
        for column in columns
    ]


@register.simple_tag(takes_context=True)
def breadcrumbs(context, page) -> list[dict]:
    """The way from home to the page above this one: `[{title, url}]`. Read once for each page."""
    if not getattr(page, "pk", None) or page.depth <= 2:
        return []
    if not hasattr(page, "_crumbs"):
        request = context.get("request")
        page._crumbs = pagecache.shared_while_kept(
            request, f"crumbs:{page.pk}", lambda: _steps(page, request)
        )
    return page._crumbs


def _steps(page, request) -> list[dict]:
    steps = findpage.tree().above(page.path)
    return [
        {"title": step.title if place else _("Home"), "url": step.link(request)}
        for place, step in enumerate(steps)
    ]


@register.filter(name="to_locale")
def locale_name(language: str) -> str:
    """en-gb -> en_GB, as social cards name a language."""
    return to_locale(language)


@register.filter
def pounds(pence: int | None) -> str:
    """3500 -> £35, 3550 -> £35.50, 0 -> Free; nothing for None."""
    if pence is None:
        return ""
    if pence == 0:
        return str(_("Free"))
    whole, part = divmod(pence, 100)
    return f"£{whole:,}.{part:02d}" if part else f"£{whole:,}"


class KeptNode(template.Node):
    """What stands between kept and endkept. `keep` is pagecache.part or pagecache.frame."""

    def __init__(self, nodelist, names: list, keep: Callable):
        self.nodelist, self.names, self.keep = nodelist, names, keep

    def render(self, context):
        name = ":".join(str(name.resolve(context)) for name in self.names)
        request = context.get("request") or getattr(context, "request", None)  # an include's `only`
        return self.keep(request, name, lambda: self.nodelist.render(context))


@register.tag
def kept(parser, token):
    """{% kept "footer" %}…{% endkept %}: made once until content changes (cms.pagecache.part).

    The names say all that it depends on besides host, language and content, places left included;
    nothing about the visitor may stand in it.
    """
    return _kept(parser, token, pagecache.part)


@register.tag
def frame(parser, token):
    """{% frame "form-foot" %}…{% endframe %}: as kept, on pages of one visitor alone as well."""
    return _kept(parser, token, pagecache.frame)


def _kept(parser, token, keep):
    tag, *names = token.split_contents()
    nodelist = parser.parse((f"end{tag}",))
    parser.delete_first_token()
    return KeptNode(nodelist, [parser.compile_filter(name) for name in names], keep)


@register.simple_tag(takes_context=True)
def show(context, template_name: str, values: dict) -> str:
    """A component with exactly these values in its context, as an include with `only` has."""
    return render_to_string(template_name, values, request=context.get("request"))
