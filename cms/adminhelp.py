"""Help for every page of the admin: the chapters of docs/staff/, by where one is.

"Help with this page" stands in the Help menu of every page; it opens the chapter of the longest
beginning of the address that `CHAPTERS` knows. A page that none knows fails
tests/test_adminhelp.py. A chapter is Markdown, of which headings, paragraphs, both kinds of list,
bold words and links to other chapters are understood.
"""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

FOLDER = Path(settings.BASE_DIR) / "docs/staff"
#: What each chapter is for, by the beginnings of addresses below /admin/; the longest one decides.
CHAPTERS = {
    "start": ("account/", "two-step/", "login/", "logout/", "password_reset/", "api/", "help/"),
    "pages": (
        "pages/", "images/", "documents/", "collections/", "redirects/", "searchpicks/",
        "snippets/", "choose-", "embeds/", "handbook/", "out-of-date/", "links/", "start-page/",
        "keep-page/", "close-centre/", "newsletter/", "workflows/", "pictures/", "bulk/",
        "reports/", "tag-autocomplete/", "block-preview/", "translation/", "locales/",
    ),
    "forms": ("snippets/hub_forms/", "price-codes/"),
    "answers": ("answers/", "form-files/", "references/"),
    "cases": ("cases/", "sheets/", "snippets/workflows/"),
    "appointments": ("appointments/",),
    "courses": (
        "course-dates/", "course-board/", "register/", "cms/place/", "cms/outsidebooking/",
        "snippets/cms/",
    ),
    "auditions": ("seasons/", "reviews/", "audition_rounds/"),
    "rosters": ("rosters/", "cms/", "snippets/cms/school/"),
    "money": ("money/", "help-with-costs/", "remission-rules/"),
    "partners": (
        "partners/", "boards/", "governing-texts/", "snippets/cms/partner/",
        "snippets/cms/organisationtype/",
    ),
    "returns": ("returns/", "snippets/cms/returndefinition/"),
    "accounts": ("users/", "groups/", "membership/", "reports/staff/"),
    "privacy": (
        "people/", "processing/", "answers/kept/", "answers/delete/", "reports/access-log/",
    ),
    "system": (
        "system/", "mail/", "settings/", "sites/", "snippets/cms/mailtemplate/",
        "modeladmin/", "failwhale/", "test404/",
    ),
}  # fmt: skip
_BLOCK = re.compile(r"\n\s*\n")
_NUMBER = re.compile(r"^\d+\.\s+")
_INLINE = re.compile(r"\*\*(.+?)\*\*|\[([^\]]+)\]\(([a-z]+)\.md\)")


def chapter_of(path: str) -> str:
    """The name of the chapter for a page of the admin. Raises LookupError."""
    below = path.removeprefix(reverse("wagtailadmin_home"))
    fitting = [
        (len(beginning), name)
        for name, beginnings in CHAPTERS.items()
        for beginning in beginnings
        if below.startswith(beginning)
    ]
    if not fitting and below:
        raise LookupError(f"No chapter of the help is for {path}.")
    return max(fitting, default=(0, "start"))[1]


def help_address(request: HttpRequest) -> str:
    """Where "Help with this page" leads to: the first chapter where nobody thought of the page."""
    try:
        return reverse("admin_help", args=[chapter_of(request.path)])
    except LookupError:
        return reverse("admin_help", args=["start"])


@cache
def chapter(name: str) -> tuple[str, SafeString]:
    """(title, text) of a chapter. Raises Http404."""
    path = FOLDER / f"{name}.md"
    if name not in CHAPTERS or not path.is_file():
        raise Http404
    title, _line, body = path.read_text(encoding="utf-8").partition("\n")
    html = mark_safe("".join(_rendered(body)))  # noqa: S308 - each part is escaped below
    return title.removeprefix("# ").strip(), html


def _rendered(body: str) -> Iterator[SafeString]:
    for block in _BLOCK.split(body.strip()):
        lines = [line.strip() for line in block.split("\n")]
        if lines[0].startswith("## "):
            yield format_html("<h2>{}</h2>", _inline(lines[0][3:]))
        elif _NUMBER.match(lines[0]) or lines[0].startswith("* "):
            kind = "ul" if lines[0].startswith("* ") else "ol"
            items = format_html_join("", "<li>{}</li>", ((_inline(i),) for i in _items(lines)))
            yield format_html("<{}>{}</{}>", kind, items, kind)
        else:
            yield format_html("<p>{}</p>", _inline(" ".join(lines)))


def _items(lines: list[str]) -> list[str]:
    """The items of a list; a line without a mark goes on with the one before."""
    found: list[str] = []
    for line in lines:
        rest = _NUMBER.sub("", line) if _NUMBER.match(line) else line.removeprefix("* ")
        if rest != line:
            found.append(rest)
        else:
            found[-1] += f" {line}"
    return found


def _inline(text: str) -> SafeString:
    def part(match: re.Match) -> str:
        if match[1]:
            return f"<strong>{match[1]}</strong>"
        return f'<a href="{reverse("admin_help", args=[match[3]])}">{match[2]}</a>'

    return mark_safe(_INLINE.sub(part, escape(text)))  # noqa: S308 - escaped before


def admin_help(request: HttpRequest, name: str) -> HttpResponse:
    """One chapter, with the list of all of them."""
    title, text = chapter(name)
    context = {
        "breadcrumbs_items": [
            {"url": reverse("wagtailadmin_home"), "label": _("Home")},
            {"url": "", "label": _("Help")},
        ],
        "title": title,
        "text": text,
        "chapters": [(each, chapter(each)[0]) for each in CHAPTERS],
        "here": name,
    }
    return render(request, "adminhelp/chapter.html", context)
