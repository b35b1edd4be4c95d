"""Which forms may be begun now: a page never offers a button that leads nowhere."""

from cms.pagecache import remembered
from forms.models import FormDefinition


def is_open(form_slug: str) -> bool:
    """Whether the form is published and not taken down. One query for all of a page's buttons."""
    return form_slug in remembered("open-forms", _slugs)


def _slugs() -> frozenset[str]:
    return frozenset(FormDefinition.objects.open().values_list("slug", flat=True))
