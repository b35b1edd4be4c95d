"""The demo hub, loaded once for a test module, for tests that read the whole site."""

CONTRACT_PATHS = [
    "/",
    "/about/",
    "/about/vision/",
    "/news/",
    "/news/feed/",
    "/blog/",
    "/events/",
    "/events.ics",
    "/centres/",
    "/centres/watford/",
    "/centres/watford/dates.ics",
    "/courses/",
    "/courses/songwriter/",
    "/ensembles/",
    "/ensembles/county-youth-orchestra/",
    "/schools/",
    "/schools/self-evaluation/",
    "/hub/",
    "/hub/partners/",
    "/hub/partners/night-bus-sound/",
    "/help-with-costs/",
    "/contact/",
    "/search/?q=songwriter",
    "/privacy/",
    "/cookies/",
    "/accessibility/",
    "/sitemap.xml",
    "/robots.txt",
]


def load_demo_hub():
    from django.utils import timezone

    from pages import demo

    return demo.load(timezone.localdate())


def empty_page_cache() -> None:
    """Nothing is kept, remembered or known to this process."""
    from django.core.cache import cache

    from cms import keptpages, pagecache

    cache.clear()
    keptpages.forget()
    pagecache.forget_parts()
    pagecache.known.read_at = float("-inf")


def rows_of_everything() -> dict[str, list]:
    """Every row of every table, as the database holds it, to compare before and after."""
    from django.db import connection

    tables = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            if table.startswith(("modelsearch_", "wagtailsearch_index")):
                continue  # made from the others
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            tables[table] = sorted(map(repr, cursor.fetchall()))
    return tables


def make_course_date(**facts):
    """A bookable date of Songwriter at Watford in twenty days; `facts` are fields of the date."""
    from datetime import timedelta

    from django.utils import timezone

    from cms.models import Course, CourseDate

    course, _made = Course.objects.get_or_create(
        slug="songwriter", defaults={"title": "Songwriter", "code": "SW", "summary": "A song."}
    )
    starts = timezone.now() + timedelta(days=20)
    return CourseDate.objects.create(
        **{
            "course": course,
            "reference": "sw-1",
            "centre": make_centre(),
            "starts_at": starts,
            "ends_at": starts + timedelta(hours=6),
            "capacity": 20,
            "price_pence": 3500,
            "booking_opens_at": starts - timedelta(days=30),
            "booking_closes_at": starts - timedelta(days=1),
        }
        | facts
    )


def make_centre(town: str = "Watford", area: str = "West"):
    from cms.models import Area, MusicCentre

    area, _made = Area.objects.get_or_create(slug=area.lower(), defaults={"name": area})
    centre, _made = MusicCentre.objects.get_or_create(
        slug=town.lower(),
        defaults={
            "name": f"{town} Music Centre",
            "area": area,
            "address": f"1 High Street, {town}",
            "postcode": "WD17 2ZZ",
        },
    )
    return centre
