"""The sitemap: what everybody may read, in every language of the site."""

from django.db.models import Q, QuerySet
from wagtail.contrib.sitemaps import Sitemap
from wagtail.models import Page


class EveryLanguage(Sitemap):
    """Wagtail's lists the tree of the default language alone."""

    def items(self) -> QuerySet:
        below = Q(pk__in=[])
        for root in self.get_wagtail_site().root_page.get_translations(inclusive=True):
            below |= Q(path__startswith=root.path)
        pages = Page.objects.filter(below).live().public().order_by("path")
        return pages.defer_streamfields().specific()
