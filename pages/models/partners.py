"""The partner directory: a page made from the live partner records, which it never owns."""

from django.http import Http404, HttpResponsePermanentRedirect
from django.utils.translation import gettext_lazy as _
from wagtail.contrib.routable_page.models import RoutablePageMixin, path

from cms import pictures
from cms.keptpages import not_as_asked
from cms.models import Partner
from cms.partners import names
from pages import listings, partnermap, structured
from pages.audiences import Audience

from .base import BodyPage


class PartnerIndexPage(RoutablePageMixin, BodyPage):
    """Every live partner, to be narrowed by kind, area and function; one address for each."""

    query_parameters = ("kind", "area", "function")
    subpage_types = []
    max_count_per_parent = 1

    speaks_to = frozenset({Audience.PARTNERS})
    page_description = _("The directory of partners. Fills itself from their records.")

    class Meta:
        verbose_name = _("partner directory")

    @path("")
    def directory(self, request):  # noqa: ANN001, ANN201
        choices = listings.partner_choices()
        chosen = listings.PartnerFilter.read(request.GET, choices)
        if chosen.left_out:
            not_as_asked(request)
        found = listings.partners(chosen)
        pictures.ready(partner.shown_logo for partner in found)
        return self.render(
            request,
            context_overrides={
                "chosen": chosen,
                "partners": found,
                "map": partnermap.draw(found),
                "choices": choices,
            },
        )

    @path("<slug:slug>/")
    def partner(self, request, slug: str):  # noqa: ANN001, ANN201
        partner = listings.partner(slug)
        if partner is None:
            now = names.now_at(slug)
            if now is None:
                raise Http404
            return HttpResponsePermanentRedirect(f"{self.get_url(request)}{now.slug}/")
        return self.render(
            request,
            context_overrides={
                "partner": partner,
                "canonical": self.address_below(request),
                "shared_title": partner.name,
                "shared_text": partner.summary,
                "facts": [structured.partner(partner, self.address_below(request))],
            },
            template="pages/partner.html",
        )

    def get_sitemap_urls(self, request=None) -> list[dict]:  # noqa: ANN001
        mine = super().get_sitemap_urls(request)
        slugs = Partner.objects.live().values_list("slug", flat=True)
        base = self.get_full_url(request)
        return [*mine, *({"location": f"{base}{slug}/"} for slug in slugs)]
