"""The permission for a picture: taking it back, giving it again, and where the picture is used.

Pages need nothing from here: a picture that may not be shown stands in for itself
(cms.models.media). What is done here is the rest of a withdrawal: the files go, kept pages go, it
is on record who did it, and staff see which pages are concerned.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import models, transaction
from django.utils import timezone
from wagtail.models import Page, ReferenceIndex

from cms import audit
from cms.models import HubImage, HubRendition
from cms.models.media import take_away
from cms.pagecache import content_changed


@dataclass(frozen=True)
class Uses:
    """Pages that show a picture, themselves or through something that is written once."""

    pages: list[Page]
    through: list[models.Model]


def ready(images: Iterable[HubImage | None]) -> None:
    """Read the renditions of all these pictures at once, instead of one by one while drawing.

    Those that were read before, because a list that stays shows them too, are not read again.
    """
    wanted = [one for one in images if one and not hasattr(one, "prefetched_renditions")]
    models.prefetch_related_objects(
        wanted, models.Prefetch("renditions", to_attr="prefetched_renditions")
    )


def withdraw(image: HubImage, *, by: AbstractBaseUser | None, why: str = "") -> None:
    """Take the picture off every page, now. Twice is once."""
    _change(image, by, {"permission": "withdrawn", "why": why}, timezone.localdate())


def give_again(image: HubImage, *, by: AbstractBaseUser | None, why: str = "") -> None:
    """Show the picture again where it was used, as far as nothing else is against it."""
    _change(image, by, {"permission": "given", "why": why}, None)


def _change(
    image: HubImage, by: AbstractBaseUser | None, detail: dict[str, str], day: date | None
) -> None:
    with transaction.atomic():
        locked = HubImage.objects.select_for_update().get(pk=image.pk)
        is_withdrawn = locked.consent_withdrawn_on is not None
        if is_withdrawn != (day is not None):
            locked.consent_withdrawn_on = day
            locked.save(update_fields=["consent_withdrawn_on"])
            audit.record(by, "change", locked, detail)
    image.consent_withdrawn_on = locked.consent_withdrawn_on


def take_away_ended() -> int:
    """Delete the renditions of pictures that may no longer be shown. Run each minute; how many.

    A picture ends on its day without anybody saving it, and one that was being drawn while it was
    withdrawn may have left a file.
    """
    ended = HubImage.objects.not_to_be_shown(timezone.localdate())
    taken = take_away(HubRendition.objects.filter(image__in=ended))
    if taken:
        content_changed(sender=HubImage)
    return taken


def uses_of(image: HubImage) -> Uses:
    """Where the picture is used, as far as it is published. A few queries, whatever the number."""
    direct = _used_in(image)
    pages = {found.pk: found for found in direct if isinstance(found, Page)}
    through = [found for found in direct if not isinstance(found, Page)]
    for thing in through:
        pages |= {found.pk: found for found in _used_in(thing) if isinstance(found, Page)}
    return Uses(sorted(pages.values(), key=lambda page: page.path), through)


def _used_in(thing: models.Model) -> list[models.Model]:
    references = ReferenceIndex.get_references_to(thing).group_by_source_object()
    return [found for found, _where in references if found is not None]
