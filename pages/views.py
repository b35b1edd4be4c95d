"""Public addresses that are not Wagtail pages: search, calendars, robots."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from cms.models import MusicCentre
from pages import feeds
from pages.search import find

TEN_MINUTES = 600


@require_safe
def search(request):
    found = find(request.GET.get("q", ""), page=request.GET.get("page", "1"))
    return render(
        request, "pages/search.html", {"found": found, "search_query": found.query, "page": None}
    )


def _calendar(content: bytes, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = f'inline; filename="{name}.ics"'
    return response


@require_safe
@cache_control(public=True, max_age=TEN_MINUTES)
def events_calendar(request):
    return _calendar(feeds.events_calendar(), "events")


@require_safe
@cache_control(public=True, max_age=TEN_MINUTES)
def centre_calendar(request, slug):
    centre = get_object_or_404(MusicCentre, slug=slug)
    return _calendar(feeds.centre_calendar(centre), f"{centre.slug}-dates")


@require_safe
@cache_control(public=True, max_age=TEN_MINUTES)
def robots(request):
    return HttpResponse(feeds.robots(), content_type="text/plain; charset=utf-8")
