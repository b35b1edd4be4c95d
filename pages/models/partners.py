"""The partner directory: a page made from the live partner records, which it never owns."""

from django.http import Http404
from django.utils.translation import gettext_lazy as _
from wagtail.contrib.routable_page.models import RoutablePageMixin, path

from cms.models import Partner
from pages import listings

from .base import BodyPage


class PartnerIndexPage(RoutablePageMixin, BodyPage):
    """Every live partner, to be narrowed by kind, area and function; one address for each."""

    subpage_types = []
    max_count_per_parent = 1

    class Meta:
        verbose_name = _("partner directory")

    @path("")
    def directory(self, request):  # noqa: ANN001, ANN201
        chosen = listings.PartnerFilter.read(request.GET)
        return self.render(
            request,
            context_overrides={
                "chosen": chosen,
                "partners": listings.partners(chosen),
                "choices": listings.partner_choices(),
            },
        )

    @path("<slug:slug>/")
    def partner(self, request, slug: str):  # noqa: ANN001, ANN201
        partner = listings.partner(slug)
        if partner is None:
            raise Http404
        return self.render(
            request,
            context_overrides={"partner": partner},
            template="pages/partner.html",
        )

    def get_sitemap_urls(self, request=None) -> list[dict]:  # noqa: ANN001
        mine = super().get_sitemap_urls(request)
        slugs = Partner.objects.live().values_list("slug", flat=True)
        base = self.get_full_url(request)
        return [*mine, *({"location": f"{base}{slug}/"} for slug in slugs)]
