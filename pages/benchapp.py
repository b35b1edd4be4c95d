"""What the bench of the pages serves: the real application, told by the address what to forget.

    /cold/news/      the page itself has run out, as every four seconds where places are shown
    /changed/news/   content has just changed: nothing at all is kept or remembered
    /trivial/?6000   a fixed answer of so many bytes, which is all that the server can do
    /news/           as visitors meet it

With HUB_BENCH_PLAIN=1 the same pages and templates are served as plain Wagtail serves them:
nothing kept, nothing remembered, its own way from an address to a page.
"""

import os
from functools import cache

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cms.settings")
django_application = get_wsgi_application()

from cms.keptfirst import KeptFirst  # noqa: E402 - it needs what the line above set up

whole = KeptFirst(django_application)


def be_plain() -> None:
    """Take away what we add to Wagtail's own way of serving a page."""
    from django.conf import settings  # noqa: PLC0415 - once the application is there
    from wagtail.models import Page  # noqa: PLC0415

    from pages.models import HomePage, HubPage  # noqa: PLC0415

    settings.PAGE_CACHE_SECONDS = 0
    HomePage.route = Page.route
    HubPage.get_view_restrictions = Page.get_view_restrictions


def trivial(size: str, start_response):  # noqa: ANN001, ANN201
    headers = [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", size)]
    start_response("200 OK", headers)
    return [fixed(int(size))]


@cache
def fixed(size: int) -> bytes:
    return b"x" * size


def application(environ, start_response):  # noqa: ANN001, ANN201
    path = environ["PATH_INFO"]
    if path == "/trivial/":
        return trivial(environ["QUERY_STRING"], start_response)
    for prefix, forget in (("/cold", forget_page), ("/changed", forget_all)):
        if path.startswith(f"{prefix}/"):
            environ["PATH_INFO"] = path.removeprefix(prefix)
            forget(environ)
            return django_application(environ, start_response)
    return whole(environ, start_response)


def forget_page(environ: dict) -> None:
    """This page has run out; its parts and what other pages have left behind are there."""
    from django.core.cache import cache as kept  # noqa: PLC0415

    from cms import keptpages, pagecache  # noqa: PLC0415

    where = (environ["HTTP_HOST"].lower(), environ["PATH_INFO"])
    kept.delete(keptpages._key(pagecache.known.number, where, ""))
    keptpages.forget()


def forget_all(environ: dict) -> None:
    """What a process knows in the first moment after a change."""
    from django.core.cache import cache as kept  # noqa: PLC0415

    from cms import keptpages, pagecache  # noqa: PLC0415

    keptpages.forget()
    pagecache.forget_parts()
    kept.clear()
    pagecache.known.read_at = float("-inf")


if os.environ.get("HUB_BENCH_PLAIN"):
    be_plain()
