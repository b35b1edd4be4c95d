"""The texts that a new hub begins with: terms of reference, sharing of data, use of the brand.

An example for the hub's own lawyer to change, as version 1; from then on each change is a version.
Partners agree to all three, each with its number and fingerprint, under a name, at a time.
"""

from datetime import timedelta
from pathlib import Path

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.utils import timezone

from cms.models import GoverningText

from . import terms

FOLDER = Path(__file__).parent / "texts"
TITLES = {
    "terms-of-reference": "Terms of Reference",
    "data-sharing": "Data-sharing agreement",
    "brand-use": "Use of names, marks and logos",
}
REVIEW_DAYS = 365


def add(*, by: AbstractBaseUser | None = None) -> list[GoverningText]:
    """Those that are not there yet, as version 1 in force today; none is ever written over."""
    today, made = timezone.localdate(), []
    with transaction.atomic():
        for slug, title in TITLES.items():
            text, is_new = GoverningText.objects.get_or_create(
                slug=slug,
                defaults={
                    "title": title,
                    "partners_agree": True,
                    "review_on": today + timedelta(days=REVIEW_DAYS),
                },
            )
            if is_new:
                words = (FOLDER / f"{slug}.txt").read_text(encoding="utf-8")
                terms.publish(text, words, changes="The first version.", in_force_from=today, by=by)
                made.append(text)
    return made
