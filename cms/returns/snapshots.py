"""Signing a return off, and the figures of the newest one that is public."""

from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import PermissionDenied
from django.db import transaction

from cms import access, audit
from cms.models import ReturnDefinition, ReturnSnapshot
from cms.pagecache import content_changed

from . import counting

MAY_SIGN = "cms.sign_return"


def sign(
    definition: ReturnDefinition, year: int, *, by: AbstractBaseUser, is_public: bool = False
) -> ReturnSnapshot:
    """Count now, and keep it for good. Raises PermissionDenied for whoever may not sign."""
    if not access.may_in_whole_hub(by, MAY_SIGN):
        raise PermissionDenied
    with transaction.atomic():
        snapshot = ReturnSnapshot.objects.create(
            definition=definition,
            title=definition.title,
            academic_year=year,
            data=counting.count(definition, year).as_data(),
            is_public=is_public,
            signed_by=str(by),
        )
        audit.record(by, "sign", snapshot, {"year": year, "public": is_public})
        if is_public:
            content_changed(sender=ReturnSnapshot)
    return snapshot


def public_figures() -> tuple[ReturnSnapshot, list[dict]] | None:
    """The newest public snapshot, and `[{section, figures: [(title, number)]}]` of its totals.

    Hidden totals are left out: nothing in their place says that they are small.
    """
    snapshot = ReturnSnapshot.objects.filter(is_public=True).order_by("-signed_at", "-pk").first()
    if snapshot is None:
        return None
    parts: dict[str, list] = {}
    totals = snapshot.data["totals"]
    for heading, total in zip(snapshot.data["headings"], totals, strict=True):
        if total is not None:
            parts.setdefault(heading["section"], []).append((heading["title"], total))
    return snapshot, [{"section": name, "figures": rows} for name, rows in parts.items()]
