"""Finding things: pages with their records, documents and partners, by the words people use.

A search is split into its words; what a word may stand for comes from SearchWord rows, what stands
above the list from Wagtail's promoted results. A search that finds nothing is tried once more with
the nearest words that the site uses. Nothing of a person is in any index. A query is data: whatever
it holds, the answer is a clean list.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlencode

from django.core.paginator import Page as ResultPage
from django.core.paginator import Paginator
from django.db.models import Q
from wagtail.contrib.search_promotions.models import SearchPromotion
from wagtail.models import Page
from wagtail.search.utils import normalise_query_string

from cms.models import HubDocument, Partner
from pages import listings, spelling
from pages.hits import KINDS, hits_of, kind_of, marks_of
from pages.models import SearchWord

PER_PAGE = 10
MAX_QUERY = 100
MAX_HITS = 200
MAX_PROMOTED = 3
FEW = 3
# Only words reach the index: its query language has quotation marks and operators of its own.
WORDS = re.compile(r"\w+")


@dataclass(frozen=True)
class Filter:
    """One kind of thing, and how many of it were found; `key` "" is everything."""

    key: str
    label: str
    number: int


@dataclass(frozen=True)
class Found:
    """One page of results. `meanings` are what a word of several meanings may stand for.

    `corrected` is what was looked for instead, when nothing had the words that were typed.
    """

    query: str
    results: ResultPage
    meanings: list[str] = field(default_factory=list)
    also: list[str] = field(default_factory=list)
    corrected: str = ""
    kind: str = ""
    filters: list[Filter] = field(default_factory=list)
    promoted: list[SearchPromotion] = field(default_factory=list)

    @property
    def page_query(self) -> str:
        """The query string that the next page of results keeps."""
        return f"{urlencode({'q': self.query} | ({'kind': self.kind} if self.kind else {}))}&"

    @property
    def total(self) -> int:
        return self.results.paginator.count

    @property
    def found_as_typed(self) -> bool:
        return bool((self.total or self.promoted) and not self.corrected)


def tidy(query: str) -> str:
    """What was typed, without control characters and at most MAX_QUERY long."""
    return " ".join("".join(c if c.isprintable() else " " for c in query).split())[:MAX_QUERY]


def meanings_of(query: str) -> list[str]:
    """What the query, as a whole or any run of its words, may stand for."""
    words = query.casefold().split()
    runs = {
        " ".join(words[start:end])
        for start in range(len(words))
        for end in range(start + 1, min(start + 4, len(words)) + 1)
    }
    found = SearchWord.objects.filter(phrase__in=runs)
    return list(dict.fromkeys(word.stands_for for word in found))


def find(query: str, *, page: int | str = 1, kind: str = "") -> Found:
    """Pages, partners and documents for a query, ten at a time. Never raises for what was typed."""
    query, kind = tidy(query), kind if kind in KINDS else ""
    if not WORDS.search(query):
        return Found(query, Paginator([], PER_PAGE).get_page(1))
    stands_for = meanings_of(query)
    terms, corrected = [*stands_for, query], ""
    promoted = _promoted(terms)
    found = _merge(terms, begun=not stands_for)
    if not (found or promoted) and (corrected := spelling.corrected(query)):
        terms = [corrected]
        found = _merge(terms, begun=True)
        corrected = corrected if found else ""
    shown = {chosen.page_id for chosen in promoted}
    found = [s for s in found if not (isinstance(s, Page) and s.pk in shown)]
    filters = _filters(found)
    if kind:
        found = [subject for subject in found if kind_of(subject) == kind]
    results = Paginator(found, PER_PAGE).get_page(page)
    results.object_list = hits_of(results.object_list, marks_of(terms))
    several = len(stands_for) > 1
    return Found(
        query,
        results,
        meanings=stands_for if several else [],
        also=[] if several else stands_for,
        corrected=corrected,
        kind=kind,
        filters=filters,
        promoted=promoted,
    )


def _filters(found: list) -> list[Filter]:
    """The kinds among what was found, with their numbers; none when all are of one kind."""
    numbers = Counter(map(kind_of, found))
    if len(numbers) < 2:
        return []
    kinds = [Filter(key, str(KINDS[key][0]), numbers[key]) for key in KINDS if key in numbers]
    return [Filter("", "", len(found)), *kinds]


def _promoted(terms: list[str]) -> list[SearchPromotion]:
    """What editors put above the list for these words, as far as anybody may read it."""
    wanted = {normalise_query_string(term) for term in terms}
    chosen = SearchPromotion.objects.filter(query__query_string__in=wanted)
    readable = Page.objects.live().public().values("pk")
    chosen = chosen.filter(Q(page=None) | Q(page__in=readable)).select_related("page")
    return list(chosen.order_by("sort_order", "pk")[:MAX_PROMOTED])


def _merge(terms: list[str], *, begun: bool) -> list:
    """Subjects of all terms, best first, each once: turn and turn about between the terms."""
    lists = [[*_pages(term, begun=begun), *_partners(term), *_documents(term)] for term in terms]
    merged = {}
    for position in range(max(map(len, lists), default=0)):
        for found in lists:
            if position < len(found):
                subject = found[position]
                merged.setdefault((type(subject).__name__, subject.pk), subject)
    return list(merged.values())[:MAX_HITS]


def _pages(term: str, *, begun: bool) -> list[Page]:
    """Pages with the words, those whose title has one first; when few, also words only begun."""
    words = " ".join(WORDS.findall(term))
    pages = Page.objects.live().public().filter(depth__gt=2)
    found = {page.pk: page for page in pages.search(words)[:MAX_HITS]}
    if begun and len(found) < FEW:
        found |= {p.pk: p for p in pages.autocomplete(words)[:MAX_HITS] if p.pk not in found}
    marks = marks_of([term])
    return sorted(found.values(), key=lambda page: not (marks and marks.search(page.title)))


def _documents(term: str) -> Iterator[HubDocument]:
    documents = listings.public_documents()
    return documents.search(" ".join(WORDS.findall(term)))[:MAX_HITS]


def _partners(term: str) -> list[Partner]:
    matches = Q()
    for word in WORDS.findall(term):
        matches &= Q(name__icontains=word) | Q(summary__icontains=word)
    return list(Partner.objects.live().filter(matches)[:MAX_HITS]) if matches else []
