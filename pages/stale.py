"""What goes out of date: one list of everything with a shelf-life, and a letter about it each week.

Pages, key figures, documents, notices, logos, pictures and links that end carry a day. The letter
goes to whoever owns a page, and the rest of the list to the communications leads; who has nothing
to do gets none.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from wagtail.models import Page

from cms import clock, jobs, mail
from cms.models import HubDocument, HubImage
from pages.models import AccessibilityStatementPage, HubPage, KeyFigure, Logo, Notice
from pages.reading import pieces

AHEAD = timedelta(days=30)
LINK_CHECKED_WITHIN = timedelta(days=365)
LEADS = "Communications lead"

mail.declare(
    "pages-stale",
    name=gettext_noop("Staff: what goes out of date this month"),
    subject="{{ number }} to look at this month",
    body="Good morning {{ name }},\n\nThis is out of date, or will be within a month:\n\n"
    "{{ things }}\n\nThe whole list, with links: {{ address }}",
    placeholders={
        "name": "Ada",
        "number": "2 things",
        "things": "Page: Help with costs, to be checked by 3 May 2026",
        "address": "https://hub.example.org/admin/out-of-date/",
    },
)


@dataclass(frozen=True)
class Stale:
    """Something to look at by a day. `owner_id` is the user who owns it, None for the leads."""

    kind: str
    name: str
    why: str
    by: date
    address: str
    owner_id: int | None = None

    def __str__(self) -> str:
        day = date_format(self.by, "j F Y")
        return _("%(kind)s: %(name)s, %(why)s %(day)s") % {
            "kind": self.kind,
            "name": self.name,
            "why": self.why,
            "day": day,
        }


def stale_by(day: date) -> list[Stale]:
    """Everything whose day is not after `day`, the oldest first."""
    found = [*_pages(day), *_snippets(day), *_media(day)]
    return sorted(found, key=lambda one: (one.by, one.kind, one.name))


def _pages(day: date) -> Iterator[Stale]:
    for page in Page.objects.live().specific().order_by("path"):
        address = reverse("wagtailadmin_pages:edit", args=[page.pk])
        owner = page.owner_id
        if isinstance(page, HubPage) and page.review_on and page.review_on <= day:
            why = _("to be checked by")
            yield Stale(_("Page"), page.title, why, page.review_on, address, owner)
        if page.expire_at and timezone.localdate(page.expire_at) <= day:
            by = timezone.localdate(page.expire_at)
            yield Stale(_("Page"), page.title, _("comes down on"), by, address, owner)
        if isinstance(page, AccessibilityStatementPage):
            for _position, issue in page.overdue(day + timedelta(days=1)):
                why = _("an issue is to be mended by")
                yield Stale(_("Page"), page.title, why, issue["planned_on"], address, owner)
        for piece in pieces(page):
            if piece.kind == "expires" and piece.value <= day:
                why = _("a link on it ends on")
                yield Stale(_("Page"), page.title, why, piece.value, address, owner)
            elif piece.kind == "checked" and piece.value + LINK_CHECKED_WITHIN <= day:
                by = piece.value + LINK_CHECKED_WITHIN
                why = _("a link on it to be tried again by")
                yield Stale(_("Page"), page.title, why, by, address, owner)


def _snippets(day: date) -> Iterator[Stale]:
    now = timezone.now()
    ending = timezone.make_aware(datetime.combine(day, time.max))
    due = KeyFigure.objects.filter(review_on__lte=day)
    for figure in due:
        why = _("to be counted again by")
        yield Stale(_("Key figure"), figure.label, why, figure.review_on, _edit(figure))
    for notice in Notice.objects.filter(ends_at__gt=now, ends_at__lte=ending):
        by = timezone.localdate(notice.ends_at)
        yield Stale(_("Notice"), notice.title, _("ends on"), by, _edit(notice))
    for logo in Logo.objects.filter(valid_to__lte=day):
        yield Stale(_("Logo"), logo.name, _("may be shown until"), logo.valid_to, _edit(logo))


def _media(day: date) -> Iterator[Stale]:
    for document in HubDocument.objects.filter(review_on__lte=day):
        address = reverse("wagtaildocs:edit", args=[document.pk])
        why = _("to be checked by")
        owner = document.uploaded_by_user_id
        yield Stale(_("Document"), document.title, why, document.review_on, address, owner)
    for image in HubImage.objects.filter(expires_on__lte=day):
        address = reverse("wagtailimages:edit", args=[image.pk])
        why = _("may be shown until")
        owner = image.uploaded_by_user_id
        yield Stale(_("Picture"), image.title, why, image.expires_on, address, owner)


def _edit(snippet: KeyFigure | Notice | Logo) -> str:
    return reverse(snippet.snippet_viewset.get_url_name("edit"), args=[snippet.pk])


def leads() -> QuerySet:
    """Communications leads who can be written to."""
    users = get_user_model().objects.filter(is_active=True, memberships__role__name=LEADS)
    return users.exclude(email="").distinct()


def share_out(found: Iterable[Stale]) -> dict[int, list[Stale]]:
    """Whose is what: the owner's where one can be written to, everybody's lead otherwise."""
    reachable = set(
        get_user_model()
        .objects.filter(is_active=True)
        .exclude(email="")
        .values_list("pk", flat=True)
    )
    lead_ids = list(leads().values_list("pk", flat=True))
    shares: dict[int, list[Stale]] = {}
    for one in found:
        for user_id in [one.owner_id] if one.owner_id in reachable else lead_ids:
            shares.setdefault(user_id, []).append(one)
    return shares


@jobs.handlers("pages.stale_digest")
def send_digest(run: jobs.JobRun) -> None:
    """One letter to each owner who has something to do; a second run of the week sends none."""
    shares = share_out(stale_by(timezone.localdate() + AHEAD))
    users = {user.pk: user for user in get_user_model().objects.filter(pk__in=shares)}
    for user_id in sorted(user_id for user_id in users if user_id > run.cursor):
        with run.chunk(to=user_id, count=1):
            _write_to(users[user_id], shares[user_id], week=run.payload["slot"][:10])


def _write_to(user, found: list[Stale], *, week: str) -> None:  # noqa: ANN001 - a User
    number = _("1 thing") if len(found) == 1 else _("%(n)s things") % {"n": len(found)}
    mail.queue(
        "pages-stale",
        to=user.email,
        context={
            "name": user.get_short_name() or user.get_username(),
            "number": number,
            "things": "\n".join(str(one) for one in found[:40]),
            "address": mail.site_link(reverse("out_of_date")),
        },
        key=f"pages-stale-{week}-{user.pk}",
    )


clock.weekly("pages.stale_digest", weekday=0, at="07:30")
