"""Template tags of the page types: who something is for, when it is, what search engines are told.

Nothing here reads the database; lists come from pages.listings.
"""

import json
from datetime import date, datetime

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from wagtail.coreutils import get_content_languages
from wagtail.models import Page

from cms import pictures
from cms.findpage import tree
from cms.pagecache import shared_while_kept
from cms.templatetags.hub import breadcrumbs, pounds
from pages import notices, structured
from pages.blocks.links import apply_path
from pages.models import HubPage
from pages.wording import findings

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


register.filter(structured.absolute)


@register.filter
def for_whom(record) -> str:
    """A course or ensemble -> "Ages 8 to 18", "Years 3 to 8 at school" or "All ages"."""
    ages = _span(getattr(record, "min_age", None), getattr(record, "max_age", None))
    if ages:
        return _("Ages %(span)s") % {"span": ages}
    first, last = record.min_year, record.max_year
    years = _span(_("Reception") if first == 0 else first, last)
    return _("School years %(span)s") % {"span": years} if years else _("All ages")


@register.simple_tag(takes_context=True)
def translations(context, page) -> list[dict]:
    """The same page in each language it is published in; [] when that is one. Read once a page."""
    if not isinstance(page, Page) or not page.pk or not tree().has_languages:
        return []
    if not hasattr(page, "_versions"):
        page._versions = shared_while_kept(
            context.get("request"), f"versions:{page.pk}", lambda: _versions(page)
        )
    return page._versions


def _versions(page: Page) -> list[dict]:
    names = get_content_languages()
    found = [
        {
            "code": version.language,
            "name": names.get(version.language),
            "url": version.link(),
            "full_url": version.full_link(),
            "is_current": version.pk == page.pk,
        }
        for version in tree().versions(page.pk)
    ]
    return found if len(found) > 1 else []


@register.filter
def with_pictures(cards) -> list:
    """Cards of a stream, the renditions of their pictures read at once."""
    found = list(cards)
    pictures.ready(card.value.get("picture") for card in found)
    return found


@register.filter
def hours(event) -> str:
    """Anything with starts_at and ends_at -> "10am to 4pm", with the last day if another."""
    starts, ends = timezone.localtime(event.starts_at), timezone.localtime(event.ends_at)
    first, last = _clock(starts), _clock(ends)
    if starts.date() != ends.date():
        last = f"{last}, {day(ends.date())}"
    return _("%(first)s to %(last)s") % {"first": first, "last": last}


@register.filter
def clock_time(moment: datetime) -> str:
    """A moment -> "10am", "2.30pm", "12 noon", by the clock of the county."""
    return _clock(timezone.localtime(moment))


@register.filter
def day_and_time(moment: datetime) -> str:
    """A moment -> "27 December 2026, 5pm"."""
    local = timezone.localtime(moment)
    return f"{date_format(local, 'j F Y')}, {_clock(local)}"


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


@register.filter
def in_miles(away: float) -> str:
    """Good to a mile or two, and said so: "about 6 miles", "under 2 miles"."""
    whole = round(away)
    return _("under 2 miles") if whole < 2 else _("about %s miles") % whole


@register.simple_tag
def with_help(page, pence: int) -> str:
    """What a FinderPage says of a price after help with costs, with the way to it."""
    part = pounds(page.part_price(pence))
    if page.help_percent and page.full_help:
        words = _("%(part)s or free with help with costs") % {"part": part}
    elif page.full_help:
        words = _("Free with help with costs")
    elif page.help_percent:
        words = _("%(part)s with help with costs") % {"part": part}
    else:
        return ""
    url = page.help_page.url if page.help_page and page.help_page.live else ""
    return format_html('<a href="{}">{}</a>', url, words) if url else words


@register.simple_tag
def findings_of(page) -> list:
    """What an editor should mend on this page."""
    return findings(page, timezone.localdate()) if isinstance(page, HubPage) else []


@register.simple_tag
def apply_url(form_slug: str, reference: str = "") -> str:
    return apply_path(form_slug, reference)


@register.filter
def thousands(number: int) -> str:
    return f"{number:,}"


@register.filter
def minutes(number: int) -> str:
    return _("%(number)s minutes") % {"number": number}


def _whole_trail(context, above: list[dict], page) -> list[dict]:
    trail = [*above, {"title": page.title, "url": page.full_url}]
    if name := context.get("shared_title"):
        trail.append({"title": name, "url": context["canonical"]})
    return trail


@register.simple_tag(takes_context=True)
def structured_data(context, page) -> str:
    """What search engines are told of this page, as data that no browser runs.

    A page that stands for many things (the directory) puts `facts` of the one into its context.
    """
    if not isinstance(page, Page) or not page.pk:
        return ""
    facts = [*(context.get("facts") or page.structured_data(context.get("request")))]
    if trail := breadcrumbs(context, page):
        facts.append(structured.breadcrumbs(_whole_trail(context, trail, page)))
    if not facts:
        return ""
    graph = json.dumps({"@context": "https://schema.org", "@graph": facts}, ensure_ascii=False)
    safe = graph.translate(SCRIPT_SAFE)
    return mark_safe(f'<script type="application/ld+json">{safe}</script>')  # noqa: S308 - escaped


@register.filter
def closure(happening) -> notices.Banner | None:
    """The closure of its centre on the day of a course date or an occasion, if there is one."""
    record = getattr(happening, "page", None) if hasattr(happening, "rule_starts_at") else happening
    centre_id = getattr(record, "centre_id", None)
    return notices.closed_at(centre_id, timezone.localdate(happening.starts_at))
