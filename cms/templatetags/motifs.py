"""Tags that draw: icons and motifs. They read no database, so that any page may use them."""

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import mark_safe

from cms.motifs import MOTIFS

register = template.Library()


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
    """A drawn motif, one of cms.motifs.MOTIFS. The same seed draws the same picture."""
    return mark_safe(MOTIFS[kind](seed or 0))  # noqa: S308 - built from numbers only
