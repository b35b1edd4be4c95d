"""The live lists that pages and blocks show: course dates, groups, centres, partners, news, events.

Each function costs a fixed number of queries, whatever the number of rows, and takes no request.
What it read under one content stamp it shares between requests, places left never.
Page types are looked up by name, because they show these lists themselves.
"""

import copy
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import get_language
from wagtail.coreutils import get_supported_content_language_variant
from wagtail.models import Collection, CollectionViewRestriction, Locale, Page, Site

from cms import pictures
from cms.ladder import ladder_of, ladder_words
from cms.models import (
    AddOn,
    Area,
    Course,
    CourseDate,
    CourseSession,
    Ensemble,
    HubDocument,
    HubImage,
    Instrument,
    MusicCentre,
    OrganisationType,
    Partner,
    RefundStep,
    StrategicFunction,
)
from cms.pagecache import lasting, shared
from pages import maplabels, occasions
from pages.occasions import Occasion

# What lists are made of, for `lasting`.
PAGES = (Page, Locale)
DATES = (CourseDate, CourseSession, AddOn, RefundStep, Course, Instrument, MusicCentre, Area)


def _live(page_type: str):
    """Live pages of one type in the language being read."""
    language = get_supported_content_language_variant(get_language() or settings.LANGUAGE_CODE)
    model = apps.get_model("pages", page_type)
    return model.objects.live().filter(locale__language_code=language)


def with_pictures(pages: Iterable) -> list:
    """The same pages, the renditions of their pictures at hand. One query for any number."""
    found = list(pages)
    pictures.ready(page.social_image for page in found)
    return found


# --- Courses ------------------------------------------------------------------------------------


def _course_pages() -> dict[int, Any]:
    """The page of each course in the language being read, by the key of the course. One query."""
    return lasting(
        "course-pages", PAGES, lambda: {page.course_id: page for page in _live("CoursePage")}
    )


def _with_pages(dates: list[CourseDate]) -> list[CourseDate]:
    """Add `page` to each date: the page of its course, or None."""
    pages = _course_pages()
    for course_date in dates:
        course_date.page = pages.get(course_date.course_id)
    return dates


def _dates():
    dates = CourseDate.objects.upcoming().select_related("course", "centre__area")
    return dates.prefetch_related("sessions", "add_ons")


def _upcoming(*more: str) -> list[CourseDate]:
    """Every date still to come, soonest first, without its places. Never to be written on.

    `more` names rows of theirs that are wanted too.
    """
    now, every = timezone.now(), _dates().prefetch_related(*more)
    dates = lasting(f"dates:{','.join(more)}", DATES, lambda: list(every))
    return [date for date in dates if date.starts_at > now]


def _with_places(dates: Iterable[CourseDate]) -> list[CourseDate]:
    """Copies of these dates, with the places of each as they are now. One query."""
    found = [copy.copy(date) for date in dates]
    rows = CourseDate.objects.filter(pk__in=[date.pk for date in found]).with_places().order_by()
    facts = rows.values_list("pk", "taken", "taken_with_help", "waiting_first")
    now = {pk: fresh for pk, *fresh in facts}
    for course_date in found:
        gone = (course_date.capacity, 0, course_date.waiting_first)
        fresh = now.get(course_date.pk, gone)
        course_date.taken, course_date.taken_with_help, course_date.waiting_first = fresh
    return found


def _is_on(course_date: CourseDate) -> bool:
    return course_date.status != CourseDate.Status.CANCELLED


# Each of these asks for the places anew, in one query, and for the rest once until content changes.


def next_course_dates(number: int, *, centre: MusicCentre | None = None) -> list[CourseDate]:
    """The next dates, cancelled ones left out. Each has `page` and `places_left`."""
    dates = [date for date in _upcoming() if _is_on(date)]
    if centre is not None:
        dates = [date for date in dates if date.centre_id == centre.pk]
    return _with_pages(_with_places(dates[:number]))


def dates_of_course(course_id: int) -> list[CourseDate]:
    """Every date of one course still to come; cancelled ones are shown as such."""
    dates = _upcoming("refund_steps")
    return _with_places(date for date in dates if date.course_id == course_id)


def refunds_of(dates: Iterable[CourseDate]) -> list[tuple[list[str], str]]:
    """What comes back when a family cancels, in sentences, and the dates that it holds for."""
    found: dict[tuple[str, ...], list[str]] = {}
    for course_date in dates:
        day = timezone.localtime(course_date.starts_at)
        words = tuple(ladder_words(ladder_of(course_date)))
        found.setdefault(words, []).append(f"{day.day} {day:%B}")
    return [(list(words), ", ".join(names)) for words, names in found.items()]


def first_dates_of(course_ids: Iterable[int]) -> dict[int, CourseDate]:
    """The next date of each course that has one which is not cancelled.

    One whose booking has closed only where no later date can still be booked.
    """
    wanted, found, now = set(course_ids), {}, timezone.now()
    for course_date in _upcoming():
        if _is_on(course_date) and course_date.course_id in wanted:
            first = found.setdefault(course_date.course_id, course_date)
            if first.booking_closes_at <= now < course_date.booking_closes_at:
                found[course_date.course_id] = course_date
    return {date.course_id: date for date in _with_places(found.values())}


def courses_with_dates(index: Page) -> list:
    """The course pages below `index`, each with `next_dates`: its next three."""
    below = _live("CoursePage").child_of(index).select_related("course").order_by("path")
    found = lasting(f"courses:{index.pk}", (*PAGES, Course), lambda: list(below))
    pages = [copy.copy(page) for page in found]
    upcoming: dict[int, list[CourseDate]] = {}
    for course_date in _upcoming():
        upcoming.setdefault(course_date.course_id, []).append(course_date)
    first = [date for page in pages for date in upcoming.get(page.course_id, [])[:3]]
    counted = {date.pk: date for date in _with_places(first)}
    for page in pages:
        dates = upcoming.get(page.course_id, [])
        page.next_dates = [counted[date.pk] for date in dates[:3]]
        page.more_dates = max(len(dates) - 3, 0)
        page.lowest_price = min((date.price_pence for date in dates), default=None)
    return pages


def finder_dates() -> list[CourseDate]:
    """Every date still to come that is not cancelled, with what the finder judges by."""
    dates = _upcoming("course__instruments")
    return _with_pages(_with_places(date for date in dates if _is_on(date)))


def page_of_course(course_id: int | None):  # noqa: ANN201
    """The live page of a course, or None."""
    return _live("CoursePage").filter(course_id=course_id).first() if course_id else None


# --- Centres and groups -------------------------------------------------------------------------


def centres_by_area(index: Page) -> list[dict]:
    """Areas in order, each with the centre pages below `index`. One query."""
    areas: dict[Area, list] = {}
    pages = _live("CentrePage").child_of(index).select_related("centre__area", "social_image")
    for page in with_pictures(pages.order_by("centre__area__name", "centre__name")):
        areas.setdefault(page.centre.area, []).append(page)
    return [{"area": area, "pages": found} for area, found in areas.items()]


# The drawing is 100 wide; a degree of longitude at 52 degrees north is 0.62 of one of latitude.
MAP_WIDTH, LONGITUDE_SHRINK, MARGIN = 100.0, 0.62, 8.0


def centres_on_map() -> dict:
    """What `_draw_map` made, remembered until content changes."""
    return lasting("map", (*PAGES, Site, MusicCentre, Area), _draw_map)


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
        entry["name"] = entry["centre"].address.rpartition(",")[2].strip()
        entry["x"] = round(
            MARGIN + (entry["centre"].longitude - west) * LONGITUDE_SHRINK * scale, 1
        )
        entry["y"] = round(MARGIN + (north - entry["centre"].latitude) * scale, 1)
    height = round((north - south) * scale + 2 * MARGIN, 1)
    maplabels.place(placed, width=MAP_WIDTH)
    return {"pages": entries, "placed": placed, "width": MAP_WIDTH, "height": height}


def ensemble_cards(ensembles) -> list[Ensemble]:  # noqa: ANN001 - an Ensemble queryset
    """Groups for cards, each with `page`, the page about it, or None. Two queries."""
    found = list(ensembles.select_related("centre"))
    about = _live("EnsemblePage").filter(ensemble__in=found).select_related("social_image")
    pages = {page.ensemble_id: page for page in with_pictures(about)}
    for ensemble in found:
        ensemble.page = pages.get(ensemble.pk)
    return found


def finder_ensembles() -> list[Ensemble]:
    """Every group, with what the finder judges by, read once until content changes. Never to be
    written on."""
    wanted = ("instruments", "sections__instrument", "fed_by")
    every = Ensemble.objects.prefetch_related(*wanted).order_by("name")
    return shared("finder-groups", lambda: ensemble_cards(every))


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
    for page in with_pictures(pages):
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
    left_out: bool = False

    @classmethod
    def read(cls, query, choices: dict) -> "PartnerFilter":  # noqa: ANN001 - a QueryDict
        """`choices` are those of `partner_choices`; `left_out` says that some value is not one."""
        known = {
            "kind": {kind.slug for kind in choices["kinds"]},
            "area": {area.slug for area in choices["areas"]},
            "function": set(StrategicFunction.values),
        }
        asked = {name: query.get(name, "") for name in known}
        chosen = {name: value for name, value in asked.items() if value in known[name]}
        return cls(
            **chosen, left_out=any(value and name not in chosen for name, value in asked.items())
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


# --- Documents ----------------------------------------------------------------------------------


def public_documents():  # noqa: ANN201 - a HubDocument queryset
    """Documents that anybody may read: in no collection that is closed, nor below one. One query
    now, one when the documents are read."""
    closed = Q(pk__in=[])
    for path in CollectionViewRestriction.objects.values_list("collection__path", flat=True):
        closed |= Q(path__startswith=path)
    public = Collection.objects.exclude(closed).values_list("pk", flat=True)
    return HubDocument.objects.filter(collection__in=list(public))


# --- News and events ----------------------------------------------------------------------------


def _stories() -> tuple:
    return (*PAGES, HubImage, apps.get_model("pages", "NewsCategory"))


def latest_news(number: int, *, category=None) -> list:  # noqa: ANN001 - a NewsCategory
    """The renditions of their pictures are for the caller to make ready."""
    stories = _live("NewsPage").select_related("category", "social_image")
    if category is not None:
        stories = stories.filter(category=category)
    newest = stories.order_by("-published_on", "-pk")[:number]
    name = f"news:{category.pk if category else ''}:{number}"
    return lasting(name, _stories(), lambda: list(newest))


def news_about_course(course_id: int, number: int = 3) -> list:
    """The renditions of their pictures are for the caller to make ready."""
    about = _live("NewsPage").filter(course_id=course_id).select_related("social_image")
    newest = about.order_by("-published_on", "-pk")[:number]
    name = f"news-about:{course_id}:{number}"
    return lasting(name, _stories(), lambda: list(newest))


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


def _event_pages():
    pages = _live("EventPage").select_related("centre", "social_image")
    return pages.prefetch_related("changes")


def next_events(number: int, *, kinds: Iterable[str] = ()) -> list[Occasion]:
    """Occasions not yet over, soonest first, cancelled ones as such. Two queries.

    With `kinds`, only those of these kinds.
    """
    pages = _still_running(timezone.now())
    if kinds:
        pages = pages.filter(kind__in=kinds)
    return occasions.between(pages, timezone.now())[:number]


def events_between(start: datetime, end: datetime) -> list[Occasion]:
    """Occasions from one moment to another, in order. Two queries."""
    begun = Q(starts_at__lt=end) | Q(changes__starts_at__lt=end)
    pages = _still_running(start).filter(begun).distinct()
    return occasions.between(pages, start, end)


def _still_running(moment: datetime):
    """Event pages that have an occasion after that moment, or once had one moved there."""
    return (
        _event_pages()
        .filter(
            Q(ends_at__gt=moment)
            | Q(repeats_until__gte=timezone.localdate(moment) - timedelta(days=7))
            | Q(changes__ends_at__gt=moment)
        )
        .distinct()
    )


def events_of_a_year() -> list:
    """Pages with an occasion from a month ago to a year ahead: what the calendar feed holds."""
    now = timezone.now()
    pages = _still_running(now - timedelta(days=31)).filter(starts_at__lt=now + timedelta(days=366))
    return list(pages.order_by("starts_at"))
