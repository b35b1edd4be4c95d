"""The language of a family's folder: that of the form it last sent or began.

Only where the hub's own words of the folder have been put into that language (cms/locale): a page
that mixes two helps nobody. Answers and messages stay in the words in which they were written.
"""

from functools import cache

from django.conf import settings
from django.db.models import Q
from django.utils.translation import activate

from forms.family import links
from forms.models import FamilySession, Journey


@cache
def has_words(language: str) -> bool:
    """Whether the hub has a catalogue of its own in this language."""
    return any((folder / language).is_dir() for folder in _catalogues())


def _catalogues() -> list:
    return [settings.BASE_DIR / "cms" / "locale"]


def speak_to(session: FamilySession | None) -> None:
    """Say everything in answer to this request in the family's language, or in the hub's first."""
    activate(language_of(session.address) if session else settings.LANGUAGE_CODE)


def language_of(address: str) -> str:
    """The language in which this address last filled in a form, if the folder has it too."""
    seals = links.seals(address)
    own = Q(folder_seal__in=seals) | Q(submission__contact_seal__in=seals)
    last = Journey.objects.filter(own).order_by("-pk").values_list("language", flat=True).first()
    return last if last and has_words(last) else settings.LANGUAGE_CODE
