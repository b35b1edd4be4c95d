"""The words that a form's author wrote, made safe where they are shown.

An intro may hold paragraphs, lists and links. It comes from the builder or from a file, so what
may be in it is decided here, at the last moment, whatever way it came.
"""

import nh3
from django import template
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

TAGS = {"p", "br", "ul", "ol", "li", "a", "strong", "b", "em", "i", "h2", "h3"}


@register.filter
def authored(html: str) -> SafeString:
    """Paragraphs, lists, links and emphasis; everything else is taken out."""
    cleaned = nh3.clean(
        html or "",
        tags=TAGS,
        attributes={"a": {"href"}},
        url_schemes={"https", "http", "mailto", "tel"},
    )
    return mark_safe(cleaned)  # noqa: S308 - cleaned above
