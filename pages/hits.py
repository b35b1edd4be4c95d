"""How what was found is shown: its kind, first facts, an excerpt with the words marked."""

import re
from dataclasses import dataclass

from django.utils.formats import date_format
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.models import Page

from cms.models import Ensemble, HubDocument, MusicCentre, Partner
from cms.templatetags.hub import pounds
from pages import listings
from pages.models import CentrePage, CoursePage, EnsemblePage, PartnerIndexPage
from pages.templatetags.hub_pages import for_whom

EXCERPT_BEFORE, EXCERPT_AFTER = 70, 150
WORDS = re.compile(r"\w+")

# What can be asked for, in the order of the filter; page types that are not named are "pages".
KINDS = {
    "courses": (gettext_lazy("Courses"), gettext_lazy("Course")),
    "groups": (gettext_lazy("Groups"), gettext_lazy("Group")),
    "centres": (gettext_lazy("Centres"), gettext_lazy("Music centre")),
    "events": (gettext_lazy("Events"), gettext_lazy("Event")),
    "news": (gettext_lazy("News and blog"), gettext_lazy("News")),
    "people": (gettext_lazy("People"), gettext_lazy("Person")),
    "partners": (gettext_lazy("Partners"), gettext_lazy("Partner")),
    "documents": (gettext_lazy("Documents"), gettext_lazy("Document")),
    "pages": (gettext_lazy("Other pages"), gettext_lazy("Page")),
}
KIND_OF_PAGE = {
    "coursepage": "courses",
    "ensemblepage": "groups",
    "centrepage": "centres",
    "eventpage": "events",
    "newspage": "news",
    "blogpostpage": "news",
    "personpage": "people",
}


@dataclass(frozen=True)
class Hit:
    """`facts` is the first line that answers: a course's next date and price, a group's day."""

    title: str
    url: str
    kind: str
    excerpt: SafeString
    facts: str = ""


def kind_of(subject: object) -> str:
    """The key in KINDS. Costs no query: a page knows its type by number."""
    if isinstance(subject, Partner):
        return "partners"
    if isinstance(subject, HubDocument):
        return "documents"
    return KIND_OF_PAGE.get(subject.cached_content_type.model, "pages")


def hits_of(subjects: list, marks: re.Pattern | None) -> list[Hit]:
    """What is shown of one page of results: a fixed number of queries for any of them."""
    pages = [subject for subject in subjects if isinstance(subject, Page)]
    specific = Page.objects.filter(pk__in=[page.pk for page in pages]).specific().in_bulk()
    facts = _facts_of(list(specific.values()))
    directory = PartnerIndexPage.objects.live().first()
    found = []
    for subject in subjects:
        kind = str(KINDS[kind_of(subject)][1])
        if isinstance(subject, Page):
            page = specific.get(subject.pk, subject)
            text = excerpt(_text_of(page), marks)
            found.append(Hit(page.title, page.url or "", kind, text, facts.get(page.pk, "")))
        elif isinstance(subject, Partner):
            url = f"{directory.url}{subject.slug}/" if directory else ""
            found.append(Hit(subject.name, url, kind, excerpt(subject.summary, marks)))
        else:
            found.append(Hit(subject.title, subject.url, kind, excerpt(subject.summary, marks)))
    return found


def _facts_of(pages: list[Page]) -> dict[int, str]:
    """First facts of courses, groups and centres, by page. Three queries or fewer."""
    courses = {page.pk: page.course_id for page in pages if isinstance(page, CoursePage)}
    groups = {page.pk: page.ensemble_id for page in pages if isinstance(page, EnsemblePage)}
    centres = {page.pk: page.centre_id for page in pages if isinstance(page, CentrePage)}
    next_dates = listings.first_dates_of(courses.values())
    ensembles = Ensemble.objects.select_related("centre").in_bulk(groups.values())
    places = MusicCentre.objects.in_bulk(centres.values())
    facts = {
        pk: _course_facts(next_dates[course])
        for pk, course in courses.items()
        if course in next_dates
    }
    facts |= {pk: _group_facts(ensembles[group]) for pk, group in groups.items()}
    return facts | {pk: places[centre].opening_hours for pk, centre in centres.items()}


def _course_facts(course_date) -> str:  # noqa: ANN001 - a CourseDate with `taken`
    day = date_format(course_date.starts_at, "l j F Y")
    words = {
        "day": day,
        "centre": course_date.centre.name,
        "price": pounds(course_date.price_pence),
    }
    left = course_date.places_left
    if course_date.booking_state == "closed":
        return _("Next: %(day)s, %(centre)s, %(price)s. Booking has closed.") % words
    if course_date.booking_state in ("full", "help"):
        return _("Next: %(day)s, %(centre)s, %(price)s. Full just now.") % words
    return _("Next: %(day)s, %(centre)s, %(price)s. Places left: %(left)s.") % {
        **words,
        "left": left,
    }


def _group_facts(group: Ensemble) -> str:
    price = pounds(group.price_pence)
    if group.price_pence:
        price = _("%s a term") % price
    parts = (group.rehearses, group.centre.name if group.centre else "", for_whom(group), price)
    return " · ".join(part for part in parts if part)


def _text_of(page: Page) -> str:
    """What a page says, as one line of plain text."""
    parts = [getattr(page, "summary", "") or page.search_description]
    body = getattr(page, "body", None)
    if body:
        parts += body.stream_block.get_searchable_content(body)
    # A part of a block that was left empty is the word "None" to Wagtail.
    return " ".join(str(part) for part in parts if part and part != "None")


def marks_of(terms: list[str]) -> re.Pattern | None:
    """Finds the beginnings of the words looked for; None when there are none to mark."""
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
