"""Ready-made pages: arrangements that a page can be started from, kept beside the site.

A ready-made page is a page like any other, so that it is edited and previewed like one. The folder
stands beside the sites, not below one, and what is in it is never published: no visitor, list,
search or feed can meet it.
"""

from django.utils.translation import gettext_lazy as _
from wagtail.models import Page
from wagtail.signals import page_published

from .base import HubPage


class StarterFolderPage(HubPage):
    """Holds the ready-made pages. There is one, made when it is first wanted."""

    template = "pages/standard_page.html"
    parent_page_types = []
    subpage_types = []

    page_description = _("Holds the ready-made pages.")

    class Meta:
        verbose_name = _("ready-made pages")


def starter_path() -> str:
    """The path that all ready-made pages begin with; "-" when there is none yet."""
    path = StarterFolderPage.objects.filter(depth=2).values_list("path", flat=True).first()
    return path or "-"


def is_starter(page: Page) -> bool:
    path = starter_path()
    return page.path.startswith(path) and page.path != path


def keep_unpublished(sender: type, instance: Page, **_more) -> None:
    """Whichever way a ready-made page was published: it is taken back in the same moment."""
    if is_starter(instance):
        instance.unpublish(commit=True, log_action=False)


page_published.connect(keep_unpublished, dispatch_uid="starters-stay-unpublished")
