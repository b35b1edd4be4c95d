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


_OPEN = (
    "SELECT form.id, form.slug, form.title, form.live, own.id AS newest, own.sha256 AS digest "  # noqa: S608
    f"FROM {FormDefinition._meta.db_table} form "
    f"JOIN {FormVersion._meta.db_table} own ON own.form_id = form.id "
    "WHERE form.slug = %s AND form.live ORDER BY own.number DESC LIMIT 1"
)


def open_at(slug: str) -> FormVersion | None:
    """The newest version of the open form at that address, with its `form`. One query."""
    form = next(iter(FormDefinition.objects.raw(_OPEN, [slug])), None)
    if form is None:
        return None
    found = version_of(form.newest, form.digest)
    found.form = form
    return found
