"""Public addresses that are not Wagtail pages: search, calendars, robots."""

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import translation
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from cms import keptpages
from cms.models import Ensemble, MusicCentre
from forms.doors import comes_from_here
from pages import cookies, counts, feeds
from pages.counting import objects, refuses
from pages.counts import Kind
from pages.models import EventPage, FinderPage
from pages.search import find

TEN_MINUTES = 600
LARGEST_KEY = 2**31 - 1


@require_safe
def search(request):
    found = find(
        request.GET.get("q", ""),
        page=request.GET.get("page", "1"),
        kind=request.GET.get("kind", ""),
    )
    response = render(
        request, "pages/search.html", {"found": found, "search_query": found.query, "page": None}
    )
    # Each search once: not its further pages, and not when it is narrowed.
    words = counts.words_of(found.query)
    if words and found.results.number == 1 and not found.kind:
        kinds = [Kind.SEARCH] if found.found_as_typed else [Kind.SEARCH, Kind.NOTHING]
        response.happened = [(kind, words) for kind in kinds]
    return response


@csrf_exempt  # changes nothing, so there is nothing to forge; and a token would need a cookie
@cache_control(private=True, no_cache=True)  # not no-store: Back would find an error, not answers
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def finder(request, pk):
    """The answer of a FinderPage. What is posted is read once and kept nowhere."""
    if pk > LARGEST_KEY:
        raise Http404
    pages = FinderPage.objects.live().public().select_related("locale", "help_page")
    page = get_object_or_404(pages, pk=pk)
    if request.method != "POST":
        return redirect(page.get_url(request) or "/")
    keptpages.take_parts(request)
    with translation.override(page.locale.language_code):
        return page.serve(request).render()


@csrf_exempt  # the page it is pressed on is kept and has no token: comes_from_here guards it
@cache_control(private=True, no_store=True)
@require_http_methods(["GET", "HEAD", "POST"])
def counting(request):
    """Whether this browser is counted; POST switches it off, or on again."""
    if request.method == "POST":
        if not comes_from_here(request):
            return render(request, "403.html", {"reason": "origin"}, status=403)
        response = HttpResponseRedirect(request.path, status=303)
        if request.POST.get("count") == "yes":
            cookies.count_again(response)
        else:
            cookies.object_to_counting(response)
        return response
    context = {"objects": objects(request), "refuses": refuses(request)}
    return render(request, "pages/counting.html", context)


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
def ensemble_calendar(request, slug):
    ensemble = get_object_or_404(Ensemble.objects.select_related("centre"), slug=slug)
    if not ensemble.meets_weekly:
        raise Http404
    return _calendar(feeds.ensemble_calendar(ensemble), f"{ensemble.slug}-dates")


@require_safe
@cache_control(public=True, max_age=TEN_MINUTES)
def robots(request):
    return HttpResponse(feeds.robots(), content_type="text/plain; charset=utf-8")


@require_safe
@cache_control(public=True, max_age=TEN_MINUTES)
def event_calendar(request, slug):
    page = get_object_or_404(EventPage.objects.live().public(), slug=slug)
    return _calendar(feeds.event_calendar(page), page.slug)
