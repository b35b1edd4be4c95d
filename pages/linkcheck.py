"""Trying the links of the site, in the background: ours by our own routes, others over the network.

Addresses of this site are looked up as a visitor's request would be, without making one. Outside
ones are tried only where CHECK_OUTSIDE_LINKS says so (off in the demo, which asks nobody for
anything): one at a time, with a pause between two of the same host.
"""

import re
import time
from collections.abc import Iterator
from html import unescape
from urllib.parse import urlsplit

from django.conf import settings
from django.http import Http404
from django.test import RequestFactory
from django.urls import Resolver404, resolve
from django.utils import timezone
from django.utils.translation import gettext as _
from wagtail.contrib.redirects.middleware import get_redirect
from wagtail.documents import get_document_model
from wagtail.models import Locale, Page, Site

from cms import clock, jobs, outside
from cms.models import HubSettings
from pages.models import EventPage, HubPage, LinkCheck
from pages.reading import Piece, pieces

State = LinkCheck.State
PAUSE = 1.0
HREF = re.compile(r'<a\b[^>]*?\bhref="([^"]*)"', re.IGNORECASE)
NUMBERED = re.compile(r'<a\b(?=[^>]*\blinktype="(page|document)")(?=[^>]*\bid="(\d+)")')


def links_of(page: Page) -> Iterator[str]:
    """Every address that a page links to. A page or document by number is `page:3`."""
    for piece in pieces(page):
        yield from _links_in(piece)
    if isinstance(page, EventPage) and page.booking:
        yield page.booking


def _links_in(piece: Piece) -> Iterator[str]:
    if piece.kind == "link":
        yield piece.value
    elif piece.kind == "rich":
        yield from (unescape(found) for found in HREF.findall(piece.value))
        for kind, number in NUMBERED.findall(piece.value):
            yield f"{kind}:{number}"


def _is_link(address: str) -> bool:
    return bool(address) and not address.startswith(("mailto:", "tel:", "#"))


def is_outside(address: str) -> bool:
    host = urlsplit(address).hostname
    return bool(host) and host != urlsplit(settings.SITE_URL).hostname


def look_up(address: str) -> tuple[str, str]:
    """Whether an address of this site leads anywhere: the state and, when broken, why."""
    kind, _colon, number = address.partition(":")
    if kind in {"page", "document"} and number.isdecimal():
        return _look_up_number(kind, int(number))
    path = urlsplit(address).path or "/"
    request = RequestFactory().get(path, headers={"host": urlsplit(settings.SITE_URL).netloc})
    try:
        match = resolve(path)
        if match.view_name == "wagtail_serve":
            return _look_up_page(request, path)
        if match.view_name == "wagtaildocs_serve":
            return _look_up_number("document", int(match.kwargs["document_id"]))
    except Resolver404:
        return _redirected(request, path)
    return State.GOOD, ""


def _look_up_page(request, path: str) -> tuple[str, str]:  # noqa: ANN001
    root = Site.objects.select_related("root_page").get(is_default_site=True).root_page
    parts = [part for part in path.split("/") if part]
    locale = Locale.objects.filter(language_code=parts[0]).first() if parts else None
    if locale is not None and locale.pk != root.locale_id:
        root, parts = root.get_translation_or_none(locale), parts[1:]
    try:
        if root is not None and root.specific.route(request, parts):
            return State.GOOD, ""
    except Http404:
        pass
    return _redirected(request, path)


def _redirected(request, path: str) -> tuple[str, str]:  # noqa: ANN001
    if get_redirect(request, path.rstrip("/")):
        return State.GOOD, ""
    return State.BROKEN, _("There is no page at this address.")


def _look_up_number(kind: str, number: int) -> tuple[str, str]:
    if kind == "page":
        page = Page.objects.filter(pk=number).first()
        if page is None:
            return State.BROKEN, _("The page was deleted.")
        if not page.live:
            return State.BROKEN, _("The page is not published.")
    elif not get_document_model().objects.filter(pk=number).exists():
        return State.BROKEN, _("The document was deleted.")
    return State.GOOD, ""


@jobs.handlers("pages.check_links")
def check_links(run: jobs.JobRun) -> None:
    """First every page is read, then every address tried.

    The cursor is the key of a page, then -1, then -1 minus the key of a link.
    """
    if run.cursor >= 0:
        _collect(run)
    left = LinkCheck.objects.filter(seen_in=run.job_id)
    run.describe(phase=_("Trying the links"), total=left.count())
    host, asked_at = "", 0.0
    while link := left.filter(pk__gt=-run.cursor - 1).order_by("pk").first():
        if link.is_outside and settings.CHECK_OUTSIDE_LINKS:
            this_host = urlsplit(link.address).hostname or ""
            if this_host == host:
                time.sleep(max(0.0, PAUSE - (time.monotonic() - asked_at)))
            run.extend()
        _try(link)
        host, asked_at = urlsplit(link.address).hostname or "", time.monotonic()
        with run.chunk(to=-link.pk - 1, count=1):
            link.save()
    with run.finish():
        LinkCheck.objects.exclude(seen_in=run.job_id).delete()


def _try(link: LinkCheck) -> None:
    if not link.is_outside:
        link.state, link.problem = look_up(link.address)
    elif not settings.CHECK_OUTSIDE_LINKS:
        link.state, link.problem = State.UNTRIED, _("Links to other sites are not tried here.")
        return
    else:
        verdict = outside.try_address(link.address)
        states = {True: State.GOOD, False: State.BROKEN, None: State.UNSURE}
        link.state, link.problem = states[verdict.works], verdict.problem
    link.tried_at = timezone.now()


def _collect(run: jobs.JobRun) -> None:
    live = Page.objects.live().order_by("pk")
    run.describe(phase=_("Reading the pages"), total=live.count())
    while page := live.filter(pk__gt=run.cursor).specific().first():
        with run.chunk(to=page.pk, count=1):
            found = set(links_of(page)) if isinstance(page, HubPage) else set()
            if page.depth == 2:
                found |= _menu_links()
            for address in filter(_is_link, found):
                _note(address[:500], page, run.job_id)
    with run.chunk(to=-1):
        pass


def _menu_links() -> set[str]:
    """Addresses in the menus and the footer; pages there follow their page by themselves."""
    found = set()
    for details in HubSettings.objects.all():
        menus = [details.main_menu, details.audience_menu, details.legal_menu, details.social_links]
        entries = [entry.value for menu in menus for entry in menu]
        entries += [link for column in details.footer for link in column.value["links"]]
        found |= {entry.get("path") or "" for entry in entries}
    return found


def _note(address: str, page: Page, check: int) -> None:
    link, _made = LinkCheck.objects.get_or_create(
        address=address, defaults={"is_outside": is_outside(address)}
    )
    if link.seen_in != check:
        link.pages.clear()
        LinkCheck.objects.filter(pk=link.pk).update(seen_in=check, is_outside=is_outside(address))
    link.pages.add(page)


def check_now() -> None:
    """Promise a check, unless one is under way already. In the caller's transaction."""
    minute = timezone.now().strftime("%Y%m%dT%H%M")
    jobs.enqueue("pages.check_links", key=f"check-links-{minute}", payload={})


clock.weekly("pages.check_links", weekday=6, at="04:30")
