"""The live lists that pages and blocks show: course dates, groups, centres, partners, news, events.

Each function costs a fixed number of queries, whatever the number of rows, and takes no request.
Page types are looked up by name, because they show these lists themselves.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.apps import apps
from django.conf import settings
from django.utils import timezone
from django.utils.translation import get_language
from wagtail.coreutils import get_supported_content_language_variant
from wagtail.models import Page

from cms.models import (
    Area,
    CourseDate,
    Ensemble,
    MusicCentre,
    OrganisationType,
    Partner,
    StrategicFunction,
)
from cms.pagecache import remembered


def _live(page_type: str):
    """Live pages of one type in the language being read."""
    language = get_supported_content_language_variant(get_language() or settings.LANGUAGE_CODE)
    model = apps.get_model("pages", page_type)
    return model.objects.live().filter(locale__language_code=language)


# --- Courses ------------------------------------------------------------------------------------


def _with_pages(dates: Iterable[CourseDate]) -> list[CourseDate]:
    """Add `page` to each date: the page of its course, or None. One query."""
    dates = list(dates)
    pages = {
        page.course_id: page
        for page in _live("CoursePage").filter(course__in={date.course_id for date in dates})
    }
    for course_date in dates:
        course_date.page = pages.get(course_date.course_id)
    return dates


def _dates():
    return CourseDate.objects.upcoming().with_places().select_related("course", "centre__area")


def next_course_dates(number: int, *, centre: MusicCentre | None = None) -> list[CourseDate]:
    """The next dates, cancelled ones left out. Each has `page` and `places_left`. Two queries."""
    dates = _dates().exclude(status=CourseDate.Status.CANCELLED)
    if centre is not None:
        dates = dates.filter(centre=centre)
    return _with_pages(dates[:number])


def dates_of_course(course_id: int) -> list[CourseDate]:
    """Every date of one course still to come; cancelled ones are shown as such. One query."""
    return list(_dates().filter(course_id=course_id))


def courses_with_dates(index: Page) -> list:
    """The course pages below `index`, each with `dates`: its next three. Two queries."""
    pages = list(
        _live("CoursePage")
        .child_of(index)
        .select_related("course", "social_image")
        .order_by("path")
    )
    upcoming: dict[int, list[CourseDate]] = {}
    for course_date in _dates().filter(course__in=[page.course_id for page in pages]):
        upcoming.setdefault(course_date.course_id, []).append(course_date)
    for page in pages:
        dates = upcoming.get(page.course_id, [])
        page.next_dates = dates[:3]
        page.more_dates = max(len(dates) - 3, 0)
        page.lowest_price = min((date.price_pence for date in dates), default=None)
    return pages


def page_of_course(course_id: int | None):  # noqa: ANN201
    """The live page of a course, or None."""
    return _live("CoursePage").filter(course_id=course_id).first() if course_id else None


# --- Centres and groups -------------------------------------------------------------------------


def centres_by_area(index: Page) -> list[dict]:
    """Areas in order, each with the centre pages below `index`. One query."""
    areas: dict[Area, list] = {}
    pages = _live("CentrePage").child_of(index).select_related("centre__area", "social_image")
    for page in pages.order_by("centre__area__name", "centre__name"):
        areas.setdefault(page.centre.area, []).append(page)
    return [{"area": area, "pages": found} for area, found in areas.items()]


# The drawing is 100 wide; a degree of longitude at 52 degrees north is 0.62 of one of latitude.
MAP_WIDTH, LONGITUDE_SHRINK, MARGIN = 100.0, 0.62, 8.0


def centres_on_map() -> dict:
    """What `_draw_map` made, remembered until content changes."""
    return remembered(f"map:{get_language()}", _draw_map)


def _draw_map() -> dict:
    """Centre pages with `x` and `y` on a drawing `width` by `height`. Those without a place of
    their own on the map are in the list all the same. One query."""
    pages = _live("CentrePage").select_related("centre__area").order_by("centre__name")
    entries = [{"title": page.title, "url": page.url, "centre": page.centre} for page in pages]
    placed = [e for e in entries if e["centre"].latitude and e["centre"].longitude]
    if not placed:
        return {"pages": entries, "placed": [], "width": MAP_WIDTH, "height": MAP_WIDTH}
    west = min(entry["centre"].longitude for entry in placed)
    east = max(entry["centre"].longitude for entry in placed)
    north = max(entry["centre"].latitude for entry in placed)
    south = min(entry["centre"].latitude for entry in placed)
    across = max((east - west) * LONGITUDE_SHRINK, 0.01)
    scale = (MAP_WIDTH - 2 * MARGIN) / across
    for entry in placed:
        entry["x"] = round(
            MARGIN + (entry["centre"].longitude - west) * LONGITUDE_SHRINK * scale, 1
        )
        entry["y"] = round(MARGIN + (north - entry["centre"].latitude) * scale, 1)
    height = round((north - south) * scale + 2 * MARGIN, 1)
    return {"pages": entries, "placed": placed, "width": MAP_WIDTH, "height": height}


def ensemble_cards(ensembles) -> list[Ensemble]:  # noqa: ANN001 - an Ensemble queryset
    """Groups for cards, each with `page`, the page about it, or None. Two queries."""
    found = list(ensembles.select_related("centre"))
    about = _live("EnsemblePage").filter(ensemble__in=found).select_related("social_image")
    pages = {page.ensemble_id: page for page in about}
    for ensemble in found:
        ensemble.page = pages.get(ensemble.pk)
    return found


def ensembles_at(centre: MusicCentre) -> list[Ensemble]:
    return ensemble_cards(centre.ensembles.order_by("weekday", "name"))


def ensembles_by_level(index: Page) -> list[dict]:
    """Levels from school to county, each with the ensemble pages below `index`. Two queries."""
    pages = (
        _live("EnsemblePage")
        .child_of(index)
        .select_related("ensemble__centre", "social_image")
        .prefetch_related("ensemble__genres")
        .order_by("ensemble__min_year", "ensemble__name")
    )
    by_level: dict[str, list] = {}
    for page in pages:
        by_level.setdefault(page.ensemble.level, []).append(page)
    return [
        {"level": level, "label": level.label, "pages": by_level[level]}
        for level in Ensemble.Level
        if level in by_level
    ]


# --- Partners -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class PartnerFilter:
    """What a visitor narrows the directory by. Values that do not exist narrow nothing."""

    kind: str = ""
    area: str = ""
    function: str = ""

    @classmethod
    def read(cls, query) -> "PartnerFilter":  # noqa: ANN001 - a QueryDict
        function = query.get("function", "")
        return cls(
            kind=query.get("kind", "")[:60],
            area=query.get("area", "")[:60],
            function=function if function in StrategicFunction.values else "",
        )

    def __bool__(self) -> bool:
        return bool(self.kind or self.area or self.function)


def partner_choices() -> dict:
    return {
        "kinds": OrganisationType.objects.filter(partners__in=Partner.objects.live()).distinct(),
        "areas": Area.objects.all(),
        "functions": StrategicFunction.choices,
    }


def partners(chosen: PartnerFilter) -> list[Partner]:
    """Live partners, the lead organisation first. Two queries."""
    found = Partner.objects.live().select_related("organisation_type", "logo")
    if chosen.kind:
        found = found.filter(organisation_type__slug=chosen.kind)
    if chosen.function:
        found = found.filter(function=chosen.function)
    if chosen.area:
        in_area = Partner.areas.through.objects.filter(area__slug=chosen.area)
        found = found.filter(pk__in=in_area.values("partner_id"))
    return list(found.prefetch_related("areas").order_by("-is_lead", "name"))


def partner(slug: str) -> Partner | None:
    """A live partner, or None: lapsed, suspended and unknown look the same to the public."""
    found = Partner.objects.live().select_related("organisation_type", "logo")
    return found.prefetch_related("areas").filter(slug=slug).first()


# --- News and events ----------------------------------------------------------------------------


def latest_news(number: int, *, category=None) -> list:  # noqa: ANN001 - a NewsCategory
    stories = _live("NewsPage").select_related("category", "social_image")
    if category is not None:
        stories = stories.filter(category=category)
    return list(stories.order_by("-published_on", "-pk")[:number])


def news_about_course(course_id: int, number: int = 3) -> list:
    return list(
        _live("NewsPage")
        .filter(course_id=course_id)
        .select_related("social_image")
        .order_by("-published_on", "-pk")[:number]
    )


def stories_of_themes(theme_ids: list[int], number: int = 3) -> dict[int, list]:
    """The newest stories of each theme, by its key. Two queries for any number of themes."""
    stories = (
        _live("NewsPage")
        .filter(themes__in=theme_ids)
        .distinct()
        .prefetch_related("themes")
        .order_by("-published_on", "-pk")
    )
    found: dict[int, list] = {theme_id: [] for theme_id in theme_ids}
    for story in stories[: number * max(len(theme_ids), 1) * 3]:
        for theme in story.themes.all():
            if theme.pk in found and len(found[theme.pk]) < number:
                found[theme.pk].append(story)
    return found


def next_events(number: int) -> list:
    """Events not yet over, soonest first. One query."""
    return list(
        _live("EventPage")
        .filter(ends_at__gt=timezone.now())
        .select_related("centre", "social_image")
        .order_by("starts_at")[:number]
    )


def events_of_a_year() -> list:
    """From a month ago to a year ahead: what the calendar feed holds."""
    now = timezone.now()
    return list(
        _live("EventPage")
        .filter(ends_at__gt=now - timedelta(days=31), starts_at__lt=now + timedelta(days=366))
        .select_related("centre")
        .order_by("starts_at")
    )
