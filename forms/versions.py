"""Published versions in this process's memory: read once, since a version never changes."""

import copy

from forms.models import FormDefinition, FormVersion

MOST = 200
_known: dict[tuple[int, str], FormVersion] = {}


def version_of(pk: int, digest: str) -> FormVersion:
    """The version of that number and digest. Nobody may change its `compiled`.

    The digest is part of what it is known by, so that it is right after a restore too.
    """
    known = _known.get((pk, digest))
    if known is None:
        if len(_known) >= MOST:
            _known.clear()
        known = _known[pk, digest] = FormVersion.objects.get(pk=pk)
    return copy.copy(known)  # what is noted on it, such as its form, belongs to one request


def newest_of(form: FormDefinition) -> FormVersion | None:
    """As `form.current_version`, from memory where it was read before."""
    found = form.versions.order_by("-number").values_list("pk", "sha256").first()
    return version_of(*found) if found else None
