"""Finding things: pages with their records, documents and partners, by the words people use.

A search is split into its words; what a word may stand for comes from SearchWord rows. Nothing
of a person is in any index. A query is data: whatever it holds, the answer is a clean list.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlencode

from django.core.paginator import Page as ResultPage
from django.core.paginator import Paginator
from django.db.models import Q
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _
from wagtail.models import Collection, CollectionViewRestriction, Page

from cms.models import HubDocument, Partner
from pages.models import PartnerIndexPage, SearchWord

PER_PAGE = 10
MAX_QUERY = 100
MAX_HITS = 200
FEW = 3
EXCERPT_BEFORE, EXCERPT_AFTER = 70, 150
# Only words reach the index: its query language has quotation marks and operators of its own.
WORDS = re.compile(r"\w+")

KINDS = {
    "coursepage": _("Course"),
    "centrepage": _("Music centre"),
    "ensemblepage": _("Group"),
    "newspage": _("News"),
    "blogpostpage": _("Blog"),
    "eventpage": _("Event"),
    "personpage": _("Person"),
    "toolkitpage": _("For schools"),
}


@dataclass(frozen=True)
class Hit:
    title: str
    url: str
    kind: str
    excerpt: SafeString


@dataclass(frozen=True)
class Found:
    """One page of results. `meanings` are what a word of several meanings may stand for."""

    query: str
    results: ResultPage
    meanings: list[str] = field(default_factory=list)
    also: list[str] = field(default_factory=list)

    @property
    def page_query(self) -> str:
        """The query string that the next page of results keeps."""
        return f"{urlencode({'q': self.query})}&"

    @property
    def total(self) -> int:
        return self.results.paginator.count


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


def find(query: str, *, page: int | str = 1) -> Found:
    """Pages, partners and documents for a query, ten at a time. Never raises for what was typed."""
    query = tidy(query)
    if not WORDS.search(query):
        return Found(query, Paginator([], PER_PAGE).get_page(1))
    stands_for = meanings_of(query)
    terms = [*stands_for, query]
    found = _merge(terms, begun=not stands_for)
    results = Paginator(found, PER_PAGE).get_page(page)
    marks = _marks(terms)
    results.object_list = [_hit(subject, marks) for subject in _specific(results.object_list)]
    several = len(stands_for) > 1
    return Found(
        query,
        results,
        meanings=stands_for if several else [],
        also=[] if several else stands_for,
    )


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
    marks = _marks([term])
    return sorted(found.values(), key=lambda page: not (marks and marks.search(page.title)))


def _documents(term: str) -> Iterator[HubDocument]:
    closed = Q(pk__in=[])
    for path in CollectionViewRestriction.objects.values_list("collection__path", flat=True):
        closed |= Q(path__startswith=path)
    public = Collection.objects.exclude(closed).values_list("pk", flat=True)
    documents = HubDocument.objects.filter(collection__in=list(public))
    return documents.search(" ".join(WORDS.findall(term)))[:MAX_HITS]


def _partners(term: str) -> list[Partner]:
    matches = Q()
    for word in WORDS.findall(term):
        matches &= Q(name__icontains=word) | Q(summary__icontains=word)
    return list(Partner.objects.live().filter(matches)[:MAX_HITS]) if matches else []


def _specific(subjects: list) -> list:
    """The same list, pages as their own types: a fixed number of queries for a page of results."""
    pages = [subject for subject in subjects if isinstance(subject, Page)]
    specific = Page.objects.filter(pk__in=[page.pk for page in pages]).specific().in_bulk()
    return [specific.get(s.pk, s) if isinstance(s, Page) else s for s in subjects]


def _hit(subject: object, marks: re.Pattern | None) -> Hit:
    if isinstance(subject, Page):
        kind = KINDS.get(subject._meta.model_name, _("Page"))
        return Hit(subject.title, subject.url or "", str(kind), excerpt(_text_of(subject), marks))
    if isinstance(subject, Partner):
        kind = str(_("Partner"))
        return Hit(subject.name, partner_url(subject), kind, excerpt(subject.summary, marks))
    return Hit(subject.title, subject.url, str(_("Document")), excerpt(subject.summary, marks))


def partner_url(partner: Partner) -> str:
    """The address of a partner in the directory; empty while no directory is published."""
    directory = PartnerIndexPage.objects.live().first()
    return f"{directory.url}{partner.slug}/" if directory else ""


def _text_of(page: Page) -> str:
    """What a page says, as one line of plain text."""
    parts = [getattr(page, "summary", "") or page.search_description]
    body = getattr(page, "body", None)
    if body:
        parts += body.stream_block.get_searchable_content(body)
    return " ".join(str(part) for part in parts if part)


def _marks(terms: list[str]) -> re.Pattern | None:
    words = {word for term in terms for word in WORDS.findall(term) if len(word) > 1}
    if not words:
        return None
    longest_first = sorted(map(re.escape, words), key=len, reverse=True)
    return re.compile(rf"\b({'|'.join(longest_first)})", re.IGNORECASE)


def excerpt(text: str, marks: re.Pattern | None) -> SafeString:
    """Some of a text around the first word looked for, escaped, each such word in <mark>."""
    text = " ".join(text.split())
    first = marks.search(text) if marks else None
    start = max(first.start() - EXCERPT_BEFORE, 0) if first else 0
    end = (first.end() if first else EXCERPT_BEFORE) + EXCERPT_AFTER
    if start:
        start = text.find(" ", start) + 1
    piece = text[start:end]
    if end < len(text):
        piece = piece.rpartition(" ")[0] or piece
    pieces, position = [], 0
    for match in marks.finditer(piece) if marks else ():
        pieces += [escape(piece[position : match.start()]), "<mark>", escape(match[0]), "</mark>"]
        position = match.end()
    pieces.append(escape(piece[position:]))
    dots = ("… " if start else "", " …" if end < len(text) else "")
    return mark_safe(f"{dots[0]}{''.join(pieces)}{dots[1]}")  # noqa: S308 - escaped piece by piece
