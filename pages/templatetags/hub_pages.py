"""Template tags of the page types: who something is for, when it is, what search engines are told.

Nothing here reads the database; lists come from pages.listings.
"""

import json
from datetime import date, datetime

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from wagtail.models import Page

from pages import structured
from pages.blocks.links import apply_path

register = template.Library()

SCRIPT_SAFE = {ord("<"): "\\u003C", ord(">"): "\\u003E", ord("&"): "\\u0026"}


def _span(first: int | None, last: int | None) -> str:
    if first is None and last is None:
        return ""
    if last is None:
        return _("%(first)s and over") % {"first": first}
    if first is None:
        return _("up to %(last)s") % {"last": last}
    return _("%(first)s to %(last)s") % {"first": first, "last": last}


@register.filter
def for_whom(record) -> str:
    """A course or ensemble -> "Ages 8 to 18", "Years 3 to 8 at school" or "All ages"."""
    ages = _span(getattr(record, "min_age", None), getattr(record, "max_age", None))
    if ages:
        return _("Ages %(span)s") % {"span": ages}
    first, last = record.min_year, record.max_year
    years = _span(_("Reception") if first == 0 else first, last)
    return _("School years %(span)s") % {"span": years} if years else _("All ages")


@register.filter
def hours(event) -> str:
    """Anything with starts_at and ends_at -> "10am to 4pm", with the last day if another."""
    starts, ends = timezone.localtime(event.starts_at), timezone.localtime(event.ends_at)
    first, last = _clock(starts), _clock(ends)
    if starts.date() != ends.date():
        last = f"{last}, {day(ends.date())}"
    return _("%(first)s to %(last)s") % {"first": first, "last": last}


def _clock(moment: datetime) -> str:
    if (moment.hour, moment.minute) == (12, 0):
        return _("12 noon")
    minutes = f".{moment:%M}" if moment.minute else ""
    return f"{moment.hour % 12 or 12}{minutes}{'am' if moment.hour < 12 else 'pm'}"


def day(value: date) -> str:
    return date_format(value, "l j F")


@register.filter
def days(entry) -> str:
    """Anything with starts_on and ends_on -> "Monday 26 October", or first and last day."""
    if entry.starts_on == entry.ends_on:
        return day(entry.starts_on)
    return _("%(first)s to %(last)s") % {"first": day(entry.starts_on), "last": day(entry.ends_on)}


@register.filter
def town(centre) -> str:
    """The town of a centre: the last part of its address."""
    return centre.address.rpartition(",")[2].strip()


@register.simple_tag
def shown(picture):
    """The picture, or None once it has expired or the permission for it was taken back."""
    return picture if picture and picture.may_be_shown(timezone.localdate()) else None


@register.simple_tag
def apply_url(form_slug: str, reference: str = "") -> str:
    return apply_path(form_slug, reference)


@register.filter
def thousands(number: int) -> str:
    return f"{number:,}"


@register.filter
def minutes(number: int) -> str:
    return _("%(number)s minutes") % {"number": number}


@register.simple_tag(takes_context=True)
def structured_data(context, page) -> str:
    """What search engines are told of this page, as data that no browser runs."""
    if not isinstance(page, Page) or not page.pk:
        return ""
    facts = [*page.specific.structured_data()]
    trail = context.get("crumbs")
    if trail:
        facts.append(structured.breadcrumbs(trail))
    graph = json.dumps({"@context": "https://schema.org", "@graph": facts}, ensure_ascii=False)
    safe = graph.translate(SCRIPT_SAFE)
    return mark_safe(f'<script type="application/ld+json">{safe}</script>')  # noqa: S308 - escaped
