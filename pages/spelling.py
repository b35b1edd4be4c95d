"""What somebody who typed a word wrongly may have meant: the nearest word that the site uses.

Only asked when a search found nothing. The words are those of titles that anybody may read.
PostgreSQL narrows them by trigrams in an index (migration 0006); SQLite, or a PostgreSQL whose
owner may not add the extension, looks through all titles. Which word is nearest is decided here,
the same on both.
"""

import re
from difflib import get_close_matches
from functools import lru_cache

from django.db import connection
from wagtail.models import Page

from cms.models import Instrument, Partner
from pages import listings
from pages.models import SearchWord

WORDS = re.compile(r"\w+")
NEAR = 0.72
SHORTEST = 4
MOST_TITLES = 20_000


def corrected(query: str) -> str:
    """The query with each unknown word replaced by the nearest known one; "" when none is near."""
    typed = WORDS.findall(query.casefold())
    known = _known_words(typed)
    if not known:
        return ""
    better = [_nearest(word, known) for word in typed]
    return " ".join(better) if better != typed else ""


def _nearest(word: str, known: set[str]) -> str:
    if len(word) < SHORTEST or word in known:
        return word
    # The longer of two equally near words first, so that the answer is the same on every machine.
    near = get_close_matches(word, sorted(known, key=lambda w: (-len(w), w)), n=1, cutoff=NEAR)
    return near[0] if near else word


def _known_words(typed: list[str]) -> set[str]:
    """Words of public titles and names that may be near what was typed. Six queries."""
    lists = (
        _page_titles(typed),
        Partner.objects.live().values_list("name", flat=True)[:MOST_TITLES],
        listings.public_documents().values_list("title", flat=True)[:MOST_TITLES],
        Instrument.objects.values_list("name", flat=True),
        SearchWord.objects.values_list("phrase", flat=True),
    )
    return {
        word
        for titles in lists
        for title in titles
        for word in WORDS.findall(title.casefold())
        if len(word) >= SHORTEST and not word.isdigit()
    }


def _page_titles(typed: list[str]) -> list[str]:
    pages = Page.objects.live().public().filter(depth__gt=2)
    long = [word for word in typed if len(word) >= SHORTEST]
    if has_trigrams() and long:
        near = " OR ".join(["wagtailcore_page.title %%> %s"] * len(long))
        pages = pages.extra(where=[f"({near})"], params=long)  # noqa: S610 - words are parameters
    return list(pages.values_list("title", flat=True)[:MOST_TITLES])


def has_trigrams() -> bool:
    return connection.vendor == "postgresql" and _has_extension(connection.settings_dict["NAME"])


@lru_cache(maxsize=8)
def _has_extension(_database: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm'")
        return cursor.fetchone() is not None
