"""Which banners a page shows now: notices that are running, and centres that are closed today."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from django.apps import apps
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _

from cms.findpage import Leaf, tree
from cms.models import CentreDate, MusicCentre
from cms.pagecache import lasting
from pages.audiences import STAFF, addressed_at

if TYPE_CHECKING:
    from pages.models import HubPage

EVERYWHERE = ""


@dataclass(frozen=True)
class Banner:
    """`path` is the treebeard path that it is shown on and below; `centre_id` that of a closure.

    `audience` is whom it is for, "" for everybody.
    """

    level: str
    title: str
    text: str
    url: str
    starts: datetime | date
    ends: datetime | date
    path: str = EVERYWHERE
    centre_id: int | None = None
    audience: str = ""


def banners_for(
    page: "HubPage", *, centre_id: int | None = None, every_closure: bool = False
) -> list[Banner]:
    """Banners of a page, the urgent first.

    Closures are shown on the page of their centre, and where `every_closure` asks for all.
    """
    today = timezone.localdate()
    shown = [notice for notice in _running() if page.path.startswith(notice.path)]
    if any(notice.audience for notice in shown):
        addressed = {"", *page.speaks_to, *addressed_at(page.path)}
        shown = [notice for notice in shown if notice.audience in addressed]
    if every_closure or centre_id:
        shown += [
            closure
            for closure in _closed()
            if closure.starts <= today <= closure.ends
            and (every_closure or closure.centre_id == centre_id)
        ]
    return _urgent_first(shown)


def banners_for_staff() -> list[Banner]:
    """What staff find on the first page of the admin."""
    return _urgent_first(notice for notice in _running() if notice.audience == STAFF)


def closed_at(centre_id: int | None, day: date) -> Banner | None:
    """The closure that holds at a centre on a day, if one does. Asks nothing of its own."""
    if centre_id is None:
        return None
    found = (c for c in _closed() if c.centre_id == centre_id and c.starts <= day <= c.ends)
    return next(found, None)


def _urgent_first(banners: Iterable[Banner]) -> list[Banner]:
    order = ("urgent", "important", "calm")
    return sorted(banners, key=lambda banner: order.index(banner.level))


def _running() -> list[Banner]:
    now, model = timezone.now(), apps.get_model("pages", "Notice")
    rows = lasting("notices", (model,), lambda: list(model.objects.filter(ends_at__gt=now)))
    running = [notice for notice in rows if notice.starts_at <= now < notice.ends_at]
    return [_banner(notice, tree().by_key) for notice in running]


def _banner(notice: models.Model, leaves: dict[int, Leaf]) -> Banner:
    link, below = leaves.get(notice.link_id), leaves.get(notice.below_id)
    return Banner(
        notice.level,
        notice.title,
        notice.text,
        link.link() if link and link.live else "",
        notice.starts_at,
        notice.ends_at,
        below.path if below else EVERYWHERE,
        audience=notice.audience,
    )


def _closed() -> list[Banner]:
    return lasting("closures", (CentreDate, MusicCentre), _closures)


def _closures() -> list[Banner]:
    rows = CentreDate.objects.filter(
        kind=CentreDate.Kind.CLOSED, ends_on__gte=timezone.localdate()
    ).select_related("centre")
    return [
        Banner(
            "urgent",
            _("%(centre)s is closed") % {"centre": closure.centre.name},
            closure.note,
            f"/centres/{closure.centre.slug}/",
            closure.starts_on,
            closure.ends_on,
            centre_id=closure.centre_id,
        )
        for closure in rows
    ]
