"""What an editor is told about a page before readers find it: findings, each with what to do.

Pure: a page in, sentences out. A finding that `blocks` keeps the page from being published
(pages.guard); the others are only said. The rules come from mistakes that were really made on the
pages this site replaces.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.html import strip_tags
from django.utils.translation import gettext as _

from pages.reading import Piece, Place, pieces

LONG_SENTENCE = 40
VAGUE_LINK = re.compile(
    r"<a\b[^>]*>\s*((?:please\s+)?(?:click(?:ing)?\s+)?(?:on\s+)?(?:here|this link)|read more|more|"
    r"link|find out more|learn more)\s*[.!…]*\s*</a>",
    re.IGNORECASE,
)
FILE_NAME = re.compile(
    r"\.(jpe?g|png|gif|webp|avif|heic|svg)$|^\w*_\w*$|^(img|dsc|image|photo)[ _-]?\d|^\d+$",
    re.IGNORECASE,
)
NO_ADDRESS = re.compile(
    r"\be-?mail(?:\s+\w+){0,2}:(?!\s*\S*@)|\be-?mail\s+us\s+at\s*[:.]?\s*$",
    re.IGNORECASE | re.MULTILINE,
)
DAY = r"(\d{1,2})(?:st|nd|rd|th)?\s+([A-Z][a-z]+)\.?,?\s+(\d{4})|(\d{1,2})/(\d{1,2})/(\d{4})"
DEADLINE = re.compile(
    r"\b(?i:by|before|until|closes?(?: on)?|closing date:?|deadline:?)\s+"
    rf"(?:\w+day,?\s+)?(?:{DAY})"
)
ANY_DAY = re.compile(rf"\b(?:{DAY})")
PLACEHOLDER = re.compile(r"^\[[^\[\]]+\]$", re.MULTILINE)  # as ready-made pages leave them
ASKS = re.compile(
    r"\b(register|book|apply|reply|sign up|enrol|send|return|submit|enter|tell us|deadline|"
    r"closing date)\b",
    re.IGNORECASE,
)
RETIRED = {
    "CRB": _("DBS"),
    "Music Education Hub": _("Music Hub"),
    "Twiiter": _("nothing, or the right spelling"),
    "statement of special educational needs": _("education, health and care plan"),
    "wider opps": _("First Access"),
    "Wider Opportunities": _("First Access"),
}
# The others are also ordinary words, or mean something else in small letters.
IN_ANY_CASE = {"Twiiter", "statement of special educational needs", "wider opps"}


@dataclass(frozen=True)
class Finding:
    """`kind` is a short name; `place` is where on the page, () when it is about the whole."""

    kind: str
    message: str
    place: Place = ()
    blocks: bool = False

    def __str__(self) -> str:
        return self.message


def findings(page: object, today: date) -> list[Finding]:
    """What should be mended on a page, [] when there is nothing; what blocks comes first."""
    read = pieces(page)
    found = [
        *_links(read),
        *_pictures(read, today),
        *_words(read, today, written_on=getattr(page, "published_on", None)),
        *_outline(read),
        *_sentences(read),
        *getattr(page, "own_findings", list)(),
    ]
    if page.review_on and page.review_on <= today:
        said = _("This page was to be checked by %(day)s.") % {"day": f"{page.review_on:%d %B %Y}"}
        found.append(Finding("review", said, ("review_on",)))
    return sorted(found, key=lambda finding: not finding.blocks)


def _plain(piece: Piece) -> str:
    if piece.kind == "rich":
        return strip_tags(re.sub(r"</(p|li)>", "\n", piece.value)).strip()
    return piece.value if piece.kind in {"text", "heading", "title"} else ""


def _links(read: Iterable[Piece]) -> Iterator[Finding]:
    for piece in read:
        vague = []
        if piece.kind == "rich":
            vague = [match[1] for match in VAGUE_LINK.finditer(piece.value)]
        elif piece.kind == "label" and VAGUE_LINK.match(f"<a>{piece.value}</a>"):
            vague = [piece.value]
        for text in vague:
            said = _("The link “%(text)s” does not say where it goes. Name the page or document.")
            yield Finding("vague-link", said % {"text": text}, piece.place, blocks=True)
        if piece.kind == "document" and needs_alternative(piece.value):
            said = _("“%(title)s” is a %(kind)s with no web page that says the same.") % {
                "title": piece.value.title,
                "kind": piece.value.file_extension.upper(),
            }
            yield Finding("document", said, piece.place)


def needs_alternative(document: object) -> bool:
    """Whether a document cannot be read by everybody, and no page says the same."""
    formats = {"pdf", "docx", "odt", "pptx", "rtf"}
    return document.file_extension in formats and not document.accessible_alternative


def _pictures(read: Iterable[Piece], today: date) -> Iterator[Finding]:
    for piece in read:
        if piece.kind == "alt" and FILE_NAME.search(piece.value.strip()):
            said = _("“%(alt)s” is the name of a file. Say what the picture shows.")
            yield Finding("file-name", said % {"alt": piece.value}, piece.place, blocks=True)
        if piece.kind == "picture":
            yield from _permission(piece, today)


def _permission(piece: Piece, today: date) -> Iterator[Finding]:
    picture = piece.value
    facts = {"title": picture.title}
    if picture.shows_children and not picture.consent_reference:
        said = _(
            "“%(title)s” shows children, and no permission is named. "
            "Open the picture and write where the permission is kept, or choose another."
        )
        yield Finding("permission", said % facts, piece.place, blocks=True)
    elif not picture.may_be_shown(today):
        said = _("“%(title)s” may no longer be shown; a placeholder stands. Choose another.")
        yield Finding("withdrawn", said % facts, piece.place)


def _words(read: Iterable[Piece], today: date, *, written_on: date | None) -> Iterator[Finding]:
    for piece in read:
        text = _plain(piece)
        for word, instead in RETIRED.items():
            how = re.IGNORECASE if word in IN_ANY_CASE else re.NOFLAG
            if re.search(rf"\b{word}s?\b", text, how):
                said = _("“%(word)s” is no longer used. Write %(instead)s.")
                facts = {"word": word, "instead": instead}
                yield Finding("retired", said % facts, piece.place)
        for left in PLACEHOLDER.findall(text):
            said = _("“%(words)s” is still as the ready-made page left it. Write your own words.")
            yield Finding("placeholder", said % {"words": left}, piece.place, blocks=True)
        if NO_ADDRESS.search(text):
            said = _("It asks for an e-mail and gives no address.")
            yield Finding("no-address", said, piece.place, blocks=True)
        yield from _past_days(piece, text, today, written_on)


def _past_days(piece: Piece, text: str, today: date, written_on: date | None) -> Iterator[Finding]:
    """A day that is over holds a page back only where it asks a reader of today to do something."""
    is_call = "call_to_action" in piece.within or "start_button" in piece.within
    for match in (ANY_DAY if is_call else DEADLINE).finditer(text):
        day = _day(match)
        if day is None or day >= today:
            continue
        sentence = text[: match.start()].rpartition(".")[2]
        asks = is_call or bool(ASKS.search(sentence) or ASKS.search(match[0]))
        is_history = written_on is not None and written_on <= day
        said = _("“%(words)s” is over.") % {"words": match[0]}
        yield Finding("past-day", said, piece.place, blocks=asks and not is_history)


def _day(match: re.Match) -> date | None:
    day, month, year, *numbers = match.groups()
    written = f"{day} {month[:3]} {year}" if day else " ".join(numbers)
    try:
        return datetime.strptime(written, "%d %b %Y" if day else "%d %m %Y").date()  # noqa: DTZ007
    except ValueError:
        return None


def _outline(read: Iterable[Piece]) -> Iterator[Finding]:
    """A part belongs below a section: some block before it must have named one."""
    has_section = False
    for piece in read:
        if piece.kind == "title" or (piece.kind == "heading" and piece.level == "h2"):
            has_section = True
        elif piece.kind == "heading" and not has_section:
            said = _("The heading “%(text)s” is part of a section that is not there.")
            yield Finding("outline", said % {"text": piece.value}, piece.place, blocks=True)
            has_section = True


def _sentences(read: Iterable[Piece]) -> Iterator[Finding]:
    for piece in read:
        for sentence in re.split(r"(?<=[.!?])\s+|\n", _plain(piece)):
            words = sentence.split()
            if len(words) > LONG_SENTENCE:
                said = _("A sentence of %(count)s words begins “%(start)s…”. Make it two.")
                facts = {"count": len(words), "start": " ".join(words[:6])}
                yield Finding("long-sentence", said % facts, piece.place)
