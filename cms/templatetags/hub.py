"""Template tags of the public site: menus, breadcrumbs, icons and drawn motifs.

Each navigation tag costs one query whatever the number of pages. A tag that reads the database
must not be used in templates/errors/, which are shown when there is none.
"""

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy as _
from wagtail.models import Page, Site

from cms.motifs import MOTIFS

register = template.Library()

# Addresses below the home page. One that has no live page is left out of the switch.
AUDIENCES = (
    ("families", _("Families")),
    ("young-people", _("Young people")),
    ("schools", _("Schools")),
    ("hub/partners", _("Partners")),
)


def _site_root(context) -> Page | None:
    """The home page of the site that is asked for, in the language that is being read."""
    request = context.get("request")
    site = Site.find_for_request(request) if request else None
    return site.root_page.localized if site else None


def _links(context, pages) -> list[dict]:
    """`[{title, url, is_current}]`: current is the page itself or an ancestor of it."""
    request = context["request"]
    links = []
    for page in pages:
        url = page.get_url(request)
        links.append(
            {
                "title": page.title,
                "url": url,
                "is_current": bool(url) and request.path.startswith(url),
            }
        )
    return links


@register.simple_tag(takes_context=True)
def main_menu(context) -> list[dict]:
    """The pages directly below home that an editor has ticked "Show in menus"."""
    root = _site_root(context)
    if root is None:
        return []
    return _links(context, root.get_children().live().public().in_menu())


@register.simple_tag(takes_context=True)
def audiences(context) -> list[dict]:
    """The audience switch, in its fixed order."""
    root = _site_root(context)
    if root is None:
        return []
    paths = {f"{root.url_path}{path}/": label for path, label in AUDIENCES}
    pages = {page.url_path: page for page in Page.objects.live().filter(url_path__in=paths)}
    found = [(label, pages[path]) for path, label in paths.items() if path in pages]
    links = _links(context, [page for _label, page in found])
    return [link | {"title": label} for link, (label, _page) in zip(links, found, strict=True)]


@register.simple_tag(takes_context=True)
def breadcrumbs(context, page) -> list[dict]:
    """The way from home to the page above this one: `[{title, url}]`."""
    if not getattr(page, "pk", None) or page.depth <= 2:
        return []
    above = page.get_ancestors().filter(depth__gt=1)
    return [
        {
            "title": _("Home") if step.depth == 2 else step.title,
            "url": step.get_url(context.get("request")),
        }
        for step in above
    ]


@register.simple_tag
def icon(name: str) -> str:
    """A drawing from cms/icons/icons.svg. It says nothing aloud: words stand beside it."""
    return format_html(
        '<svg class="icon" aria-hidden="true" focusable="false"><use href="{}#{}"/></svg>',
        static("cms/icons/icons.svg"),
        name,
    )


@register.simple_tag
def motif(kind: str, seed: int | None = 0) -> str:
    """A drawn motif: "strings", "stave" or "waves". The same seed draws the same picture."""
    return mark_safe(MOTIFS[kind](seed or 0))  # noqa: S308 - built from numbers only


@register.filter
def pounds(pence: int | None) -> str:
    """3500 -> £35, 3550 -> £35.50, 0 -> Free; nothing for None."""
    if pence is None:
        return ""
    if pence == 0:
        return str(_("Free"))
    whole, part = divmod(pence, 100)
    return f"£{whole:,}.{part:02d}" if part else f"£{whole:,}"
