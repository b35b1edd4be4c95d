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
